/**
 * Reads the cells of a column and infers its type. A column is numeric until a cell is not a number; then categorical,
 * until there are too many categories. Whether categories are dates, or nearly all distinct, is determined at the end.
 */
import { show } from '../../lib/check.ts'
import { Dictionary, type Markers, NumberReader, Texts } from './bytes.ts'
import { Codes, doubles, type Pieces } from './pieces.ts'
import { type ColumnType, MOST_CATEGORIES, type TableColumn } from './table.ts'
import { dateOf } from './values.ts'

/** Up to this many categories are kept even if all are distinct. */
const FEW = 8

/** Shared: its state is read immediately. */
const numberReader = new NumberReader()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What all columns of a table share. */
export interface ColumnSettings {
  /** The function named in errors. */
  readonly where: string
  /** The unit of positions in messages. */
  readonly unit: 'line' | 'row'
  readonly markers: Markers
}

/** Receives a column's cells. */
export class ColumnReader {
  readonly name: string
  readonly #index: number
  readonly #settings: ColumnSettings
  /** The type given by the user, if any. */
  readonly #wanted: ColumnType | undefined
  #rows = 0
  #missing = 0
  /** While all cells are numbers. */
  #numbers: Pieces<Float64Array> | undefined
  /** Numeric cells that differ from `String` of their number, as text with their rows, in case the column becomes categorical. */
  #spelled: { readonly texts: Texts; readonly rows: Pieces<Float64Array> } | undefined
  #categories: { readonly dictionary: Dictionary; readonly codes: Codes } | undefined
  /** Milliseconds by row, if there are more dates than a dictionary holds. */
  #dates: Pieces<Float64Array> | undefined
  #note = ''

  /**
   * @param index of the column in its table, for messages
   * @param wanted its type if known; otherwise inferred
   */
  constructor(name: string, index: number, wanted: ColumnType | undefined, settings: ColumnSettings) {
    this.name = name
    this.#index = index
    this.#wanted = wanted
    this.#settings = settings
    if (wanted === undefined || wanted === 'number') this.#numbers = doubles()
    else if (wanted !== 'text') this.#startCategories()
  }

  #place(line: number): string {
    const { where, unit } = this.#settings
    return `${where}: ${unit} ${line}, column ${this.#index + 1} (${show(this.name)})`
  }

  #startCategories(): { readonly dictionary: Dictionary; readonly codes: Codes } {
    this.#categories = { dictionary: new Dictionary(MOST_CATEGORIES), codes: new Codes() }
    return this.#categories
  }

  /** A cell in bytes [first, end), untrimmed; `line` is for messages. */
  cell(bytes: Uint8Array, first: number, end: number, line: number): void {
    let from = first
    let to = end
    while (from < to && bytes[from] <= 32) from++
    while (to > from && bytes[to - 1] <= 32) to--
    const { markers } = this.#settings
    if (this.#numbers !== undefined && !(markers.numeric && markers.has(bytes, from, to))) {
      const value = numberReader.read(bytes, from, to)
      if (!Number.isNaN(value)) {
        if (!numberReader.canonical && this.#wanted === undefined) this.#spell(bytes, from, to)
        this.#numbers.push(value)
        this.#rows++
        return
      }
    }
    if (markers.has(bytes, from, to)) this.missing()
    else this.#text(bytes, from, to, line)
  }

  /** A cell that is already a number. @throws RangeError if the column was declared with another type. */
  number(value: number, line: number): void {
    if (this.#numbers === undefined || !Number.isFinite(value)) {
      const bytes = new TextEncoder().encode(String(value))
      this.cell(bytes, 0, bytes.length, line)
      return
    }
    this.#numbers.push(value + 0)
    this.#rows++
  }

  missing(): void {
    this.#rows++
    this.#missing++
    if (this.#numbers) this.#numbers.push(Number.NaN)
    else if (this.#categories) this.#categories.codes.push(-1)
    else this.#dates?.push(Number.NaN)
  }

  #spell(bytes: Uint8Array, from: number, to: number): void {
    this.#spelled ??= { texts: new Texts(), rows: doubles() }
    this.#spelled.rows.push(this.#rows)
    this.#spelled.texts.add(bytes, from, to)
  }

  /** A cell that is neither missing nor, in a numeric column, a number. */
  #text(bytes: Uint8Array, from: number, to: number, line: number): void {
    if (this.#numbers) this.#leaveNumbers(bytes, from, to, line)
    if (this.#categories) {
      const { dictionary, codes } = this.#categories
      const known = dictionary.texts.length
      const code = dictionary.numberOf(bytes, from, to)
      if (code === known) this.#checkNew(bytes, from, to, line)
      if (code >= 0) codes.push(code)
      else this.#leaveCategories(line)
    }
    if (this.#dates) {
      const date = dateOf(this.#decode(bytes, from, to, line))
      if (Number.isNaN(date)) this.#refuse('date', bytes, from, to, line)
      if (Number.isNaN(date)) this.#dates = undefined
      else this.#dates.push(date)
    }
    this.#rows++
  }

  #decode(bytes: Uint8Array, from: number, to: number, line: number): string {
    try {
      return decoder.decode(bytes.subarray(from, to))
    } catch (cause) {
      throw new RangeError(`${this.#place(line)} is not UTF-8; save the file with that encoding`, { cause })
    }
  }

  /** @throws RangeError if the user declared the column with this type. */
  #refuse(type: ColumnType, bytes: Uint8Array, from: number, to: number, line: number): void {
    if (this.#wanted !== type) return
    const text = show(this.#decode(bytes, from, to, line))
    throw new RangeError(`${this.#place(line)} holds ${text}, expected a ${type}`)
  }

  #checkNew(bytes: Uint8Array, from: number, to: number, line: number): void {
    const text = this.#decode(bytes, from, to, line)
    if (Number.isNaN(dateOf(text))) this.#refuse('date', bytes, from, to, line)
  }

  /** Turns a numeric column into categories, spelled as in the file. */
  #leaveNumbers(bytes: Uint8Array, from: number, to: number, line: number): void {
    this.#refuse('number', bytes, from, to, line)
    if (this.#rows > this.#missing) {
      const text = show(this.#decode(bytes, from, to, line))
      this.#note = `${this.#place(line)} holds ${text} where all before are numbers, so that the column is no column of numbers; if that means a missing value, name it in "missing"`
    }
    const numbers = this.#numbers
    const { texts, rows } = this.#spelled ?? { texts: new Texts(), rows: doubles() }
    this.#numbers = this.#spelled = undefined
    const { dictionary, codes } = this.#startCategories()
    const spelledRows = rows.join()
    const scratch = new Uint8Array(64)
    const encoder = new TextEncoder()
    let row = 0
    let next = 0
    numbers?.forEach((value) => {
      let code = -1
      if (this.#categories === undefined) return
      if (spelledRows[next] === row) {
        code = dictionary.numberOf(texts.bytes, texts.startOf(next), texts.endOf(next))
        if (code < 0) this.#leaveCategories(line)
        next++
      } else if (!Number.isNaN(value)) {
        code = dictionary.numberOf(scratch, 0, encoder.encodeInto(String(value), scratch).written)
        if (code < 0) this.#leaveCategories(line)
      }
      codes.push(code)
      row++
    })
  }

  /** More distinct texts than a dictionary holds: continues as dates, or as text that is not kept. */
  #leaveCategories(line: number): void {
    const { dictionary, codes } = this.#categories ?? this.#startCategories()
    this.#categories = undefined
    if (this.#wanted === 'category') {
      throw new RangeError(
        `${this.#place(line)} is the ${MOST_CATEGORIES + 1}th category, and ${MOST_CATEGORIES} are the most`,
      )
    }
    const dates = datesOf(textsOf(dictionary))
    if (dates === undefined) return
    const values = doubles()
    codes.forEach((code) => {
      values.push(code < 0 ? Number.NaN : dates[code])
    })
    this.#dates = values
  }

  /** The column, and notes for the user. */
  finish(): { column: TableColumn; notes: readonly string[] } {
    const { name } = this
    const missing = this.#missing
    const plain = { name, missing }
    const values = this.#rows - missing
    const notes = this.#note ? [this.#note] : []
    if (this.#numbers) {
      const column = { ...plain, type: 'number', values: this.#numbers.join() } as const
      return { column, notes: values === 0 ? [`${show(name)} has no values`] : [] }
    }
    if (this.#dates) return { column: { ...plain, type: 'date', values: this.#dates.join() }, notes }
    if (this.#wanted === 'text') return { column: { ...plain, type: 'text' }, notes: [] }
    if (!this.#categories) {
      return { column: { ...plain, type: 'text' }, notes: [...notes, leftOut(name, MOST_CATEGORIES + 1, values)] }
    }
    const categories = textsOf(this.#categories.dictionary)
    const codes = this.#categories.codes.join()
    const dates = this.#wanted === 'category' ? undefined : datesOf(categories)
    if (dates && (categories.length > 0 || this.#wanted === 'date')) {
      const moments = Float64Array.from(codes, (code) => (code < 0 ? Number.NaN : dates[code]))
      return { column: { ...plain, type: 'date', values: moments }, notes }
    }
    if (this.#wanted === 'category' || categories.length <= Math.max(FEW, values / 2)) {
      return { column: { ...plain, type: 'category', categories, codes }, notes }
    }
    const note = leftOut(name, categories.length, values)
    return { column: { ...plain, type: 'text' }, notes: [...notes, note] }
  }
}

const leftOut = (name: string, different: number, values: number) =>
  `${show(name)} is left out: it is text of which ${different > MOST_CATEGORIES ? `more than ${MOST_CATEGORIES}` : different} of ${values} values are different; to keep it, say types: { ${show(name)}: 'category' }`

function textsOf({ texts }: Dictionary): string[] {
  return Array.from({ length: texts.length }, (_, i) =>
    decoder.decode(texts.bytes.subarray(texts.startOf(i), texts.endOf(i))),
  )
}

/** Milliseconds by category; undefined unless all are dates. */
function datesOf(texts: readonly string[]): Float64Array | undefined {
  const dates = new Float64Array(texts.length)
  for (const [i, text] of texts.entries()) {
    dates[i] = dateOf(text)
    if (Number.isNaN(dates[i])) return undefined
  }
  return dates
}
