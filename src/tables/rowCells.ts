/** A row's cells, kept until the row has ended. */
import { trimCell } from '../data/table/values.ts'
import type { Cells } from '../formats/delimited.ts'

const decoder = new TextDecoder()

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
    let from = 0
    for (const [column, end] of this.#ends.entries()) {
      into.cell(this.#bytes, from, end, column, line)
      from = end
    }
  }

  /** Names of columns, as `TableBuilder` has them. */
  texts(): string[] {
    let from = 0
    return this.#ends.map((end, i) => {
      const text = trimCell(decoder.decode(this.#bytes.subarray(from, end)))
      from = end
      return nameOf(text, i)
    })
  }
}

/** R and pandas write row numbers under no name. */
export const nameOf = (text: string, index: number): string => (text === '' ? `column ${index + 1}` : text)
