/**
 * The header of a safetensors file: 8 bytes of header length (little-endian), then JSON.
 *
 *   { "__metadata__": { key: text }, name: { "dtype": "F32", "shape": [2, 3], "data_offsets": [from, to] }, ... }
 *
 * It is validated against the file's size before any tensor is read, so that memory is bounded by the file's size.
 */
import { type ByteSource, pieces } from '../lib/bytes.ts'
import { quote, show } from '../lib/check.ts'
import { crc32 } from './crc.ts'
import { countOf, isShape, showShape } from './shapes.ts'

/** A tensor as described by the header. */
export interface Entry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  /** Byte range, from the start of the data. */
  readonly from: number
  readonly to: number
}

export interface Header {
  /** In file order. */
  readonly entries: readonly Entry[]
  /** Without the checksum. */
  readonly metadata: Readonly<Record<string, string>>
  /** Offset of the data in the file. */
  readonly start: number
  /** The checksum stated in the file. */
  readonly checksum: string | undefined
}

export const METADATA = '__metadata__'
/** Metadata key of a CRC-32 over names, types, shapes, other metadata and data, as 8 hexadecimal digits. */
export const CHECKSUM = 'crc32'
/** Limit of the reference implementation. */
const MAX_HEADER = 100_000_000
/** Bytes per value of each type. */
export const DTYPE_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  U64: 8,
  U32: 4,
  I32: 4,
  U16: 2,
  I16: 2,
  U8: 1,
  I8: 1,
  BOOL: 1,
}

export const fail = (text: string): RangeError => new RangeError(`safetensors: ${text}`)

/** @throws RangeError for a file that is truncated, damaged or not safetensors. */
export function readHeader(source: ByteSource): Header {
  const { size } = source
  if (size < 8) throw fail(`the file is cut short: ${size} bytes, less than the 8 of the header length`)
  // copies: a text decoder's input must be neither shared nor change
  const length = new DataView(new Uint8Array(source.read(0, 8)).buffer).getBigUint64(0, true)
  const start = 8 + Number(length)
  if (start > size || start > 8 + MAX_HEADER) {
    throw fail(`a header of ${length} bytes does not fit the file's ${size}: it is cut short or not a safetensors file`)
  }
  const { [METADATA]: metadata, ...described } = parse(new Uint8Array(source.read(8, start)))
  const entries = Object.entries(described).map(([name, value]) => readEntry(name, value))
  entries.sort((a, b) => a.from - b.from || a.to - b.to)
  checkCover(entries, size - start)
  const { [CHECKSUM]: checksum, ...others } = readMetadata(metadata)
  return { entries, metadata: others, start, checksum }
}

/** @throws RangeError unless the tensors cover the data exactly once. */
function checkCover(entries: readonly Entry[], bytes: number): void {
  let end = 0
  let before = ''
  for (const { name, from, to } of entries) {
    const what = `tensor ${quote(name)}`
    if (to > bytes) throw fail(`${what} ends at byte ${to}, but the file has ${bytes} bytes of data: it is cut short`)
    if (from < end) throw fail(`${what} overlaps ${quote(before)}`)
    if (from > end) throw fail(`bytes ${end} to ${from} before ${what} belong to no tensor`)
    end = to
    before = name
  }
  if (end < bytes) throw fail(`the last ${bytes - end} bytes belong to no tensor`)
}

/** Number of values allowed regardless of the text's length, and maximum nesting depth. */
const FEW_VALUES = 2 ** 20
const DEEPEST = 500

/**
 * JSON.parse for untrusted text. `{},{},{}` takes twenty times its size in memory, so a text must be short or have at least 8
 * characters per value, as any real description does. Deep nesting would overflow the stack, and of a duplicate key one value
 * would be lost; both are rejected.
 */
export function parseJson(text: string): unknown {
  let values = 0
  let depth = 0
  let keys = 0
  for (let i = 0; i < text.length; i++) {
    const letter = text.charCodeAt(i)
    if (letter === 0x22) {
      // skip a string up to its closing quote
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++
    } else if (letter === 0x2c) values++
    else if (letter === 0x3a) keys++
    else if (letter === 0x5b || letter === 0x7b) {
      values++
      if (++depth > DEEPEST) throw new RangeError(`it is nested more than ${DEEPEST} deep`)
    } else if (letter === 0x5d || letter === 0x7d) depth--
  }
  if (values > FEW_VALUES + text.length / 8) throw new RangeError('it holds too many values for its length')
  const value: unknown = JSON.parse(text)
  if (keysOf(value) !== keys) throw new RangeError('it holds a key twice')
  return value
}

/** Number of keys of all objects in a value. */
function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const items: unknown[] = Object.values(value)
  return items.reduce<number>((sum, item) => sum + keysOf(item), Array.isArray(value) ? 0 : items.length)
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  // required by the format; JSON.parse would accept leading white space
  if (bytes.length > 0 && bytes[0] !== 0x7b)
    throw fail('the header does not begin with {: the file is damaged or not a safetensors file')
  let header: unknown
  try {
    header = parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    const reason = cause instanceof RangeError ? ` (${cause.message})` : ''
    throw new RangeError(
      `safetensors: the header is not JSON${reason}: the file is damaged or not a safetensors file`,
      { cause },
    )
  }
  return header as Record<string, unknown>
}

function readMetadata(value: unknown = {}): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fail(`"${METADATA}" must be an object of texts, got ${show(value)}`)
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw fail(`metadata ${quote(key)} must be text, got ${show(text)}`)
  }
  return { ...value }
}

const showList = (value: unknown): string =>
  Array.isArray(value) && value.length <= 8 && value.every((item) => typeof item === 'number')
    ? JSON.stringify(value)
    : show(value)

function readEntry(name: string, value: unknown): Entry {
  const what = `tensor ${quote(name)}`
  if (typeof value !== 'object' || value === null)
    throw fail(`${what} must be described by an object, got ${show(value)}`)
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    throw fail(`${what} has unknown dtype ${show(dtype)}; known: ${Object.keys(DTYPE_BYTES).join(', ')}`)
  }
  if (!isShape(shape)) throw fail(`${what} must have a shape of whole numbers, got ${showList(shape)}`)
  if (!isShape(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw fail(`${what} must have data_offsets [from, to], got ${showList(offsets)}`)
  }
  const [from, to] = offsets
  const needed = countOf(shape) * DTYPE_BYTES[dtype]
  if (to - from !== needed) {
    throw fail(`${what} of shape ${showShape(shape)} and dtype ${dtype} needs ${needed} bytes, but has ${to - from}`)
  }
  return { name, dtype, shape, from, to }
}

/** CRC-32 of the header's contents, independent of the order of keys, which some JSON libraries do not preserve. */
export function describedChecksum(entries: readonly Entry[], metadata: Readonly<Record<string, string>>): number {
  const others = Object.entries(metadata).filter(([key]) => key !== CHECKSUM)
  others.sort(([a], [b]) => (a < b ? -1 : 1))
  const described = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
  const text = JSON.stringify([
    others,
    described.map(({ name, dtype, shape, from, to }) => [name, dtype, shape, from, to]),
  ])
  return crc32(new TextEncoder().encode(text))
}

export const checksumText = (checksum: number): string => checksum.toString(16).padStart(8, '0')

/** Whether there is a valid checksum entry; files from other programs have none. */
export const hasChecksum = ({ checksum }: Header): boolean => checksum !== undefined && /^[0-9a-f]{8}$/.test(checksum)

/** @throws RangeError unless the checksum matches. */
export function verifyChecksum({ entries, metadata, start, checksum }: Header, source: ByteSource): void {
  let crc = describedChecksum(entries, metadata)
  for (const [from, to] of pieces(start, source.size)) crc = crc32(source.read(from, to), crc)
  const found = checksumText(crc)
  if (checksum !== found) throw fail(`the file is damaged: its checksum is ${found}, but it states ${show(checksum)}`)
}
