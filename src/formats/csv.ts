/** Tables of numbers as text: RFC 4180, with any single-character delimiter. */
import { checkBoolean, checkOptions, show } from '../lib/check.ts'

export interface CsvTable {
  /** Column names; without a header '1', '2', ... */
  readonly columns: string[]
  /** [rows, columns], row-major. */
  readonly values: Float32Array
  readonly rows: number
}

const QUOTE = '"'
/** A limit, since a table as wide as its file is long would take fifty times the file's size. */
const MOST_COLUMNS = 2 ** 20

/** A growing row-major list of numbers. */
class Floats {
  values = new Float32Array(1024)
  length = 0

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float32Array(this.length * 2)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.length++] = value
  }
}

/** A cell and its place. */
interface Cell {
  readonly text: string
  /** Line it starts on, from 1. */
  readonly line: number
  /** Whether it is the last of its row. */
  readonly last: boolean
}

/** Iterates over the cells of a text; lines may end in \n, \r\n or \r. */
class Cells {
  #at = 0
  #line = 1
  readonly #text: string
  readonly #delimiter: string

  constructor(text: string, delimiter: string) {
    this.#text = text
    this.#delimiter = delimiter
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1
  }

  /** Skips empty lines; false at the end of the text. */
  more(): boolean {
    while (this.#at < this.#text.length && this.#endOfLine()) this.#newline()
    return this.#at < this.#text.length
  }

  next(): Cell {
    const line = this.#line
    const text = this.#text[this.#at] === QUOTE ? this.#quoted() : this.#plain()
    const last = this.#at >= this.#text.length || this.#endOfLine()
    if (!last) this.#at++
    else if (this.#at < this.#text.length) this.#newline()
    return { text, line, last }
  }

  #endOfLine(): boolean {
    const code = this.#text.charCodeAt(this.#at)
    return code === 10 || code === 13
  }

  #newline(): void {
    this.#at += this.#text.startsWith('\r\n', this.#at) ? 2 : 1
    this.#line++
  }

  #plain(): string {
    const start = this.#at
    while (this.#at < this.#text.length && !this.#endOfLine() && this.#text[this.#at] !== this.#delimiter) this.#at++
    return this.#text.slice(start, this.#at)
  }

  /** A quoted cell; a doubled quote stands for one. */
  #quoted(): string {
    const line = this.#line
    let text = ''
    this.#at++
    for (;;) {
      const end = this.#text.indexOf(QUOTE, this.#at)
      if (end < 0) throw new RangeError(`readCsv: line ${line}: a quote is opened but never closed`)
      const part = this.#text.slice(this.#at, end)
      this.#line += part.split(/\r\n|\r|\n/).length - 1
      text += part
      this.#at = end + 1
      if (this.#text[this.#at] !== QUOTE) break
      text += QUOTE
      this.#at++
    }
    if (this.#at < this.#text.length && !this.#endOfLine() && this.#text[this.#at] !== this.#delimiter) {
      throw new RangeError(`readCsv: line ${this.#line}: text after a closing quote`)
    }
    return text
  }
}

/** A cell's number; NaN if it is not a number that float32 can represent. */
function numberOf(text: string): number {
  const trimmed = text.trim()
  // Number also accepts '', 0x10, 0o7 and 0b1
  if (trimmed === '' || (trimmed.charCodeAt(1) >= 65 && /^0[xob]/i.test(trimmed))) return Number.NaN
  const value = Number(trimmed)
  return Number.isFinite(Math.fround(value)) ? value : Number.NaN
}

function addColumn(columns: string[], name: string): void {
  if (columns.length === MOST_COLUMNS) {
    throw new RangeError(`readCsv: the first line has more than ${MOST_COLUMNS} columns; is "delimiter" right?`)
  }
  columns.push(name)
}

/**
 * Reads a table of numbers. Cells may be quoted; empty lines are skipped.
 * @param options.header whether the first line contains the column names (default true)
 * @param options.delimiter the character between cells (default a comma)
 * @throws TypeError or RangeError naming line and column of a cell that is missing, surplus or not a finite number; RangeError
 * for more than 2^20 columns.
 */
export function readCsv(text: string, options: { header?: boolean; delimiter?: string } = {}): CsvTable {
  if (typeof text !== 'string') throw new TypeError(`readCsv: "text" must be a string, got ${show(text)}`)
  checkOptions('readCsv', options, ['header', 'delimiter'])
  const { header = true, delimiter = ',' } = options
  checkBoolean('readCsv', 'header', header)
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new RangeError(
      `readCsv: "delimiter" must be one character, not a quote or a line break, got ${show(delimiter)}`,
    )
  }
  const cells = new Cells(text, delimiter)
  const columns: string[] = []
  if (header && cells.more()) {
    let cell: Cell
    do {
      cell = cells.next()
      addColumn(columns, cell.text.trim())
    } while (!cell.last)
  }
  const values = new Floats()
  let rows = 0
  for (; cells.more(); rows++) {
    let column = 0
    let cell: Cell
    do {
      cell = cells.next()
      if (rows === 0 && !header) addColumn(columns, `${column + 1}`)
      const value = numberOf(cell.text)
      if (Number.isNaN(value)) {
        const name = header && column < columns.length ? ` (${show(columns[column])})` : ''
        const got = cell.text.trim() === '' ? 'is empty' : `holds ${show(cell.text)}`
        throw new RangeError(`readCsv: line ${cell.line}, column ${column + 1}${name} ${got}, expected a finite number`)
      }
      values.push(value)
      column++
    } while (!cell.last)
    if (column !== columns.length) {
      throw new RangeError(`readCsv: line ${cell.line} has ${column} columns, expected ${columns.length}`)
    }
  }
  if (rows === 0) throw new RangeError('readCsv: the text has no rows of numbers')
  return { columns, values: values.values.slice(0, values.length), rows }
}
