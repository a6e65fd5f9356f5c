/** The safetensors format: the header (see safetensorsHeader.ts), then the tensors' bytes without gaps. */
import { asBytes, inMemory, pieces } from '../lib/bytes.ts'
import { quote, show } from '../lib/check.ts'
import { crc32 } from './crc.ts'
import {
  CHECKSUM,
  checksumText,
  describedChecksum,
  type Entry,
  fail,
  hasChecksum,
  METADATA,
  readHeader,
  showShape,
  valuesOf,
  verifyChecksum,
} from './safetensorsHeader.ts'

export type SafetensorsDtype = 'F32' | 'I32' | 'F64'
export type SafetensorsData = Float32Array | Int32Array | Float64Array

export interface SafetensorsTensor {
  readonly name: string
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  /** Row-major, as many values as the shape has. */
  readonly data: SafetensorsData
}

export interface SafetensorsFile {
  readonly tensors: SafetensorsTensor[]
  readonly metadata: Readonly<Record<string, string>>
}

/** A tensor to be written, whose bytes are copied where they are wanted. */
export interface TensorBytes extends Omit<SafetensorsTensor, 'data'> {
  /** Fills `out` with the bytes from `from` on; both begin and end with whole values. */
  copy(from: number, out: Uint8Array): void
}

const SIZES = { F64: 8, F32: 4, I32: 4 } as const
const ARRAYS = { F64: Float64Array, F32: Float32Array, I32: Int32Array } as const

/**
 * A file of tensors, float64 ones first so that everything is aligned to its size. A checksum is added to the metadata.
 * @throws TypeError or RangeError for a reserved or repeated name, or data whose type or length does not fit dtype and shape.
 */
export function encodeSafetensors(
  tensors: readonly SafetensorsTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  for (const { name, dtype, shape, data } of tensors) {
    const what = `tensor ${quote(name)}`
    if (!(dtype in SIZES))
      throw fail(`${what} has unknown dtype ${show(dtype)}; known: ${Object.keys(SIZES).join(', ')}`)
    if (!(data instanceof ARRAYS[dtype])) {
      throw new TypeError(`safetensors: ${what} of dtype ${dtype} needs a ${ARRAYS[dtype].name}, got ${show(data)}`)
    }
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || valuesOf(shape) !== data.length) {
      throw fail(`${what} of shape ${showShape(shape)} cannot have ${data.length} values`)
    }
  }
  const sources = tensors.map(({ data, ...tensor }): TensorBytes => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return { ...tensor, copy: (from, out) => out.set(bytes.subarray(from, from + out.length)) }
  })
  return encodeTensors(sources, metadata)
}

interface Layout {
  /** In the order of `entries`. */
  readonly tensors: readonly TensorBytes[]
  readonly entries: readonly Entry[]
  /** Bytes of data. */
  readonly size: number
}

function layOut(tensors: readonly TensorBytes[], metadata: Readonly<Record<string, string>>): Layout {
  const names = new Set([METADATA])
  for (const { name } of tensors) {
    if (names.has(name))
      throw fail(`tensor ${quote(name)} has a name that is ${name === METADATA ? 'reserved' : 'used twice'}`)
    names.add(name)
  }
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== 'string')
      throw new TypeError(`safetensors: metadata ${quote(key)} must be text, got ${show(text)}`)
  }
  const ordered = [...tensors].sort((a, b) => SIZES[b.dtype] - SIZES[a.dtype])
  let offset = 0
  const entries = ordered.map(({ name, dtype, shape }): Entry => {
    const from = offset
    offset += valuesOf(shape) * SIZES[dtype]
    return { name, dtype, shape, from, to: offset }
  })
  return { tensors: ordered, entries, size: offset }
}

/** Its length does not depend on the checksum. */
function encodeHeader({ entries }: Layout, metadata: Readonly<Record<string, string>>, checksum: number): Uint8Array {
  // fromEntries, as assignment would lose a tensor named "__proto__"
  const sealed = Object.fromEntries([...Object.entries(metadata), [CHECKSUM, checksumText(checksum)]])
  const described = entries.map(({ name, dtype, shape, from, to }) => [
    name,
    { dtype, shape, data_offsets: [from, to] },
  ])
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([[METADATA, sealed], ...described])))
  // spaces up to a multiple of 8, so that the data is aligned
  const length = Math.ceil(json.length / 8) * 8
  const header = new Uint8Array(8 + length).fill(0x20, 8 + json.length)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(json, 8)
  return header
}

/** The whole file, with a checksum. @throws RangeError when no array can be that long. */
export function encodeTensors(tensors: readonly TensorBytes[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const layout = layOut(tensors, metadata)
  const start = encodeHeader(layout, metadata, 0).length
  const file = allocate(start + layout.size)
  for (const [i, { from, to }] of layout.entries.entries()) {
    layout.tensors[i].copy(0, file.subarray(start + from, start + to))
  }
  const checksum = crc32(file.subarray(start), describedChecksum(layout.entries, metadata))
  file.set(encodeHeader(layout, metadata, checksum))
  return file
}

function allocate(bytes: number): Uint8Array {
  try {
    return new Uint8Array(bytes)
  } catch (cause) {
    throw new RangeError(`safetensors: the file has ${bytes} bytes, more than one array can hold here`, { cause })
  }
}

/** Bytes of the whole file. */
export function encodedSize(tensors: readonly TensorBytes[], metadata: Readonly<Record<string, string>>): number {
  const layout = layOut(tensors, metadata)
  return encodeHeader(layout, metadata, 0).length + layout.size
}

/**
 * The same file in pieces, each valid until the next is asked for. As the checksum stands before the data, every tensor is
 * copied twice.
 * @throws Error when the second time gives other bytes: the tensors have changed meanwhile.
 */
export async function* streamTensors(
  tensors: readonly TensorBytes[],
  metadata: Readonly<Record<string, string>>,
  turn: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const layout = layOut(tensors, metadata)
  const described = describedChecksum(layout.entries, metadata)
  let checksum = described
  for (const piece of piecesOf(layout)) {
    checksum = crc32(piece, checksum)
    await turn()
  }
  yield encodeHeader(layout, metadata, checksum)
  let again = described
  for (const piece of piecesOf(layout)) {
    again = crc32(piece, again)
    yield piece
  }
  if (again !== checksum) {
    throw new Error('save: the model has changed while it was written; await save() before training goes on')
  }
}

function* piecesOf({ tensors, entries }: Layout): Generator<Uint8Array> {
  for (const [i, { from, to }] of entries.entries()) {
    for (const [first, end] of pieces(0, to - from)) {
      const piece = new Uint8Array(end - first)
      tensors[i].copy(first, piece)
      yield piece
    }
  }
}

/** Types other programs write, widened to ours; 64-bit integers become the nearest float64. */
const WIDENED: Readonly<Record<string, { readonly to: SafetensorsDtype; read(view: DataView, at: number): number }>> = {
  F64: { to: 'F64', read: (view, at) => view.getFloat64(at, true) },
  F32: { to: 'F32', read: (view, at) => view.getFloat32(at, true) },
  F16: { to: 'F32', read: (view, at) => fromHalf(view.getUint16(at, true)) },
  BF16: { to: 'F32', read: (view, at) => fromBrain(view.getUint16(at, true)) },
  I64: { to: 'F64', read: (view, at) => Number(view.getBigInt64(at, true)) },
  U64: { to: 'F64', read: (view, at) => Number(view.getBigUint64(at, true)) },
  U32: { to: 'F64', read: (view, at) => view.getUint32(at, true) },
  I32: { to: 'I32', read: (view, at) => view.getInt32(at, true) },
  U16: { to: 'I32', read: (view, at) => view.getUint16(at, true) },
  I16: { to: 'I32', read: (view, at) => view.getInt16(at, true) },
  U8: { to: 'I32', read: (view, at) => view.getUint8(at) },
  I8: { to: 'I32', read: (view, at) => view.getInt8(at) },
  BOOL: { to: 'I32', read: (view, at) => view.getUint8(at) },
}

/** IEEE 754 binary16: 1 sign bit, 5 of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24)
}

/** bfloat16: the upper half of a float32. */
function fromBrain(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]
}

/**
 * Reads a whole file, in the order of its data; the arrays are copies. F16, BF16 and integers of other sizes are widened
 * to F32, I32 or F64. A checksum in the metadata (see `encodeSafetensors`) is verified and removed.
 * @throws RangeError saying what is wrong with a file that is cut short, damaged or not safetensors at all.
 */
export function decodeSafetensors(given: Uint8Array | ArrayBuffer): SafetensorsFile {
  const bytes = asBytes('safetensors', 'bytes', given)
  const header = readHeader(inMemory(bytes))
  if (hasChecksum(header)) verifyChecksum(header, inMemory(bytes))
  const { entries, metadata, start, checksum } = header
  const data = bytes.subarray(start)
  return {
    tensors: entries.map((entry) => readTensor(entry, data)),
    // what is no checksum of ours may be some other program's
    metadata: checksum === undefined || hasChecksum(header) ? metadata : { ...metadata, [CHECKSUM]: checksum },
  }
}

function readTensor({ name, dtype, shape, from, to }: Entry, bytes: Uint8Array): SafetensorsTensor {
  const { to: widened, read } = WIDENED[dtype]
  if (dtype === widened) {
    // a copy is aligned, whatever the offsets; not slice(), which on Node's Buffer copies nothing
    return { name, dtype: widened, shape, data: new ARRAYS[widened](new Uint8Array(bytes.subarray(from, to)).buffer) }
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, to - from)
  const data = new ARRAYS[widened](valuesOf(shape))
  const size = data.length && view.byteLength / data.length
  for (let i = 0; i < data.length; i++) data[i] = read(view, i * size)
  return { name, dtype: widened, shape, data }
}
