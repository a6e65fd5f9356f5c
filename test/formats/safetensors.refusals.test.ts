// What is no safetensors file, and what cannot be written to one.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readSafetensors, type SafetensorsInput, writeSafetensors } from '../../src/formats/safetensors.ts'
import { refuses as refusing } from '../support/refuses.ts'
import { fileOf, headerOf, plain, sample, utf8 } from '../support/safetensors.ts'

const refuses = (file: Uint8Array, message: RegExp) =>
  assert.throws(
    () => readSafetensors(file),
    (error: Error) => {
      assert.instance(error, RangeError)
      assert.match(error.message, message)
      return true
    },
  )

test('safetensors: an integer that no number holds is refused', () => {
  const bytes = new Uint8Array(BigInt64Array.of(1n, 2n ** 53n).buffer)
  const header = { steps: { dtype: 'I64', shape: [2], data_offsets: [0, 16] } }
  refusing(
    () => readSafetensors(fileOf(header, bytes)),
    RangeError,
    'readSafetensors: tensor "steps": value 1, about 9007199254740992, is an integer too large',
  )
})

test('safetensors: what cannot be written is refused', () => {
  const data = Float32Array.of(1.5)
  const one = (tensor: object) => () => writeSafetensors({ a: tensor as SafetensorsInput })
  refusing(
    () => writeSafetensors({ __metadata__: { data } }),
    RangeError,
    'tensor "__metadata__" has a name that is reserved',
  )
  refusing(
    one({ data, dtype: 'F31' }),
    RangeError,
    'writeSafetensors: tensor "a": unknown dtype "F31"; known: F64, F32',
  )
  refusing(one({ data, dtype: 'I32' }), RangeError, 'tensor "a": value 0 must fit int32, got 1.5')
  refusing(one({ data: Float64Array.of(1e300), dtype: 'F32' }), RangeError, 'must fit float32, got 1e+300')
  refusing(one({ data, shape: [2] }), RangeError, 'tensor "a": shape [2] cannot have 1 values')
  for (const shape of [[-1, -1], Array(1), [2 ** 53], 'x'])
    refusing(one({ data, shape }), TypeError, '"shape" must be an array of whole numbers')
  refusing(one({ data: [1] }), TypeError, '"data" must be a typed array of numbers, got an array of 1')
  refusing(one({ data, type: 'F32' }), TypeError, 'unknown option "type"; did you mean "dtype"?')
  refusing(() => writeSafetensors({}, { epoch: 3 } as never), TypeError, 'metadata "epoch" must be text, got 3')
  refusing(
    () => writeSafetensors(null as never),
    TypeError,
    '"tensors" must be a Map or an object of tensors, got null',
  )
  refusing(() => writeSafetensors(new Map([[1, { data }]]) as never), TypeError, 'names must be strings, got 1')
  refusing(() => writeSafetensors({}, {}, { sum: true } as never), TypeError, 'unknown option "sum"')
  refusing(() => readSafetensors([1] as never), TypeError, '"bytes" must be a Uint8Array or an ArrayBuffer')
})

test('safetensors: damaged headers are refused', () => {
  const entry = (more: object) => fileOf({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...more } }, 4)
  refuses(new Uint8Array(0), /the file is cut short: 0 bytes/)
  refuses(new Uint8Array(7), /the file is cut short: 7 bytes/)
  refuses(
    utf8('this is some text, not a model'),
    /does not fit the file's 30: it is cut short or not a safetensors file/,
  )
  refuses(new Uint8Array(8), /the header is not JSON/)
  refuses(fileOf(' {}'), /the header does not begin with {/)
  refuses(fileOf('{"a":1,"a":2}'), /the header is not JSON \(it holds a key twice\)/)
  refuses(
    fileOf('{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    /the header is not JSON \(it holds a key twice\)/,
  )
  refuses(fileOf('{"a":'), /the header is not JSON/)
  refuses(fileOf('\ufeff{}'), /the header does not begin with {/)
  refuses(fileOf('[1]'), /the header does not begin with {/)
  refuses(fileOf('null'), /the header does not begin with {/)
  refuses(fileOf({ __metadata__: 'x' }), /"__metadata__" must be an object of texts, got "x"/)
  refuses(fileOf({ __metadata__: { epoch: 3 } }), /metadata "epoch" must be text, got 3/)
  refuses(fileOf({ a: 5 }), /tensor "a" must be described by an object, got 5/)
  refuses(entry({ dtype: 'F31' }), /tensor "a" has unknown dtype "F31"; known: F64, F32, F16/)
  refuses(entry({ dtype: 'constructor' }), /tensor "a" has unknown dtype "constructor"/)
  refuses(entry({ shape: 1 }), /tensor "a" must have a shape of whole numbers, got 1/)
  refuses(entry({ shape: [-1] }), /tensor "a" must have a shape of whole numbers, got \[-1\]/)
  refuses(entry({ shape: [2] }), /tensor "a" of shape \[2\] and dtype F32 needs 8 bytes, but has 4/)
  refuses(entry({ shape: [2 ** 52, 2 ** 52] }), /needs .* bytes, but has 4/)
  refuses(entry({ data_offsets: [4, 0] }), /tensor "a" must have data_offsets \[from, to\], got \[4,0\]/)
  refuses(entry({ data_offsets: [0] }), /tensor "a" must have data_offsets \[from, to\], got \[0\]/)
  refuses(entry({ data_offsets: [0, 4.5] }), /must have data_offsets/)
  refuses(
    entry({ data_offsets: [4, 8] }),
    /tensor "a" ends at byte 8, but the file has 4 bytes of data: it is cut short/,
  )
})

test('safetensors: tensors must cover the data exactly once', () => {
  const two = (first: number[], second: number[], bytes: number) =>
    fileOf(
      {
        a: { dtype: 'U8', shape: [first[1] - first[0]], data_offsets: first },
        b: { dtype: 'U8', shape: [second[1] - second[0]], data_offsets: second },
      },
      bytes,
    )
  assert.is(readSafetensors(two([0, 4], [4, 6], 6)).tensors.size, 2)
  refuses(two([0, 4], [3, 6], 6), /tensor "b" overlaps "a"/)
  refuses(two([0, 6], [2, 4], 6), /tensor "b" overlaps "a"/)
  refuses(two([0, 3], [4, 6], 6), /bytes 3 to 4 before tensor "b" belong to no tensor/)
  refuses(two([0, 4], [4, 6], 7), /the last 1 bytes belong to no tensor/)
})

test('safetensors: a file cut anywhere is refused', () => {
  const file = writeSafetensors(sample, { format: 'fourlane' })
  for (let length = 0; length < file.length; length++) refuses(file.slice(0, length), /cut short|not JSON|begin with/)
})

test('safetensors: a flipped bit anywhere is refused or harmless', () => {
  const metadata = { format: 'fourlane' }
  const file = writeSafetensors(sample, metadata, { checksum: true })
  const { length, text } = headerOf(file)
  const key = 8 + text.indexOf('crc32')
  const expected = JSON.stringify(plain(readSafetensors(file)))
  let refused = 0
  for (let at = 0; at < file.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = file.slice()
      damaged[at] ^= 1 << bit
      try {
        const found = JSON.stringify(plain(readSafetensors(damaged)))
        assert.is(found, expected, `bit ${bit} of byte ${at} went unnoticed`)
        // harmless: another blank after the header, or the checksum's own key or value
        const ownKey = at >= key && at < key + 'crc32":"00000000'.length
        const padding = at >= 8 + text.trimEnd().length && at < 8 + length
        assert.ok(ownKey || padding, `bit ${bit} of byte ${at} went unnoticed`)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        assert.match(error.message, /^safetensors: /)
        refused++
      }
    }
  }
  assert.ok(refused > 0.95 * 8 * file.length)
})

test.run()
