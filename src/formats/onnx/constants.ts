/** Tensors with constant values, stored in the file or in an external one. */
import { asBytes } from '../../lib/bytes.ts'
import { quote, show } from '../../lib/check.ts'
import { checkExact, type ElementType, elementNamed, elements, type Numbers, readElements } from '../elements.ts'
import { countOf } from '../shapes.ts'
import { type OnnxTensor, TEXT } from './schema.ts'

export interface Constant {
  readonly kind: 'constant'
  readonly shape: readonly number[]
  /**
   * Row-major. In shapes computed by `Shape`, the unknown number of rows is NaN; no other
   * integer is.
   */
  readonly data: Numbers
  /** Whether values are integers or booleans: shapes, indices, masks. */
  readonly whole: boolean
  /** Values of a string tensor, whose `data` is empty. */
  readonly texts?: readonly string[]
}

export const constant = (data: Numbers, shape: readonly number[], whole = false): Constant => ({
  kind: 'constant',
  shape,
  data,
  whole,
})

/** How many tensors may share bytes of a file, on average. */
const SHARES = 16

/** Returns the contents of an external data file by the location stated in the model. */
export type ExternalData = (location: string) => Uint8Array | ArrayBuffer

/**
 * Reads constant tensors.
 * @throws RangeError for values that are damaged, too few or too many, of a non-numeric type, or external without
 * access to them.
 */
export class ConstantReader {
  readonly #where: string
  readonly #externalData: ExternalData | undefined
  readonly #files = new Map<string, Uint8Array>()
  /** Cache: a function's constants are the same in all its calls. */
  readonly #known = new Map<OnnxTensor, Constant>()
  #taken = 0
  /** Bytes read from external files. */
  external = 0

  constructor(where: string, externalData: ExternalData | undefined) {
    this.#where = where
    this.#externalData = externalData
  }

  read(tensor: OnnxTensor): Constant {
    const known = this.#known.get(tensor) ?? this.#read(tensor)
    this.#known.set(tensor, known)
    return known
  }

  #read(tensor: OnnxTensor): Constant {
    const { name, shape, texts } = tensor
    const count = countOf(shape)
    const fail = (text: string) => new RangeError(`${this.#where}: tensor ${quote(name)} ${text}`)
    if (tensor.type === TEXT) {
      if (texts.length !== count) throw fail(`has ${texts.length} texts, but its shape says ${count}`)
      return { ...constant(new Float64Array(0), shape), texts }
    }
    const type = elementNamed('onnx', tensor.type)
    if (!type) throw fail(`is of data type ${tensor.type}, expected numbers`)
    const { size, range } = elements[type]
    const bytes = tensor.external ? this.#outside(tensor.external, fail) : tensor.raw
    const given = bytes ? bytes.length / size : tensor.numbers.length
    if (given !== count) throw fail(`has ${given} values of ${type}, but its shape says ${count}`)
    const data = bytes ? readElements(type, bytes, 0, count) : fromNumbers(type, tensor.numbers)
    checkExact(`${this.#where}: tensor ${quote(name)}`, type, data)
    return constant(data, shape, range !== undefined)
  }

  #outside(entries: ReadonlyMap<string, string>, fail: (text: string) => Error): Uint8Array {
    const location = entries.get('location') ?? ''
    if (!isInside(location)) throw fail(`is kept at ${quote(location)}, which is no file beside the model`)
    if (!this.#externalData)
      throw fail(`is kept in another file, ${quote(location)}; pass { externalData: (location) => its bytes }`)
    let file = this.#files.get(location)
    if (!file) {
      file = asBytes(this.#where, `externalData(${quote(location)})`, this.#externalData(location))
      this.#files.set(location, file)
      this.external += file.length
    }
    const offset = wholeNumber(entries.get('offset') ?? '0')
    const length = wholeNumber(entries.get('length') ?? String(file.length - offset))
    if (!(offset + length <= file.length))
      throw fail(
        `lies at bytes ${show(entries.get('offset'))}, ${show(entries.get('length'))} of ${quote(location)}, which has ${file.length}`,
      )
    this.#taken += length
    if (this.#taken > SHARES * this.external) throw fail(`lies in bytes of ${quote(location)} that many others lie in`)
    return file.subarray(offset, offset + length)
  }
}

/** Whether a location is a relative path that stays within its directory. */
const isInside = (location: string): boolean =>
  location !== '' && !/^[/\\]|[:\\\0]/.test(location) && !location.split('/').includes('..')

const wholeNumber = (text: string): number => (/^\d{1,16}$/.test(text) ? Number(text) : Number.NaN)

/** Converts listed numbers; 16-bit floats are listed as their bits. */
function fromNumbers(type: ElementType, numbers: Float64Array): Numbers {
  const { array: Kind, size } = elements[type]
  const isBits = type === 'float16' || type === 'bfloat16'
  if (isBits) return readElements(type, new Uint8Array(Uint16Array.from(numbers).buffer), 0, numbers.length)
  const values = new Kind(numbers.length)
  values.set(numbers)
  return size === 8 && type !== 'float64' ? numbers : values
}
