/** The element types of tensors in files: their names in each format, and how to read and write values. */
import { isA, show } from '../lib/check.ts'

/** Typed arrays for values that were read: float16 and bfloat16 become float32, 64-bit integers float64, booleans 0 and 1. */
export type Numbers =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array

export type ElementType =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'uint64'
  | 'int32'
  | 'uint32'
  | 'int16'
  | 'uint16'
  | 'int8'
  | 'uint8'
  | 'bool'

interface NumbersConstructor {
  readonly name: string
  new (length: number): Numbers
  new (buffer: ArrayBuffer): Numbers
}

interface Element {
  /** Bytes per value. */
  readonly size: number
  readonly array: NumbersConstructor
  /** Smallest and largest integer; undefined for floating point. */
  readonly range?: readonly [number, number]
  readonly safetensors: string
  /** Kind and size in the header of a .npy file. */
  readonly numpy?: string
  /** TensorProto.DataType. */
  readonly onnx: number
  read(view: DataView, at: number, little: boolean): number
  write(view: DataView, at: number, value: number, little: boolean): void
}

const signed = (bits: number) => [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] as const
const unsigned = (bits: number) => [0, 2 ** bits - 1] as const

export const elements: Readonly<Record<ElementType, Element>> = Object.freeze({
  float64: {
    size: 8,
    array: Float64Array,
    safetensors: 'F64',
    numpy: 'f8',
    onnx: 11,
    read: (view, at, little) => view.getFloat64(at, little),
    write: (view, at, value, little) => view.setFloat64(at, value, little),
  },
  float32: {
    size: 4,
    array: Float32Array,
    safetensors: 'F32',
    numpy: 'f4',
    onnx: 1,
    read: (view, at, little) => view.getFloat32(at, little),
    write: (view, at, value, little) => view.setFloat32(at, value, little),
  },
  float16: {
    size: 2,
    array: Float32Array,
    safetensors: 'F16',
    numpy: 'f2',
    onnx: 10,
    read: (view, at, little) => fromHalf(view.getUint16(at, little)),
    write: (view, at, value, little) => view.setUint16(at, toHalf(value), little),
  },
  bfloat16: {
    size: 2,
    array: Float32Array,
    safetensors: 'BF16',
    onnx: 16,
    read: (view, at, little) => fromBrain(view.getUint16(at, little)),
    write: (view, at, value, little) => view.setUint16(at, toBrain(value), little),
  },
  int64: {
    size: 8,
    array: Float64Array,
    range: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    safetensors: 'I64',
    numpy: 'i8',
    onnx: 7,
    read: (view, at, little) => Number(view.getBigInt64(at, little)),
    write: (view, at, value, little) => view.setBigInt64(at, BigInt(value), little),
  },
  uint64: {
    size: 8,
    array: Float64Array,
    range: [0, Number.MAX_SAFE_INTEGER],
    safetensors: 'U64',
    numpy: 'u8',
    onnx: 13,
    read: (view, at, little) => Number(view.getBigUint64(at, little)),
    write: (view, at, value, little) => view.setBigUint64(at, BigInt(value), little),
  },
  int32: {
    size: 4,
    array: Int32Array,
    range: signed(32),
    safetensors: 'I32',
    numpy: 'i4',
    onnx: 6,
    read: (view, at, little) => view.getInt32(at, little),
    write: (view, at, value, little) => view.setInt32(at, value, little),
  },
  uint32: {
    size: 4,
    array: Uint32Array,
    range: unsigned(32),
    safetensors: 'U32',
    numpy: 'u4',
    onnx: 12,
    read: (view, at, little) => view.getUint32(at, little),
    write: (view, at, value, little) => view.setUint32(at, value, little),
  },
  int16: {
    size: 2,
    array: Int16Array,
    range: signed(16),
    safetensors: 'I16',
    numpy: 'i2',
    onnx: 5,
    read: (view, at, little) => view.getInt16(at, little),
    write: (view, at, value, little) => view.setInt16(at, value, little),
  },
  uint16: {
    size: 2,
    array: Uint16Array,
    range: unsigned(16),
    safetensors: 'U16',
    numpy: 'u2',
    onnx: 4,
    read: (view, at, little) => view.getUint16(at, little),
    write: (view, at, value, little) => view.setUint16(at, value, little),
  },
  int8: {
    size: 1,
    array: Int8Array,
    range: signed(8),
    safetensors: 'I8',
    numpy: 'i1',
    onnx: 3,
    read: (view, at) => view.getInt8(at),
    write: (view, at, value) => view.setInt8(at, value),
  },
  uint8: {
    size: 1,
    array: Uint8Array,
    range: unsigned(8),
    safetensors: 'U8',
    numpy: 'u1',
    onnx: 2,
    read: (view, at) => view.getUint8(at),
    write: (view, at, value) => view.setUint8(at, value),
  },
  bool: {
    size: 1,
    array: Uint8Array,
    range: unsigned(1),
    safetensors: 'BOOL',
    numpy: 'b1',
    onnx: 9,
    read: (view, at) => (view.getUint8(at) ? 1 : 0),
    write: (view, at, value) => view.setUint8(at, value),
  },
} satisfies Record<ElementType, Element>)

const types = Object.keys(elements) as ElementType[]

/** The type called `name` in a format. */
export const elementNamed = <K extends 'safetensors' | 'numpy' | 'onnx'>(
  format: K,
  name: unknown,
): ElementType | undefined => types.find((type) => name !== undefined && elements[type][format] === name)

/** All type names of a format, for messages. */
export const elementNames = (format: 'safetensors' | 'numpy'): string =>
  types.flatMap((type) => elements[type][format] ?? []).join(', ')

/** Whether the class stores values in the file's representation; also for arrays from another realm. */
const isOf = ({ name }: { readonly name: string }, type: ElementType): boolean => name.toLowerCase() === `${type}array`

/** The type that represents a typed array exactly. */
export const elementOf = (data: Numbers): ElementType | undefined => types.find((type) => isOf(data.constructor, type))

/** IEEE 754 binary16: 1 sign bit, 5 of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24)
}

function roundEven(value: number): number {
  const rounded = Math.round(value)
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded
}

function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  // halfway between the largest value, 65504, and the next one there would be
  if (size >= 65520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24)
  let exponent = Math.floor(Math.log2(size))
  if (2 ** exponent > size) exponent--
  // a fraction rounded up to 1024 correctly carries into the exponent
  return sign | (((exponent + 15) << 10) + roundEven((size / 2 ** exponent - 1) * 1024))
}

const word = new Float32Array(1)
const wordBits = new Uint32Array(word.buffer)

/** bfloat16: the upper half of a float32. */
function fromBrain(bits: number): number {
  wordBits[0] = bits << 16
  return word[0]
}

function toBrain(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0
  word[0] = value
  return (wordBits[0] + 0x7fff + ((wordBits[0] >>> 16) & 1)) >>> 16
}

/**
 * Copies `count` values starting at byte `at`; the caller has checked the bounds.
 * 64-bit integers become the nearest float64.
 */
export function readElements(type: ElementType, bytes: Uint8Array, at: number, count: number, little = true): Numbers {
  const { size, array: Kind, read } = elements[type]
  if (little && isOf(Kind, type)) {
    // a copy is aligned at any offset; slice() on a Node Buffer would not copy
    return new Kind(new Uint8Array(bytes.subarray(at, at + count * size)).buffer)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values = new Kind(count)
  for (let i = 0; i < count; i++) values[i] = read(view, at + i * size, little)
  return values
}

/** Rejects integers that float64 cannot represent exactly. @throws RangeError naming the first. */
export function checkExact(what: string, type: ElementType, values: Numbers): void {
  if (type !== 'int64' && type !== 'uint64') return
  const bad = values.findIndex((value) => !Number.isSafeInteger(value))
  if (bad >= 0)
    throw new RangeError(`${what}: value ${bad}, about ${values[bad]}, is an integer too large for a number to hold`)
}

/**
 * Writes values at byte `at`, little-endian.
 * @throws RangeError naming the first value that the type cannot represent: out of range, or not an integer; floating point rounds.
 */
export function writeElements(
  what: string,
  type: ElementType,
  values: ArrayLike<number>,
  out: Uint8Array,
  at: number,
): void {
  const { size, range, write, read } = elements[type]
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    const fits = !range || (Number.isInteger(value) && value >= range[0] && value <= range[1])
    if (fits) write(view, at + i * size, value, true)
    // finite values must stay finite
    if (!fits || (!range && Number.isFinite(value) && !Number.isFinite(read(view, at + i * size, true))))
      throw new RangeError(`${what}: value ${i} must fit ${type}, got ${value}`)
  }
}

/** Whether a value is one of the supported typed arrays. */
export const isNumbers = (value: unknown): value is Numbers =>
  ArrayBuffer.isView(value) && types.some((type) => isOf(value.constructor, type))

/**
 * A file's bytes.
 * @throws TypeError unless they are a Uint8Array or an ArrayBuffer.
 */
export function checkBytes(where: string, bytes: unknown, name = 'bytes'): Uint8Array {
  if (isA(bytes, 'Uint8Array')) return bytes
  if (isA(bytes, 'ArrayBuffer')) return new Uint8Array(bytes)
  throw new TypeError(`${where}: "${name}" must be a Uint8Array or an ArrayBuffer, got ${show(bytes)}`)
}
