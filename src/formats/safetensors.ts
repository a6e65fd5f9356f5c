/**
 * The safetensors format: 8 bytes of header length (little-endian), a JSON header, then the tensors' bytes without gaps.
 *
 *   { "__metadata__": { key: text }, name: { "dtype": "F32", "shape": [2, 3], "data_offsets": [from, to] }, ... }
 */
import { isA, show } from '../lib/check.ts'
import { crc32 } from './crc.ts'

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
  readonly metadata: Record<string, string>
}

/** Metadata key of a CRC-32 over names, types, shapes, the other metadata and the data, as 8 hexadecimal digits. */
const CHECKSUM = 'crc32'
const METADATA = '__metadata__'
/** The reference implementation's limit. */
const MAX_HEADER = 100_000_000
const SIZES = { F64: 8, F32: 4, I32: 4 } as const
const ARRAYS = { F64: Float64Array, F32: Float32Array, I32: Int32Array } as const

const fail = (text: string): RangeError => new RangeError(`safetensors: ${text}`)
const valuesOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

interface Entry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly from: number
  readonly to: number
}

/** Independent of the order of keys in the header, which not every JSON library keeps. */
function checksumOf(entries: readonly Entry[], metadata: Record<string, string>, data: Uint8Array): string {
  const others = Object.entries(metadata).filter(([key]) => key !== CHECKSUM)
  others.sort(([a], [b]) => (a < b ? -1 : 1))
  const described = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
  const text = JSON.stringify([
    others,
    described.map(({ name, dtype, shape, from, to }) => [name, dtype, shape, from, to]),
  ])
  return crc32(data, crc32(new TextEncoder().encode(text)))
    .toString(16)
    .padStart(8, '0')
}

/**
 * A file of tensors, float64 ones first so that everything is aligned to its size. A checksum is added to the metadata.
 * @throws TypeError or RangeError for a reserved or repeated name, or data whose type or length does not fit dtype and shape.
 */
export function encodeSafetensors(
  tensors: readonly SafetensorsTensor[],
  metadata: Record<string, string> = {},
): Uint8Array {
  const names = new Set([METADATA])
  for (const { name, dtype, shape, data } of tensors) {
    const what = `tensor ${JSON.stringify(name)}`
    if (names.has(name)) throw fail(`${what} has a name that is ${name === METADATA ? 'reserved' : 'used twice'}`)
    names.add(name)
    if (!(dtype in SIZES))
      throw fail(`${what} has unknown dtype ${show(dtype)}; known: ${Object.keys(SIZES).join(', ')}`)
    if (!(data instanceof ARRAYS[dtype])) {
      throw new TypeError(`safetensors: ${what} of dtype ${dtype} needs a ${ARRAYS[dtype].name}, got ${show(data)}`)
    }
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || valuesOf(shape) !== data.length) {
      throw fail(`${what} of shape [${shape.join(', ')}] cannot have ${data.length} values`)
    }
  }
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') throw new TypeError(`safetensors: metadata "${key}" must be text, got ${show(text)}`)
  }

  const ordered = [...tensors].sort((a, b) => SIZES[b.dtype] - SIZES[a.dtype])
  let offset = 0
  const entries = ordered.map(({ name, dtype, shape, data }): Entry => {
    const from = offset
    offset += data.byteLength
    return { name, dtype, shape, from, to: offset }
  })
  const data = new Uint8Array(offset)
  entries.forEach(({ from }, i) => {
    data.set(bytesOf(ordered[i].data), from)
  })

  // fromEntries, as assignment would lose a tensor named "__proto__"
  const sealed = Object.fromEntries([...Object.entries(metadata), [CHECKSUM, checksumOf(entries, metadata, data)]])
  const described = entries.map(({ name, dtype, shape, from, to }) => [
    name,
    { dtype, shape, data_offsets: [from, to] },
  ])
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([[METADATA, sealed], ...described])))
  // spaces up to a multiple of 8, so that the data is aligned
  const headerBytes = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(8 + headerBytes + data.length).fill(0x20, 8 + json.length, 8 + headerBytes)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true)
  file.set(json, 8)
  file.set(data, 8 + headerBytes)
  return file
}

/** Types other programs write, widened to ours; 64-bit integers become the nearest float64. */
const WIDENED: Readonly<
  Record<string, { readonly size: number; readonly to: SafetensorsDtype; read(view: DataView, at: number): number }>
> = {
  F64: { size: 8, to: 'F64', read: (view, at) => view.getFloat64(at, true) },
  F32: { size: 4, to: 'F32', read: (view, at) => view.getFloat32(at, true) },
  F16: { size: 2, to: 'F32', read: (view, at) => fromHalf(view.getUint16(at, true)) },
  BF16: { size: 2, to: 'F32', read: (view, at) => fromBrain(view.getUint16(at, true)) },
  I64: { size: 8, to: 'F64', read: (view, at) => Number(view.getBigInt64(at, true)) },
  U64: { size: 8, to: 'F64', read: (view, at) => Number(view.getBigUint64(at, true)) },
  U32: { size: 4, to: 'F64', read: (view, at) => view.getUint32(at, true) },
  I32: { size: 4, to: 'I32', read: (view, at) => view.getInt32(at, true) },
  U16: { size: 2, to: 'I32', read: (view, at) => view.getUint16(at, true) },
  I16: { size: 2, to: 'I32', read: (view, at) => view.getInt16(at, true) },
  U8: { size: 1, to: 'I32', read: (view, at) => view.getUint8(at) },
  I8: { size: 1, to: 'I32', read: (view, at) => view.getInt8(at) },
  BOOL: { size: 1, to: 'I32', read: (view, at) => view.getUint8(at) },
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
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (!isA(bytes, 'Uint8Array')) throw new TypeError(`safetensors: "bytes" must be a Uint8Array, got ${show(bytes)}`)
  if (bytes.length < 8) throw fail(`the file is cut short: ${bytes.length} bytes, less than the 8 of the header length`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = Number(view.getBigUint64(0, true))
  if (headerBytes > bytes.length - 8 || headerBytes > MAX_HEADER) {
    throw fail(
      `a header of ${headerBytes} bytes does not fit the file's ${bytes.length}: it is cut short or not a safetensors file`,
    )
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerBytes))
  const data = bytes.subarray(8 + headerBytes)
  const { [METADATA]: rawMetadata, ...described } = header
  const metadata = readMetadata(rawMetadata)
  const entries = Object.entries(described).map(([name, value]) => readEntry(name, value))
  entries.sort((a, b) => a.from - b.from || a.to - b.to)

  let end = 0
  let before = ''
  for (const { name, from, to } of entries) {
    const what = `tensor ${JSON.stringify(name)}`
    if (to > data.length)
      throw fail(`${what} ends at byte ${to}, but the file has ${data.length} bytes of data: it is cut short`)
    if (from < end) throw fail(`${what} overlaps ${JSON.stringify(before)}`)
    if (from > end) throw fail(`bytes ${end} to ${from} before ${what} belong to no tensor`)
    end = to
    before = name
  }
  if (end < data.length) throw fail(`the last ${data.length - end} bytes belong to no tensor`)
  const stated = metadata[CHECKSUM]
  if (stated !== undefined && /^[0-9a-f]{8}$/.test(stated)) {
    const found = checksumOf(entries, metadata, data)
    if (stated !== found) throw fail(`the file is damaged: its checksum is ${found}, but it states ${stated}`)
    delete metadata[CHECKSUM]
  }
  return { tensors: entries.map((entry) => readTensor(entry, data)), metadata }
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw new RangeError('safetensors: the header is not JSON: the file is damaged or not a safetensors file', {
      cause,
    })
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw fail(`the header must be a JSON object, got ${show(header)}`)
  }
  return header as Record<string, unknown>
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fail(`"${METADATA}" must be an object of texts, got ${show(value)}`)
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw fail(`metadata ${JSON.stringify(key)} must be text, got ${show(text)}`)
  }
  return { ...value }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const areCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount)

function readEntry(name: string, value: unknown): Entry {
  const what = `tensor ${JSON.stringify(name)}`
  if (typeof value !== 'object' || value === null)
    throw fail(`${what} must be described by an object, got ${show(value)}`)
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>
  if (typeof dtype !== 'string' || !Object.hasOwn(WIDENED, dtype)) {
    throw fail(`${what} has unknown dtype ${show(dtype)}; known: ${Object.keys(WIDENED).join(', ')}`)
  }
  if (!areCounts(shape)) throw fail(`${what} must have a shape of whole numbers, got ${JSON.stringify(shape)}`)
  if (!areCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw fail(`${what} must have data_offsets [from, to], got ${JSON.stringify(offsets)}`)
  }
  const [from, to] = offsets
  const needed = valuesOf(shape) * WIDENED[dtype].size
  if (to - from !== needed) {
    throw fail(`${what} of shape [${shape.join(', ')}] and dtype ${dtype} needs ${needed} bytes, but has ${to - from}`)
  }
  return { name, dtype, shape, from, to }
}

function readTensor({ name, dtype, shape, from, to }: Entry, bytes: Uint8Array): SafetensorsTensor {
  const { size, to: widened, read } = WIDENED[dtype]
  if (dtype === widened) {
    // a copy is aligned, whatever the offsets; not slice(), which on Node's Buffer copies nothing
    return { name, dtype: widened, shape, data: new ARRAYS[widened](new Uint8Array(bytes.subarray(from, to)).buffer) }
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, to - from)
  const data = new ARRAYS[widened](valuesOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = read(view, i * size)
  return { name, dtype: widened, shape, data }
}
