/** An optimizer's learning rate, weight decay and options at a given update. */
import { show } from '../lib/check.ts'
import { momentumName } from './rules/make.ts'
import type { Hypers, OptimizerOf } from './rules/rule.ts'
import { momentumOf } from './schedules/named.ts'

/** The value of a rate or schedule at update index 0, 1, 2, ... */
function valueAt(optimizer: OptimizerOf, name: 'learningRate' | 'weightDecay', index: number): number {
  const rate = optimizer[name]
  if (typeof rate === 'number') return rate
  const value = rate(index)
  if (typeof value === 'number' && Number.isFinite(Math.fround(value)) && value >= 0) return value
  throw new RangeError(
    `${optimizer.kind}: the schedule of "${name}" must give a finite number at least 0, got ${show(value)} at step ${index}`,
  )
}

/**
 * The learning rate at update index 0, 1, 2, ...
 * @throws RangeError if a schedule returns anything but a finite number >= 0.
 */
export const learningRateAt = (optimizer: OptimizerOf, index: number): number =>
  valueAt(optimizer, 'learningRate', index)

/**
 * The weight decay at update index 0, 1, 2, ...
 * @throws RangeError if a schedule returns anything but a finite number >= 0.
 */
export const weightDecayAt = (optimizer: OptimizerOf, index: number): number => valueAt(optimizer, 'weightDecay', index)

/** The options at update index 0, 1, 2, ...: as given, except for a momentum cycled along with the learning rate. */
export function optionsAt({ learningRate, options }: OptimizerOf, index: number): Hypers {
  const momentum = momentumOf(learningRate)
  return momentum ? { ...options, [momentumName(options)]: momentum(index) } : options
}
