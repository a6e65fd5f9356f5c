/** Feeds a data set to the gather steps: entirely in linear memory if it is small, otherwise through a window of rows. */
import { ALIGN } from '../abi/layout.ts'
import type { Source } from '../compiler/trainingPlan.ts'
import type { DataSet } from '../data/dataset.ts'
import type { Arena } from '../machine/arena.ts'
import { roundUp } from '../machine/matrixLayout.ts'

/** Data sets up to this size are copied once; larger ones are streamed through a window of this size. */
const WINDOW_BYTES = 256 * 2 ** 20

export class Feed {
  readonly source: Source
  readonly #arena: Arena
  readonly #data: DataSet
  readonly #tellTiny: () => void
  /** Rows that fit in linear memory at once; whole batches unless it is the whole set. */
  readonly #capacity: number
  #order: Int32Array = new Int32Array(0)
  #windowFirst = 0
  #windowRows = 0

  /** @param tellTiny called if nonzero features are so small that they count as 0. */
  constructor(
    arena: Arena,
    data: DataSet,
    batchSize: number,
    tellTiny: () => void = () => {},
    windowBytes = WINDOW_BYTES,
  ) {
    this.#arena = arena
    this.#tellTiny = tellTiny
    this.#data = data
    const rowBytes = (data.features.length + data.targets.length + (data.weights?.length ?? 0)) * (4 / data.rows)
    const window = Math.max(1, Math.floor(windowBytes / rowBytes / batchSize)) * batchSize
    this.#capacity = data.rows * rowBytes <= windowBytes ? data.rows : Math.min(data.rows, window)
    const room = (values: { length: number } | undefined) =>
      values ? arena.reserve(roundUp((values.length / data.rows) * this.#capacity * 4, ALIGN)) : 0
    this.source = {
      features: room(data.features),
      targets: room(data.targets),
      weights: room(data.weights),
      order: arena.reserve(this.#capacity * 4),
    }
    arena.commit()
    if (this.#resident) this.#copyAll()
    else
      arena.ints(this.source.order, this.#capacity).forEach((_, i, order) => {
        order[i] = i
      })
  }

  get #resident(): boolean {
    return this.#capacity === this.#data.rows
  }

  /** Starts an epoch with the given order of row numbers. */
  begin(order: Int32Array): void {
    this.#order = order
    this.#windowRows = 0
    if (this.#resident) this.#arena.ints(this.source.order, order.length).set(order)
  }

  /** Makes the epoch's rows from `first` on available; returns their place in the order table and their number. */
  ready(first: number): { index: number; rows: number } {
    if (this.#resident) return { index: first, rows: this.#order.length - first }
    if (first < this.#windowFirst || first >= this.#windowFirst + this.#windowRows) this.#fill(first)
    return { index: first - this.#windowFirst, rows: this.#windowFirst + this.#windowRows - first }
  }

  /** Targets and weights of the epoch's rows [first, first + count), in the epoch's order. */
  rows(first: number, count: number): Omit<DataSet, 'features'> {
    const { targets, weights, rows } = this.#data
    const chosen = this.#order.subarray(first, first + count)
    const cols = targets.length / rows
    const picked = targets instanceof Int32Array ? new Int32Array(count * cols) : new Float32Array(count * cols)
    chosen.forEach((row, i) => {
      for (let c = 0; c < cols; c++) picked[i * cols + c] = targets[row * cols + c]
    })
    return {
      rows: count,
      targets: picked,
      ...(weights && { weights: Float32Array.from(chosen, (row) => weights[row]) }),
    }
  }

  #copyAll(): void {
    const { features, targets, weights } = this.#data
    const { source } = this
    if (this.#arena.load(source.features, features)) this.#tellTiny()
    if (targets instanceof Int32Array) this.#arena.i32.set(targets, source.targets / 4)
    else this.#arena.load(source.targets, targets)
    if (weights) this.#arena.f32.set(weights, source.weights / 4)
  }

  /** Flushes tiny values in the rows that are in memory to 0. */
  #flush(rows: number): void {
    const { features, targets } = this.#data
    const floats = (values: ArrayLike<number>) => (values.length / this.#data.rows) * rows
    if (this.#arena.flush(this.source.features, floats(features))) this.#tellTiny()
    if (targets instanceof Float32Array) this.#arena.flush(this.source.targets, floats(targets))
  }

  /** Copies the epoch's rows from `first` on into the window. */
  #fill(first: number): void {
    const { features, targets, weights, rows } = this.#data
    const chosen = this.#order.subarray(first, first + this.#capacity)
    const copy = <T extends Float32Array | Int32Array>(values: T, memory: T, address: number) => {
      const cols = values.length / rows
      let to = address / 4
      for (const row of chosen) {
        if (cols > 16) memory.set(values.subarray(row * cols, (row + 1) * cols), to)
        else for (let c = 0; c < cols; c++) memory[to + c] = values[row * cols + c]
        to += cols
      }
    }
    copy(features, this.#arena.f32, this.source.features)
    if (targets instanceof Int32Array) copy(targets, this.#arena.i32, this.source.targets)
    else copy(targets, this.#arena.f32, this.source.targets)
    if (weights) copy(weights, this.#arena.f32, this.source.weights)
    this.#flush(chosen.length)
    this.#windowFirst = first
    this.#windowRows = chosen.length
  }
}
