/** Zip archives (PKWARE's APPNOTE.TXT) as written by NumPy and Keras: stored or deflated, not encrypted, single-part. */
import { checkInteger, checkOptions, show } from '../lib/check.ts'
import { crc32 } from './crc.ts'
import { inflate } from './inflate.ts'

export interface ZipOptions {
  /** Maximum total unpacked size in bytes. Default 1 GiB. */
  readonly maximumBytes?: number
}

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END_SIZE = 22
const MAX_COMMENT = 65535
/** Marks a size or offset stored in the entry's zip64 field. */
const ELSEWHERE = 0xffffffff

interface Entry {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  /** Offset of its local header. */
  readonly at: number
}

/**
 * The archive's files by name; each is unpacked and verified when its function is called. Sizes are taken from the directory; a file
 * that unpacks to another size is rejected, and so are overlapping files, as in zip bombs.
 * @throws RangeError for an archive that is damaged, uses unsupported features, or is larger than allowed.
 */
export function readZip(where: string, bytes: Uint8Array, options: ZipOptions = {}): Map<string, () => Uint8Array> {
  checkOptions(where, options, ['maximumBytes'])
  const maximumBytes = checkInteger(where, 'maximumBytes', options.maximumBytes ?? 2 ** 30, 0, Number.MAX_SAFE_INTEGER)
  const fail = (text: string) => new RangeError(`${where}: ${text}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = readDirectory(view, fail)
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  if (total > maximumBytes) {
    throw fail(`the archive unpacks to ${total} bytes, more than the ${maximumBytes} allowed; see "maximumBytes"`)
  }
  let end = 0
  const files = new Map<string, () => Uint8Array>()
  for (const entry of [...entries].sort((a, b) => a.at - b.at)) {
    const what = show(entry.name)
    if (files.has(entry.name)) throw fail(`two files of the archive are named ${what}`)
    if (entry.at < end) throw fail(`${what} overlaps another file of the archive`)
    if (entry.at + 30 > bytes.length || view.getUint32(entry.at, true) !== LOCAL)
      throw fail(`the archive is damaged: ${what} has no header`)
    const start = entry.at + 30 + view.getUint16(entry.at + 26, true) + view.getUint16(entry.at + 28, true)
    end = start + entry.packed
    if (end > bytes.length) throw fail(`the archive is cut short within ${what}`)
    const packed = bytes.subarray(start, end)
    files.set(entry.name, () => unpack(entry, packed, fail))
  }
  // in directory order, which is the order in which they were written
  return new Map(entries.map(({ name }) => [name, files.get(name) as () => Uint8Array]))
}

function unpack({ name, method, size, crc }: Entry, packed: Uint8Array, fail: (text: string) => RangeError) {
  let unpacked = packed
  if (method === 8) {
    try {
      unpacked = inflate(packed, size)
    } catch (cause) {
      throw new RangeError(fail(`${show(name)} is damaged: ${(cause as Error).message}`).message, { cause })
    }
  }
  if (unpacked.length !== size || crc32(unpacked) !== crc)
    throw fail(`${show(name)} is damaged: its size or its checksum is not what the archive states`)
  return unpacked
}

function readDirectory(view: DataView, fail: (text: string) => RangeError): Entry[] {
  const { byteLength } = view
  let at = byteLength - END_SIZE
  const first = Math.max(0, at - MAX_COMMENT)
  while (at >= first && view.getUint32(at, true) !== END) at--
  if (at < first) throw fail('not a zip archive, or one that is cut short')
  const count = view.getUint16(at + 10, true)
  if (view.getUint16(at + 8, true) !== count) throw fail('the archive is in several parts, which is not supported')
  const size = view.getUint32(at + 12, true)
  const start = view.getUint32(at + 16, true)
  if (count === 0xffff || start === ELSEWHERE)
    throw fail('an archive of 4 GiB or of more than 65534 files is not supported')
  if (start + size > at) throw fail('the archive is damaged: its directory is not where it states')
  const entries: Entry[] = []
  let next = start
  for (let i = 0; i < count; i++) {
    if (next + 46 > start + size || view.getUint32(next, true) !== CENTRAL)
      throw fail('the archive is damaged: its directory is cut short')
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => view.getUint16(next + offset, true))
    const extra = next + 46 + nameLength
    const following = extra + extraLength + commentLength
    if (following > start + size) throw fail('the archive is damaged: its directory is cut short')
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + next + 46, nameLength))
    const flags = view.getUint16(next + 8, true)
    const method = view.getUint16(next + 10, true)
    if (flags & 1) throw fail(`${show(name)} is encrypted, which is not supported`)
    if (method !== 0 && method !== 8)
      throw fail(`${show(name)} is compressed by method ${method}; known: 0 (stored), 8 (deflated)`)
    const sizes = [24, 20, 42].map((offset) => view.getUint32(next + offset, true))
    const [unpacked, packed, header] = widen(sizes, view, extra, extra + extraLength)
    entries.push({ name, method, crc: view.getUint32(next + 16, true), packed, size: unpacked, at: header })
    next = following
  }
  return entries
}

/** Numbers that did not fit 32 bits, from the zip64 field. */
function widen(sizes: readonly number[], view: DataView, from: number, to: number): number[] {
  let at = from
  while (at + 4 <= to && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true)
  const end = at + 4 <= to ? Math.min(to, at + 4 + view.getUint16(at + 2, true)) : 0
  at += 4
  return sizes.map((size) => {
    if (size !== ELSEWHERE || at + 8 > end) return size
    at += 8
    return Number(view.getBigUint64(at - 8, true))
  })
}

/** An archive of uncompressed files. @throws RangeError if it would need the zip64 format. */
export function writeZip(where: string, files: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const named = files.map(([name, bytes]) => ({ name: new TextEncoder().encode(name), bytes, crc: crc32(bytes) }))
  const body = named.reduce((sum, { name, bytes }) => sum + 30 + name.length + bytes.length, 0)
  const directory = named.reduce((sum, { name }) => sum + 46 + name.length, 0)
  if (body + directory >= ELSEWHERE || files.length >= 0xffff)
    throw new RangeError(`${where}: an archive of 4 GiB or of more than 65534 files is not supported`)
  const out = new Uint8Array(body + directory + END_SIZE)
  const view = new DataView(out.buffer)
  let at = 0
  let entry = body
  for (const { name, bytes, crc } of named) {
    // the fields shared by local and central headers: version 2.0, UTF-8 names, stored, 1 January 1980
    const common = (place: number) => {
      view.setUint16(place, 20, true)
      view.setUint16(place + 2, 0x800, true)
      view.setUint16(place + 8, 0x21, true)
      view.setUint32(place + 10, crc, true)
      view.setUint32(place + 14, bytes.length, true)
      view.setUint32(place + 18, bytes.length, true)
      view.setUint16(place + 22, name.length, true)
    }
    view.setUint32(entry, CENTRAL, true)
    view.setUint16(entry + 4, 20, true)
    common(entry + 6)
    view.setUint32(entry + 42, at, true)
    out.set(name, entry + 46)
    entry += 46 + name.length
    view.setUint32(at, LOCAL, true)
    common(at + 4)
    out.set(name, at + 30)
    out.set(bytes, at + 30 + name.length)
    at += 30 + name.length + bytes.length
  }
  view.setUint32(entry, END, true)
  view.setUint16(entry + 8, named.length, true)
  view.setUint16(entry + 10, named.length, true)
  view.setUint32(entry + 12, directory, true)
  view.setUint32(entry + 16, body, true)
  return out
}
