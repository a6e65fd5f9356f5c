/** Writes safetensors files: the header (see safetensorsHeader.ts), then the contiguous tensors. */
import { pieces } from '../lib/bytes.ts'
import { quote, show } from '../lib/check.ts'
import { crc32 } from './crc.ts'
import {
  CHECKSUM,
  checksumText,
  DTYPE_BYTES,
  describedChecksum,
  type Entry,
  fail,
  METADATA,
} from './safetensorsHeader.ts'
import { countOf } from './shapes.ts'

/** A tensor to write; its bytes are copied on demand. */
export interface TensorBytes {
  readonly name: string
  /** One of DTYPE_BYTES. */
  readonly dtype: string
  readonly shape: readonly number[]
  /** Fills `out` with the bytes from offset `from` on; both ends lie between values. */
  copy(from: number, out: Uint8Array): void
}

interface Layout {
  /** In the order of `entries`. */
  readonly tensors: readonly TensorBytes[]
  readonly entries: readonly Entry[]
  /** Bytes of data. */
  readonly size: number
}

/** Wide types first, so that everything is aligned to its size. */
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
  const ordered = [...tensors].sort((a, b) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype])
  let offset = 0
  const entries = ordered.map(({ name, dtype, shape }): Entry => {
    const from = offset
    offset += countOf(shape) * DTYPE_BYTES[dtype]
    return { name, dtype, shape, from, to: offset }
  })
  return { tensors: ordered, entries, size: offset }
}

/** Its length does not depend on the checksum's value. @param checksum undefined for none. */
function encodeHeader(
  { entries }: Layout,
  metadata: Readonly<Record<string, string>>,
  checksum: number | undefined,
): Uint8Array {
  const seal = checksum === undefined ? [] : [[CHECKSUM, checksumText(checksum)]]
  // fromEntries, since assignment would lose a tensor named "__proto__"
  const sealed = Object.fromEntries([...Object.entries(metadata), ...seal])
  const described = entries.map(({ name, dtype, shape, from, to }) => [
    name,
    { dtype, shape, data_offsets: [from, to] },
  ])
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([[METADATA, sealed], ...described])))
  // padded with spaces to a multiple of 8, so that the data is aligned
  const length = Math.ceil(json.length / 8) * 8
  const header = new Uint8Array(8 + length).fill(0x20, 8 + json.length)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(json, 8)
  return header
}

/**
 * The whole file.
 * @param seal whether to add a checksum to the metadata.
 * @throws RangeError if it exceeds the maximum length of an array.
 */
export function encodeTensors(
  tensors: readonly TensorBytes[],
  metadata: Readonly<Record<string, string>>,
  seal = true,
): Uint8Array {
  const layout = layOut(tensors, metadata)
  const header = encodeHeader(layout, metadata, seal ? 0 : undefined)
  const start = header.length
  const file = allocate(start + layout.size)
  for (const [i, { from, to }] of layout.entries.entries()) {
    layout.tensors[i].copy(0, file.subarray(start + from, start + to))
  }
  const sum = () => crc32(file.subarray(start), describedChecksum(layout.entries, metadata))
  file.set(seal ? encodeHeader(layout, metadata, sum()) : header)
  return file
}

function allocate(bytes: number): Uint8Array {
  try {
    return new Uint8Array(bytes)
  } catch (cause) {
    throw new RangeError(`safetensors: the file has ${bytes} bytes, more than one array can hold here`, { cause })
  }
}

/** Size of the whole file in bytes. */
export function encodedSize(tensors: readonly TensorBytes[], metadata: Readonly<Record<string, string>>): number {
  const layout = layOut(tensors, metadata)
  return encodeHeader(layout, metadata, 0).length + layout.size
}

/**
 * The same file in chunks, each valid until the next is requested. Since the checksum precedes the data, every tensor is
 * copied twice.
 * @throws Error if the second copy differs because the tensors have changed meanwhile.
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
