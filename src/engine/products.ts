/**
 * Products of a model's curvature with vectors: over all rows, a part after the other, on the model's threads. The program and its
 * blocks lie behind everything that training uses, which stays as it is.
 */
import { RECORD_ROWS, RECORD_SCALAR, RECORD_WORDS } from '../abi/records.ts'
import { type CurvatureKind, type CurvaturePlan, compileCurvature, ONE, SHARE } from '../compiler/curvature.ts'
import { readParameter, valuesOf, writeParameter } from '../compiler/parameterLayout.ts'
import { type DataSet, sliceRows } from '../data/dataset.ts'
import type { Layer } from '../layers/layers.ts'
import type { Range } from '../machine/program.ts'
import { weightOf } from './hostLoss.ts'
import { type Propagation, THREADED_ROWS } from './propagation.ts'
import { loadRows } from './rows.ts'

/** Floats that the matrices of a part of the rows may take, at about MATRICES of a layer's width. */
const PART_FLOATS = 2 ** 23
const MATRICES = 8
const LEAST_ROWS = 16

export class Products {
  readonly #engine: Propagation
  readonly #curvature: CurvatureKind
  readonly #penalties: boolean
  readonly #parts: readonly DataSet[]
  readonly #shares: readonly number[]
  #plan: CurvaturePlan | undefined
  #record = 0
  #lease = -1
  /** Whether the values in memory are those of the only part, at the parameters as they are. */
  #settled = false

  /**
   * @param data rows that the loss is a mean over; layers with batch statistics see them as one batch.
   * @param penalties whether the regularizers' terms count.
   */
  constructor(engine: Propagation, data: DataSet, curvature: CurvatureKind, penalties = true) {
    this.#engine = engine
    this.#curvature = curvature
    this.#penalties = penalties
    const rows = isBatchwise(engine.layers, data.weights !== undefined) ? data.rows : partRows(engine.widths)
    this.#parts = Array.from({ length: Math.ceil(data.rows / rows) }, (_, i) =>
      sliceRows(data, i * rows, Math.min(rows, data.rows - i * rows)),
    )
    const weight = weightOf(data)
    this.#shares = this.#parts.map((part) => (weight > 0 ? weightOf(part) / weight : 0))
  }

  /** The parameters have moved since the last product. */
  moved(): void {
    this.#settled = false
  }

  /** The product with the vector that `write` puts into a block of zeros, whose address it is given; returns that of the product. */
  multiply(write: (direction: number) => void): number {
    const plan = this.#prepare()
    const { arena, storage } = this.#engine
    storage.view(plan.direction).fill(0)
    write(plan.direction)
    storage.view(plan.total).fill(0)
    for (const [i, part] of this.#parts.entries()) {
      if (this.#shares[i] === 0) continue
      if (!this.#settled) this.#load(plan, part)
      arena.f32[this.#record / 4 + RECORD_SCALAR + SHARE] = this.#shares[i]
      this.#run(plan.along, part.rows)
      this.#settled = this.#parts.length === 1
    }
    this.#run(plan.penalized, 1)
    return plan.total
  }

  /** The product with a vector, all parameters in a row in canonical order, like the vector. What does not train counts as 0. */
  times(vector: ArrayLike<number>): Float32Array {
    const { arena, storage } = this.#engine
    // products are linear: a power of two keeps the bits, and the vector's entries from counting as 0
    let largest = 0
    for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]))
    const scale = largest > 0 && largest < Number.POSITIVE_INFINITY ? 2 ** -Math.floor(Math.log2(largest)) : 1
    const total = this.multiply((direction) => {
      let at = 0
      for (const place of storage.places) {
        const size = valuesOf(place)
        if (storage.isTrainable(place)) {
          const values = new Float32Array(size)
          for (let i = 0; i < size; i++) values[i] = vector[at + i] * scale
          writeParameter(arena, direction, place, values)
        }
        at += size
      }
      arena.flush(direction, storage.bytes / 4)
    })
    const product = new Float32Array(vector.length)
    let at = 0
    for (const place of storage.places) {
      const size = valuesOf(place)
      readParameter(arena, total, place, product.subarray(at, at + size))
      at += size
    }
    if (scale !== 1) for (let i = 0; i < product.length; i++) product[i] /= scale
    return product
  }

  /** The product with a block laid out as the parameters are stored, zeros where nothing trains; a copy of the product's. */
  timesBlock(block: Float32Array): Float32Array {
    const { storage } = this.#engine
    return storage.view(this.multiply((direction) => storage.view(direction).set(block))).slice()
  }

  /** The plan, where nothing else has taken its memory since, else a new one. */
  #prepare(): CurvaturePlan {
    const engine = this.#engine
    const { arena, planner, storage } = engine
    engine.flush()
    if (this.#plan && this.#lease === planner.lease) return this.#plan
    const loss = planner.goal?.loss
    if (!loss) throw new Error('curvature: the model is not compiled with a loss that the machine computes')
    arena.top = planner.free
    const { places, parameters, frozen, isTrainable } = storage
    const { frozenStatistics } = planner
    const site = { arena, places, parameters, rows: this.#parts[0].rows, frozen, frozenStatistics }
    const goal = { loss, isTrainable, curvature: this.#curvature, penalties: this.#penalties }
    const plan = compileCurvature(site, engine.layers, engine.widths, goal)
    this.#record = arena.reserve(RECORD_WORDS * 4)
    arena.commit()
    arena.ints(this.#record, RECORD_WORDS).fill(0)
    arena.f32[this.#record / 4 + RECORD_SCALAR + ONE] = 1
    this.#lease = planner.lease
    this.#settled = false
    this.#plan = plan
    return plan
  }

  /** Brings rows in and computes what does not depend on the direction. */
  #load(plan: CurvaturePlan, { features, targets, weights, rows }: DataSet): void {
    const { arena } = this.#engine
    if (loadRows(arena, plan.x, features, 0, rows)) this.#engine.tellTiny()
    loadRows(arena, plan.targets, targets, 0, rows)
    const to = arena.floats(plan.weights, rows)
    if (weights) to.set(weights)
    else to.fill(1)
    this.#run(plan.values, rows)
  }

  #run(range: Range, rows: number): void {
    const { arena, runner } = this.#engine
    const program = this.#plan?.program ?? 0
    arena.i32[this.#record / 4 + RECORD_ROWS] = rows
    if (rows < THREADED_ROWS) {
      runner.run(program, range, this.#record)
      return
    }
    const job = { program, range, records: this.#record, count: 1 }
    if (!runner.start('inference', job, false)) runner.finish(job, () => {})
  }
}

/** Rows of a part: so many that products are large, so few that the matrices stay small. */
function partRows(widths: readonly number[]): number {
  const floats = widths.reduce((sum, width) => sum + width * MATRICES, 0)
  return Math.max(LEAST_ROWS, Math.floor(PART_FLOATS / floats))
}

/** Whether all rows must be seen at once: for statistics of the batch, or a mean over rows whose weights do not count. */
function isBatchwise(layers: readonly (Layer | { readonly layers?: readonly Layer[] })[], weighted: boolean): boolean {
  return layers.some((layer) => {
    if ('layers' in layer && layer.layers) return isBatchwise(layer.layers, weighted)
    if (!('kind' in layer)) return false
    return layer.kind.startsWith('batch') || (weighted && 'activityRegularizer' in layer)
  })
}
