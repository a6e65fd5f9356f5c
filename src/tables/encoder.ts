/** Encodes raw rows as a model's inputs, and decodes its outputs to class names and numbers. Plain data, saved in the model's file. */
import { isArrayLike } from '../data/arrays.ts'
import type { ColumnType, Table } from '../data/table/table.ts'
import { checkInteger, checkOptions, quote, show } from '../lib/check.ts'
import { type EncoderJson, readEncoder } from './encoderJson.ts'
import { columnsOf, type EncodedColumn, encodeFeature, type Feature, widthOf } from './features.ts'
import { type CellReader, type RawRow, type Rows, readRows } from './rows.ts'
import { classNameOf, decodeTarget, standardize, type Target } from './target.ts'

/** What rows may contain, for forms and servers. */
export interface EncoderSchema {
  readonly columns: readonly (
    | { readonly name: string; readonly type: 'number'; readonly minimum: number; readonly maximum: number }
    | { readonly name: string; readonly type: 'date' }
    | { readonly name: string; readonly type: 'category'; readonly categories: readonly string[] }
  )[]
  readonly target:
    | { readonly name: string; readonly task: 'classification'; readonly classes: readonly string[] }
    | { readonly name: string; readonly task: 'regression'; readonly minimum: number; readonly maximum: number }
}

/** Encoded rows that have a target. */
export interface Examples {
  /** [rows.length, encoder.width], row-major. */
  readonly x: Float32Array
  /** Class indices, or standardized values. */
  readonly y: Int32Array | Float32Array
  /** Their row numbers. */
  readonly rows: Int32Array
}

/** Length of the largest Float32Array that all engines support. */
const LONGEST = 2 ** 30

const allRows = (count: number): Int32Array => Int32Array.from({ length: count }, (_, row) => row)

function checkRows(where: string, rows: unknown, count: number): Int32Array {
  if (!isArrayLike(rows)) throw new TypeError(`${where}: "rows" must be an array of row numbers, got ${show(rows)}`)
  // checked before allocating: an object that is not an array may claim any length
  for (let i = 0; i < rows.length; i++) checkInteger(where, `rows[${i}]`, rows[i], 0, count - 1)
  return Int32Array.from(rows as ArrayLike<number>)
}

/** Made by `prepare` or `encoderFromJSON`. Immutable. */
export class Encoder {
  readonly #json: EncoderJson
  /** Category indices by feature; built once, since rows may arrive one at a time. */
  readonly #codes: readonly ReadonlyMap<string, number>[]
  /** Columns of the table that it reads, in the order expected of array rows. */
  readonly columns: readonly string[]
  /** Columns that it produces, in order. */
  readonly outputs: readonly EncodedColumn[]

  /** @internal */
  constructor(json: EncoderJson) {
    this.#json = json
    this.#codes = json.features.map(
      (feature) => new Map(feature.type === 'category' ? feature.categories.map((text, i) => [text, i]) : []),
    )
    this.columns = Object.freeze(json.features.map(({ name }) => name))
    this.outputs = Object.freeze(json.features.flatMap(columnsOf))
    Object.freeze(this)
  }

  /** Number of output columns, which is the number of model inputs. */
  get width(): number {
    return this.outputs.length
  }

  get target(): Target {
    return this.#json.target
  }

  /** Number of training rows. */
  get rows(): number {
    return this.#json.rows
  }

  /** Types of the columns it reads, for `readTable`: type inference on a short table may differ. */
  get types(): Readonly<Record<string, ColumnType>> {
    return Object.fromEntries(this.#json.features.map(({ name, type }): [string, ColumnType] => [name, type]))
  }

  /** The target's type, for `readTable` if the table has the target. */
  get targetType(): 'number' | 'category' {
    const { target } = this.#json
    return target.task === 'regression' || target.numeric ? 'number' : 'category'
  }

  get schema(): EncoderSchema {
    const { features, target } = this.#json
    const columns = features.map((feature) => {
      const { name, type } = feature
      if (type === 'number') return { name, type, minimum: feature.minimum, maximum: feature.maximum }
      return type === 'date' ? { name, type } : { name, type, categories: feature.categories }
    })
    const { name, task } = target
    return task === 'classification'
      ? { columns, target: { name, task, classes: target.classes } }
      : { columns, target: { name, task, minimum: target.minimum, maximum: target.maximum } }
  }

  /**
   * Encodes rows: [rows, width], row-major. Columns unknown to the encoder are ignored; categories that did not occur in training
   * count as missing.
   * @param rows a table, or an array of rows: objects by column, or arrays in the order of `columns`
   * @throws TypeError or RangeError naming row and column for a missing column, or text in a numeric column.
   */
  transform(rows: readonly RawRow[] | Table): Float32Array {
    const { missing } = this.#json
    return this.#encode('encoder.transform', readRows('encoder.transform', rows, this.columns, missing))
  }

  /**
   * Encodes the rows that have a target, with their targets; rows without one are skipped.
   * @param rows as for `transform`, plus the target; array rows have it after their other values
   * @param options.rows which rows to use (default all)
   * @throws as `transform` does; RangeError for a class that did not occur in training.
   */
  examples(rows: readonly RawRow[] | Table, options: { readonly rows?: ArrayLike<number> } = {}): Examples {
    const where = 'encoder.examples'
    checkOptions(where, options, ['rows'])
    const { features, target, missing } = this.#json
    const read = readRows(where, rows, [...this.columns, target.name], missing)
    const cell = this.#targets(where, read, features.length)
    const found = options.rows === undefined ? allRows(read.count) : checkRows(where, options.rows, read.count)
    const y = target.task === 'classification' ? new Int32Array(found.length) : new Float32Array(found.length)
    let count = 0
    for (const row of found) {
      const value = cell(row)
      if (value === undefined) continue
      found[count] = row
      y[count++] = value
    }
    const chosen = found.slice(0, count)
    return { x: this.#encode(where, read, chosen), y: y.slice(0, count), rows: chosen }
  }

  /** A row's class index or standardized value; undefined if missing. */
  #targets(where: string, read: Rows, index: number): (row: number) => number | undefined {
    const { target } = this.#json
    const { name } = target
    if (target.task === 'regression') {
      const cell = read.numbers(name, index)
      return (row) => {
        const value = cell(row)
        return Number.isNaN(value) ? undefined : standardize(value, target)
      }
    }
    const classes = new Map(target.classes.map((text, i) => [text, i]))
    const codeOf = (text: string): number => {
      const code = classes.get(classNameOf(text, target.numeric))
      if (code !== undefined) return code
      throw new RangeError(`${where}: ${quote(name)} is ${show(text)}, a class that training did not have`)
    }
    const cell = target.numeric ? read.numbers(name, index) : read.categories(name, index, codeOf)
    return (row) => {
      const value = cell(row)
      if (Number.isNaN(value) || (!target.numeric && value < 0)) return undefined
      return target.numeric ? codeOf(String(value)) : value
    }
  }

  #cells(read: Rows, { type, name }: Feature, index: number): CellReader {
    if (type === 'number') return read.numbers(name, index)
    if (type === 'date') return read.dates(name, index)
    const codes = this.#codes[index]
    return read.categories(name, index, (text) => codes.get(text) ?? -1)
  }

  /** Encodes all rows, or the chosen ones. */
  #encode(where: string, read: Rows, chosen?: Int32Array): Float32Array {
    const count = chosen?.length ?? read.count
    const { width } = this
    if (count * width > LONGEST) {
      throw new RangeError(
        `${where}: ${count} rows of ${width} values are too many for one array; take fewer at a time`,
      )
    }
    const out = new Float32Array(count * width)
    let first = 0
    for (const [index, feature] of this.#json.features.entries()) {
      const cell = this.#cells(read, feature, index)
      encodeFeature(feature, chosen ? (row) => cell(chosen[row]) : cell, count, out, width, first)
      first += widthOf(feature)
    }
    return out
  }

  /**
   * Decodes a model's predictions: class indices (as from `model.predictClasses`) to class names, or regression outputs to numbers,
   * clamped to the range of the training rows.
   * @throws TypeError or RangeError for a value that is not a class index or not a number.
   */
  decode(y: ArrayLike<number>): string[] | Float64Array {
    if (!isArrayLike(y)) {
      throw new TypeError(`encoder.decode: "y" must be an array of numbers, got ${show(y)}`)
    }
    return decodeTarget('encoder.decode', this.#json.target, y)
  }

  /** Plain data for `encoderFromJSON`. */
  toJSON(): EncoderJson {
    return this.#json
  }
}

/**
 * The encoder from the result of `toJSON`, for example from a file.
 * @throws TypeError or RangeError naming what is wrong.
 */
export function encoderFromJSON(json: unknown): Encoder {
  return new Encoder(readEncoder('encoderFromJSON', json))
}
