/** Losses that users compute from a step's outputs. */
import { show } from '../lib/check.ts'

/** Returns the loss of `outputs`, packed rows, and writes its derivative by each of them into `gradient`, which is zeroed. */
export type LossCallback = (outputs: Float32Array, gradient: Float32Array) => number

/** Likewise for heads: arrays by name. */
export type LossCallbackOf<K extends string> = [K] extends [never]
  ? LossCallback
  : (outputs: { readonly [Name in K]: Float32Array }, gradients: { readonly [Name in K]: Float32Array }) => number

/**
 * Wraps a callback with checks, so that invalid numbers change nothing.
 * @throws TypeError unless the loss is a number; RangeError unless it and its gradient are finite.
 */
export function judgeBy(where: string, callback: LossCallback, columns: number): LossCallback {
  return (outputs, gradient) => {
    const loss: unknown = callback(outputs, gradient)
    if (typeof loss !== 'number') {
      const fix = loss instanceof Promise ? '; it must not be async' : ''
      throw new TypeError(`${where}: the callback must return the loss, a number, got ${show(loss)}${fix}`)
    }
    if (!Number.isFinite(loss)) throw new RangeError(`${where}: the callback's loss must be finite, got ${loss}`)
    const bad = gradient.findIndex((value) => value - value !== 0)
    if (bad < 0) return loss
    const place = `row ${Math.floor(bad / columns)}, column ${bad % columns}`
    throw new RangeError(`${where}: the callback's gradient must be finite, got ${gradient[bad]} at ${place}`)
  }
}
