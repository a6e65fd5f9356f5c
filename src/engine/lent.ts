/** Auxiliary programs besides a model's plan: they are placed after everything that training uses. */
import { RECORD_ROWS, RECORD_WORDS } from '../abi/records.ts'
import { type ParameterPlace, readParameter, valuesOf, writeParameter } from '../compiler/parameterLayout.ts'
import { type DataSet, sliceRows } from '../data/dataset.ts'
import type { Matrix } from '../layers/builder.ts'
import type { Layer } from '../layers/layers.ts'
import type { Range } from '../machine/program.ts'
import { weightOf } from './hostLoss.ts'
import { type Propagation, THREADED_ROWS } from './propagation.ts'
import { loadRows } from './rows.ts'

/** Maximum floats for the matrices of a part of the rows, at about MATRICES per layer width. */
const PART_FLOATS = 2 ** 23
const MATRICES = 8
const LEAST_ROWS = 16

/** A program, and its maximum rows and inputs. */
interface Lendable {
  readonly program: number
  readonly x: Matrix
  readonly targets: Matrix
  readonly weights: number
}

/** A program over all rows of a data set, in parts, on the model's threads. */
export abstract class Lent<Plan extends Lendable> {
  protected readonly engine: Propagation
  protected readonly parts: readonly DataSet[]
  /** The parts' shares in the mean over all rows. */
  protected readonly shares: readonly number[]
  protected record = 0
  #plan: Plan | undefined
  #lease = -1

  /** @param data rows that the loss is averaged over; layers with batch statistics see batches of `batch` rows. */
  constructor(engine: Propagation, data: DataSet, batch = data.rows) {
    this.engine = engine
    const rows = isBatchwise(engine.layers, data.weights !== undefined) ? batch : partRows(engine.widths)
    this.parts = Array.from({ length: Math.ceil(data.rows / rows) }, (_, i) =>
      sliceRows(data, i * rows, Math.min(rows, data.rows - i * rows)),
    )
    const weight = weightOf(data)
    this.shares = this.parts.map((part) => (weight > 0 ? weightOf(part) / weight : 0))
  }

  /** Writes the program from the arena's top, for that many rows at a time. */
  protected abstract compile(rows: number): Plan

  /** Called for a new program: previous results are gone. */
  protected abstract renewed(): void

  /** The plan if its memory has not been reused, otherwise a new one. */
  protected prepare(): Plan {
    const { arena, planner } = this.engine
    this.engine.flush()
    if (this.#plan && this.#lease === planner.lease) return this.#plan
    arena.top = planner.free
    const plan = this.compile(this.parts[0].rows)
    this.record = arena.reserve(RECORD_WORDS * 4)
    arena.commit()
    arena.ints(this.record, RECORD_WORDS).fill(0)
    this.#lease = planner.lease
    this.#plan = plan
    this.renewed()
    return plan
  }

  /** Loads the rows of a part, with targets unless the host computes the loss. */
  protected load(plan: Plan, { features, targets, weights, rows }: DataSet, withTargets = true): void {
    const { arena } = this.engine
    if (loadRows(arena, plan.x, features, 0, rows)) this.engine.tellTiny()
    if (withTargets) loadRows(arena, plan.targets, targets, 0, rows)
    const to = arena.floats(plan.weights, rows)
    if (weights) to.set(weights)
    else to.fill(1)
  }

  protected run({ program }: Plan, range: Range, rows: number): void {
    const { arena, runner } = this.engine
    arena.i32[this.record / 4 + RECORD_ROWS] = rows
    if (rows < THREADED_ROWS) {
      runner.run(program, range, this.record)
      return
    }
    const job = { program, range, records: this.record, count: 1 }
    if (!runner.start('inference', job, false)) runner.finish(job, () => {})
  }

  /** Writes the trainable part of a vector (all parameters concatenated in canonical order), times `scale`, to a zeroed block. */
  protected write(block: number, vector: ArrayLike<number>, scale: number): void {
    const { arena, storage } = this.engine
    this.#visit((place, at, size) => {
      if (!storage.isTrainable(place)) return
      writeParameter(arena, block, place, scaled(vector, at, size, scale))
    })
    arena.flush(block, storage.bytes / 4)
  }

  /** The inverse: a block's values, all parameters concatenated. */
  protected read(block: number): Float32Array {
    const { arena, storage } = this.engine
    const values = new Float32Array(storage.places.reduce((sum, place) => sum + valuesOf(place), 0))
    this.#visit((place, at, size) => readParameter(arena, block, place, values.subarray(at, at + size)))
    return values
  }

  #visit(visit: (place: ParameterPlace, at: number, size: number) => void): void {
    let at = 0
    for (const place of this.engine.storage.places) {
      const size = valuesOf(place)
      visit(place, at, size)
      at += size
    }
  }
}

/** Entries [at, at + size) of a vector, times `scale`. */
function scaled(vector: ArrayLike<number>, at: number, size: number, scale: number): Float32Array {
  if (scale === 1 && vector instanceof Float32Array) return vector.subarray(at, at + size)
  const values = new Float32Array(size)
  for (let i = 0; i < size; i++) values[i] = vector[at + i] * scale
  return values
}

/** Rows per part: enough for efficient products, few enough for small matrices. */
function partRows(widths: readonly number[]): number {
  const floats = widths.reduce((sum, width) => sum + width * MATRICES, 0)
  return Math.max(LEAST_ROWS, Math.floor(PART_FLOATS / floats))
}

/** Whether all rows must be processed at once: for batch statistics, or means over rows that ignore weights. */
function isBatchwise(layers: readonly Layer[], weighted: boolean): boolean {
  return layers.some((layer) => {
    if (layer.kind === 'residual') return isBatchwise(layer.layers, weighted)
    if (layer.kind === 'concatenate') return isBatchwise(layer.branches.flat(), weighted)
    return layer.kind === 'batchNorm' || layer.kind === 'batchRenorm' || (weighted && 'activityRegularizer' in layer)
  })
}
