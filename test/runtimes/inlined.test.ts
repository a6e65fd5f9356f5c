// The wasm as text for browsers: what the build compresses is decompressed intact.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modules as features } from '../../src/runtime/inlined/features.ts'
import { modules as infer } from '../../src/runtime/inlined/infer.ts'
import { modules as int8 } from '../../src/runtime/inlined/int8.ts'
import { modules as solve } from '../../src/runtime/inlined/solve.ts'
import { modules as train } from '../../src/runtime/inlined/train.ts'
import { unlzma } from '../../src/runtime/lzma.ts'
import { unfused } from '../../src/runtime/unfused.ts'
import { same, samples, wasmFile } from '../support/packing.ts'

const scripts = new URL(import.meta.url.includes('/build/') ? '../../../scripts/' : '../../scripts/', import.meta.url)
const { lzma }: { lzma: (bytes: Uint8Array) => Uint8Array } = await import(new URL('lzma.mjs', scripts).href)

for (const [name, bytes] of Object.entries(samples)) {
  test(`what is packed unpacks, and any part from its start on: ${name}`, () => {
    const packed = lzma(bytes)
    same(unlzma(packed, bytes.length), bytes)
    const half = bytes.length >> 1
    same(unlzma(packed, half), bytes.subarray(0, half))
    if (name === 'a long run') assert.ok(packed.length < 100, `${packed.length} bytes`)
  })
}

test('the inlined files are the wasm files; of plain SIMD, those of fused multiply-add with it taken apart', () => {
  for (const [name, modules] of Object.entries({ infer, train, solve, int8, features })) {
    const prefix = name === 'train' ? '' : `${name}-`
    const read = (target: string) => {
      const bytes = modules.read(`${prefix}${target}`)
      if (!(bytes instanceof Uint8Array)) throw new TypeError('expected bytes')
      return bytes
    }
    assert.equal(modules.files, [`${prefix}simd`, `${prefix}relaxed`])
    same(read('relaxed'), wasmFile(`${prefix}relaxed`))
    same(read('simd'), name === 'int8' ? wasmFile('int8-simd') : unfused(wasmFile(`${prefix}relaxed`)))
    assert.throws(() => modules.read('debug'), /no debug\.wasm here; there are/)
  }
})
test.run()
