// Decompression against zlib.
import { deflateRawSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inflate } from '../../src/formats/inflate.ts'
import { same, samples } from '../support/packing.ts'

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

test.run()
