import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '../../src/formats/safetensors.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

/** A file with the given header, whatever it says. */
function fileOf(header: unknown, data: Uint8Array | number = 0): Uint8Array {
  const json = utf8(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = typeof data === 'number' ? new Uint8Array(data) : data
  const file = new Uint8Array(8 + json.length + bytes.length)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  file.set(bytes, 8 + json.length)
  return file
}

const headerOf = (file: Uint8Array) => {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true))
  return { length, text: new TextDecoder().decode(file.subarray(8, 8 + length)), data: file.subarray(8 + length) }
}

const sample: SafetensorsTensor[] = [
  {
    name: 'dense_1.kernel',
    dtype: 'F32',
    shape: [2, 3],
    data: Float32Array.of(1, -2, 3.5, 0, Number.NaN, Number.POSITIVE_INFINITY),
  },
  { name: 'labels', dtype: 'I32', shape: [3], data: Int32Array.of(-1, 0, 2 ** 31 - 1) },
  { name: 'scalar', dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) },
  { name: 'empty', dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
]

const refuses = (file: Uint8Array, message: RegExp) =>
  assert.throws(
    () => decodeSafetensors(file),
    (error: Error) => {
      assert.instance(error, RangeError)
      assert.match(error.message, message)
      return true
    },
  )

test('safetensors: the bytes are laid out as published', () => {
  const file = encodeSafetensors(sample, { format: 'fourlane' })
  const { length, text, data } = headerOf(file)
  assert.is(length % 8, 0)
  assert.match(text, /^\{"__metadata__":\{"format":"fourlane","crc32":"[0-9a-f]{8}"\},.*\} *$/)
  const header = JSON.parse(text)
  assert.equal(header.scalar, { dtype: 'F64', shape: [], data_offsets: [0, 8] })
  assert.equal(header['dense_1.kernel'], { dtype: 'F32', shape: [2, 3], data_offsets: [8, 32] })
  assert.equal(header.labels, { dtype: 'I32', shape: [3], data_offsets: [32, 44] })
  assert.equal(header.empty, { dtype: 'F32', shape: [0, 4], data_offsets: [44, 44] })
  assert.is(data.length, 44)
  const view = new DataView(data.buffer, data.byteOffset)
  assert.is(view.getFloat64(0, true), Math.PI)
  assert.is(view.getFloat32(12, true), -2)
  assert.is(view.getInt32(32, true), -1)
})

test('safetensors: a file comes back, from any offset in a buffer', () => {
  const file = encodeSafetensors(sample, { architecture: '{"layers":[]}' })
  for (const shift of [0, 1, 4]) {
    const shifted = new Uint8Array(file.length + shift)
    shifted.set(file, shift)
    const { tensors, metadata } = decodeSafetensors(shifted.subarray(shift))
    assert.equal(metadata, { architecture: '{"layers":[]}' })
    const byName = (list: readonly SafetensorsTensor[]) =>
      list.map((tensor) => ({ ...tensor, data: [...tensor.data] })).sort((a, b) => (a.name < b.name ? -1 : 1))
    assert.equal(byName(tensors), byName(sample))
  }
})

test('safetensors: any names, shapes, values and metadata come back', () => {
  const bits = (data: SafetensorsTensor['data']) => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]
  const tensor = fc.record({
    name: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '0', '10', 'constructor', '\ud800')),
    dtype: fc.constantFrom('F32' as const, 'I32' as const, 'F64' as const),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    seed: fc.uint8Array({ minLength: 8 * 64, maxLength: 8 * 64 }),
  })
  const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 5 })
  const metadata = fc.dictionary(
    fc.string({ unit: 'binary' }).filter((key) => key !== 'crc32'),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(tensors, metadata, (described, texts) => {
      const list = described.map(({ name, dtype, shape, seed }): SafetensorsTensor => {
        const length = shape.reduce((product, size) => product * size, 1)
        const { buffer } = seed.slice()
        const data =
          dtype === 'F32'
            ? new Float32Array(buffer, 0, length)
            : dtype === 'I32'
              ? new Int32Array(buffer, 0, length)
              : new Float64Array(buffer, 0, length)
        return { name, dtype, shape, data }
      })
      const decoded = decodeSafetensors(encodeSafetensors(list, texts))
      assert.equal(Object.entries(decoded.metadata).sort(), Object.entries(texts).sort())
      assert.is(decoded.tensors.length, list.length)
      for (const { name, dtype, shape, data } of list) {
        const found = decoded.tensors.find((candidate) => candidate.name === name)
        assert.ok(found)
        assert.equal([found.dtype, found.shape, bits(found.data)], [dtype, shape, bits(data)])
      }
    }),
  )
})

test('safetensors: types of other programs are widened', () => {
  const data = new DataView(new ArrayBuffer(64))
  data.setBigInt64(0, -5n, true)
  data.setUint32(8, 4_000_000_000, true)
  const halves = [0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x7e00]
  for (const [i, half] of halves.entries()) data.setUint16(12 + 2 * i, half, true)
  for (const [i, brain] of [0x3f80, 0xc049].entries()) data.setUint16(24 + 2 * i, brain, true)
  data.setInt16(28, -7, true)
  data.setUint8(30, 200)
  data.setInt8(31, -1)
  const header = {
    steps: { dtype: 'I64', shape: [], data_offsets: [0, 8] },
    count: { dtype: 'U32', shape: [1], data_offsets: [8, 12] },
    half: { dtype: 'F16', shape: [6], data_offsets: [12, 24] },
    brain: { dtype: 'BF16', shape: [2], data_offsets: [24, 28] },
    short: { dtype: 'I16', shape: [1], data_offsets: [28, 30] },
    byte: { dtype: 'U8', shape: [1], data_offsets: [30, 31] },
    signed: { dtype: 'I8', shape: [1], data_offsets: [31, 32] },
  }
  const { tensors } = decodeSafetensors(fileOf(header, new Uint8Array(data.buffer, 0, 32)))
  assert.equal(
    tensors.map(({ name, dtype, data }) => [name, dtype, [...data]]),
    [
      ['steps', 'F64', [-5]],
      ['count', 'F64', [4_000_000_000]],
      ['half', 'F32', [1, -2, 2 ** -24, 65504, Number.NEGATIVE_INFINITY, Number.NaN]],
      ['brain', 'F32', [1, -3.140625]],
      ['short', 'I32', [-7]],
      ['byte', 'I32', [200]],
      ['signed', 'I32', [-1]],
    ],
  )
})

test('safetensors: what cannot be written is refused', () => {
  const one = (more: object): SafetensorsTensor[] => [
    { name: 'a', dtype: 'F32', shape: [1], data: Float32Array.of(1), ...more },
  ]
  assert.throws(
    () => encodeSafetensors(one({ name: '__metadata__' })),
    /tensor "__metadata__" has a name that is reserved/,
  )
  assert.throws(() => encodeSafetensors([...one({}), ...one({})]), /tensor "a" has a name that is used twice/)
  assert.throws(
    () => encodeSafetensors(one({ dtype: 'F16' })),
    /tensor "a" has unknown dtype "F16"; known: F64, F32, I32/,
  )
  assert.throws(
    () => encodeSafetensors(one({ dtype: 'I32' })),
    /tensor "a" of dtype I32 needs a Int32Array, got Float32Array/,
  )
  assert.throws(() => encodeSafetensors(one({ shape: [2] })), /tensor "a" of shape \[2\] cannot have 1 values/)
  assert.throws(
    () => encodeSafetensors(one({ shape: [-1, -1] })),
    /tensor "a" of shape \[-1, -1\] cannot have 1 values/,
  )
  assert.throws(() => encodeSafetensors([], { epoch: 3 } as never), /metadata "epoch" must be text, got 3/)
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
  refuses(fileOf('{"a":'), /the header is not JSON/)
  refuses(fileOf('\ufeff{}'), /the header is not JSON/)
  refuses(fileOf('[1]'), /the header must be a JSON object, got an array of 1/)
  refuses(fileOf('null'), /the header must be a JSON object, got null/)
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
  assert.is(decodeSafetensors(two([0, 4], [4, 6], 6)).tensors.length, 2)
  refuses(two([0, 4], [3, 6], 6), /tensor "b" overlaps "a"/)
  refuses(two([0, 6], [2, 4], 6), /tensor "b" overlaps "a"/)
  refuses(two([0, 3], [4, 6], 6), /bytes 3 to 4 before tensor "b" belong to no tensor/)
  refuses(two([0, 4], [4, 6], 7), /the last 1 bytes belong to no tensor/)
})

test('safetensors: a file cut anywhere is refused', () => {
  const file = encodeSafetensors(sample, { format: 'fourlane' })
  for (let length = 0; length < file.length; length++) refuses(file.slice(0, length), /cut short|not JSON/)
})

test('safetensors: a flipped bit anywhere is refused or harmless', () => {
  const metadata = { format: 'fourlane' }
  const file = encodeSafetensors(sample, metadata)
  const { length, text } = headerOf(file)
  const key = 8 + text.indexOf('crc32')
  const expected = JSON.stringify(
    decodeSafetensors(file).tensors.map(({ data, ...rest }) => ({ ...rest, data: [...data] })),
  )
  let refused = 0
  for (let at = 0; at < file.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = file.slice()
      damaged[at] ^= 1 << bit
      try {
        const decoded = decodeSafetensors(damaged)
        const found = JSON.stringify(decoded.tensors.map(({ data, ...rest }) => ({ ...rest, data: [...data] })))
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
