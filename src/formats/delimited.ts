/** Delimited text (RFC 4180) as a stream of UTF-8 chunks. */

const QUOTE = 34
const LF = 10
const CR = 13

/** Maximum length of a cell in bytes: a longer one is an unclosed quote. */
const MOST_CELL_BYTES = 2 ** 20
/** Minimum bytes per parse, so that a cell arriving in many small chunks is not rescanned for each of them. */
const LEAST_BYTES = 2 ** 16

/** Receives the cells. */
export interface Cells {
  /** A cell's text, UTF-8 in bytes [from, to), valid during the call only; `column` from 0, `line` from 1. */
  cell(bytes: Uint8Array, from: number, to: number, column: number, line: number): void
  /** The end of a row with that many columns. */
  row(columns: number, line: number): void
}

/** Splits bytes into rows of cells. Lines end in \n, \r\n or \r; empty ones are skipped. */
export class DelimitedReader {
  readonly #where: string
  readonly #cells: Cells
  readonly #delimiter: number
  readonly #leastBytes: number
  /** 1 for bytes that end an unquoted cell. */
  readonly #ends = new Uint8Array(256)
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** Of those, the number received since the last parse. */
  #newBytes = 0
  /** Column in the current row. */
  #column = 0
  #line = 1
  /** The last line ended in \r, so a following \n belongs to it. */
  #afterReturn = false

  /**
   * @param delimiter code of an ASCII character
   * @param leastBytes minimum bytes per parse, except at the end
   */
  constructor(where: string, delimiter: number, cells: Cells, leastBytes = LEAST_BYTES) {
    this.#leastBytes = leastBytes
    this.#where = where
    this.#delimiter = delimiter
    this.#cells = cells
    this.#ends[delimiter] = this.#ends[LF] = this.#ends[CR] = 1
  }

  /** Adds the next bytes, which must not change until they are parsed. */
  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#newBytes += bytes.length
    if (this.#newBytes >= this.#leastBytes) this.#parse(false)
  }

  /** Ends the input. @throws RangeError for an unclosed quote. */
  end(): void {
    this.#parse(true)
  }

  #parse(isLast: boolean): void {
    const bytes = this.#waiting.length === 1 ? this.#waiting[0] : join(this.#waiting, this.#waitingBytes)
    const read = this.#parseCells(bytes, isLast)
    const rest = bytes.length - read
    this.#checkLength(rest)
    // a copy, so that a large chunk is not retained for its last few bytes
    this.#waiting = rest > 0 ? [bytes.slice(read)] : []
    this.#waitingBytes = rest
    this.#newBytes = 0
  }

  #checkLength(length: number): void {
    if (length <= MOST_CELL_BYTES) return
    throw new RangeError(
      `${this.#where}: line ${this.#line}, column ${this.#column + 1} is longer than ${MOST_CELL_BYTES} bytes; is a quote left open, or is this no table?`,
    )
  }

  /** Returns the start of the first incomplete cell. */
  #parseCells(bytes: Uint8Array, isLast: boolean): number {
    const { length } = bytes
    const ends = this.#ends
    let at = 0
    for (;;) {
      if (this.#afterReturn && at < length) {
        if (bytes[at] === LF) at++
        this.#afterReturn = false
      }
      if (at === length) {
        // a delimiter is followed by a cell, even at the end
        if (isLast && this.#column > 0) this.#cells.cell(bytes, at, at, this.#column++, this.#line)
        if (isLast) this.#endRow()
        return at
      }
      if (this.#column === 0 && (bytes[at] === LF || bytes[at] === CR)) {
        this.#newline(bytes[at++])
        continue
      }
      let end = at
      if (bytes[at] === QUOTE) {
        end = this.#quoted(bytes, at, isLast)
        if (end < 0) return at
      } else {
        while (end < length && ends[bytes[end]] === 0) end++
        if (end === length && !isLast) return at
        this.#checkLength(end - at)
        this.#cells.cell(bytes, at, end, this.#column++, this.#line)
      }
      if (end === length) {
        this.#endRow()
        return end
      }
      if (bytes[end] !== this.#delimiter) {
        this.#endRow()
        this.#newline(bytes[end])
      }
      at = end + 1
    }
  }

  #endRow(): void {
    if (this.#column > 0) this.#cells.row(this.#column, this.#line)
    this.#column = 0
  }

  #newline(code: number): void {
    this.#line++
    this.#afterReturn = code === CR
  }

  /** Emits a quoted cell; returns its end, or -1 if it is incomplete. */
  #quoted(bytes: Uint8Array, start: number, isLast: boolean): number {
    let doubled = 0
    let close = start
    for (;;) {
      close = bytes.indexOf(QUOTE, close + 1)
      if (close < 0) {
        if (!isLast) return -1
        throw new RangeError(`${this.#where}: line ${this.#line}: a quote is opened but never closed`)
      }
      if (close + 1 === bytes.length && !isLast) return -1
      if (bytes[close + 1] !== QUOTE) break
      doubled++
      close++
    }
    const end = close + 1
    this.#checkLength(end - start)
    if (end < bytes.length && this.#ends[bytes[end]] === 0) {
      throw new RangeError(
        `${this.#where}: line ${this.#line + this.#linesIn(bytes, start, end)}: text after a closing quote`,
      )
    }
    const from = start + 1
    if (doubled === 0) this.#cells.cell(bytes, from, close, this.#column++, this.#line)
    else {
      const text = new Uint8Array(close - from - doubled)
      for (let i = from, to = 0; i < close; i++, to++) {
        text[to] = bytes[i]
        if (bytes[i] === QUOTE) i++
      }
      this.#cells.cell(text, 0, text.length, this.#column++, this.#line)
    }
    this.#line += this.#linesIn(bytes, from, close)
    return end
  }

  #linesIn(bytes: Uint8Array, from: number, to: number): number {
    let lines = 0
    for (let i = from; i < to; i++) if (bytes[i] === LF ? bytes[i - 1] !== CR : bytes[i] === CR) lines++
    return lines
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Candidates for detection. */
const DELIMITERS = [',', ';', '\t'].map((text) => text.charCodeAt(0))
const SNIFFED_LINES = 20

/**
 * Detects the delimiter from a table's first bytes: the candidate that occurs equally often in each of the first lines, outside of
 * quotes; otherwise the most frequent one in the first line.
 */
export function guessDelimiter(bytes: Uint8Array): number {
  const [best] = DELIMITERS.map((delimiter) => {
    const counts = countsOf(bytes, delimiter)
    return { delimiter, first: counts[0], even: counts[0] > 0 && counts.every((count) => count === counts[0]) }
  }).sort((a, b) => Number(b.even) - Number(a.even) || b.first - a.first)
  return best.delimiter
}

/** How often a character occurs outside of quotes in each of the first lines; an incomplete last line is skipped. */
function countsOf(bytes: Uint8Array, delimiter: number): number[] {
  const counts: number[] = []
  let count = 0
  let quoted = false
  let isEmpty = true
  for (let at = 0; at < bytes.length && counts.length < SNIFFED_LINES; at++) {
    const code = bytes[at]
    if (code === QUOTE) quoted = !quoted
    else if (!quoted && (code === LF || code === CR)) {
      if (!isEmpty) counts.push(count)
      count = 0
      isEmpty = true
      continue
    } else if (!quoted && code === delimiter) count++
    isEmpty = false
  }
  return counts.length > 0 ? counts : [count]
}
