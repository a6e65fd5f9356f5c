/** What the tests of optimizers iterate: golden trajectories, and one set of options for every way a rule can go. */
import { type Optimizer, type OptimizerName, optimizers } from '../../src/optimizers/optimizers.ts'
import { type GoldenTensor, readGolden } from './golden.ts'

export interface Problem {
  readonly params: readonly GoldenTensor[]
  readonly grads: readonly (readonly GoldenTensor[])[]
}
export interface Trajectory {
  readonly params: readonly (readonly GoldenTensor[])[]
  readonly state?: readonly Readonly<Record<string, GoldenTensor | number>>[]
}
export interface Case {
  readonly id: string
  readonly optimizer: string
  readonly config: Readonly<Record<string, unknown>>
  readonly defaults_only?: boolean
  readonly problem: string
  readonly expect: { readonly f64: Trajectory }
}
export interface Golden {
  readonly problems: Readonly<Record<string, Problem>>
  readonly cases: readonly Case[]
}
type AnyFactory = (options?: Record<string, unknown>) => Optimizer

export const torch = readGolden<Golden>('optimizers')
export const optax = readGolden<Golden>('optimizers_optax')
export const factory = (kind: OptimizerName) => optimizers[kind] as AnyFactory

/** PyTorch's and Optax's names of our options; pairs of betas apart. */
const OPTIONS: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  learning_rate: 'learningRate',
  eps: 'epsilon',
  eps_root: 'epsilonRoot',
  weight_decay: 'weightDecay',
  lr_decay: 'learningRateDecay',
  initial_accumulator_value: 'initialAccumulatorValue',
  momentum_decay: 'momentumDecay',
  decoupled_weight_decay: 'decoupledWeightDecay',
  step_sizes: 'stepSizes',
  lambd: 'lambda',
  b1: 'beta1',
  b2: 'beta2',
}

export function fromGolden({ optimizer, config }: Pick<Case, 'optimizer' | 'config'>): Optimizer {
  const kind = optimizer.replace('optax.', '').toLowerCase() as OptimizerName
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(config)) {
    if (name === 'betas') [options.beta1, options.beta2] = value as number[]
    else if (name === 'alpha' && kind === 'rmsprop') options.rho = value
    else options[OPTIONS[name] ?? name] = value
  }
  return factory(kind)(options)
}

/** One set of options per way a rule can go. */
export const variants: readonly Optimizer[] = [
  ...Object.values(optimizers).map((make) => (make as AnyFactory)()),
  ...(
    [
      ['sgd', { momentum: 0.9, dampening: 0.3, weightDecay: 0.01 }],
      ['sgd', { momentum: 0.9, nesterov: true }],
      ['adagrad', { learningRateDecay: 0.1, initialAccumulatorValue: 0.2, weightDecay: 0.1 }],
      ['adadelta', { rho: 0.95, weightDecay: 0.1 }],
      ['rmsprop', { momentum: 0.9, weightDecay: 0.1 }],
      ['rmsprop', { centered: true }],
      ['rmsprop', { centered: true, momentum: 0.5 }],
      ['adam', { amsgrad: true, weightDecay: 0.1 }],
      ['adamw', { amsgrad: true, weightDecay: 0.1 }],
      ['adamax', { weightDecay: 0.1 }],
      ['adamax', { weightDecay: 0.1, decoupledWeightDecay: true }],
      ['nadam', { weightDecay: 0.1, decoupledWeightDecay: true }],
      ['radam', { weightDecay: 0.1, beta2: 0.99 }],
      ['asgd', { weightDecay: 0.1, lambda: 0.01, t0: 3 }],
      ['rprop', { etas: [0.4, 1.3], stepSizes: [0.001, 0.02] }],
      ['lion', { weightDecay: 0.1, beta1: 0.8 }],
      ['lamb', { weightDecay: 0.1, epsilonRoot: 0.01 }],
      ['yogi', { weightDecay: 0.1, initialAccumulatorValue: 0.1 }],
      ['adabelief', { weightDecay: 0.1, epsilonRoot: 1e-8 }],
      ['novograd', { weightDecay: 0.1, epsilonRoot: 0.01, beta2: 0.9 }],
    ] as const
  ).map(([kind, options]) => factory(kind)({ ...options, learningRate: 0.02 })),
]
export const describe = ({ kind, options, weightDecay }: Optimizer) =>
  `${kind} ${JSON.stringify({ ...options, weightDecay })}`

/** A stream of numbers of mixed size, some 0; float32. */
export function stream(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const x = state / 2 ** 31 - 1
    return Math.fround(state % 7 === 0 ? 0 : x * 10 ** ((state % 5) - 3))
  }
}
