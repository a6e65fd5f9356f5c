/** Bytes in the forms that users have them, and chunked access to bytes. */
import { isA, show } from './check.ts'

/** Bytes in memory: a `Uint8Array` or Node's `Buffer`, any other view, or a whole `ArrayBuffer`. */
export type Bytes = ArrayBufferLike | ArrayBufferView

/** An object that provides its bytes: a `Response`, a `Blob`, a `File`. */
export interface Body {
  arrayBuffer(): Promise<ArrayBuffer>
}

/** Random access to bytes, of which only the current chunk must be in memory. */
export interface ByteSource {
  readonly size: number
  /** Bytes [from, to), valid until the next call. */
  read(from: number, to: number): Uint8Array
}

/** A view of the bytes, not a copy. @throws TypeError for anything else. */
export function asBytes(where: string, name: string, value: unknown): Uint8Array {
  // isA instead of instanceof, which fails for classes of other realms, such as a test runner's
  if (isA(value, 'Uint8Array')) return value
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (isA(value, 'ArrayBuffer') || isA(value, 'SharedArrayBuffer')) return new Uint8Array(value)
  const fix = isBody(value) ? '; pass new Uint8Array(await it.arrayBuffer())' : ''
  throw new TypeError(`${where}: "${name}" must be a Uint8Array or an ArrayBuffer, got ${show(value)}${fix}`)
}

export const isBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && 'arrayBuffer' in value && typeof value.arrayBuffer === 'function'

/**
 * The bytes of a response or a blob.
 * @throws TypeError if it was already read; Error if the response is not ok.
 */
export async function bytesOf(where: string, body: Body): Promise<Uint8Array> {
  const { ok, status, statusText, bodyUsed } = body as Partial<Response>
  if (ok === false) throw new Error(`${where}: the response is ${status} ${show(statusText)}, not a file`)
  if (bodyUsed) throw new TypeError(`${where}: the response has been read already; pass response.clone() before`)
  return new Uint8Array(await body.arrayBuffer())
}

export const inMemory = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (from, to) => bytes.subarray(from, to),
})

/** Chunk size for files that may be larger than memory. */
const PIECE = 2 ** 22

/** Splits [from, to) into chunks; all but the last are multiples of 8 bytes. */
export function* pieces(from: number, to: number): Generator<readonly [from: number, to: number]> {
  for (let at = from; at < to; at += PIECE) yield [at, Math.min(at + PIECE, to)]
}
