// The scenario where there are files: Node, Deno, Bun. Prints its result as one line of JSON.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fourlane from 'fourlane'
import * as core from 'fourlane/core'
import * as predict from 'fourlane/predict'
import { digits } from './digits.mjs'
import { scenario } from './scenario.mjs'

const folder = mkdtempSync(join(tmpdir(), 'fourlane-'))
try {
  const wasm = ['fourlane/simd.wasm', 'fourlane/solve-simd.wasm'].map((name) => ({
    bytes: readFileSync(new URL(import.meta.resolve(name))),
  }))
  const { bytes, ...result } = await scenario(fourlane, digits, { core, predict, wasm, folder })
  console.log(JSON.stringify(result))
} finally {
  rmSync(folder, { recursive: true })
}
