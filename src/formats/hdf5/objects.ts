/** Object headers: the messages that describe groups and data sets, in the old format and in that of HDF5 1.8 and later. */
import { type Hdf5Bytes, NOWHERE } from './cursor.ts'
import { type Hdf5Values, readShape, readType } from './values.ts'

interface Message {
  readonly type: number
  readonly at: number
  readonly size: number
}

/** The contents of an object's messages. */
export interface Hdf5Header {
  readonly attributes: Map<string, Hdf5Values>
  /** For data sets. */
  readonly values?: Hdf5Values
  /** For groups in the old format: addresses of a B-tree and of the heap with its names. */
  readonly symbolTable?: { readonly tree: number; readonly heap: number }
  /** For groups in the new format. */
  readonly links: readonly Message[]
  /** Links of large groups in the new format: addresses of a fractal heap and of a B-tree. */
  readonly linkTable?: { readonly heap: number; readonly tree: number }
}

const DATASPACE = 0x01
const LINK_INFO = 0x02
const DATATYPE = 0x03
const LINK = 0x06
const LAYOUT = 0x08
const ATTRIBUTE = 0x0c
const CONTINUATION = 0x10
const SYMBOL_TABLE = 0x11
const ATTRIBUTE_INFO = 0x15
/** Message flag: the message is stored elsewhere and this is a reference to it. */
const SHARED = 2

const MOST_BLOCKS = 1000

function readMessages(file: Hdf5Bytes, address: number): Message[] {
  const messages: Message[] = []
  const isNew = file.u8(address) === 0x4f
  const blocks: { at: number; end: number }[] = []
  let head = 8
  if (isNew) {
    file.expect('OHDR', address)
    const flags = file.u8(address + 5)
    if (file.u8(address + 4) !== 2)
      throw file.fail(`has an object of version ${file.u8(address + 4)}, which is not known`)
    head = flags & 4 ? 6 : 4
    const at = address + 6 + (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0)
    const width = 1 << (flags & 3)
    const size = file.uint(at, Math.min(width, 6))
    blocks.push({ at: at + width, end: at + width + size })
  } else {
    if (file.u8(address) !== 1) throw file.fail(`is damaged: there is no object at byte ${address}`)
    const size = file.u32(address + 8)
    blocks.push({ at: address + 16, end: address + 16 + size })
  }
  for (let i = 0; i < blocks.length; i++) {
    const { at: start, end } = blocks[i]
    if (i === MOST_BLOCKS) throw file.fail('is damaged: an object is in too many pieces')
    file.claim(start, end - start)
    for (let at = start; at + head <= end; ) {
      const type = isNew ? file.u8(at) : file.u16(at)
      const size = file.u16(at + (isNew ? 1 : 2))
      const flags = file.u8(at + (isNew ? 3 : 4))
      const message = { type, at: at + head, size }
      at += head + size
      if (at > end) throw file.fail(`is damaged: a message of the object at ${address} is too long`)
      if (type === CONTINUATION) {
        const [from, length] = [file.u64(message.at), file.u64(message.at + 8)]
        if (isNew) file.expect('OCHK', from)
        blocks.push(isNew ? { at: from + 4, end: from + length - 4 } : { at: from, end: from + length })
      } else if ((flags & SHARED) === 0) messages.push(message)
      else if (type === DATATYPE || type === DATASPACE)
        throw file.fail('has types that data sets share, which is not supported')
    }
  }
  return messages
}

/** Parses the object header at `address`. */
export function readHeader(file: Hdf5Bytes, address: number): Hdf5Header {
  const messages = readMessages(file, address)
  const attributes = new Map<string, Hdf5Values>()
  for (const { type, at, size } of messages) {
    if (type !== ATTRIBUTE) continue
    const [name, values] = readAttribute(file, at, size)
    attributes.set(name, values)
  }
  const find = (type: number) => messages.find((message) => message.type === type)
  const dense = find(ATTRIBUTE_INFO)
  if (dense) {
    const at = dense.at + 2 + (file.u8(dense.at + 1) & 1 ? 2 : 0)
    if (file.u64(at) !== NOWHERE) throw file.fail('has objects with more than 8 attributes, which is not supported')
  }
  const table = find(SYMBOL_TABLE)
  const info = find(LINK_INFO)
  const infoAt = info ? info.at + 2 + (file.u8(info.at + 1) & 1 ? 8 : 0) : 0
  const [shape, type, layout] = [DATASPACE, DATATYPE, LAYOUT].map(find)
  return {
    attributes,
    ...(shape && type && layout && { values: readLayout(file, shape, type, layout) }),
    ...(table && { symbolTable: { tree: file.u64(table.at), heap: file.u64(table.at + 8) } }),
    links: messages.filter((message) => message.type === LINK),
    ...(info && file.u64(infoAt) !== NOWHERE && { linkTable: { heap: file.u64(infoAt), tree: file.u64(infoAt + 8) } }),
  }
}

function readLayout(file: Hdf5Bytes, shape: Message, type: Message, { at }: Message): Hdf5Values {
  const version = file.u8(at)
  const kind = file.u8(at + 1)
  if (version < 3 || version > 4) throw file.fail(`has a data set of layout ${version}, which is not known`)
  if (kind > 1)
    throw file.fail('has a data set in chunks, as compressed ones are; repack it with h5repack -l CONTI -f NONE')
  return {
    shape: readShape(file, shape.at),
    type: readType(file, type.at),
    at: kind === 0 ? at + 4 : file.u64(at + 2),
  }
}

const padded = (size: number) => Math.ceil(size / 8) * 8

function readAttribute(file: Hdf5Bytes, start: number, size: number): [name: string, values: Hdf5Values] {
  const version = file.u8(start)
  if (version < 1 || version > 3) throw file.fail(`has an attribute of version ${version}, which is not known`)
  if (version > 1 && file.u8(start + 1) !== 0)
    throw file.fail('has types that attributes share, which is not supported')
  const lengths = [2, 4, 6].map((offset) => file.u16(start + offset))
  const [name, type, shape] = version === 1 ? lengths.map(padded) : lengths
  const at = start + (version === 3 ? 9 : 8)
  const values = {
    type: readType(file, at + name),
    shape: readShape(file, at + name + type),
    at: at + name + type + shape,
  }
  if (values.at > start + size) throw file.fail('is damaged: an attribute is longer than its object')
  return [file.text(at, lengths[0]), values]
}
