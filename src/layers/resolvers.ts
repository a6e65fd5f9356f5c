/** How the options are read that only training looks at: a predictor is not to carry their catalogues along. */
import { type Initializer, resolveInitializer } from '../catalogue/initializers/initializers.ts'
import { type Regularizer, resolveRegularizer } from '../catalogue/regularizers.ts'

export interface Resolvers {
  initializer(where: string, value: unknown, name: string): Initializer
  regularizer(where: string, value: unknown, name: string): Regularizer | undefined
}

/** Checked, as the layers' factories do. */
export const forTraining: Resolvers = { initializer: resolveInitializer, regularizer: resolveRegularizer }

/** Not looked at. */
const NOT_READ: Initializer = Object.freeze({ kind: 'zeros' })
export const forPredicting: Resolvers = { initializer: () => NOT_READ, regularizer: () => undefined }
