/**
 * NumPy's array files. A .npy file is a magic string, a header that is a Python literal, then the contiguous values:
 *
 *   "\x93NUMPY" 1 0 [header length, u16] { 'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } [values]
 *
 * A .npz file is a zip archive of them.
 */
import { checkOptions, show } from '../lib/check.ts'
import {
  checkBytes,
  checkExact,
  type ElementType,
  elementNamed,
  elementNames,
  elementOf,
  elements,
  isNumbers,
  type Numbers,
  readElements,
  writeElements,
} from './elements.ts'
import { countOf, isShape } from './shapes.ts'
import { readZip, writeZip, type ZipOptions } from './zip.ts'

export interface NpyArray {
  /** NumPy's name of the type in the file, such as 'float32'; `data` may have a different type. */
  readonly dtype: ElementType
  readonly shape: readonly number[]
  /** Row-major (C order), as many values as the shape has. */
  readonly data: Numbers
}

/** An array to write. Defaults: shape [data.length], and the dtype that represents the data exactly. */
export interface NpyInput {
  readonly data: Numbers
  readonly shape?: readonly number[]
  readonly dtype?: ElementType
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
/** Longer headers belong to structured arrays, which are rejected anyway. */
const MAX_HEADER = 65535

const fail = (where: string, text: string): RangeError => new RangeError(`${where}: ${text}`)

/**
 * Reads the array in a .npy file, versions 1 to 3; NumPy's `load`. Fortran-order and big-endian arrays are converted to
 * row-major. float16 becomes a Float32Array, bool a Uint8Array of 0 and 1, int64 and uint64 a Float64Array.
 * @throws RangeError for a file that is damaged, truncated or too long, for anything but numbers (complex, text,
 * objects, records), and for an integer beyond 2^53.
 */
export function readNpy(bytes: Uint8Array | ArrayBuffer): NpyArray {
  return decode('readNpy', checkBytes('readNpy', bytes))
}

function decode(where: string, bytes: Uint8Array): NpyArray {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw fail(where, 'not a .npy file: it does not begin with \\x93NUMPY')
  const version = bytes[6]
  if (version < 1 || version > 3 || bytes[7] !== 0)
    throw fail(where, `version ${version}.${bytes[7]} of the .npy format is unknown; known: 1.0, 2.0, 3.0`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const short = version === 1
  if (!short && bytes.length < 12) throw fail(where, `the file is cut short: ${bytes.length} bytes`)
  const length = short ? view.getUint16(8, true) : view.getUint32(8, true)
  const start = (short ? 10 : 12) + length
  if (start > bytes.length)
    throw fail(where, `the file is cut short: its header ends at byte ${start}, but it has ${bytes.length}`)
  if (length > MAX_HEADER) throw fail(where, `a header of ${length} bytes is not one of an array of numbers`)
  const header = new TextDecoder('latin1').decode(bytes.subarray(start - length, start))
  const { type, little, fortran, shape } = parseHeader(where, header)
  const count = countOf(shape)
  const expected = start + count * elements[type].size
  if (bytes.length !== expected) {
    const fault = bytes.length < expected ? 'is cut short' : 'is too long'
    throw fail(
      where,
      `the file ${fault}: ${type} of shape (${shape.join(', ')}) needs ${expected} bytes, but it has ${bytes.length}`,
    )
  }
  const data = readElements(type, bytes, start, count, little)
  checkExact(where, type, data)
  return { dtype: type, shape, data: fortran ? toRowMajor(data, shape) : data }
}

interface Header {
  readonly type: ElementType
  readonly little: boolean
  readonly fortran: boolean
  readonly shape: number[]
}

function parseHeader(where: string, text: string): Header {
  const found = new Map<string, string>()
  const entry = /\s*'(descr|fortran_order|shape)'\s*:\s*('[^']*'|True|False|\([\d,\s]*\)|\[)\s*(,|(?=\}))/y
  const damaged = () => fail(where, `the header is damaged: ${show(text.trim())}`)
  if (text[0] !== '{') throw damaged()
  entry.lastIndex = 1
  let end = 1
  for (let match = entry.exec(text); match; match = entry.exec(text)) {
    if (found.has(match[1])) throw damaged()
    found.set(match[1], match[2])
    end = entry.lastIndex
  }
  if (/^\s*'descr'\s*:\s*\[/.test(text.slice(end)))
    throw fail(where, 'the file holds records (a structured array), expected an array of numbers')
  if (found.size !== 3 || !/^\s*\}\s*$/.test(text.slice(end))) throw damaged()
  const descr = found.get('descr') ?? ''
  const [, endian, name] = /^'([<>|=])(\w+)'$/.exec(descr) ?? []
  const type = elementNamed('numpy', name)
  if (!type) {
    throw fail(where, `the file holds values of type ${descr}, expected numbers: ${elementNames('numpy')}`)
  }
  const order = found.get('fortran_order')
  if (order !== 'True' && order !== 'False') throw damaged()
  const sizes = found.get('shape') ?? ''
  if (!/^\(\s*(?:\d{1,16}\s*(?:,\s*\d{1,16}\s*)*,?\s*)?\)$/.test(sizes)) throw damaged()
  const shape = (sizes.match(/\d+/g) ?? []).map(Number)
  if (!shape.every(Number.isSafeInteger)) throw damaged()
  return { type, little: endian !== '>', fortran: order === 'True', shape }
}

/** From column-major (first index fastest) to row-major. */
function toRowMajor(data: Numbers, shape: readonly number[]): Numbers {
  const out = data.slice()
  const steps = shape.map((_, axis) => countOf(shape.slice(0, axis)))
  const index = shape.map(() => 0)
  let from = 0
  for (let to = 0; to < data.length; to++) {
    out[to] = data[from]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]
      if (++index[axis] < shape[axis]) break
      from -= steps[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return out
}

/**
 * Writes a .npy file, version 1, row-major, little-endian; NumPy's `save`. Arrays from `readNpy` round-trip.
 * @throws TypeError or RangeError for data that does not match its shape or dtype.
 */
export function writeNpy(array: NpyInput): Uint8Array {
  return encode('writeNpy', array)
}

function encode(where: string, array: NpyInput): Uint8Array {
  checkOptions(where, array, ['data', 'shape', 'dtype'])
  const { data } = array
  if (!isNumbers(data)) throw new TypeError(`${where}: "data" must be a typed array of numbers, got ${show(data)}`)
  const { shape = [data.length], dtype = elementOf(data) } = array
  if (!isShape(shape)) throw new TypeError(`${where}: "shape" must be an array of whole numbers, got ${show(shape)}`)
  if (countOf(shape) !== data.length)
    throw new RangeError(`${where}: shape (${shape.join(', ')}) cannot have ${data.length} values`)
  const element = typeof dtype === 'string' && Object.hasOwn(elements, dtype) ? elements[dtype] : undefined
  if (!dtype || !element?.numpy)
    throw new RangeError(`${where}: unknown dtype ${show(dtype)}; known: ${known.join(', ')}`)
  const descr = `${element.size === 1 ? '|' : '<'}${element.numpy}`
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`
  // padded with spaces and a line feed to a multiple of 64, so that the values are aligned
  const start = Math.ceil((10 + text.length + 1) / 64) * 64
  const bytes = new Uint8Array(start + data.length * element.size).fill(0x20, 10, start)
  bytes.set([...MAGIC, 1, 0])
  new DataView(bytes.buffer).setUint16(8, start - 10, true)
  bytes.set(new TextEncoder().encode(text), 10)
  bytes[start - 1] = 0x0a
  writeElements(where, dtype, data, bytes, start)
  return bytes
}

const known = (Object.keys(elements) as ElementType[]).filter((type) => elements[type].numpy)

/**
 * Reads the arrays in a .npz file, stored or deflated, by name; NumPy's `load`.
 * @param options.maximumBytes maximum total unpacked size, 1 GiB by default.
 * @throws RangeError for an archive or an array that is damaged, or larger than allowed.
 */
export function readNpz(bytes: Uint8Array | ArrayBuffer, options: ZipOptions = {}): Map<string, NpyArray> {
  const files = readZip('readNpz', checkBytes('readNpz', bytes), options)
  const arrays = new Map<string, NpyArray>()
  for (const [name, read] of files) {
    if (!name.endsWith('.npy'))
      throw fail('readNpz', `the archive holds ${show(name)}, expected .npy files: it is not a .npz file`)
    arrays.set(name.slice(0, -4), decode(`readNpz: ${show(name)}`, read()))
  }
  return arrays
}

/**
 * Writes an uncompressed .npz file; NumPy's `savez`.
 * @throws TypeError or RangeError naming the array that cannot be written.
 */
export function writeNpz(arrays: ReadonlyMap<string, NpyInput> | Readonly<Record<string, NpyInput>>): Uint8Array {
  if (typeof arrays !== 'object' || arrays === null)
    throw new TypeError(`writeNpz: "arrays" must be a Map or an object of arrays, got ${show(arrays)}`)
  const entries = arrays instanceof Map ? [...arrays] : Object.entries(arrays)
  const files = entries.map(([name, array]) => {
    if (typeof name !== 'string' || name === '')
      throw new TypeError(`writeNpz: names must be strings, got ${show(name)}`)
    return [`${name}.npy`, encode(`writeNpz: ${show(name)}`, array)] as const
  })
  return writeZip('writeNpz', files)
}
