/** K-FAC: natural gradients by Kronecker-factored curvature. */
import { checkFloat, checkInteger, checkOneOf, checkOptions, orDefault, show } from '../../../lib/check.ts'
import { adam, type Optimizer, type OptimizerName, ruleOf, sgd } from '../../optimizers.ts'
import { resolveOptimizer } from '../../resolve.ts'
import { checkNoMomentum } from '../../schedules/named.ts'
import type { Schedule } from '../../schedules/schedules.ts'
import type { BlockPlace } from '../batchCurvature.ts'
import { restoreScalars, type Solver } from '../solver.ts'
import { kfacLayout } from './layout.ts'
import { type KfacBlocks, planKfac, seedOf } from './ranges.ts'
import { KfacSession, type KfacSettings, type KfacState } from './session.ts'

export interface KfacOptions {
  /** A rate or a schedule, or 'adaptive': computed in every step. Default 0.1. */
  readonly learningRate?: number | Schedule | 'adaptive'
  /** In [0, 1), or 'adaptive': computed in every step. Default 0.9. */
  readonly momentum?: number | 'adaptive'
  /** Decoupled: rate * weightDecay * w is subtracted from the parameters of dense layers. Default 0. */
  readonly weightDecay?: number | Schedule
  /** Multiple of the identity added to the curvature, or 'adaptive': adjusted during training. Default 1e-2. */
  readonly damping?: number | 'adaptive'
  /** Initial damping if 'adaptive'. Default 1. */
  readonly initialDamping?: number
  /** Decay of the running means of the factors. Default 0.95. */
  readonly decay?: number
  /** Steps between updates of the factors. Default 1. */
  readonly factorEvery?: number
  /** Steps in which the inverses of all layers are refreshed once. Default 10. */
  readonly inverseEvery?: number
  /** Bound on learningRate² Σ direction · gradient; null: none. Default null. */
  readonly klClip?: number | null
  /** Targets for the Fisher matrix: sampled from the model's outputs, all targets weighted by probability, or the batch's own. Default 'sampled'. */
  readonly fisher?: 'sampled' | 'exact' | 'empirical'
  /** The rule for parameters outside of dense layers. Default adam(). */
  readonly fallback?: OptimizerName | Optimizer
}

const OPTIONS = [
  'learningRate',
  'momentum',
  'weightDecay',
  'damping',
  'initialDamping',
  'decay',
  'factorEvery',
  'inverseEvery',
  'klClip',
  'fisher',
  'fallback',
] as const

/**
 * Natural gradients by Kronecker-factored approximate curvature (Martens and Grosse 2015, arXiv:1503.05671): kfac-jax' `Optimizer`.
 * For every dense layer, with a its input with a 1 appended and D the gradient of kernel and bias:
 *
 *   A = mean a aᵀ,  G = mean Jᵀ H J        running means, k mean + (1 - k) batch, k = min(1 - 1/batches, decay)
 *   π = sqrt((tr A / dim A) / (tr G / dim G))
 *   d = (A + π sqrt(damping) I)⁻¹ D (G + sqrt(damping) / π I)⁻¹
 *   d *= min(1, sqrt(klClip / (learningRate² Σ d · D)))
 *   v = d + weightDecay w first, then momentum v + d + weightDecay w;  w -= learningRate v
 *
 * J is the Jacobian of the outputs with respect to the layer's pre-activations, H the Hessian of a row's loss with respect to the
 * outputs. `fisher` 'sampled' estimates G from one sampled target per row, 'exact' takes one backward pass per output, 'empirical'
 * uses the batch's own targets, for any loss. With damping 'adaptive', every 5 steps damping is multiplied by 0.9⁵ if the ratio of
 * the actual to the predicted change of the batch's loss is above 3/4, and divided by it if below 1/4.
 *
 * With learningRate or momentum 'adaptive', w -= v for v = learningRate d + momentum v, with the coefficients that minimize the
 * batch's quadratic model with exact curvature (Martens and Grosse 2015, section 7):
 *
 *   M = -g · v + v · (Jᵀ H J + damping I) v / 2
 *
 * This takes three to five more forward passes per step, requires layers with exact tangents, and also gives the predicted change
 * for adaptive damping. Callbacks that scale the learning rate scale the step. Gradients are clipped first, as compiled.
 *
 * A batch whose loss or gradient is not finite changes nothing. Freezing or unfreezing layers resets the state.
 * @throws TypeError or RangeError naming the option.
 */
export function kfac(options: KfacOptions = {}): Solver<'kfac'> {
  const where = 'kfac'
  checkOptions(where, options, OPTIONS)
  const { learningRate = 0.1, momentum = 0.9, weightDecay = 0, damping = 1e-2, initialDamping = 1 } = options
  const { decay = 0.95, factorEvery = 1, inverseEvery = 10, klClip = null, fisher = 'sampled' } = options
  const isAdaptive = damping === 'adaptive'
  const found = { rate: learningRate === 'adaptive', momentum: momentum === 'adaptive' }
  if (found.rate && klClip !== null) {
    throw new RangeError(`${where}: "klClip" bounds a learningRate that is given, got both 'adaptive' and ${klClip}`)
  }
  if (typeof damping !== 'number' && !isAdaptive) {
    throw new TypeError(`${where}: "damping" must be a number at least 0 or 'adaptive', got ${show(damping)}`)
  }
  const fallback = resolveOptimizer(where, orDefault(options.fallback, adam()))
  refuseFallback(where, fallback)
  const resolved = Object.freeze({
    learningRate,
    momentum: momentum === 'adaptive' ? momentum : checkMomentum(where, momentum),
    weightDecay,
    damping: isAdaptive ? damping : checkFloat(where, 'damping', damping, { minimum: 0 }),
    initialDamping: checkFloat(where, 'initialDamping', initialDamping, { above: 0 }),
    decay: checkFloat(where, 'decay', decay, { minimum: 0, below: 1 }),
    factorEvery: checkInteger(where, 'factorEvery', factorEvery, 1),
    inverseEvery: checkInteger(where, 'inverseEvery', inverseEvery, 1),
    klClip: klClip === null ? null : checkFloat(where, 'klClip', klClip, { above: 0 }),
    fisher: checkOneOf(where, 'fisher', fisher, ['sampled', 'exact', 'empirical']),
    fallback,
  })
  // placeholders for what is computed in every step
  const given = { learningRate: found.rate ? 1 : learningRate, momentum: found.momentum ? 0.9 : resolved.momentum }
  const rule = ruleFor(where, { ...given, momentum: Number(given.momentum), weightDecay })
  const states = statesOf(fallback)
  const hasVelocity = resolved.momentum !== 0
  const first = hasVelocity ? 2 : 1
  const blocks: KfacBlocks = {
    direction: (all) => all[0],
    velocity: (all) => all.slice(1, first),
    fallback: (all) => all.slice(first, first + states.length),
  }
  const isFound = found.rate || found.momentum
  const settings: KfacSettings = {
    ...resolved,
    momentum: Number(given.momentum),
    isAdaptive,
    found: isFound ? found : undefined,
    rule,
    blocks,
  }
  return Object.freeze({
    kind: where,
    options: resolved,
    stochastic: true,
    vectors: Object.freeze([
      'direction',
      ...(hasVelocity ? ['velocity'] : []),
      ...states.map((state) => `fallback_${state}`),
    ]),
    matrices: Object.freeze(['inputMoments', 'gradientMoments', 'inputInverse', 'gradientInverse']),
    suits(loss) {
      if (resolved.fisher !== 'empirical') seedOf(loss, resolved.fisher)
    },
    plan(this: Solver, site) {
      const tangents = isFound ? this.tangents : undefined
      if (isFound && !tangents) throw new Error(`${where}: has nothing to look along directions with`)
      return planKfac(site, { fisher: resolved.fisher, rule, fallback, blocks, tangents })
    },
    scratch: (_, places: readonly BlockPlace[]) => kfacLayout(places).bytes,
    start(): never {
      throw new TypeError(
        `${where}: needs the layers of a model; compile a model with it, minimize takes other solvers`,
      )
    },
    open(this: Solver, model, _runner, saved, _used, batch) {
      if (!batch) throw new Error(`${where}: needs batches`)
      const { layers } = kfacLayout(model.places)
      const scalars: KfacState = restoreScalars(
        where,
        {
          damping: isAdaptive ? resolved.initialDamping : Number(resolved.damping),
          step: 0,
          batches: layers.map(() => 0),
          inverted: layers.map(() => 0),
        },
        saved,
      )
      checkState(where, scalars, layers.length)
      return new KfacSession(this, settings, model, batch, scalars, saved === undefined)
    },
  } satisfies Solver<'kfac'>)
}

function checkMomentum(where: string, momentum: unknown): number {
  if (typeof momentum !== 'number') {
    throw new TypeError(`${where}: "momentum" must be a number from 0 to below 1 or 'adaptive', got ${show(momentum)}`)
  }
  return checkFloat(where, 'momentum', momentum, { minimum: 0, below: 1 })
}

/** The rule that applies the direction to the parameters of dense layers. */
function ruleFor(where: string, options: { learningRate: unknown; momentum: number; weightDecay: unknown }): Optimizer {
  for (const name of ['learningRate', 'weightDecay'] as const) {
    const rate = options[name]
    checkNoMomentum(where, name, rate)
    if (typeof rate !== 'function') checkFloat(where, name, rate, { minimum: 0 })
  }
  return sgd(options as Parameters<typeof sgd>[0])
}

const statesOf = (rule: Optimizer): string[] => {
  const { states, uses } = ruleOf(rule)
  return states.filter((state) => uses?.(state, rule.options) ?? true)
}

/** @throws RangeError for a rule with state that does not start at 0. */
function refuseFallback(where: string, rule: Optimizer): void {
  const values = ruleOf(rule).initialState?.(rule.options, 1) ?? []
  if (values.every((value) => value === 0)) return
  throw new RangeError(
    `${where}: "fallback" must be a rule whose state starts from 0, such as adam or sgd, got ${rule.kind}`,
  )
}

/** @throws RangeError for scalars that no session can have saved. */
function checkState(where: string, { damping, step, batches, inverted }: KfacState, layers: number): void {
  checkFloat(where, 'damping', damping, { minimum: 0 })
  checkInteger(where, 'step', step)
  for (const [name, list] of Object.entries({ batches, inverted })) {
    if (list.length !== layers)
      throw new RangeError(`${where}: "${name}" must have ${layers} numbers, got ${list.length}`)
    for (const value of list) checkInteger(where, name, value)
  }
}
