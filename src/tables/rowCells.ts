/** A row's cells, kept until the row has ended. */
import { trimCell } from '../data/table/values.ts'
import type { Cells } from '../formats/delimited.ts'

const decoder = new TextDecoder()

/** A row that has been kept: its cells one after another, and where each ends. */
export interface KeptRow {
  readonly bytes: Uint8Array
  readonly ends: ArrayLike<number>
  readonly line: number
}

export function replayRow({ bytes, ends, line }: KeptRow, into: Cells): void {
  let from = 0
  for (let column = 0; column < ends.length; column++) {
    into.cell(bytes, from, ends[column], column, line)
    from = ends[column]
  }
}

export class RowCells {
  #bytes = new Uint8Array(1024)
  /** Where each cell ends. */
  #ends: number[] = []

  add(bytes: Uint8Array, from: number, to: number): void {
    const start = this.#ends[this.#ends.length - 1] ?? 0
    const end = start + to - from
    if (end > this.#bytes.length) {
      const longer = new Uint8Array(2 * end)
      longer.set(this.#bytes.subarray(0, start))
      this.#bytes = longer
    }
    // cells are short: a loop is faster than a view and `set`
    for (let at = from, place = start; at < to; at++, place++) this.#bytes[place] = bytes[at]
    this.#ends.push(end)
  }

  clear(): void {
    this.#ends.length = 0
  }

  /** The cells once more; its end is told by whoever knows it. */
  replay(into: Cells, line: number): void {
    replayRow({ bytes: this.#bytes, ends: this.#ends, line }, into)
  }

  /** A copy that stays. */
  keep(line: number): KeptRow {
    const length = this.#ends[this.#ends.length - 1] ?? 0
    return { bytes: this.#bytes.slice(0, length), ends: Int32Array.from(this.#ends), line }
  }

  /** A cell, blanks around it dropped. */
  text(column: number): string {
    const from = column === 0 ? 0 : this.#ends[column - 1]
    return trimCell(decoder.decode(this.#bytes.subarray(from, this.#ends[column])))
  }

  get length(): number {
    return this.#ends.length
  }

  /** Names of columns, as `TableBuilder` has them. */
  texts(): string[] {
    return this.#ends.map((_, i) => nameOf(this.text(i), i))
  }
}

/** R and pandas write row numbers under no name. */
export const nameOf = (text: string, index: number): string => (text === '' ? `column ${index + 1}` : text)
