// The scenario as an edge function: answers its fetch event with the result.
import * as fourlane from 'fourlane'
import * as core from 'fourlane/core'
import * as predict from 'fourlane/predict'
import module from 'fourlane/simd.wasm?module'
import { digits } from './digits.mjs'
import { scenario } from './scenario.mjs'

async function answer() {
  try {
    const { bytes, ...result } = await scenario(fourlane, digits, { core, predict, wasm: { module } })
    return Response.json(result)
  } catch (error) {
    return Response.json({ error: String(error?.stack ?? error) })
  }
}

addEventListener('fetch', (event) => event.respondWith(answer()))
