/** K-FAC at work on a model: what becomes of a batch. */
import { rowStride } from '../../../machine/matrixLayout.ts'
import type { Optimizer } from '../../optimizers.ts'
import { learningRateAt, weightDecayAt } from '../../rates.ts'
import type { BatchAccess, SessionMatrix } from '../batchCurvature.ts'
import type { Blocks, Outcome, Scalars, Solver, SolverSession } from '../solver.ts'
import { quadraticAlong } from './directions.ts'
import { type FactoredLayer, type KfacLayout, kfacLayout, type Moments } from './layout.ts'
import { matricesOf } from './matrices.ts'
import { changeOf, leastOf } from './quadratic.ts'
import { type KfacBlocks, partition } from './ranges.ts'

/** Which coefficients of a step are found along directions. */
interface Found {
  readonly rate: boolean
  readonly momentum: boolean
}

/** How a step goes on from its direction. */
interface Next {
  readonly rule: Optimizer
  /** Of the direction. */
  readonly scale: number
  /** The change of the loss that the step's model predicts, asked after it. */
  change(): number
}

/** What a session does by. */
export interface KfacSettings {
  readonly fisher: 'sampled' | 'exact' | 'empirical'
  readonly decay: number
  readonly factorEvery: number
  readonly inverseEvery: number
  readonly klClip: number | null
  readonly isAdaptive: boolean
  /** Those of a step's coefficients that are found along directions; without any the rule has both. */
  readonly found: Found | undefined
  /** Of the rule, unless it is found. */
  readonly momentum: number
  readonly rule: Optimizer
  readonly fallback: Optimizer
  readonly blocks: KfacBlocks
}

/** Numbers that are state. */
export interface KfacState extends Scalars {
  damping: number
  /** Steps made. */
  step: number
  /** By layer: batches in its factors, and 1 where its inverses are those of some. */
  batches: number[]
  inverted: number[]
}

/** kfac-jax' defaults: steps from one adaptation to the next, its factor for each of them, and what counts as bad and as good. */
const ADAPTATION = { interval: 5, factor: 0.9, low: 0.25, high: 0.75, least: 1e-8, most: 1e10 } as const

/** What an adaptation multiplies or divides by. */
const CHANGE = Array(ADAPTATION.interval)
  .fill(ADAPTATION.factor)
  .reduce((by: number, factor: number) => by * factor, 1)

export class KfacSession implements SolverSession {
  readonly solver: Solver
  readonly scalars: KfacState
  readonly matrices: readonly SessionMatrix[]
  readonly #settings: KfacSettings
  readonly #blocks: Blocks
  readonly #batch: BatchAccess
  readonly #layout: KfacLayout
  readonly #trained: readonly { readonly layer: FactoredLayer; readonly index: number }[]
  readonly #hasOthers: boolean
  readonly #used: ReadonlySet<number>

  /** @param isNew whether nothing in the blocks is of use. */
  constructor(
    solver: Solver,
    settings: KfacSettings,
    blocks: Blocks,
    batch: BatchAccess,
    scalars: KfacState,
    isNew: boolean,
  ) {
    this.solver = solver
    this.scalars = scalars
    this.#settings = settings
    this.#blocks = blocks
    this.#batch = batch
    const layout = kfacLayout(blocks.places, blocks.scratch)
    this.#layout = layout
    const frozen = new Set(blocks.tensors.filter(({ trainable }) => !trainable).map(({ offset }) => offset))
    const { trained, others } = partition(layout, blocks.places, ({ offset }) => !frozen.has(offset))
    this.#trained = trained
    this.#hasOthers = others.length > 0
    const { arena, states } = blocks
    if (isNew) for (const address of states) blocks.view(address).fill(0)
    if (isNew) arena.floats(blocks.scratch, layout.bytes / 4).fill(0)
    this.#used = new Set(states.keys())
    this.matrices = matricesOf(blocks, layout)
  }

  get used(): ReadonlySet<number> {
    return this.#used
  }

  clear(index: number): void {
    this.#blocks.view(this.#blocks.states[index]).fill(0)
  }

  forget(): void {}

  iterate = async (): Promise<never> => {
    throw new Error('kfac: takes a step on every batch, not on all rows')
  }
  addChunk(): void {}
  meanOfChunks(): void {}

  /** Batches whose moments count: every factorEvery steps, those of some weight. */
  get #looks(): boolean {
    const { loss, weight } = this.#batch
    return this.scalars.step % this.#settings.factorEvery === 0 && weight > 0 && Number.isFinite(loss)
  }

  between(): void {
    if (!this.#looks) return
    const { fisher } = this.#settings
    this.#batch.run('moments')
    if (fisher === 'sampled') this.#batch.run('noise', 0)
    if (fisher !== 'exact') return
    const { outputs } = this.#batch
    for (let k = 0; k < outputs; k++) this.#batch.run('noise', k > 0 ? 1 : 0, k)
  }

  step(evaluate: () => number): Outcome {
    const batch = this.#batch
    const loss = evaluate()
    const failed: Outcome = { status: 'diverged', loss, iterations: 0 }
    if (!Number.isFinite(loss)) return failed
    const looks = this.#looks
    let isDone = false
    try {
      if (looks) this.#blend()
      batch.clip()
      this.#invert()
      batch.run('direction')
      const slope = this.#sum('slope')
      isDone = Number.isFinite(slope)
      if (!isDone) return failed
      const { found } = this.#settings
      const next = found && this.#trained.length > 0 ? this.#least(slope, found) : this.#bounded(slope)
      isDone = Number.isFinite(next.scale + Number(next.rule.options.momentum))
      if (!isDone) return failed
      this.#move(loss, next, looks)
    } finally {
      if (!isDone && looks) this.#each(({ mean, next, n }) => this.#copy(mean, next, n))
    }
    return { status: 'limit', loss, iterations: 1 }
  }

  /**
   * Takes the batch's moments into the next running means: k mean + (1 - k) batch, k = min(1 - 1 / batches, decay).
   * @throws RangeError where they are not finite.
   */
  #blend(): void {
    const { batches } = this.scalars
    // the batch's own gradients are there only now
    if (this.#settings.fisher === 'empirical') this.#batch.run('noise')
    for (const { layer, index } of this.#trained) {
      const keep = Math.min(1 - 1 / (batches[index] + 1), this.#settings.decay)
      this.#batch.run(`blend.${index}`, keep, 1 - keep)
      // of moments that are finite on the diagonal all are
      if (Number.isFinite(this.#mean(layer.a) + this.#mean(layer.g))) continue
      throw new RangeError(
        `kfac: the second moments of ${layer.kernel.path} are not finite; scale the features, or try a smaller learningRate`,
      )
    }
  }

  /**
   * Inverses of the factors of those layers whose turn it is, one after the other in inverseEvery steps, and of those that have none.
   * Damping that is adapted grows until they are there.
   * @throws RangeError where a factor, damped, is not positive definite.
   */
  #invert(): void {
    const { inverseEvery, isAdaptive } = this.#settings
    const { scalars } = this
    for (const [i, { layer, index }] of this.#trained.entries()) {
      const turn = Math.floor((i * inverseEvery) / this.#trained.length)
      if (scalars.inverted[index] && scalars.step % inverseEvery !== turn) continue
      scalars.inverted[index] = 0
      for (let singular = this.#invertLayer(layer, index); singular; singular = this.#invertLayer(layer, index)) {
        if (!isAdaptive || scalars.damping >= ADAPTATION.most) {
          throw new RangeError(
            `kfac: the second moments of the ${singular} of ${layer.kernel.path} are singular with damping ${scalars.damping}; raise "damping"`,
          )
        }
        scalars.damping = Math.min(scalars.damping / CHANGE, ADAPTATION.most)
      }
      scalars.inverted[index] = 1
    }
  }

  /** What is not positive definite, damped, if anything is not. */
  #invertLayer({ a, g }: FactoredLayer, index: number): 'inputs' | 'gradients' | undefined {
    const { arena } = this.#blocks
    const [meanA, meanG] = [this.#mean(a), this.#mean(g)]
    const root = Math.sqrt(this.scalars.damping)
    const pi = meanA > 0 && meanG > 0 ? Math.sqrt(meanA / meanG) : 1
    const status = arena.ints(this.#layout.status, 2).fill(0)
    this.#batch.run(`invert.${index}`, pi * root, root / pi)
    const which = arena.ints(status.byteOffset, 2).findIndex((row) => row !== 0)
    return which < 0 ? undefined : which === 0 ? 'inputs' : 'gradients'
  }

  /** Mean of the diagonal. */
  #mean({ n, next }: Moments): number {
    const { f32 } = this.#blocks.arena
    const stride = rowStride(n) / 4
    let sum = 0
    for (let i = 0; i < n; i++) sum += f32[next / 4 + i * (stride + 1)]
    return sum / n
  }

  #sum(name: string): number {
    return this.#trained.reduce((sum, { index }) => sum + this.#batch.change(`${name}.${index}`), 0)
  }

  /** As the rule has it, the direction within klClip; `change` is gᵀδ + δᵀ(A ⊗ G)δ / 2. */
  #bounded(slope: number): Next {
    const { klClip, rule } = this.#settings
    const rate = learningRateAt(rule, this.scalars.step) * this.#batch.rateScale
    const change = rate * rate * slope
    const scale = klClip !== null && change > klClip ? Math.sqrt(klClip / change) : 1
    return { rule, scale, change: () => -rate * this.#sum('course') + (rate * rate * this.#sum('model')) / 2 }
  }

  /** To where the quadratic model of the loss is least, along the direction and the step before, which is the velocity. */
  #least(slope: number, { rate: findsRate, momentum: findsMomentum }: Found): Next {
    const { rule, momentum, blocks } = this.#settings
    const { step, damping } = this.scalars
    const { states } = this.#blocks
    const direction = blocks.direction(states)
    const velocity = step > 0 ? blocks.velocity(states)[0] : undefined
    const sum = (range: string) => this.#sum(range)
    const model = quadraticAlong({ blocks: this.#blocks, batch: this.#batch, direction, velocity, sum }, slope, damping)
    const least = leastOf(model, {
      ...(!findsRate && { rate: learningRateAt(rule, step) }),
      ...(!findsMomentum && { momentum }),
    })
    const weightDecay = Math.max(least.rate, 0) * weightDecayAt(rule, step)
    const { rateScale } = this.#batch
    return {
      rule: { ...rule, learningRate: 1, options: { ...rule.options, momentum: least.momentum, weightDecay } },
      scale: least.rate,
      change: () => changeOf(model, least, rateScale),
    }
  }

  /** The update, from the direction on: from here on nothing fails. */
  #move(loss: number, { rule, scale, change }: Next, looks: boolean): void {
    const { fallback, isAdaptive } = this.#settings
    const { scalars } = this
    const batch = this.#batch
    if (scale !== 1) batch.change('scale', scale, 0)
    if (looks) {
      this.#each(({ mean, next, n }) => this.#copy(next, mean, n))
      for (const { index } of this.#trained) scalars.batches[index]++
    }
    scalars.step++
    batch.update('update', rule, scalars.step)
    if (this.#hasOthers) batch.update('fallback', fallback, scalars.step)
    if (isAdaptive && scalars.step % ADAPTATION.interval === 0) this.#adapt(loss, change())
  }

  /**
   * The damping of Levenberg and Marquardt, as kfac-jax adapts it: by the change of the loss on the batch over the one predicted.
   */
  #adapt(loss: number, predicted: number): void {
    const { low, high, least, most } = ADAPTATION
    const ratio = (this.#batch.evaluate() - loss) / predicted
    if (ratio > high) this.scalars.damping = Math.max(this.scalars.damping * CHANGE, least)
    else if (!(ratio >= low)) this.scalars.damping = Math.min(this.scalars.damping / CHANGE, most)
  }

  #each(visit: (moments: Moments) => void): void {
    for (const { layer } of this.#trained) {
      visit(layer.a)
      visit(layer.g)
    }
  }

  #copy(from: number, to: number, n: number): void {
    const { f32 } = this.#blocks.arena
    f32.copyWithin(to / 4, from / 4, (from + n * rowStride(n)) / 4)
  }

  /** After matrices were written: the next means are the means. */
  restored(): void {
    this.#each(({ mean, next, n }) => this.#copy(mean, next, n))
  }
}
