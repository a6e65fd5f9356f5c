/** What files refer to by name only and the caller must provide: custom losses and metrics, solvers, some layers. */
import type { CustomLoss } from '../catalogue/customLoss.ts'
import type { Loss } from '../catalogue/losses.ts'
import type { CustomMetric } from '../catalogue/metrics/customMetric.ts'
import type { Metric } from '../catalogue/metrics/metrics.ts'
import { checkLayerFactory, isCarriedKind, type LayerFactory } from '../layers/carried.ts'
import { checkFunction, checkOptions, cut, quote, show, suggest } from '../lib/check.ts'
import { isMatrixKind, MATRIX_KINDS, type MatrixRule } from '../optimizers/matrices/matrixRule.ts'
import { isSolverKind, SOLVER_KINDS, type Solver } from '../optimizers/solvers/solver.ts'

/** The placeholder in a file. */
export interface Named {
  readonly kind: 'custom'
  readonly name: string
}

/** The option of `loadModel`: losses, metrics and factories of optimizers and layers by the names in the file. */
export type Custom = Readonly<
  Record<string, CustomLoss | CustomMetric | ((options: never) => Solver | MatrixRule) | LayerFactory>
>

/** @throws TypeError for a value that no file can refer to. */
export function checkCustom(where: string, custom: unknown): asserts custom is Custom {
  if (typeof custom !== 'object' || custom === null || Array.isArray(custom)) {
    throw new TypeError(`${where}: "custom" must be an object, got ${show(custom)}`)
  }
  for (const [name, value] of Object.entries(custom)) {
    if (isSolverKind(name) || isMatrixKind(name)) checkFunction(where, `custom.${name}`, value)
    else if (isCarriedKind(name)) checkLayerFactory(where, name, value)
    else if (!isNamed(value)) {
      const hint = typeof value === 'function' ? suggest(name, [...SOLVER_KINDS, ...MATRIX_KINDS]) : ''
      throw new TypeError(
        `${where}: "custom.${cut(name)}" must be what customLoss or customMetric returned, or an optimizer's or layer's factory by its name, got ${show(value)}${hint}`,
      )
    }
  }
}

/** A loss or metric as stored in files. */
export const named = <T extends Loss | Metric>(spec: T | CustomLoss | CustomMetric): T | Named =>
  spec.kind === 'custom' && 'name' in spec ? { kind: spec.kind, name: spec.name } : (spec as T)

const isNamed = (spec: unknown): spec is Named =>
  typeof spec === 'object' && spec !== null && 'kind' in spec && spec.kind === 'custom'

/**
 * Resolves a name from a file to what the caller provided; built-in losses and metrics are returned unchanged.
 * @throws TypeError naming what is missing, or is of the wrong kind.
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
  if (isNamed(found) && needed in found) return found as CustomLoss | CustomMetric
  const factory = what === 'loss' ? 'customLoss' : 'customMetric'
  const got = found === undefined ? '' : `, got ${show(found)}`
  throw new TypeError(
    `${where}: the model was compiled with the ${what} ${quote(name)} of your own; pass { custom: { ${quote(name)}: ${factory}({ ... }) } }${got}`,
  )
}
