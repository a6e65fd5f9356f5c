/** Option handling shared by all rules on matrices. */
import { orDefault, quote } from '../../lib/check.ts'
import { adamw } from '../optimizers.ts'
import { resolveOptimizer } from '../resolve.ts'
import { checkMatch, type Match, matcherOf } from '../rules/groups.ts'
import { make } from '../rules/make.ts'
import type { Optimizer, OptimizerName } from '../rules/rule.ts'
import type { Tensor } from '../rules/tensor.ts'
import type { MatrixKind, MatrixRule } from './matrixRule.ts'
import { matrixUpdates } from './matrixUpdates.ts'

/** Options of rules that update some of a model's matrices and leave other parameters to another rule. */
export interface MatrixOptions {
  /**
   * Which matrices the rule updates, by parameter name as in `parameterGroups`; all other parameters go to the fallback.
   * Saved in files, except for functions; a regular expression is saved as the list of names it matches.
   */
  readonly match?: Match
  /** The rule for the other parameters: a name (with default options) or what a factory returned. Default `adamw()`. */
  readonly fallback?: OptimizerName | Optimizer
}

/**
 * Makes a rule, with a choice of matrices and a fallback.
 * @throws TypeError or RangeError naming the option.
 */
export function makeMatrixRule<Kind extends MatrixKind>(
  kind: Kind,
  given: MatrixOptions & object,
  defaults: Parameters<typeof make>[2],
  checks: NonNullable<Parameters<typeof make>[3]>['checks'] = {},
) {
  const made = make(kind, given, defaults, { checks, others: ['match', 'fallback'] })
  const { match } = given
  return {
    ...made,
    ...(match !== undefined && { match: checkMatch(kind, 'match', match) }),
    fallback: resolveOptimizer(`${kind}: fallback`, orDefault(given.fallback, adamw())),
    updates: matrixUpdates,
    decay: 'weightDecay' in defaults ? 'decoupled' : 'none',
  } satisfies Partial<MatrixRule<Kind>>
}

/**
 * Which tensors a rule updates: the matrices that match; without a match, those that `isOwn` selects from the list of matrices.
 * @throws RangeError if there are none.
 */
export function chooseMatrices(
  { kind, match }: Pick<MatrixRule, 'kind' | 'match'>,
  tensors: readonly Tensor[],
  isOwn: (index: number, matrices: readonly Tensor[]) => boolean,
): boolean[] {
  const matrices = tensors.filter(({ matrix }) => matrix !== undefined)
  const matches = match !== undefined && matcherOf({ match })
  const chosen = new Set(matrices.filter(({ name }, i) => (matches ? matches(name) : isOwn(i, matrices))))
  if (chosen.size === 0) {
    const names = matrices.slice(0, 10).map(({ name }) => quote(name))
    const among = names.length > 0 ? `the matrices are ${names.join(', ')}` : 'there are no matrices'
    throw new RangeError(
      `${kind}: ${match === undefined ? 'it takes no matrix of this model' : '"match" takes no matrix'}; ${among}`,
    )
  }
  return tensors.map((tensor) => chosen.has(tensor))
}
