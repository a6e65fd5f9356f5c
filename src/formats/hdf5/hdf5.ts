/**
 * HDF5 as written by Keras: groups, attributes, and contiguous data sets of numbers. A strict reader for superblocks 0 to 3 of the
 * HDF5 File Format Specification 3.0, with both forms of groups; chunks, compression, external links and user-defined types
 * are rejected by name.
 *
 * The file is a graph of blocks that point to one another by address. Everything that is read is claimed from a budget
 * proportional to its size, so that cyclic or overlapping blocks cannot make the reader run forever.
 */
import { quote } from '../../lib/check.ts'
import type { ElementType, Numbers } from '../elements.ts'
import { Hdf5Bytes, NOWHERE } from './cursor.ts'
import { fractalHeap, localHeap } from './heaps.ts'
import { type Hdf5Header, readHeader } from './objects.ts'
import { numbersOf, textsOf } from './values.ts'

/** A group or a data set. */
export interface Hdf5Node {
  /** A group's members by name; empty for a data set. */
  readonly children: ReadonlyMap<string, Hdf5Node>
  /** Of a numeric data set. */
  readonly shape?: readonly number[]
  readonly element?: ElementType
  /** The values of a numeric data set, row-major; a copy. */
  read(): Numbers
  /** A string attribute, or a list of strings; undefined if there is none. */
  texts(name: string): string[] | undefined
}

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

/** Whether bytes start with the HDF5 signature. */
export const isHdf5 = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, i) => bytes[i] === byte)

const DEEPEST = 64

/**
 * The file's root group and everything below it; values are read on demand.
 * @throws RangeError for a file that is damaged, truncated, or uses unsupported features.
 */
export function readHdf5(where: string, bytes: Uint8Array): Hdf5Node {
  const file = new Hdf5Bytes(where, bytes)
  if (!isHdf5(bytes)) throw new RangeError(`${where}: not an HDF5 file`)
  return readNode(file, rootOf(file), 0)
}

function rootOf(file: Hdf5Bytes): number {
  const version = file.u8(8)
  if (version > 3) throw file.fail(`has a superblock of version ${version}; known: 0 to 3`)
  const isNew = version >= 2
  const [offsets, lengths] = isNew ? [file.u8(9), file.u8(10)] : [file.u8(13), file.u8(14)]
  if (offsets !== 8 || lengths !== 8)
    throw file.fail(`has addresses of ${offsets} and lengths of ${lengths} bytes, expected 8`)
  const base = isNew ? 12 : version === 0 ? 24 : 28
  if (file.u64(base) !== 0) throw file.fail('does not begin with its first byte, which is not supported')
  const end = file.u64(base + 16)
  if (end > file.bytes.length)
    throw file.fail(`is cut short: it should have ${end} bytes, but has ${file.bytes.length}`)
  return file.u64(base + (isNew ? 24 : 40))
}

function readNode(file: Hdf5Bytes, address: number, depth: number): Hdf5Node {
  if (depth > DEEPEST) throw file.fail(`is nested more than ${DEEPEST} deep`)
  const header = readHeader(file, address)
  const { values } = header
  const children = new Map<string, Hdf5Node>()
  if (!values) {
    for (const [name, child] of linksOf(file, header)) {
      if (children.has(name)) throw file.fail(`is damaged: two objects are named ${quote(name)}`)
      children.set(name, readNode(file, child, depth + 1))
    }
  }
  return {
    children,
    ...(values?.type.element && { shape: values.shape, element: values.type.element }),
    read() {
      const numbers = values && numbersOf(file, values)
      if (!numbers) throw file.fail('has no numbers where some are expected')
      return numbers
    },
    texts(name) {
      const attribute = header.attributes.get(name)
      return attribute && textsOf(file, attribute)
    },
  }
}

type Link = readonly [name: string, address: number]

function linksOf(file: Hdf5Bytes, { symbolTable, links, linkTable }: Hdf5Header): Link[] {
  if (symbolTable) {
    const heap = localHeap(file, symbolTable.heap)
    return readTree(file, symbolTable.tree, (node) => readSymbols(file, node, heap.at, heap.at + heap.size), 0)
  }
  const found = links.map(({ at }) => readLink(file, at))
  if (linkTable) {
    const object = fractalHeap(file, linkTable.heap)
    for (const record of nameRecords(file, linkTable.tree)) found.push(readLink(file, object(record + 4).at))
  }
  return found
}

/** Visits the leaves of a version 1 B-tree. */
function readTree(file: Hdf5Bytes, at: number, visit: (leaf: number) => Link[], depth: number): Link[] {
  file.expect('TREE', at)
  const [type, level, entries] = [file.u8(at + 4), file.u8(at + 5), file.u16(at + 6)]
  if (type !== 0 || depth > DEEPEST) throw file.fail(`is damaged: the tree at ${at} is none of names`)
  file.claim(at, 24 + 16 * entries)
  return Array.from({ length: entries }, (_, i) => file.u64(at + 32 + 16 * i)).flatMap((child) =>
    level === 0 ? visit(child) : readTree(file, child, visit, depth + 1),
  )
}

function readSymbols(file: Hdf5Bytes, at: number, names: number, namesEnd: number): Link[] {
  file.expect('SNOD', at)
  const count = file.u16(at + 6)
  file.claim(at, 8 + 40 * count)
  return Array.from({ length: count }, (_, i) => {
    const entry = at + 8 + 40 * i
    const name = file.textTo(names + file.u64(entry), namesEnd)
    const address = file.u64(entry + 8)
    if (address === NOWHERE) throw file.fail(`has a link to elsewhere, ${quote(name)}, which is not supported`)
    return [name, address] as const
  })
}

/** Parses a link message. */
function readLink(file: Hdf5Bytes, start: number): Link {
  const flags = file.u8(start + 1)
  const kind = flags & 8 ? file.u8(start + 2) : 0
  const at = start + 2 + (flags & 8 ? 1 : 0) + (flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0)
  const width = 1 << (flags & 3)
  const length = file.uint(at, Math.min(width, 6))
  const name = file.text(at + width, length)
  if (kind !== 0) throw file.fail(`has a link to elsewhere, ${quote(name)}, which is not supported`)
  return [name, file.u64(at + width + length)]
}

/** Addresses of the records of a version 2 B-tree that maps hashes of names to heap ids. */
function nameRecords(file: Hdf5Bytes, at: number): number[] {
  file.expect('BTHD', at)
  file.claim(at, 38)
  const [nodeSize, recordSize, depth] = [file.u32(at + 6), file.u16(at + 10), file.u16(at + 12)]
  if (file.u8(at + 5) !== 5 || recordSize < 11 || nodeSize < 64)
    throw file.fail(`is damaged: the tree at ${at} is none of names`)
  if (depth > 1) throw file.fail('has a group of more objects than a model has, which is not supported')
  /** Bytes of a leaf's record count. */
  const countBytes = Math.ceil(Math.log2((nodeSize - 10) / recordSize + 1) / 8)
  const records: number[] = []
  const visit = (node: number, count: number, level: number) => {
    file.expect(level === 0 ? 'BTLF' : 'BTIN', node)
    file.claim(node, nodeSize)
    if (6 + count * recordSize > nodeSize) throw file.fail(`is damaged: the tree's node at ${node} is too short`)
    for (let i = 0; i < count; i++) records.push(node + 6 + i * recordSize)
    for (let i = 0; level > 0 && i <= count; i++) {
      const child = node + 6 + count * recordSize + i * (8 + countBytes)
      visit(file.u64(child), file.uint(child + 8, countBytes), level - 1)
    }
  }
  const root = file.u64(at + 16)
  if (root !== NOWHERE) visit(root, file.u16(at + 24), depth)
  return records
}
