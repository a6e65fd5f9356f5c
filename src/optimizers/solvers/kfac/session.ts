/** A K-FAC run on a model: one step per batch. */
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

/** Which coefficients of the step come from the exact quadratic model. */
interface Found {
  readonly rate: boolean
  readonly momentum: boolean
}

/** How to turn the direction into a step. */
interface Next {
  readonly rule: Optimizer
  /** Factor on the direction. */
  readonly scale: number
  /** The predicted change of the loss; called after the update. */
  change(): number
}

/** The resolved options of a session. */
export interface KfacSettings {
  readonly fisher: 'sampled' | 'exact' | 'empirical'
  readonly decay: number
  readonly factorEvery: number
  readonly inverseEvery: number
  readonly klClip: number | null
  readonly isAdaptive: boolean
  /** The adaptive coefficients; undefined if there are none and the rule has both. */
  readonly found: Found | undefined
  /** The fixed momentum, unless adaptive. */
  readonly momentum: number
  readonly rule: Optimizer
  readonly fallback: Optimizer
  readonly blocks: KfacBlocks
}

/** The numeric state that files save. */
export interface KfacState extends Scalars {
  damping: number
  /** Number of updates so far. */
  step: number
  /** By layer: number of batches in its factors; and 1 if its inverses are valid. */
  batches: number[]
  inverted: number[]
}

/** kfac-jax' defaults: steps between adaptations, factor per step, thresholds for a bad and a good ratio, and bounds. */
const ADAPTATION = { interval: 5, factor: 0.9, low: 0.25, high: 0.75, least: 1e-8, most: 1e10 } as const

/** Factor of one adaptation. */
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

  /** @param isNew whether the blocks hold no saved state. */
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

  /** Whether this batch's moments enter the factors: every factorEvery steps, if it has any weight. */
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
   * Blends the batch's moments into the next running means: k mean + (1 - k) batch, k = min(1 - 1 / batches, decay).
   * @throws RangeError if they are not finite.
   */
  #blend(): void {
    const { batches } = this.scalars
    // the batch's own gradients only exist after its backward pass
    if (this.#settings.fisher === 'empirical') this.#batch.run('noise')
    for (const { layer, index } of this.#trained) {
      const keep = Math.min(1 - 1 / (batches[index] + 1), this.#settings.decay)
      this.#batch.run(`blend.${index}`, keep, 1 - keep)
      // a second-moment matrix with a finite diagonal is finite
      if (Number.isFinite(this.#mean(layer.a) + this.#mean(layer.g))) continue
      throw new RangeError(
        `kfac: the second moments of ${layer.kernel.path} are not finite; scale the features, or try a smaller learningRate`,
      )
    }
  }

  /**
   * Inverts the factors of the layers whose turn it is (all layers take turns within inverseEvery steps), and of those without valid
   * inverses. Adaptive damping is increased until that succeeds.
   * @throws RangeError if a damped factor is not positive definite.
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

  /** Returns which damped factor is not positive definite, if any. */
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

  /** The rule's own step, with the direction scaled down to klClip; `change` is gᵀδ + δᵀ(A ⊗ G)δ / 2. */
  #bounded(slope: number): Next {
    const { klClip, rule } = this.#settings
    const rate = learningRateAt(rule, this.scalars.step) * this.#batch.rateScale
    const change = rate * rate * slope
    const scale = klClip !== null && change > klClip ? Math.sqrt(klClip / change) : 1
    return { rule, scale, change: () => -rate * this.#sum('course') + (rate * rate * this.#sum('model')) / 2 }
  }

  /** The step that minimizes the quadratic model along the direction and the previous step, which is the velocity. */
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

  /** Applies the step; nothing fails from here on. */
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

  /** Levenberg-Marquardt damping as adapted by kfac-jax: by the ratio of the actual to the predicted change of the batch's loss. */
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

  /** After saved matrices were written: next = mean. */
  restored(): void {
    this.#each(({ mean, next, n }) => this.#copy(mean, next, n))
  }
}
