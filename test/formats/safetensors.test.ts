// Files of tensors: their bytes as published, and that any names, shapes and types come back.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ElementType, elements, type Numbers } from '../../src/formats/elements.ts'
import { readSafetensors, type SafetensorsDtype, writeSafetensors } from '../../src/formats/safetensors.ts'
import { interopFile } from '../support/interop.ts'
import { fileOf, headerOf, plain, sample } from '../support/safetensors.ts'

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

test("safetensors: PyTorch's own files", () => {
  const { tensors, metadata } = readSafetensors(interopFile('mlp-batchnorm.torch.safetensors'))
  assert.equal(metadata, { format: 'pt' })
  assert.equal(tensors.get('1.num_batches_tracked'), { dtype: 'I64', shape: [], data: Float64Array.of(5) })
  assert.equal(tensors.get('0.weight')?.shape, [9, 6])
})

test.run()
