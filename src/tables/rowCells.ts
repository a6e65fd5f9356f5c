/** Buffers a row's cells until the row is complete. */
import { trimCell } from '../data/table/values.ts'
import type { Cells } from '../formats/delimited.ts'

const decoder = new TextDecoder()

/** A stored row: its cells concatenated, and the end of each. */
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
  /** The end of each cell. */
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

  /** Replays the cells, without the end of the row. */
  replay(into: Cells, line: number): void {
    replayRow({ bytes: this.#bytes, ends: this.#ends, line }, into)
  }

  /** A permanent copy. */
  keep(line: number): KeptRow {
    const length = this.#ends[this.#ends.length - 1] ?? 0
    return { bytes: this.#bytes.slice(0, length), ends: Int32Array.from(this.#ends), line }
  }

  /** A cell, trimmed. */
  text(column: number): string {
    const from = column === 0 ? 0 : this.#ends[column - 1]
    return trimCell(decoder.decode(this.#bytes.subarray(from, this.#ends[column])))
  }

  get length(): number {
    return this.#ends.length
  }

  /** The column names, as `TableBuilder` names them. */
  texts(): string[] {
    return this.#ends.map((_, i) => nameOf(this.text(i), i))
  }
}

/** R and pandas write row numbers under an empty name. */
export const nameOf = (text: string, index: number): string => (text === '' ? `column ${index + 1}` : text)
