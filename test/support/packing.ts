/** What decompression is tried on. */
import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'

export const wasmFile = (name: string): Buffer => {
  const root = import.meta.url.includes('/build/') ? '../../' : '../../build/'
  return readFileSync(new URL(`${root}${name}.wasm`, import.meta.url))
}
export const same = (a: Uint8Array, b: Uint8Array): void => assert.is(Buffer.compare(a, b), 0)

const noise = Uint8Array.from({ length: 70_000 }, (_, i) => Math.imul(i ^ 0x9e3779b9, 0x85ebca6b) >>> 21)
export const samples: Record<string, Uint8Array> = {
  empty: new Uint8Array(0),
  'one byte': Uint8Array.of(7),
  'a long run': new Uint8Array(100_000).fill(3),
  'overlapping copies': Uint8Array.from({ length: 5000 }, (_, i) => i % 3),
  'no repetition': noise,
  text: new TextEncoder().encode('all work and no play makes a dull test '.repeat(50)),
  wasm: wasmFile('simd'),
}
