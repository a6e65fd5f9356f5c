/** Products of a model's curvature with vectors. */
import { RECORD_SCALAR } from '../abi/records.ts'
import { type CurvatureKind, type CurvaturePlan, compileCurvature, ONE, SHARE } from '../compiler/curvature.ts'
import type { DataSet } from '../data/dataset.ts'
import { uncurved } from '../layers/curved/layers.ts'
import { Lent } from './lent.ts'
import type { Propagation } from './propagation.ts'

/** Vectors whose largest entry is within this many powers of two of 1 are not rescaled. */
const MODERATE = 10

export class Products extends Lent<CurvaturePlan> {
  readonly #curvature: CurvatureKind
  readonly #penalties: boolean
  /** Whether the values in memory are those of the only part at the current parameters. */
  #settled = false

  /**
   * @param data rows that the loss is averaged over; layers with batch statistics see batches of `batch` rows, by default all.
   * @param penalties whether regularizers are included.
   */
  constructor(
    engine: Propagation,
    data: DataSet,
    curvature: CurvatureKind,
    { penalties = true, batch = data.rows }: { penalties?: boolean; batch?: number } = {},
  ) {
    super(engine, data, batch)
    this.#curvature = curvature
    this.#penalties = penalties
  }

  /** Why this model has no exact products; undefined if it has. */
  static obstacle({ layers, planner }: Propagation): string | undefined {
    if (!planner.goal?.loss) return 'its loss is computed in JavaScript'
    const kind = uncurved(layers)
    return kind && `its layer "${kind}" has no second derivatives`
  }

  /** Declares that the parameters have moved since the last product. */
  moved(): void {
    this.#settled = false
  }

  /** The product with the vector that `fill` writes to a zeroed block at the given address; returns the product's address. */
  multiply(fill: (direction: number) => void): number {
    const plan = this.prepare()
    const { arena, storage } = this.engine
    storage.view(plan.direction).fill(0)
    fill(plan.direction)
    storage.view(plan.total).fill(0)
    for (const [i, part] of this.parts.entries()) {
      if (this.shares[i] === 0) continue
      if (!this.#settled) {
        this.load(plan, part)
        this.run(plan, plan.values, part.rows)
      }
      arena.f32[this.record / 4 + RECORD_SCALAR + SHARE] = this.shares[i]
      this.run(plan, plan.along, part.rows)
      this.#settled = this.parts.length === 1
    }
    this.run(plan, plan.penalized, 1)
    return plan.total
  }

  /** Block at `product` = product with the block at `vector`; byte addresses. */
  multiplyBlocks(vector: number, product: number): void {
    const { storage } = this.engine
    const total = this.multiply((direction) => storage.view(direction).set(storage.view(vector)))
    storage.view(product).set(storage.view(total))
  }

  /** The product with a vector (all parameters concatenated in canonical order), in the same format. Entries that are not trainable count as 0. */
  times(vector: ArrayLike<number>): Float32Array {
    // products are linear: scaling by a power of two is exact and avoids under- and overflow
    let largest = 0
    for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]))
    const exponent = largest > 0 ? Math.floor(Math.log2(largest)) : 0
    const scale = Math.abs(exponent) > MODERATE ? 2 ** -exponent : 1
    const product = this.read(this.multiply((direction) => this.write(direction, vector, scale)))
    if (scale !== 1) for (let i = 0; i < product.length; i++) product[i] /= scale
    return product
  }

  /** The product with a block in storage layout, zero where nothing is trainable; returns a copy. */
  timesBlock(block: Float32Array): Float32Array {
    const { storage } = this.engine
    return storage.view(this.multiply((direction) => storage.view(direction).set(block))).slice()
  }

  protected compile(rows: number): CurvaturePlan {
    const { arena, layers, widths, planner, storage } = this.engine
    const { places, parameters, frozen, isTrainable } = storage
    const loss = planner.goal?.loss
    if (!loss) throw new Error('curvature: the model is not compiled with a loss that the machine computes')
    const site = { arena, places, parameters, rows, frozen, frozenStatistics: planner.frozenStatistics }
    return compileCurvature(site, layers, widths, {
      loss,
      isTrainable,
      curvature: this.#curvature,
      penalties: this.#penalties,
    })
  }

  protected renewed(): void {
    this.engine.arena.f32[this.record / 4 + RECORD_SCALAR + ONE] = 1
    this.#settled = false
  }
}
