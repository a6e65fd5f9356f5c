/** What `compile`, `minimize` and `optimize` accept as an optimizer: a name, a rule or a solver. */
import { checkOneOf, show } from '../lib/check.ts'
import { isMatrixRule, MATRIX_KINDS, type MatrixRule } from './matrices/matrixRule.ts'
import { optimizers } from './optimizers.ts'
import type { Optimizer, OptimizerName } from './rules/rule.ts'
import { isSolver, SOLVER_KINDS, type Solver } from './solvers/solver.ts'

const names = Object.keys(optimizers) as OptimizerName[]

/**
 * Chooses parameters by a loss: a rule, one gradient to one update, element by element or by whole matrices, or a solver, which asks
 * for losses where it wants them.
 */
export type AnyOptimizer = Optimizer | MatrixRule | Solver

/**
 * A rule or solver: a rule by its name, with default options, or what a factory returns.
 * @throws TypeError or RangeError for anything else.
 */
export function resolveAnyOptimizer(where: string, value: OptimizerName | AnyOptimizer): AnyOptimizer {
  if (isSolver(value) || isMatrixRule(value)) return value
  const brought = [...SOLVER_KINDS, ...MATRIX_KINDS].find((kind) => kind === (value as unknown))
  if (brought !== undefined) {
    throw new TypeError(
      `${where}: "optimizer" must be what the factory ${brought}() returns, got its name: what is not imported is not bundled`,
    )
  }
  return resolveOptimizer(where, value)
}

/**
 * A rule from its name, with default options, or from a factory.
 * @throws TypeError or RangeError for anything else.
 */
export function resolveOptimizer(where: string, value: OptimizerName | Optimizer): Optimizer {
  if (isSolver(value)) {
    throw new TypeError(
      `${where}: "optimizer" is the solver ${value.kind}, which chooses itself where the loss is evaluated; use minimize(${value.kind}(), x0, f), or compile`,
    )
  }
  if (isMatrixRule(value)) {
    throw new TypeError(
      `${where}: "optimizer" is ${value.kind}, which sees matrices; use compile, or optimize(${value.kind}(), initial, { shapes })`,
    )
  }
  if (typeof value === 'string') return optimizers[checkOneOf(where, 'optimizer', value, names)]()
  if (typeof value === 'function')
    throw new TypeError(`${where}: "optimizer" is ${show(value)}; call it, or give its name`)
  const isOptimizer =
    typeof value === 'object' && value !== null && 'kind' in value && 'options' in value && 'parameterGroups' in value
  if (!isOptimizer)
    throw new TypeError(
      `${where}: "optimizer" must be a name or what a factory such as adam() returns, got ${show(value)}`,
    )
  checkOneOf(where, 'optimizer', value.kind, names)
  return value
}
