// The scenario in a worker: asked over HTTP, answers with the result.
import * as fourlane from 'fourlane'
import * as core from 'fourlane/core'
import * as predict from 'fourlane/predict'
import train from 'fourlane/simd.wasm'
import solve from 'fourlane/solve-simd.wasm'
import { digits } from './digits.mjs'
import { scenario } from './scenario.mjs'

const wasm = [{ module: train }, { module: solve }]

export default {
  async fetch() {
    try {
      const { bytes, ...result } = await scenario(fourlane, digits, { core, predict, wasm })
      return Response.json(result)
    } catch (error) {
      return Response.json({ error: String(error?.stack ?? error) })
    }
  },
}
