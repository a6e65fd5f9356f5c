/** What `compile`, `minimize` and `optimize` accept as an optimizer: a name, a rule or a solver. */
import { checkOneOf, show } from '../lib/check.ts'
import { isMatrixRule, MATRIX_KINDS, type MatrixRule } from './matrices/matrixRule.ts'
import { optimizers } from './optimizers.ts'
import type { Optimizer, OptimizerName } from './rules/rule.ts'
import { isSolver, SOLVER_KINDS, type Solver } from './solvers/solver.ts'

const names = Object.keys(optimizers) as OptimizerName[]

/** A rule, which turns one gradient into one update, elementwise or by whole matrices; or a solver, which chooses where to evaluate the loss. */
export type AnyOptimizer = Optimizer | MatrixRule | Solver

/**
 * A rule or solver from what a factory returned, or a rule with default options from its name.
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
 * An elementwise rule from what a factory returned, or with default options from its name.
 * @throws TypeError or RangeError for anything else.
 */
export function resolveOptimizer(where: string, value: OptimizerName | Optimizer): Optimizer {
  if (isSolver(value)) {
    throw new TypeError(
      `${where}: "optimizer" is the solver ${value.kind}, which chooses where to evaluate the loss; use minimize(${value.kind}(), x0, f), or compile`,
    )
  }
  if (isMatrixRule(value)) {
    throw new TypeError(
      `${where}: "optimizer" is ${value.kind}, which updates whole matrices; use compile, or optimize(${value.kind}(), initial, { shapes })`,
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
