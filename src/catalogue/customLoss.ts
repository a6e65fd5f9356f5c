/** Losses of the user's own, computed on the host: one call back into JavaScript every batch. */
import { checkFunction, checkInteger, checkOneOf, readOptions } from '../lib/check.ts'
import type { ActivationName } from './activations.ts'
import { checkCustomName } from './customName.ts'

/** What of a batch its values do not tell. */
export interface LossRows {
  readonly rows: number
  /** Outputs a row. */
  readonly columns: number
  /** A weight for each row; undefined when all weigh the same. */
  readonly weights: Float32Array | undefined
}

/**
 * The weighted mean over the rows of each row's loss; writes its derivatives by the outputs into `gradient`, which holds zeros.
 * `outputs` and `gradient` are rows x columns, `targets` one class index a row or rows x targetColumns; outputs and gradient serve the
 * next batch again.
 */
export type ComputeLoss = (
  outputs: Float32Array,
  targets: Float32Array | Int32Array,
  gradient: Float32Array,
  rows: LossRows,
) => number

/** A loss that files know by its name only. */
export interface CustomLoss {
  readonly kind: 'custom'
  readonly name: string
  readonly targets: 'values' | 'classes'
  /** With 'values': numbers a row; absent: as many as the model has outputs. */
  readonly targetColumns?: number
  readonly compute: ComputeLoss
  /**
   * What it is on a last layer with such an activation and as many outputs; absent: itself.
   * @internal
   */
  readonly suited?: (last: ActivationName, outputs: number) => CustomLoss
}

const DEFAULTS = { name: undefined, targets: 'values', targetColumns: undefined, compute: undefined } as const

/**
 * A loss of your own for `compile`: `compute(outputs, targets, gradient, { rows, columns, weights })` returns the mean loss of the rows
 * (with weights Σ w loss / Σ w) and writes that mean's derivative by each output. Outputs are those of the last layer, after
 * its activation. `fit`, `evaluate` and checkpoints work as with any loss; batches are put together by the sum of their weights.
 * A file keeps the name: loading it takes `loadModel(path, { custom: { name: loss } })`.
 * @throws TypeError or RangeError naming the option.
 */
export function customLoss(
  options: Omit<CustomLoss, 'kind' | 'targets' | 'suited'> & Partial<Omit<CustomLoss, 'suited'>>,
): CustomLoss {
  const where = 'customLoss'
  const { kind: _, ...rest } = options ?? {}
  const { name, targets, targetColumns, compute } = readOptions(
    where,
    rest as Omit<CustomLoss, 'kind' | 'suited'>,
    DEFAULTS,
  )
  checkCustomName(where, name)
  checkOneOf(where, 'targets', targets, ['values', 'classes'])
  checkFunction(where, 'compute', compute)
  if (targetColumns === undefined) return Object.freeze({ kind: 'custom', name, targets, compute })
  if (targets === 'classes') throw new TypeError(`${where}: "targetColumns" is for targets that are values`)
  checkInteger(where, 'targetColumns', targetColumns, 1, 2 ** 20)
  return Object.freeze({ kind: 'custom', name, targets, targetColumns, compute })
}
