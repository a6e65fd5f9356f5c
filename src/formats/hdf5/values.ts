/** Types, shapes and values of attributes and data sets. */
import { type ElementType, type Numbers, readElements } from '../elements.ts'
import { countOf } from '../shapes.ts'
import { type Hdf5Bytes, NOWHERE } from './cursor.ts'
import { globalObject } from './heaps.ts'

/** The kind of values: numbers, fixed-length strings, strings in the global heap, or unsupported. */
export interface Hdf5Type {
  readonly kind: 'numbers' | 'fixedText' | 'text' | 'other'
  /** Bytes per value. */
  readonly size: number
  readonly element?: ElementType
  readonly little?: boolean
}

/** Values and their location in the file. */
export interface Hdf5Values {
  readonly type: Hdf5Type
  readonly shape: readonly number[]
  readonly at: number
}

const FIXED_POINT = 0
const FLOATING_POINT = 1
const STRING = 3
const ENUMERATION = 8
const VARIABLE_LENGTH = 9

/**
 * IEEE 754 layouts of sign, exponent and mantissa: bytes, bit offset, precision, then positions and sizes, and the exponent
 * bias.
 */
const FLOATS: Readonly<Record<string, ElementType>> = {
  '2,0,16,10,5,0,10,15': 'float16',
  '2,0,16,7,8,0,7,127': 'bfloat16',
  '4,0,32,23,8,0,23,127': 'float32',
  '8,0,64,52,11,0,52,1023': 'float64',
}

/** Parses the datatype message at `at`. */
export function readType(file: Hdf5Bytes, at: number): Hdf5Type {
  const kind = file.u8(at) & 15
  const flags = file.u8(at + 1)
  const size = file.u32(at + 4)
  const little = (flags & 1) === 0
  if (kind === FIXED_POINT) {
    const whole = file.u16(at + 8) === 0 && file.u16(at + 10) === size * 8
    const element = `${flags & 8 ? '' : 'u'}int${size * 8}`
    if (whole && [1, 2, 4, 8].includes(size)) return { kind: 'numbers', size, little, element: element as ElementType }
  }
  if (kind === FLOATING_POINT) {
    const fields = [file.u16(at + 8), file.u16(at + 10), ...[12, 13, 14, 15].map((offset) => file.u8(at + offset))]
    const element = FLOATS[[size, ...fields, file.u32(at + 16)].join()]
    if (element && (flags & 0x40) === 0) return { kind: 'numbers', size, little, element }
  }
  if (kind === STRING) return { kind: 'fixedText', size }
  if (kind === VARIABLE_LENGTH && (flags & 15) === 1) return { kind: 'text', size: 16 }
  // h5py stores booleans this way
  if (kind === ENUMERATION && size === 1) return { kind: 'numbers', size, little: true, element: 'int8' }
  return { kind: 'other', size }
}

const MOST_AXES = 32

/** Parses the dataspace message at `at`; [0] for a null dataspace. */
export function readShape(file: Hdf5Bytes, at: number): number[] {
  const version = file.u8(at)
  const rank = file.u8(at + 1)
  if (version !== 1 && version !== 2) throw file.fail(`has a data space of version ${version}, which is not known`)
  if (rank > MOST_AXES) throw file.fail(`is damaged: values with ${rank} axes`)
  if (version === 2 && file.u8(at + 3) === 2) return [0]
  const first = at + (version === 1 ? 8 : 4)
  return Array.from({ length: rank }, (_, axis) => file.u64(first + 8 * axis))
}

/** Bytes of the values. @throws RangeError if that is more than the file can hold. */
export function sizeOf(file: Hdf5Bytes, { type, shape }: Pick<Hdf5Values, 'type' | 'shape'>): number {
  const size = countOf(shape) * type.size
  if (!(size <= file.bytes.length))
    throw file.fail(`is damaged or cut short: it has no room for ${size} bytes of values`)
  return size
}

/** The numbers of an attribute or a data set; undefined if it is not numeric. */
export function numbersOf(file: Hdf5Bytes, values: Hdf5Values): Numbers | undefined {
  const { type, shape, at } = values
  if (type.element === undefined) return undefined
  const size = sizeOf(file, values)
  if (at === NOWHERE && size > 0) throw file.fail('has a data set that was never written')
  if (size > 0) file.claim(at, size)
  return readElements(type.element, file.bytes, size > 0 ? at : 0, countOf(shape), type.little)
}

/** The strings of an attribute; undefined if it is not textual. */
export function textsOf(file: Hdf5Bytes, values: Hdf5Values): string[] | undefined {
  const { type, shape, at } = values
  if (type.kind !== 'fixedText' && type.kind !== 'text') return undefined
  file.claim(at, sizeOf(file, values))
  return Array.from({ length: type.size === 0 ? 0 : countOf(shape) }, (_, i) => {
    const start = at + i * type.size
    if (type.kind === 'fixedText') return file.text(start, type.size)
    const object = globalObject(file, file.u64(start + 4), file.u32(start + 12))
    return file.text(object.at, Math.min(file.u32(start), object.size))
  })
}
