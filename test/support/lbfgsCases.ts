/** PyTorch's trajectories of L-BFGS: test/golden/lbfgs.json. */
import type { LbfgsOptions } from '../../src/optimizers/solvers/lbfgs.ts'
import { type GoldenNumber, type GoldenTensor, readGolden } from './golden.ts'

export interface Expected {
  readonly x: readonly GoldenTensor[]
  readonly loss_before: readonly GoldenNumber[]
  readonly loss: readonly GoldenNumber[]
  readonly func_evals: readonly number[]
  readonly n_iter: readonly number[]
  readonly grad_norm: GoldenNumber
}

export interface LbfgsCase {
  readonly id: string
  readonly problem: 'rosenbrock' | 'quadratic' | 'logistic'
  readonly outer_steps: number
  readonly config: {
    readonly lr: number
    readonly max_iter: number
    readonly max_eval: number
    readonly tolerance_grad: number
    readonly tolerance_change: number
    readonly history_size: number
    readonly line_search_fn: string | null
  }
  readonly inputs: {
    readonly x0: GoldenTensor
    readonly A: GoldenTensor
    readonly b: GoldenTensor
    readonly X: GoldenTensor
    readonly y: GoldenTensor
    readonly l2: number
  }
  readonly expect: { readonly f64: Expected; readonly f32: Expected }
}

export const { cases } = readGolden<{ cases: readonly LbfgsCase[] }>('lbfgs')

/** Its options by our names. */
export const optionsOf = ({ config }: LbfgsCase): LbfgsOptions => ({
  learningRate: config.lr,
  maxIterations: config.max_iter,
  maxEvaluations: config.max_eval,
  historySize: config.history_size,
  toleranceGradient: config.tolerance_grad,
  toleranceChange: config.tolerance_change,
  lineSearch: config.line_search_fn === null ? 'none' : 'strongWolfe',
})
