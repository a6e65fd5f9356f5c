import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ElementType, elements, type Numbers } from '../../src/formats/elements.ts'
import { type NpyInput, readNpy, readNpz, writeNpy, writeNpz } from '../../src/formats/npy.ts'
import { interopCases, interopFile } from '../support/interop.ts'
import { refuses } from '../support/refuses.ts'

const TYPES = (Object.keys(elements) as ElementType[]).filter((type) => elements[type].numpy)
const plain = <T extends { shape: readonly number[]; data: Numbers }>({ shape, data }: T) => ({
  shape,
  data: [...data],
})

/** A file with any header. */
function fileOf(header: string, data: Uint8Array | number = 0, version = 1): Uint8Array {
  const values = typeof data === 'number' ? new Uint8Array(data) : data
  const lead = version === 1 ? 10 : 12
  const file = new Uint8Array(lead + header.length + values.length)
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0])
  const view = new DataView(file.buffer)
  if (version === 1) view.setUint16(8, header.length, true)
  else view.setUint32(8, header.length, true)
  file.set(new TextEncoder().encode(header), lead)
  file.set(values, lead + header.length)
  return file
}
const headerOf = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`

const arrays = interopCases.find(({ id }) => id === 'npy')
if (!arrays?.expect) throw new Error('no npy case')
const { expect } = arrays

test('npy: arrays that NumPy wrote', () => {
  for (const [name, expected] of Object.entries(expect)) {
    assert.equal(plain(readNpy(interopFile(arrays.files[name]))), expected, name)
  }
  assert.is(readNpy(interopFile('int64.npy')).dtype, 'int64')
  assert.instance(readNpy(interopFile('uint8.npy')).data, Uint8Array)
  assert.is(readNpy(interopFile('big-endian.npy')).dtype, 'float32')
})

test('npz: archives that NumPy wrote, stored and deflated', () => {
  for (const kind of ['npz', 'npz_deflated']) {
    const found = readNpz(interopFile(arrays.files[kind]))
    assert.equal([...found.keys()], Object.keys(expect))
    for (const [name, array] of found) assert.equal(plain(array), expect[name], name)
  }
})

/** Big-endian and Fortran order by the definition, value by value. */
function encode(type: ElementType, shape: number[], values: ArrayLike<number>, little: boolean, fortran: boolean) {
  const { size, numpy, write } = elements[type]
  const data = new Uint8Array(values.length * size)
  const view = new DataView(data.buffer)
  for (let i = 0; i < values.length; i++) {
    // the index of value i, last axis fastest, and its place when the first axis is the fastest
    let rest = i
    const index = shape.map(() => 0)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]
      rest = Math.floor(rest / shape[axis])
    }
    let place = 0
    for (let axis = shape.length - 1; axis >= 0; axis--) place = place * shape[axis] + index[axis]
    write(view, (fortran ? place : i) * size, values[i], little)
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  return fileOf(headerOf(`${little ? '<' : '>'}${numpy}`, tuple, fortran ? 'True' : 'False'), data, 2)
}

const shapes = fc.array(fc.nat(4), { maxLength: 4 })
/** Values that every type holds exactly. */
const someValues = (type: ElementType, count: number) =>
  Array.from({ length: count }, (_, i) =>
    type === 'bool' ? i % 2 : elements[type].range?.[0] === 0 ? i % 100 : (i % 100) - 50,
  )

test('npy: every type, order and byte order is read', () => {
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), shapes, fc.boolean(), fc.boolean(), (type, shape, little, fortran) => {
      const values = someValues(
        type,
        shape.reduce((product, size) => product * size, 1),
      )
      const read = readNpy(encode(type, shape, values, little, fortran))
      assert.equal({ ...read, data: [...read.data] }, { dtype: type, shape, data: values })
      assert.instance(read.data, elements[type].array)
    }),
  )
})

test('npy: what is written comes back, from any offset in a buffer', () => {
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), shapes, fc.nat(7), (type, shape, shift) => {
      const count = shape.reduce((product, size) => product * size, 1)
      const array = { dtype: type, shape, data: new elements[type].array(count) }
      array.data.set(someValues(type, count))
      const file = writeNpy(array)
      const shifted = new Uint8Array(file.length + shift)
      shifted.set(file, shift)
      assert.equal(readNpy(shifted.subarray(shift)), array)
      assert.equal(readNpy(shifted.slice(shift).buffer), array)
    }),
  )
  const file = writeNpy({ data: Float32Array.of(1, 2, 3) })
  const start = 10 + new DataView(file.buffer).getUint16(8, true)
  assert.is(start % 64, 0)
  assert.is(new TextDecoder('latin1').decode(file.subarray(10, start)).trimEnd(), headerOf('<f4', '(3,)').trimEnd())
})

test('npz: what is written comes back, from a map or an object', () => {
  const given: Record<string, NpyInput> = {
    x: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] },
    'labels/é': { data: Uint8Array.of(1, 0, 1), dtype: 'bool' },
    empty: { data: new Int16Array(0), shape: [0, 7] },
  }
  for (const input of [given, new Map(Object.entries(given))]) {
    const file = writeNpz(input)
    const read = readNpz(file)
    assert.equal([...read.keys()], Object.keys(given))
    assert.equal([...read.values()].map(plain), [
      { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
      { shape: [3], data: [1, 0, 1] },
      { shape: [0, 7], data: [] },
    ])
  }
})

test('float16 rounds to the nearest, to even in ties; what would overflow is refused', () => {
  const round = (...values: number[]) => [
    ...readNpy(writeNpy({ data: Float64Array.from(values), dtype: 'float16' })).data,
  ]
  assert.equal(round(1 + 2 ** -11, 1 + 3 * 2 ** -11, -0, 2 ** -25, 1.5 * 2 ** -24, 65519, 2 ** -14 - 2 ** -25), [
    1,
    1 + 2 ** -9,
    -0,
    0,
    2 ** -23,
    65504,
    2 ** -14,
  ])
  assert.equal(round(Number.NaN, Number.NEGATIVE_INFINITY), [Number.NaN, Number.NEGATIVE_INFINITY])
  refuses(() => round(1, 65520), RangeError, 'value 1 must fit float16, got 65520')
  // every float16 there is
  const all = new Uint8Array(new Uint16Array(65536).map((_, i) => i).buffer)
  const read = readNpy(fileOf(headerOf('<f2', '(65536,)'), all))
  const written = writeNpy(read)
  const bits = new Uint16Array(written.slice(-2 * 65536).buffer)
  for (let i = 0; i < 65536; i++) if (!Number.isNaN(read.data[i])) assert.is(bits[i], i)
})

test('npy: what cannot be written is refused', () => {
  const data = Float32Array.of(1, 2.5, 3)
  refuses(() => writeNpy({ data: [1, 2] as never }), TypeError, '"data" must be a typed array of numbers, got an array')
  refuses(() => writeNpy({ data: new BigInt64Array(2) as never }), TypeError, '"data" must be a typed array')
  refuses(() => writeNpy({ data, shape: [2] }), RangeError, 'shape (2) cannot have 3 values')
  refuses(() => writeNpy({ data, shape: [-1, -3] }), TypeError, '"shape" must be an array of whole numbers')
  refuses(() => writeNpy({ data, shape: Array(1) }), TypeError, '"shape" must be an array of whole numbers')
  refuses(() => writeNpy({ data, dtype: 'int32' }), RangeError, 'writeNpy: value 1 must fit int32, got 2.5')
  refuses(() => writeNpy({ data, dtype: 'bfloat16' }), RangeError, 'unknown dtype "bfloat16"; known: float64')
  refuses(() => writeNpy({ data, dtype: 'constructor' as never }), RangeError, 'unknown dtype "constructor"')
  refuses(() => writeNpy({ data, order: 'F' } as never), TypeError, 'unknown option "order"')
  refuses(() => writeNpz({ a: { data, dtype: 'bool' } }), RangeError, 'writeNpz: "a": value 1 must fit bool, got 2.5')
  refuses(() => writeNpz(3 as never), TypeError, '"arrays" must be a Map or an object of arrays, got 3')
})

test('npy: what is no array of numbers is refused', () => {
  const good = writeNpy({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] })
  for (let length = 0; length < good.length; length++)
    refuses(() => readNpy(good.slice(0, length)), RangeError, /cut short|not a \.npy file/)
  refuses(() => readNpy(Uint8Array.of(...good, 0)), RangeError, 'the file is too long: float32 of shape (2, 2)')
  refuses(() => readNpy('x.npy' as never), TypeError, '"bytes" must be a Uint8Array or an ArrayBuffer, got "x.npy"')
  refuses(() => readNpy(fileOf('', 0, 9)), RangeError, 'version 9.0 of the .npy format is unknown')
  for (const descr of ['<c8', '|O', '<U4', '|S3', '<M8[s]', '<f16', '<f3', 'f4', '']) {
    const file = fileOf(headerOf(descr, '(1,)'), 16)
    refuses(() => readNpy(file), RangeError, `the file holds values of type '${descr}', expected numbers: f8, f4`)
  }
  const records = fileOf("{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (3,), }\n", 24)
  refuses(() => readNpy(records), RangeError, 'the file holds records')
  const damaged = [
    '',
    '{}',
    '()',
    "{'descr': '<f4', 'fortran_order': False}",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} trailing",
    "{'descr': '<f4', 'fortran_order': '1', 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
    `{${' '.repeat(60_000)}`,
  ]
  for (const header of damaged) refuses(() => readNpy(fileOf(header, 4)), RangeError, 'the header is damaged')
  const huge = fileOf(headerOf('<f4', '(999999999999999, 999999999999999)'), 4)
  refuses(() => readNpy(huge), RangeError, 'the file is cut short')
  const large = fileOf(headerOf('<i8', '(1,)'), new Uint8Array(BigInt64Array.of(2n ** 53n).buffer))
  refuses(() => readNpy(large), RangeError, 'value 0, about 9007199254740992, is an integer too large')
})

/** A minimal archive of one file, with what its headers state. */
function archive(name: string, packed: Uint8Array, { size = packed.length, method = 0, flags = 0, crc = 0 } = {}) {
  const title = new TextEncoder().encode(name)
  const local = 30 + title.length + packed.length
  const out = new Uint8Array(local + 46 + title.length + 22)
  const view = new DataView(out.buffer)
  view.setUint32(0, 0x04034b50, true)
  view.setUint16(26, title.length, true)
  out.set(title, 30)
  out.set(packed, 30 + title.length)
  view.setUint32(local, 0x02014b50, true)
  view.setUint16(local + 8, flags, true)
  view.setUint16(local + 10, method, true)
  view.setUint32(local + 16, crc, true)
  view.setUint32(local + 20, packed.length, true)
  view.setUint32(local + 24, size, true)
  view.setUint16(local + 28, title.length, true)
  out.set(title, local + 46)
  const end = local + 46 + title.length
  view.setUint32(end, 0x06054b50, true)
  view.setUint16(end + 8, 1, true)
  view.setUint16(end + 10, 1, true)
  view.setUint32(end + 12, 46 + title.length, true)
  view.setUint32(end + 16, local, true)
  return out
}

test('npz: archives that are damaged, too large or not of arrays are refused', () => {
  const file = writeNpz({ x: { data: Float32Array.of(1, 2, 3) }, y: { data: Uint8Array.of(1) } })
  for (let length = 0; length < file.length; length++)
    refuses(() => readNpz(file.slice(0, length)), RangeError, /^readNpz: /)
  refuses(() => readNpz(file, { maximumBytes: 100 }), RangeError, 'the archive unpacks to 269 bytes, more than the 100')
  refuses(() => readNpz(file, { maximumBytes: -1 }), RangeError, '"maximumBytes" must be a whole number')
  refuses(() => readNpz(file, { maximum: 1 } as never), TypeError, 'unknown option "maximum"')
  refuses(() => readNpz(archive('a.txt', new Uint8Array(0))), RangeError, 'the archive holds "a.txt"')
  refuses(() => readNpz(archive('a.npy', new Uint8Array(3), { flags: 1 })), RangeError, '"a.npy" is encrypted')
  refuses(() => readNpz(archive('a.npy', new Uint8Array(3), { method: 12 })), RangeError, 'compressed by method 12')
  refuses(() => readNpz(archive('a.npy', new Uint8Array(3), { crc: 1 })), RangeError, '"a.npy" is damaged')
  // a bomb that states a small size, and one that states its own
  const bomb = deflateRawSync(new Uint8Array(2 ** 24))
  refuses(() => readNpz(archive('a.npy', bomb, { method: 8, size: 100 })), RangeError, 'unpack to more than 100')
  refuses(() => readNpz(archive('a.npy', bomb, { method: 8, size: 2 ** 31 })), RangeError, 'see "maximumBytes"')
  // two entries of the directory for the same bytes
  const twice = writeNpz({ x: { data: Uint8Array.of(1) }, y: { data: Uint8Array.of(2) } })
  const view = new DataView(twice.buffer)
  const second = twice.length - 22 - 51
  view.setUint32(second + 42, 0, true)
  refuses(() => readNpz(twice), RangeError, '"y.npy" overlaps another file')
})

test('npz: a flipped bit anywhere is refused or harmless', () => {
  const file = writeNpz({ x: { data: Float32Array.of(1, 2, 3) }, y: { data: Uint8Array.of(1) } })
  const expected = JSON.stringify([...readNpz(file)])
  for (let at = 0; at < file.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = file.slice()
      damaged[at] ^= 1 << bit
      let read: string
      try {
        // names are not covered by a checksum
        read = JSON.stringify(
          [...readNpz(damaged)].map(([name, array], i) => [name.length === 1 ? 'xy'[i] : name, array]),
        )
      } catch (error) {
        assert.instance(error, RangeError)
        assert.match((error as Error).message, /^readNpz: /)
        continue
      }
      assert.is(read, expected, `bit ${bit} of byte ${at}`)
    }
  }
})

test.run()
