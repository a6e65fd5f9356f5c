/** From raw rows to what a model reads, and from what it says to names and numbers. Plain data, kept in the model's file. */
import { isArrayLike } from '../data/arrays.ts'
import type { ColumnType, Table } from '../data/table/table.ts'
import { checkInteger, checkOptions, quote, show } from '../lib/check.ts'
import { type EncoderJson, readEncoder } from './encoderJson.ts'
import { columnsOf, type EncodedColumn, encodeFeature, type Feature, widthOf } from './features.ts'
import { type CellReader, type RawRow, type Rows, readRows } from './rows.ts'
import { classNameOf, decodeTarget, standardize, type Target } from './target.ts'

/** What rows may hold, for forms and servers. */
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

/** Rows that have a target, encoded. */
export interface Examples {
  /** [rows.length, encoder.width], row-major. */
  readonly x: Float32Array
  /** Class indices, or standardized values. */
  readonly y: Int32Array | Float32Array
  /** Which rows they are. */
  readonly rows: Int32Array
}

/** Values of the largest Float32Array that every engine makes. */
const LONGEST = 2 ** 30

const allRows = (count: number): Int32Array => Int32Array.from({ length: count }, (_, row) => row)

function checkRows(where: string, rows: unknown, count: number): Int32Array {
  if (!isArrayLike(rows)) throw new TypeError(`${where}: "rows" must be an array of row numbers, got ${show(rows)}`)
  // before there is room for them: what is no array may have any length
  for (let i = 0; i < rows.length; i++) checkInteger(where, `rows[${i}]`, rows[i], 0, count - 1)
  return Int32Array.from(rows as ArrayLike<number>)
}

/** Made by `prepare` or `encoderFromJSON`. It never changes. */
export class Encoder {
  readonly #json: EncoderJson
  /** Numbers of categories, by feature: made once, since rows may come one by one. */
  readonly #codes: readonly ReadonlyMap<string, number>[]
  /** Columns of the table that it reads, in order: those of rows that are arrays. */
  readonly columns: readonly string[]
  /** Columns that it gives, in order. */
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

  /** How many columns it gives: the model's inputs. */
  get width(): number {
    return this.outputs.length
  }

  get target(): Target {
    return this.#json.target
  }

  /** Rows of training. */
  get rows(): number {
    return this.#json.rows
  }

  /** Types of the columns it reads, for `readTable`: a short table may look like another one. */
  get types(): Readonly<Record<string, ColumnType>> {
    return Object.fromEntries(this.#json.features.map(({ name, type }): [string, ColumnType] => [name, type]))
  }

  /** The target's type, for `readTable` too, where the table has one. */
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
   * Rows as the model reads them: [rows, width], row-major. Columns that the encoder does not know are ignored; categories that
   * training did not have are as missing ones.
   * @param rows a table, or an array of rows: objects by column, or arrays in the order of `columns`
   * @throws TypeError or RangeError naming row and column for a column that is not there, or text where a number was.
   */
  transform(rows: readonly RawRow[] | Table): Float32Array {
    const { missing } = this.#json
    return this.#encode('encoder.transform', readRows('encoder.transform', rows, this.columns, missing))
  }

  /**
   * The rows that have a target, encoded, with their targets; the others are left out.
   * @param rows as for `transform`, with the target; arrays have it after their other values
   * @param options.rows which of them to take (default all)
   * @throws as `transform` does; RangeError for a class that training did not have.
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

  /** A row's class or standardized value; undefined where it is missing. */
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

  /** All rows, or the chosen ones. */
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
   * What a model says, in the words of the table: names of class indices (as `model.predictClasses` gives them), or numbers of
   * the outputs of a regression, no further out than those of training.
   * @throws TypeError or RangeError for what is no class index, or no number.
   */
  decode(y: ArrayLike<number>): string[] | Float64Array {
    if (!isArrayLike(y)) {
      throw new TypeError(`encoder.decode: "y" must be an array of numbers, got ${show(y)}`)
    }
    return decodeTarget('encoder.decode', this.#json.target, y)
  }

  /** Plain data: `encoderFromJSON` takes it back. */
  toJSON(): EncoderJson {
    return this.#json
  }
}

/**
 * The encoder that gave this, perhaps through a file.
 * @throws TypeError or RangeError naming what is wrong.
 */
export function encoderFromJSON(json: unknown): Encoder {
  return new Encoder(readEncoder('encoderFromJSON', json))
}
