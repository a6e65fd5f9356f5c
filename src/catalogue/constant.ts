/** `constant` is both an initializer and a schedule, depending on its argument. */

import { checkNoMore } from '../lib/check.ts'
import { type ConstantOptions, constant as schedule } from '../optimizers/schedules/decays.ts'
import type { NamedSchedule } from '../optimizers/schedules/schedules.ts'
import { type Initializer, constant as initializer } from './initializers/initializers.ts'

/**
 * constant(value): an initializer, w = value. Keras' Constant; PyTorch's constant_.
 * @throws TypeError or RangeError unless value is a finite number.
 */
export function constant(value: number): Initializer
/**
 * constant({ learningRate }): a schedule, the same rate in every update.
 * @throws TypeError or RangeError unless learningRate is a finite number >= 0.
 */
export function constant(options: ConstantOptions): NamedSchedule<ConstantOptions>
export function constant(value: number | ConstantOptions, ...more: []): Initializer | NamedSchedule<ConstantOptions> {
  checkNoMore('constant', more)
  return typeof value === 'object' ? schedule(value) : initializer(value)
}
