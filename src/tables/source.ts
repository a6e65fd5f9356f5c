/** Where tables come from: files, text, bytes and streams, as a stream of byte chunks. */
import { openPieces } from '#runtime'
import { asBytes, type Body, type Bytes, isBody } from '../lib/bytes.ts'
import { isA, show } from '../lib/check.ts'

/**
 * A path or a URL; the text itself, if it has a line break; bytes; a `Response`, `Blob` or `File`; or a stream of bytes or
 * text: a web `ReadableStream`, a Node stream, any (async) iterable.
 */
export type TableSource =
  | string
  | URL
  | Bytes
  | Body
  | ReadableStream<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>

/** Chunk size if more is available. */
const PIECE = 2 ** 18

/** Limit of file systems, and of URLs that servers accept. */
const LONGEST_PATH = 4096

export type ByteStream = AsyncGenerator<Uint8Array, void, undefined>

/** @throws TypeError for anything else. */
export function bytesOfSource(where: string, source: unknown): ByteStream {
  if (typeof source === 'string') {
    if (/[\r\n]/.test(source)) return textPieces(source)
    if (source.length > LONGEST_PATH) {
      throw new RangeError(`${where}: "source" is no path, and a text has line breaks; it begins ${show(source)}`)
    }
    return openPieces(source)
  }
  if (isA(source, 'URL')) return openPieces(source)
  if (typeof source !== 'object' || source === null) {
    throw new TypeError(`${where}: "source" must be a path, a text, bytes or a stream, got ${show(source)}`)
  }
  if (isBody(source)) return bodyPieces(where, source)
  if (ArrayBuffer.isView(source) || isA(source, 'ArrayBuffer') || isA(source, 'SharedArrayBuffer')) {
    return slices(asBytes(where, 'source', source))
  }
  // ReadableStream is not async iterable in every browser
  if ('getReader' in source) return streamPieces(where, source as ReadableStream)
  if (Symbol.asyncIterator in source || (Symbol.iterator in source && !Array.isArray(source))) {
    return checked(where, source as AsyncIterable<unknown> | Iterable<unknown>)
  }
  throw new TypeError(`${where}: "source" must be a path, a text, bytes or a stream, got ${show(source)}`)
}

async function* slices(bytes: Uint8Array): ByteStream {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE)
}

/** A text as UTF-8. */
async function* textPieces(text: string): ByteStream {
  const encoder = new TextEncoder()
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + PIECE, text.length)
    // do not split a surrogate pair
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end++
    yield encoder.encode(text.slice(at, end))
    at = end
  }
}

async function* bodyPieces(where: string, body: Body): ByteStream {
  const { ok, status, statusText, bodyUsed } = body as Partial<Response>
  if (ok === false) throw new Error(`${where}: the response is ${status} ${show(statusText)}, not a table`)
  if (bodyUsed) throw new TypeError(`${where}: the response has been read already; pass response.clone() before`)
  const stream =
    'body' in body ? body.body : 'stream' in body && typeof body.stream === 'function' ? body.stream() : undefined
  if (stream) yield* streamPieces(where, stream as ReadableStream)
  else yield* slices(new Uint8Array(await body.arrayBuffer()))
}

async function* streamPieces(where: string, stream: ReadableStream): ByteStream {
  const reader = stream.getReader()
  try {
    yield* checked(where, {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const { done, value } = await reader.read()
          return done ? { done, value: undefined } : { done: false, value }
        },
      }),
    })
  } finally {
    // errors while cancelling are irrelevant
    reader.cancel().catch(() => {})
  }
}

/** @throws TypeError for a chunk that is neither bytes nor text. */
async function* checked(where: string, pieces: AsyncIterable<unknown> | Iterable<unknown>): ByteStream {
  const encoder = new TextEncoder()
  let index = 0
  // a high surrogate at the end of a chunk, whose other half comes with the next
  let half = ''
  for await (const piece of pieces) {
    if (typeof piece === 'string') {
      const text = half + piece
      const isCut = (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800
      half = isCut ? text.slice(-1) : ''
      yield* slices(encoder.encode(isCut ? text.slice(0, -1) : text))
    } else yield* slices(asBytes(where, `source[${index}]`, piece))
    index++
  }
  if (half !== '') yield encoder.encode(half)
}

/**
 * The first bytes, at least `least` if available, and the whole stream from the beginning. The caller that opened the stream
 * must close it: a generator that was never started does not run its cleanup.
 */
export async function peek(stream: ByteStream, least: number): Promise<{ first: Uint8Array; all: ByteStream }> {
  const pieces: Uint8Array[] = []
  let size = 0
  while (size < least) {
    const { done, value } = await stream.next()
    if (done) break
    pieces.push(value)
    size += value.length
  }
  const first = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    first.set(piece, at)
    at += piece.length
  }
  return { first, all: following(first, stream) }
}

async function* following(first: Uint8Array, rest: ByteStream): ByteStream {
  if (first.length > 0) yield first
  yield* rest
}

/** @throws RangeError for a damaged or truncated file, or one that unpacks to more than `maximumBytes`. */
export async function* unpacked(where: string, packed: ByteStream, maximumBytes: number): ByteStream {
  let fault: unknown
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await packed.next()
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (error) {
        // an error of the source, not of the compression
        fault = error
        throw error
      }
    },
    async cancel() {
      await packed.return()
    },
  })
  const reader = source
    .pipeThrough(new DecompressionStream('gzip') as ReadableWritablePair<Uint8Array, Uint8Array>)
    .getReader()
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw fault ?? new RangeError(`${where}: the gzip file is damaged or cut short`, { cause })
      })
      if (done) return
      size += value.length
      if (size > maximumBytes) {
        throw new RangeError(`${where}: the gzip file unpacks to more than "maximumBytes", ${maximumBytes}`)
      }
      yield* slices(value)
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
