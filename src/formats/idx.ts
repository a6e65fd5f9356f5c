/**
 * The IDX format of MNIST and similar data sets: two zero bytes, the element type, the number of dimensions, each dimension
 * as a big-endian u32, then the elements, big-endian and row-major.
 */
import { asBytes, type Body, type Bytes, bytesOf, isBody } from '../lib/bytes.ts'
import { checkInteger, checkOptions } from '../lib/check.ts'
import { countOf, showShape } from './shapes.ts'

export type IdxValues = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array

export interface IdxFile {
  readonly shape: number[]
  readonly values: IdxValues
}

interface ElementType {
  readonly size: number
  make(length: number): IdxValues
  read(view: DataView, at: number): number
}

const TYPES: Readonly<Record<number, ElementType>> = {
  8: { size: 1, make: (length) => new Uint8Array(length), read: (view, at) => view.getUint8(at) },
  9: { size: 1, make: (length) => new Int8Array(length), read: (view, at) => view.getInt8(at) },
  11: { size: 2, make: (length) => new Int16Array(length), read: (view, at) => view.getInt16(at) },
  12: { size: 4, make: (length) => new Int32Array(length), read: (view, at) => view.getInt32(at) },
  13: { size: 4, make: (length) => new Float32Array(length), read: (view, at) => view.getFloat32(at) },
  14: { size: 8, make: (length) => new Float64Array(length), read: (view, at) => view.getFloat64(at) },
}

const fail = (text: string): RangeError => new RangeError(`readIdx: ${text}`)

/**
 * Reads a whole IDX file; unpack a compressed one with `gunzip` first.
 * @throws RangeError for a file that is compressed, truncated, too long or not IDX.
 */
export function readIdx(given: Bytes): IdxFile {
  const bytes = asBytes('readIdx', 'bytes', given)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw fail('the file is compressed; use readIdx(await gunzip(bytes))')
  if (bytes.length < 4) throw fail(`the file is cut short: ${bytes.length} bytes, less than the 4 of its magic number`)
  const type = TYPES[bytes[2]]
  if (bytes[0] !== 0 || bytes[1] !== 0 || !type) {
    const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0'))
    throw fail(
      `not an IDX file: it begins with bytes ${magic.join(' ')}, expected 00 00 and an element type of 08 to 0e`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const dimensions = bytes[3]
  const start = 4 + 4 * dimensions
  if (bytes.length < start)
    throw fail(`the file is cut short: ${bytes.length} bytes, less than the ${start} of its header`)
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i))
  const count = shape.includes(0) ? 0 : countOf(shape)
  const expected = start + count * type.size
  if (bytes.length !== expected) {
    const fault = bytes.length < expected ? 'is cut short' : 'is too long'
    throw fail(`the file ${fault}: shape ${showShape(shape)} needs ${expected} bytes, but it has ${bytes.length}`)
  }
  // a copy, and a plain Uint8Array even if the bytes are a Node Buffer
  if (bytes[2] === 8) return { shape, values: new Uint8Array(bytes.subarray(start)) }
  const values = type.make(count)
  for (let i = 0; i < count; i++) values[i] = type.read(view, start + i * type.size)
  return { shape, values }
}

/** Compressed bytes may expand a thousandfold. */
const MAXIMUM_BYTES = 2 ** 30

/**
 * Unpacks a gzip file; bytes that are not gzip are returned unchanged.
 * @param options.maximumBytes maximum unpacked size (default 1 GiB): a file of 1 MB can unpack to 1 GB.
 * @throws RangeError (as a rejection) for a file that is damaged, truncated, or unpacks to more than that.
 */
export async function gunzip(given: Bytes | Body, options: { maximumBytes?: number } = {}): Promise<Uint8Array> {
  const where = 'gunzip'
  checkOptions(where, options, ['maximumBytes'])
  const { maximumBytes = MAXIMUM_BYTES } = options
  checkInteger(where, 'maximumBytes', maximumBytes, 0, Number.MAX_SAFE_INTEGER)
  const bytes = isBody(given) ? await bytesOf(where, given) : asBytes(where, 'bytes', given)
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  const unpacked = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (let next = await unpacked.read(); !next.done; next = await unpacked.read()) {
      size += next.value.length
      if (size > maximumBytes) break
      chunks.push(next.value)
    }
  } catch (cause) {
    throw new RangeError(`${where}: the file is damaged or cut short`, { cause })
  }
  if (size > maximumBytes) {
    // stop unpacking
    unpacked.cancel().catch(() => {})
    throw new RangeError(`${where}: the file unpacks to more than "maximumBytes", ${maximumBytes}`)
  }
  const out = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}
