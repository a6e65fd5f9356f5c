/**
 * Synchronized batch norm. The plan computes statistics, and the sums of their backward pass, in separate steps, and
 * reads them in the next ones; between the two the host replaces them by those over all ranks. Without that, the
 * two steps give the same bits as the single one.
 */
import {
  BATCH_NORM_MODE_CONSTANT_VARIANCE,
  BATCH_NORM_MODE_SUMMED,
  STATISTICS_DOT,
  STATISTICS_MEAN,
  STATISTICS_SPREAD,
  STATISTICS_SUM,
} from '../abi/layers.ts'
import type { ProgramBuilder, Site } from '../compiler/programBuilder.ts'
import type { Engine, Seam } from '../engine/engine.ts'
import { type BatchNormLayer, batchNormKind } from '../layers/batchNorm.ts'
import type { Lowered, Value } from '../layers/builder.ts'
import type { Range, Step } from '../machine/program.ts'
import type { Model } from '../model/model.ts'
import type { Training } from '../training/parallel.ts'

/** Whether a layer, or a nested one, is to be synchronized. */
const isSynchronized = (layer: unknown): boolean =>
  Object(layer) === layer &&
  ((layer as Partial<BatchNormLayer>).synchronized === true || Object.values(layer as object).some(isSynchronized))

/** Where a layer's statistics are stored, and how they update the running ones. */
interface Kept {
  readonly cols: number
  /** Floats between rows of the statistics, and offset of the first. */
  readonly stride: number
  readonly first: number
  readonly running: readonly number[]
  readonly batches: number
  readonly momentum: number | null
}

export class SharedStatistics {
  /** Where the passes of a training step return to the host. */
  readonly seams: Seam[] = []
  readonly #engine: Engine
  readonly #sums: (values: Float64Array) => void
  /** Rows of the batch on this rank, and on all. */
  #own = 0
  #all = 0
  /** Running statistics to store when the update is made. */
  #pending: { readonly first: number; readonly values: Float32Array }[] = []

  /** @param sums all-reduce in place. */
  constructor(engine: Engine, sums: (values: Float64Array) => void) {
    this.#engine = engine
    this.#sums = sums
    this.#lowerBy(this.#instead)
  }

  /** Ends training: later plans lower layers as usual. */
  leave(): void {
    this.#lowerBy(undefined)
  }

  #lowerBy(instead: Site['instead']): void {
    this.#engine.flush()
    this.#engine.planner.instead = instead
    this.#engine.replan()
  }

  /** Overrides how a plan lowers its layers. */
  readonly #instead: NonNullable<Site['instead']> = (builder) => {
    this.seams.length = 0
    return (layer, x) => {
      const isTrained = builder.training && builder.noise && builder.batchStatistics
      const { kind, synchronized, trainable } = layer as BatchNormLayer
      if (kind !== 'batchNorm' || !synchronized || !trainable || !isTrained) return undefined
      return this.#lower(layer as BatchNormLayer, builder, x)
    }
  }

  #lower(layer: BatchNormLayer, builder: ProgramBuilder, x: Value): Lowered {
    const { steps } = builder
    const lowered = batchNormKind.lower(layer, builder, x)
    const [{ op, operands }] = steps.slice(-1)
    const { statistics = 0, statisticsStride = 0 } = operands
    const kept: Kept = {
      cols: x.cols,
      stride: statisticsStride / 4,
      first: statistics / 4,
      running: ['runningMean', 'runningVariance'].map((name) => builder.parameter(name).address / 4),
      batches: layer.momentum === null ? builder.parameter('batches').address / 4 : 0,
      momentum: layer.momentum,
    }
    const wide = {
      mode: BATCH_NORM_MODE_CONSTANT_VARIANCE,
      runningMean: statistics + statisticsStride * STATISTICS_MEAN,
      runningSpread: statistics + statisticsStride * STATISTICS_SPREAD,
    }
    this.#cut(steps, () => this.#shareMoments(kept))
    steps.push({ op, operands: { ...operands, ...wide } })
    const backward: Lowered['backward'] = (dy, wanted) => {
      const at = steps.length
      const dx = lowered.backward(dy, wanted)
      if (!dx) return undefined
      const [{ op, operands }, ...rest] = steps.splice(at)
      steps.push({ op, operands: { ...operands, dx: 0 } })
      this.#cut(steps, () => this.#shareSums(kept))
      steps.push({ op, operands: { ...operands, mode: BATCH_NORM_MODE_SUMMED, dgamma: 0, dbeta: 0 } }, ...rest)
      return dx
    }
    return { ...lowered, backward }
  }

  #cut(steps: readonly Step[], run: () => void): void {
    this.seams.push({ step: steps.length, run })
  }

  /** Starts a batch with that many rows. */
  begin(own: number, all: number): void {
    this.#own = own
    this.#all = all
    this.#pending = []
  }

  /** After the update. */
  settle(): void {
    for (const { first, values } of this.#pending) {
      this.#engine.arena.f32.set(values, first)
      this.#flush(first, values.length)
    }
    this.#pending = []
  }

  /** Flushes denormal values to 0. */
  #flush(first: number, count: number): void {
    this.#engine.arena.flush(first * 4, count)
  }

  #row({ cols, first, stride }: Kept, row: number): Float32Array {
    const at = first + row * stride
    return this.#engine.arena.f32.subarray(at, at + cols)
  }

  /** Mean and biased variance over all rows; running variances use the unbiased one. */
  #shareMoments(kept: Kept): void {
    const { cols, running, batches, momentum } = kept
    const mean = this.#row(kept, STATISTICS_MEAN)
    const variance = this.#row(kept, STATISTICS_SPREAD)
    // means are float32, so their squares are exact in float64 and nothing is lost in the difference
    const moments = new Float64Array(2 * cols)
    if (this.#own > 0) {
      for (let i = 0; i < cols; i++) {
        moments[i] = this.#own * mean[i]
        moments[cols + i] = this.#own * (variance[i] + mean[i] * mean[i])
      }
    }
    this.#sums(moments)
    const { f32 } = this.#engine.arena
    const seen = batches ? f32[batches] + 1 : 0
    const share = momentum ?? 1 / seen
    const unbiased = this.#all / (this.#all - 1)
    const means = f32.slice(running[0], running[0] + cols)
    const variances = f32.slice(running[1], running[1] + cols)
    for (let i = 0; i < cols; i++) {
      const all = moments[i] / this.#all
      const spread = Math.max(0, moments[cols + i] / this.#all - all * all)
      mean[i] = all
      variance[i] = spread
      means[i] += share * (all - means[i])
      variances[i] += share * (spread * unbiased - variances[i])
    }
    this.#flush(mean.byteOffset / 4, cols)
    this.#flush(variance.byteOffset / 4, cols)
    // a single row has no variance
    if (this.#all < 2) return
    this.#pending.push({ first: running[0], values: means }, { first: running[1], values: variances })
    if (batches) this.#pending.push({ first: batches, values: Float32Array.of(seen) })
  }

  /** Sums over all rows, scaled so that the step's division by its own rows gives the mean over all. */
  #shareSums(kept: Kept): void {
    const { cols } = kept
    const rows = [STATISTICS_SUM, STATISTICS_DOT].map((row) => this.#row(kept, row))
    const sums = new Float64Array(2 * cols)
    if (this.#own > 0) rows.forEach((row, i) => void sums.set(row, i * cols))
    this.#sums(sums)
    const share = this.#own / this.#all
    rows.forEach((row, i) => {
      for (let c = 0; c < cols; c++) row[c] = sums[i * cols + c] * share
      this.#flush(row.byteOffset / 4, cols)
    })
  }
}

/** Runs the host's part of a range on a rank without rows. */
export function attend([from, to]: Range, seams: readonly Seam[]): void {
  for (const { step, run } of seams) if (step > from && step < to) run()
}

/**
 * Makes a training lower its synchronized layers accordingly; undefined if there are none.
 * @param sums all-reduce in place.
 * @throws TypeError unless a batch is one pass of the plan.
 */
export function shareStatistics(
  { engine, model, accumulate }: Training,
  sums: (values: Float64Array) => void,
): SharedStatistics | undefined {
  if (!(model as Model).layers.some(isSynchronized)) return undefined
  const refused = [
    engine.session && `the solver ${engine.session.solver.kind}`,
    engine.byHost && 'a loss of your own',
    accumulate > 1 && '"accumulate"',
  ].find(Boolean)
  if (refused) {
    throw new TypeError(
      `fit: on several ranks, batchNorm({ synchronized: true }) does not go with ${refused}; leave "synchronized" out`,
    )
  }
  return new SharedStatistics(engine, sums)
}
