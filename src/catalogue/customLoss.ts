/** User-defined losses, computed on the host: one callback into JavaScript per batch. */
import { checkFunction, checkInteger, checkOneOf, readOptions } from '../lib/check.ts'
import type { ActivationName } from './activations.ts'
import { checkCustomName } from './customName.ts'

/** The shape and the weights of a batch. */
export interface LossRows {
  readonly rows: number
  /** Outputs per row. */
  readonly columns: number
  /** One weight per row; undefined if all rows weigh the same. */
  readonly weights: Float32Array | undefined
}

/**
 * Returns the weighted mean of the rows' losses, and writes its derivative by each output into `gradient`, which is zeroed.
 * `outputs` and `gradient` are [rows, columns], `targets` is one class index per row or [rows, targetColumns]. outputs and gradient
 * are reused for the next batch.
 */
export type ComputeLoss = (
  outputs: Float32Array,
  targets: Float32Array | Int32Array,
  gradient: Float32Array,
  rows: LossRows,
) => number

/** A loss that files refer to by name. */
export interface CustomLoss {
  readonly kind: 'custom'
  readonly name: string
  readonly targets: 'values' | 'classes'
  /** With 'values': numbers per row; absent: the model's number of outputs. */
  readonly targetColumns?: number
  readonly compute: ComputeLoss
  /**
   * The loss to use after a last layer with this activation and number of outputs; absent: itself.
   * @internal
   */
  readonly suited?: (last: ActivationName, outputs: number) => CustomLoss
}

const DEFAULTS = { name: undefined, targets: 'values', targetColumns: undefined, compute: undefined } as const

/**
 * A custom loss for `compile`: `compute(outputs, targets, gradient, { rows, columns, weights })` returns the mean loss of the rows
 * (with weights Σ w loss / Σ w) and writes its derivative by each output into `gradient`. outputs are [rows, columns], after the last
 * layer's activation. `fit`, `evaluate` and checkpoints work as with any loss; batches are averaged by their sums of weights.
 * Files store only the name: load with `loadModel(path, { custom: { name: loss } })`.
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
