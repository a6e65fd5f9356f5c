/** Learning rates for networks of this size, and which optimizers use full batches. */
import type { OptimizerName } from '../settings.ts'

interface Habit {
  readonly rate: number
  /** Its update is one iteration over all training points. */
  readonly isSolver?: boolean
}

export const optimizers: Readonly<Record<OptimizerName, Habit>> = {
  sgd: { rate: 0.1 },
  momentum: { rate: 0.03 },
  nesterov: { rate: 0.03 },
  adagrad: { rate: 0.1 },
  adadelta: { rate: 1 },
  rmsprop: { rate: 0.003 },
  adam: { rate: 0.01 },
  adamw: { rate: 0.01 },
  nadam: { rate: 0.01 },
  lion: { rate: 0.001 },
  muon: { rate: 0.02 },
  kfac: { rate: 0.03 },
  lbfgs: { rate: 1, isSolver: true },
  conjugateGradient: { rate: 1, isSolver: true },
  newtonCg: { rate: 1, isSolver: true },
}
