/** Named tensors: reads and writes whole safetensors files. */
import { inMemory } from '../lib/bytes.ts'
import { checkBoolean, checkOptions, quote, show } from '../lib/check.ts'
import {
  checkBytes,
  checkExact,
  elementNamed,
  elementNames,
  elementOf,
  elements,
  isNumbers,
  type Numbers,
  readElements,
  writeElements,
} from './elements.ts'
import { CHECKSUM, type Entry, hasChecksum, readHeader, verifyChecksum } from './safetensorsHeader.ts'
import { encodeTensors } from './safetensorsWriter.ts'
import { countOf, isShape, showShape } from './shapes.ts'

export type SafetensorsDtype =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL'

export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  /** Row-major, as many values as the shape has. */
  readonly data: Numbers
}

/** A tensor to write. Defaults: shape [data.length], and the dtype that represents the data exactly. */
export interface SafetensorsInput {
  readonly data: Numbers
  readonly shape?: readonly number[]
  readonly dtype?: SafetensorsDtype
}

export interface SafetensorsFile {
  /** In file order. */
  readonly tensors: Map<string, SafetensorsTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * The tensors of a safetensors file by name; copies. F16 and BF16 become a Float32Array, BOOL a Uint8Array of
 * 0 and 1, I64 and U64 a Float64Array. A checksum as written by `writeSafetensors` and model files is verified, and removed from
 * the metadata.
 * @throws RangeError for a file that is truncated, damaged or not safetensors (duplicate names or keys; tensors that overlap,
 * leave gaps or do not match their shape), and for an integer beyond 2^53.
 */
export function readSafetensors(given: Uint8Array | ArrayBuffer): SafetensorsFile {
  const bytes = checkBytes('readSafetensors', given)
  const header = readHeader(inMemory(bytes))
  if (hasChecksum(header)) verifyChecksum(header, inMemory(bytes))
  const { entries, metadata, start, checksum } = header
  return {
    tensors: new Map(entries.map((entry) => [entry.name, readTensor(entry, bytes, start)])),
    // anything but our checksum may belong to another program
    metadata: checksum === undefined || hasChecksum(header) ? metadata : { ...metadata, [CHECKSUM]: checksum },
  }
}

function readTensor({ name, dtype, shape, from }: Entry, bytes: Uint8Array, start: number): SafetensorsTensor {
  const type = elementNamed('safetensors', dtype)
  if (!type) throw new RangeError(`readSafetensors: ${quote(name)} has unknown dtype ${show(dtype)}`)
  const data = readElements(type, bytes, start + from, countOf(shape))
  checkExact(`readSafetensors: tensor ${quote(name)}`, type, data)
  return { dtype: dtype as SafetensorsDtype, shape, data }
}

/**
 * Writes a safetensors file, widest types first, so that everything is aligned. Tensors from `readSafetensors` round-trip.
 * @param metadata strings by key.
 * @param options.checksum adds a CRC-32 of everything to the metadata, as in model files; `readSafetensors` verifies it.
 * Default false.
 * @throws TypeError or RangeError for a reserved name, for data that does not match its shape or dtype, and for metadata that is
 * not a string.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsInput> | Readonly<Record<string, SafetensorsInput>>,
  metadata: Readonly<Record<string, string>> = {},
  options: { checksum?: boolean } = {},
): Uint8Array {
  const where = 'writeSafetensors'
  if (typeof tensors !== 'object' || tensors === null)
    throw new TypeError(`${where}: "tensors" must be a Map or an object of tensors, got ${show(tensors)}`)
  checkOptions(where, options, ['checksum'])
  const { checksum = false } = options
  checkBoolean(where, 'checksum', checksum)
  const entries: (readonly [string, SafetensorsInput])[] =
    tensors instanceof Map ? [...tensors] : Object.entries(tensors)
  const checked = entries.map(([name, tensor]) => {
    if (typeof name !== 'string') throw new TypeError(`${where}: names must be strings, got ${show(name)}`)
    return encoded(`${where}: tensor ${quote(name)}`, name, tensor)
  })
  if (typeof metadata !== 'object' || metadata === null)
    throw new TypeError(`${where}: "metadata" must be an object of texts, got ${show(metadata)}`)
  return encodeTensors(checked, metadata, checksum)
}

function encoded(where: string, name: string, tensor: SafetensorsInput) {
  checkOptions(where, tensor, ['data', 'shape', 'dtype'])
  const { data } = tensor
  if (!isNumbers(data)) throw new TypeError(`${where}: "data" must be a typed array of numbers, got ${show(data)}`)
  const natural = elementOf(data)
  const { shape = [data.length], dtype = natural && elements[natural].safetensors } = tensor
  const type = elementNamed('safetensors', dtype)
  if (!type || dtype === undefined)
    throw new RangeError(`${where}: unknown dtype ${show(dtype)}; known: ${elementNames('safetensors')}`)
  if (!isShape(shape)) throw new TypeError(`${where}: "shape" must be an array of whole numbers, got ${show(shape)}`)
  if (countOf(shape) !== data.length)
    throw new RangeError(`${where}: shape ${showShape(shape)} cannot have ${data.length} values`)
  const { size } = elements[type]
  return {
    name,
    dtype,
    shape,
    copy: (from: number, out: Uint8Array) =>
      writeElements(where, type, data.subarray(from / size, (from + out.length) / size), out, 0),
  }
}
