// The scenario in a page: the result goes back to the server that sent the page.
import * as fourlane from 'fourlane'
import * as core from 'fourlane/core'
import * as predict from 'fourlane/predict'
import { digits } from './digits.mjs'
import { scenario } from './scenario.mjs'

async function report() {
  try {
    const wasm = [{ url: '/simd.wasm' }, { url: '/solve-simd.wasm' }]
    const { bytes, ...result } = await scenario(fourlane, digits, { core, predict, wasm })
    return { ...result, agent: navigator.userAgent }
  } catch (error) {
    return { error: String(error?.stack ?? error) }
  }
}

report().then((result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) }))
