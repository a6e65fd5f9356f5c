/** How options that only training reads are resolved: the predictor bundle leaves their catalogues out. */
import { type Initializer, resolveInitializer } from '../catalogue/initializers/initializers.ts'
import { type Regularizer, resolveRegularizer } from '../catalogue/regularizers.ts'
import { show } from '../lib/check.ts'
import type { Schedule } from '../optimizers/schedules/named.ts'

export interface Resolvers {
  initializer(where: string, value: unknown, name: string): Initializer
  regularizer(where: string, value: unknown, name: string): Regularizer | undefined
  /** The schedule described in a file. */
  schedule(described: object): number | Schedule
}

/** Checked as in the layers' factories. */
export const forTraining: Resolvers = {
  initializer: resolveInitializer,
  regularizer: resolveRegularizer,
  schedule(described) {
    throw new TypeError(
      `dropout: "rate" must be a number or a schedule such as flatCosine({ ... }), got ${show(described)}`,
    )
  },
}

/** A placeholder for what prediction never reads. */
const NOT_READ: Initializer = Object.freeze({ kind: 'zeros' })
export const forPredicting: Resolvers = {
  initializer: () => NOT_READ,
  regularizer: () => undefined,
  schedule: () => 0,
}
