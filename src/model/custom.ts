/** What a file keeps only the names of, and whoever loads it brings along: losses and metrics of the user's own, and solvers. */
import type { CustomLoss } from '../catalogue/customLoss.ts'
import type { Loss } from '../catalogue/losses.ts'
import type { CustomMetric } from '../catalogue/metrics/customMetric.ts'
import type { Metric } from '../catalogue/metrics/metrics.ts'
import { checkOptions, quote, show } from '../lib/check.ts'
import type { Solver } from '../optimizers/solvers/solver.ts'

/** What a file has in the place of one. */
export interface Named {
  readonly kind: 'custom'
  readonly name: string
}

/** What `loadModel` is given: losses and metrics by the names in the file, factories of solvers by their kind. */
export type Custom = Readonly<Record<string, CustomLoss | CustomMetric | ((options: never) => Solver)>>

/** The loss or metric as a file has it. */
export const named = <T extends Loss | Metric>(spec: T | CustomLoss | CustomMetric): T | Named =>
  spec.kind === 'custom' && 'name' in spec ? { kind: spec.kind, name: spec.name } : (spec as T)

const isNamed = (spec: unknown): spec is Named =>
  typeof spec === 'object' && spec !== null && 'kind' in spec && spec.kind === 'custom'

/**
 * Of what a file names, that which was brought along; other losses and metrics as they are.
 * @throws TypeError naming what is missing, or brought as something else.
 */
export function broughtAlong<T>(
  where: string,
  spec: T | Named,
  what: 'loss' | 'metric',
  custom: Custom,
): Exclude<T, Named> | CustomLoss | CustomMetric {
  if (!isNamed(spec)) return spec as Exclude<T, Named>
  checkOptions(`custom ${what}`, spec, ['kind', 'name'])
  const { name } = spec
  if (typeof name !== 'string') throw new TypeError(`custom ${what}: "name" must be a text, got ${show(name)}`)
  const found = Object.hasOwn(custom, name) ? custom[name] : undefined
  const needed = what === 'loss' ? 'compute' : 'create'
  if (typeof found === 'object' && found.kind === 'custom' && needed in found) return found
  const factory = what === 'loss' ? 'customLoss' : 'customMetric'
  const got = found === undefined ? '' : `, got ${show(found)}`
  throw new TypeError(
    `${where}: the model was compiled with the ${what} ${quote(name)} of your own; pass { custom: { ${quote(name)}: ${factory}({ ... }) } }${got}`,
  )
}
