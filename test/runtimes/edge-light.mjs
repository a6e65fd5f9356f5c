// The scenario as an edge function: answers its fetch event with the result.
import * as fourlane from 'fourlane'
import * as core from 'fourlane/core'
import * as predict from 'fourlane/predict'
import train from 'fourlane/simd.wasm?module'
import solve from 'fourlane/solve-simd.wasm?module'
import { digits } from './digits.mjs'
import { scenario } from './scenario.mjs'

const wasm = [{ module: train }, { module: solve }]

async function answer() {
  try {
    const { bytes, ...result } = await scenario(fourlane, digits, { core, predict, wasm })
    return Response.json(result)
  } catch (error) {
    return Response.json({ error: String(error?.stack ?? error) })
  }
}

addEventListener('fetch', (event) => event.respondWith(answer()))
