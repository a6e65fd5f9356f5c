import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ElementType, elements, type Numbers } from '../../src/formats/elements.ts'
import {
  readSafetensors,
  type SafetensorsDtype,
  type SafetensorsFile,
  type SafetensorsInput,
  writeSafetensors,
} from '../../src/formats/safetensors.ts'
import { interopFile } from '../support/interop.ts'
import { refuses as refusing } from '../support/refuses.ts'

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

const sample: Record<string, SafetensorsInput> = {
  'dense_1.kernel': {
    dtype: 'F32',
    shape: [2, 3],
    data: Float32Array.of(1, -2, 3.5, 0, Number.NaN, Number.POSITIVE_INFINITY),
  },
  labels: { dtype: 'I32', shape: [3], data: Int32Array.of(-1, 0, 2 ** 31 - 1) },
  scalar: { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) },
  empty: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
}

/** What a file holds, as plain values. */
const plain = ({ tensors }: SafetensorsFile) =>
  Array.from(tensors, ([name, { dtype, shape, data }]) => [name, dtype, shape, data.constructor.name, [...data]])

const refuses = (file: Uint8Array, message: RegExp) =>
  assert.throws(
    () => readSafetensors(file),
    (error: Error) => {
      assert.instance(error, RangeError)
      assert.match(error.message, message)
      return true
    },
  )

test('safetensors: the bytes are laid out as published', () => {
  const file = writeSafetensors(sample, { format: 'fourlane' }, { checksum: true })
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

test('safetensors: without a checksum nothing is added to what is written', () => {
  assert.match(
    headerOf(writeSafetensors(sample, { format: 'pt' })).text,
    /^\{"__metadata__":\{"format":"pt"\},"scalar"/,
  )
  assert.match(headerOf(writeSafetensors({})).text, /^\{"__metadata__":\{\}\} *$/)
})

test('safetensors: a file comes back, from any offset in a buffer', () => {
  for (const checksum of [false, true]) {
    const file = writeSafetensors(sample, { architecture: '{"layers":[]}' }, { checksum })
    for (const shift of [0, 1, 4]) {
      const shifted = new Uint8Array(file.length + shift)
      shifted.set(file, shift)
      const read = readSafetensors(shifted.subarray(shift))
      assert.equal(read.metadata, { architecture: '{"layers":[]}' })
      assert.equal(plain(read), [
        ['scalar', 'F64', [], 'Float64Array', [Math.PI]],
        ['dense_1.kernel', 'F32', [2, 3], 'Float32Array', [...sample['dense_1.kernel'].data]],
        ['labels', 'I32', [3], 'Int32Array', [...sample.labels.data]],
        ['empty', 'F32', [0, 4], 'Float32Array', []],
      ])
    }
  }
})

test('safetensors: headers of any length are read, blanks after them too', () => {
  const json = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
  for (let blanks = 0; blanks < 9; blanks++) {
    const file = fileOf(json + ' '.repeat(blanks), new Uint8Array(Float32Array.of(2.5).buffer))
    assert.equal(plain(readSafetensors(file)), [['a', 'F32', [1], 'Float32Array', [2.5]]])
  }
})

const TYPES = Object.keys(elements) as ElementType[]

test('safetensors: any names, shapes, types, values and metadata come back', () => {
  const tensor = fc.record({
    name: fc.oneof(
      fc.string({ unit: 'binary' }).filter((name) => name !== '__metadata__'),
      fc.constantFrom('__proto__', '0', '10', 'constructor', '\ud800'),
    ),
    type: fc.constantFrom(...TYPES),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    seed: fc.uint8Array({ minLength: 8 * 64, maxLength: 8 * 64 }),
  })
  const list = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 5 })
  const metadata = fc.dictionary(
    fc.string({ unit: 'binary' }).filter((key) => key !== 'crc32'),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(list, metadata, fc.boolean(), (described, texts, checksum) => {
      const tensors = described.map(({ name, type, shape, seed }) => {
        const { array: Kind, size, range, read, safetensors } = elements[type]
        const data: Numbers = new Kind(shape.reduce((product, length) => product * length, 1))
        const view = new DataView(seed.buffer, seed.byteOffset)
        for (let i = 0; i < data.length; i++) {
          const value = read(view, i * size, true)
          data[i] = range ? Math.max(range[0], Math.min(range[1], value)) : value
        }
        return [name, { dtype: safetensors as SafetensorsDtype, shape, data }] as const
      })
      const file = readSafetensors(writeSafetensors(new Map(tensors), texts, { checksum }))
      assert.equal(Object.entries(file.metadata).sort(), Object.entries(texts).sort())
      assert.is(file.tensors.size, tensors.length)
      for (const [name, { dtype, shape, data }] of tensors) {
        const found = file.tensors.get(name)
        assert.equal([found?.dtype, found?.shape, [...(found?.data ?? [])]], [dtype, shape, [...data]])
      }
    }),
  )
})

test('safetensors: every type as it lies in a file', () => {
  const view = new DataView(new ArrayBuffer(64))
  view.setBigInt64(0, -5n, true)
  view.setBigUint64(8, 2n ** 53n - 1n, true)
  view.setUint32(16, 4_000_000_000, true)
  const halves = [0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x7e00]
  for (const [i, half] of halves.entries()) view.setUint16(20 + 2 * i, half, true)
  for (const [i, brain] of [0x3f80, 0xc049].entries()) view.setUint16(32 + 2 * i, brain, true)
  view.setInt16(36, -7, true)
  view.setUint16(38, 65535, true)
  view.setUint8(40, 200)
  view.setInt8(41, -1)
  view.setUint8(42, 1)
  view.setUint8(43, 7)
  const header = {
    steps: { dtype: 'I64', shape: [], data_offsets: [0, 8] },
    many: { dtype: 'U64', shape: [1], data_offsets: [8, 16] },
    count: { dtype: 'U32', shape: [1], data_offsets: [16, 20] },
    half: { dtype: 'F16', shape: [6], data_offsets: [20, 32] },
    brain: { dtype: 'BF16', shape: [2], data_offsets: [32, 36] },
    short: { dtype: 'I16', shape: [1], data_offsets: [36, 38] },
    word: { dtype: 'U16', shape: [1], data_offsets: [38, 40] },
    byte: { dtype: 'U8', shape: [1], data_offsets: [40, 41] },
    signed: { dtype: 'I8', shape: [1], data_offsets: [41, 42] },
    flags: { dtype: 'BOOL', shape: [2], data_offsets: [42, 44] },
  }
  const file = readSafetensors(fileOf(header, new Uint8Array(view.buffer, 0, 44)))
  assert.equal(plain(file), [
    ['steps', 'I64', [], 'Float64Array', [-5]],
    ['many', 'U64', [1], 'Float64Array', [2 ** 53 - 1]],
    ['count', 'U32', [1], 'Uint32Array', [4_000_000_000]],
    ['half', 'F16', [6], 'Float32Array', [1, -2, 2 ** -24, 65504, Number.NEGATIVE_INFINITY, Number.NaN]],
    ['brain', 'BF16', [2], 'Float32Array', [1, -3.140625]],
    ['short', 'I16', [1], 'Int16Array', [-7]],
    ['word', 'U16', [1], 'Uint16Array', [65535]],
    ['byte', 'U8', [1], 'Uint8Array', [200]],
    ['signed', 'I8', [1], 'Int8Array', [-1]],
    ['flags', 'BOOL', [2], 'Uint8Array', [1, 1]],
  ])
  assert.equal(plain(readSafetensors(writeSafetensors(file.tensors))), plain(file))
})

test('safetensors: an integer that no number holds is refused', () => {
  const bytes = new Uint8Array(BigInt64Array.of(1n, 2n ** 53n).buffer)
  const header = { steps: { dtype: 'I64', shape: [2], data_offsets: [0, 16] } }
  refusing(
    () => readSafetensors(fileOf(header, bytes)),
    RangeError,
    'readSafetensors: tensor "steps": value 1, about 9007199254740992, is an integer too large',
  )
})

test("safetensors: PyTorch's own files", () => {
  const { tensors, metadata } = readSafetensors(interopFile('mlp-batchnorm.torch.safetensors'))
  assert.equal(metadata, { format: 'pt' })
  assert.equal(tensors.get('1.num_batches_tracked'), { dtype: 'I64', shape: [], data: Float64Array.of(5) })
  assert.equal(tensors.get('0.weight')?.shape, [9, 6])
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
