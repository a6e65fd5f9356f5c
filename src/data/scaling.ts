/** The base of all scalers: columns are fitted and mapped in float64, whatever the type of the rows. */
import { checkInteger, show } from '../lib/check.ts'
import { isArrayLike, place } from './arrays.ts'
import { type Features, readDoubles } from './features.ts'

/** Maps the columns of rows to scales fitted on training rows, and back. */
export interface Scaler {
  /** Fits the columns of x; returns the scaler. `cols` may be omitted for an array of rows. */
  fit(x: Features, cols?: number): this
  /** Scaled float32 rows. */
  transform(x: Features): Float32Array
  fitTransform(x: Features, cols?: number): Float32Array
  /** The inverse, in float64. */
  inverseTransform(x: Features): Float64Array
  /** The fitted state as plain data: `fromJSON` and the scaler's factory restore it exactly. */
  toJSON(): ScalerJson
  /** Restores the result of `toJSON`, also after JSON.stringify and JSON.parse; returns the scaler. */
  fromJSON(json: unknown): this
}

/** The result of `toJSON`: the scaler's kind, options and fitted state. */
export interface ScalerJson {
  readonly kind: string
  readonly [name: string]: unknown
}

/** A function of numbers and its inverse. */
export interface Scale {
  forward(value: number): number
  inverse(value: number): number
}

/** The definition of a kind of scaler. For every column it fits a number, or a list of numbers, per field. */
export interface Kind<Learned> {
  readonly kind: string
  /** Options, as in `toJSON`. */
  readonly options: Readonly<Record<string, unknown>>
  readonly fields: readonly (keyof Learned & string)[]
  learn(values: Float64Array): Learned
  /** Validates fitted state from a file. */
  check(where: string, learned: Readonly<Record<string, unknown>>): Learned
  scale(learned: Learned): Scale
}

/** The state of a scaler. */
export class Columns<Learned> {
  readonly #kind: Kind<Learned>
  /** The columns to scale. */
  readonly #chosen: readonly number[] | undefined
  #learned: readonly Learned[] = []
  #scales: readonly (Scale | undefined)[] = []

  /** @param json the result of `toJSON`: options, and fitted state if any. */
  constructor(kind: Kind<Learned>, given: object) {
    const json: Readonly<Record<string, unknown>> = { ...given }
    this.#kind = kind
    this.#chosen = readChosen(kind.kind, json.columns)
    if (json.kind !== undefined && json.kind !== kind.kind) {
      throw new RangeError(`${kind.kind}: expected what a ${kind.kind} learned, got "kind" ${show(json.kind)}`)
    }
    this.#set(readLearned(kind, json))
  }

  #set(learned: readonly Learned[]): void {
    this.#learned = learned
    this.#scales = learned.map((column, c) =>
      this.#chosen?.includes(c) === false ? undefined : this.#kind.scale(column),
    )
  }

  /** A field by column; empty before `fit`. */
  field(name: keyof Learned): Float64Array {
    return Float64Array.from(this.#learned, (column) => Number(column[name]))
  }

  toJSON(): ScalerJson {
    const { kind, options, fields } = this.#kind
    const learned = fields.map((name) => [name, this.#learned.map((column) => column[name])])
    return { kind, ...options, ...(this.#chosen && { columns: this.#chosen }), ...Object.fromEntries(learned) }
  }

  fit(x: Features, cols: number | undefined): void {
    const where = `${this.#kind.kind}.fit`
    const width = columnsOf(where, x, cols)
    const last = Math.max(-1, ...(this.#chosen ?? []))
    if (last >= width) throw new RangeError(`${where}: "columns" names column ${last}, but "x" has ${width} columns`)
    const { values, rows } = readDoubles(where, 'x', x, width)
    const column = (c: number) =>
      // unscaled columns keep a placeholder
      this.#chosen?.includes(c) === false
        ? Float64Array.of(0)
        : Float64Array.from({ length: rows }, (_, r) => values[r * width + c])
    this.#set(Array.from({ length: width }, (_, c) => this.#kind.learn(column(c))))
  }

  /** Maps all rows, or maps them back, into the array that `out` allocates. */
  map<Out extends Float32Array | Float64Array>(
    way: 'forward' | 'inverse',
    x: Features,
    make: (length: number) => Out,
  ): Out {
    const where = `${this.#kind.kind}.${way === 'forward' ? 'transform' : 'inverseTransform'}`
    const cols = this.#learned.length
    if (cols === 0) throw new Error(`${where}: call fit(x, cols) first`)
    const { values } = readDoubles(where, 'x', x, cols)
    const out = make(values.length)
    for (let i = 0; i < out.length; i++) {
      const value = this.#scales[i % cols]?.[way](values[i]) ?? values[i]
      out[i] = value
      if (!Number.isFinite(out[i])) {
        throw new RangeError(
          `${where}: "x" is ${values[i]} at ${place(i, cols)}, too far out for the scale: it becomes ${value}`,
        )
      }
    }
    return out
  }
}

/** A scaler of some kind; `read` validates the result of `toJSON`, or the factory's argument. */
export class ColumnScaler<Learned> implements Scaler {
  readonly #read: (json: unknown) => Columns<Learned>
  #columns: Columns<Learned>

  constructor(read: (json: unknown) => Columns<Learned>, given: unknown) {
    this.#read = read
    this.#columns = read(given)
  }

  /** A field by column; empty before `fit`. */
  protected field(name: keyof Learned): Float64Array {
    return this.#columns.field(name)
  }

  fit(x: Features, cols?: number): this {
    this.#columns.fit(x, cols)
    return this
  }

  transform(x: Features): Float32Array {
    return this.#columns.map('forward', x, (length) => new Float32Array(length))
  }

  fitTransform(x: Features, cols?: number): Float32Array {
    return this.fit(x, cols).transform(x)
  }

  inverseTransform(x: Features): Float64Array {
    return this.#columns.map('inverse', x, (length) => new Float64Array(length))
  }

  toJSON(): ScalerJson {
    return this.#columns.toJSON()
  }

  fromJSON(json: unknown): this {
    this.#columns = this.#read(json)
    return this
  }
}

/** @throws TypeError or RangeError unless all fields have the same number of entries, none for an unfitted scaler. */
function readLearned<Learned>(
  { kind, fields, check }: Kind<Learned>,
  json: Readonly<Record<string, unknown>>,
): Learned[] {
  const lists = fields.map((name) => {
    const list = json[name] ?? []
    if (!isArrayLike(list))
      throw new TypeError(`${kind}: "${name}" must be an array, an entry a column, got ${show(list)}`)
    return list
  })
  const [first] = lists
  for (const [i, list] of lists.entries()) {
    if (list.length !== first.length) {
      throw new RangeError(`${kind}: "${fields[0]}" has ${first.length} columns, "${fields[i]}" ${list.length}`)
    }
  }
  return Array.from(first, (_, c) =>
    check(kind, Object.fromEntries(fields.map((name, i) => [name, lists[i][c]] as const))),
  )
}

function readChosen(where: string, columns: unknown): readonly number[] | undefined {
  if (columns === undefined) return undefined
  if (!Array.isArray(columns) || columns.length === 0) {
    throw new TypeError(`${where}: "columns" must be an array of the columns to scale, got ${show(columns)}`)
  }
  return Object.freeze(columns.map((column, i) => checkInteger(where, `columns[${i}]`, column)))
}

/** Number of columns of x: given, or that of the first row. */
export function columnsOf(where: string, x: unknown, cols: number | undefined): number {
  if (cols !== undefined) return checkInteger(where, 'cols', cols, 1)
  const first: unknown = Array.isArray(x) ? x[0] : undefined
  if (typeof first === 'object' && first !== null && 'length' in first)
    return checkInteger(where, 'columns of x', first.length, 1)
  throw new TypeError(`${where}: say how many columns "x" has; it is not an array of rows`)
}
