/** `constant` names an initializer and a schedule; what it is given tells which. */

import { checkNoMore } from '../lib/check.ts'
import { type ConstantOptions, constant as schedule } from '../optimizers/schedules/decays.ts'
import type { NamedSchedule } from '../optimizers/schedules/schedules.ts'
import { type Initializer, constant as initializer } from './initializers/initializers.ts'

/** constant(value): every value of a parameter starts from it. */
export function constant(value: number): Initializer
/** constant({ learningRate }): the same rate in every update. */
export function constant(options: ConstantOptions): NamedSchedule<ConstantOptions>
export function constant(value: number | ConstantOptions, ...more: []): Initializer | NamedSchedule<ConstantOptions> {
  checkNoMore('constant', more)
  return typeof value === 'object' ? schedule(value) : initializer(value)
}
