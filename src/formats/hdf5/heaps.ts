/** HDF5's storage for variable-size data: names of links in local heaps, strings in the global heap, links of large groups in fractal heaps. */
import { type Hdf5Bytes, NOWHERE } from './cursor.ts'

interface Piece {
  readonly at: number
  readonly size: number
}

const collections = new WeakMap<Hdf5Bytes, Map<number, Map<number, Piece>>>()

/** An object of a global heap collection. */
export function globalObject(file: Hdf5Bytes, address: number, index: number): Piece {
  const known = collections.get(file) ?? new Map<number, Map<number, Piece>>()
  collections.set(file, known)
  const collection = known.get(address) ?? readCollection(file, address)
  known.set(address, collection)
  const piece = collection.get(index)
  if (!piece) throw file.fail(`is damaged: there is no object ${index} in the heap at ${address}`)
  return piece
}

function readCollection(file: Hdf5Bytes, address: number): Map<number, Piece> {
  file.expect('GCOL', address)
  const end = address + file.u64(address + 8)
  file.claim(address, end - address)
  const pieces = new Map<number, Piece>()
  for (let at = address + 16; at + 16 <= end; ) {
    const index = file.u16(at)
    const size = file.u64(at + 8)
    // the rest is free space
    if (index === 0) break
    if (at + 16 + size > end) throw file.fail(`is damaged: an object of the heap at ${address} is too long`)
    pieces.set(index, { at: at + 16, size })
    at += 16 + Math.ceil(size / 8) * 8
  }
  return pieces
}

/** Location of the names in a local heap. */
export function localHeap(file: Hdf5Bytes, address: number): Piece {
  file.expect('HEAP', address)
  file.claim(address, 32)
  const piece = { at: file.u64(address + 24), size: file.u64(address + 8) }
  file.claim(piece.at, piece.size)
  return piece
}

const MOST_ROWS = 64
/** Far more than a model's layer names need. */
const MOST_BLOCKS = 4096

/**
 * Returns a lookup for the objects of a fractal heap: blocks whose sizes double from row to row, in an address space of their own
 * in which objects have offsets.
 */
export function fractalHeap(file: Hdf5Bytes, address: number): (id: number) => Piece {
  file.expect('FRHP', address)
  file.claim(address, 142)
  if (file.u16(address + 7) !== 0) throw file.fail('has a heap that is compressed, which is not supported')
  const width = file.u16(address + 110)
  const starting = file.u64(address + 112)
  const largest = file.u64(address + 120)
  const offsetBytes = Math.ceil(file.u16(address + 128) / 8)
  const root = file.u64(address + 132)
  const rows = file.u16(address + 140)
  const longest = Math.min(largest, file.u32(address + 10))
  const lengthBytes = Math.ceil(Math.log2(longest + 1) / 8)
  if (width === 0 || !(starting > 0) || !(largest >= starting) || rows > MOST_ROWS || offsetBytes > 6)
    throw file.fail(`is damaged: the heap at ${address} makes no sense`)
  const blocks: { readonly from: number; readonly at: number; readonly size: number }[] = []
  const addBlock = (at: number, from: number, size: number) => {
    file.expect('FHDB', at)
    file.claim(at, size)
    if (blocks.length === MOST_BLOCKS) throw file.fail('has a heap of too many blocks')
    blocks.push({ from, at, size })
  }
  const addRows = (at: number, from: number, count: number, depth: number) => {
    file.expect('FHIB', at)
    if (depth > 8) throw file.fail('is damaged: a heap is nested too deep')
    file.claim(at, 13 + offsetBytes + 8 * width * count)
    let offset = from
    let child = at + 13 + offsetBytes
    for (let row = 0; row < count; row++) {
      const size = starting * 2 ** Math.max(row - 1, 0)
      for (let column = 0; column < width; column++, child += 8, offset += size) {
        const block = file.u64(child)
        if (block === NOWHERE) continue
        if (size <= largest) addBlock(block, offset, size)
        // as many rows as it takes for their sizes to add up to this block's
        else addRows(block, offset, Math.log2(size / starting / width) + 1, depth + 1)
      }
    }
  }
  if (root !== NOWHERE) {
    if (rows === 0) addBlock(root, 0, starting)
    else addRows(root, 0, rows, 0)
  }
  return (id) => {
    if ((file.u8(id) & 0x30) !== 0) throw file.fail('has a name that is too long for its heap, which is not supported')
    const offset = file.uint(id + 1, offsetBytes)
    const size = file.uint(id + 1 + offsetBytes, lengthBytes)
    const block = blocks.find(({ from, size: room }) => offset >= from && offset + size <= from + room)
    if (!block) throw file.fail(`is damaged: there is no object at ${offset} in the heap at ${address}`)
    return { at: block.at + offset - block.from, size }
  }
}
