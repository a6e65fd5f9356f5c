// The wasm as text for browsers: decompression against zlib, and the files come out whole.
import { readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inflate } from '../../src/runtime/inflate.ts'
import { modules as features } from '../../src/runtime/inlined/features.ts'
import { modules as infer } from '../../src/runtime/inlined/infer.ts'
import { modules as int8 } from '../../src/runtime/inlined/int8.ts'
import { modules as solve } from '../../src/runtime/inlined/solve.ts'
import { modules as train } from '../../src/runtime/inlined/train.ts'

const wasmFile = (name: string) => {
  const root = import.meta.url.includes('/build/') ? '../../' : '../../build/'
  return readFileSync(new URL(`${root}${name}.wasm`, import.meta.url))
}
const same = (a: Uint8Array, b: Uint8Array) => assert.is(Buffer.compare(a, b), 0)

const noise = Uint8Array.from({ length: 70_000 }, (_, i) => Math.imul(i ^ 0x9e3779b9, 0x85ebca6b) >>> 21)
const samples: Record<string, Uint8Array> = {
  empty: new Uint8Array(0),
  'one byte': Uint8Array.of(7),
  'a long run': new Uint8Array(100_000).fill(3),
  'overlapping copies': Uint8Array.from({ length: 5000 }, (_, i) => i % 3),
  'no repetition': noise,
  text: new TextEncoder().encode('all work and no play makes a dull test '.repeat(50)),
  wasm: wasmFile('simd'),
}

for (const [name, bytes] of Object.entries(samples)) {
  test(`inflate undoes zlib: ${name}`, () => {
    // level 0: stored blocks; strategy 4: fixed codes; the others: codes of their own
    for (const options of [{ level: 0 }, { level: 1 }, { level: 9 }, { strategy: 4 }]) {
      same(inflate(deflateRawSync(bytes, options)), bytes)
    }
  })
}

test('inflate refuses a damaged stream', () => {
  const packed = deflateRawSync(samples.wasm)
  assert.throws(() => inflate(packed.subarray(0, packed.length / 2)), /compressed bytes are damaged/)
  assert.throws(() => inflate(Uint8Array.of(7)), /compressed bytes are damaged/)
  const stored = deflateRawSync(samples.text, { level: 0 })
  assert.throws(() => inflate(stored.subarray(0, 100)), /compressed bytes are damaged/)
})

test('inflate stops at the size it is given', () => {
  const run = samples['a long run']
  for (const options of [{ level: 0 }, { level: 9 }]) {
    const packed = deflateRawSync(run, options)
    same(inflate(packed, run.length), run)
    assert.throws(() => inflate(packed, run.length - 1), /unpack to more than 99999/)
  }
})

test('the inlined files are the wasm files', () => {
  for (const [name, modules] of Object.entries({ infer, train, solve, int8, features })) {
    const prefix = name === 'train' ? '' : `${name}-`
    assert.equal(modules.files, [`${prefix}simd`, `${prefix}relaxed`])
    for (const file of modules.files) {
      const inlined = modules.read(file)
      if (!(inlined instanceof Uint8Array)) throw new TypeError('expected bytes')
      same(inlined, wasmFile(file))
    }
    assert.throws(() => modules.read('debug'), /no debug\.wasm here; there are/)
  }
})
test.run()
