/** Who takes part, and with which rates. */
import { adadelta, adagrad, adam, conjugateGradient, lbfgs, type Optimizer, rmsprop, type Solver, sgd } from 'fourlane'

/** Half decades from 1e-4 to 10. */
export const RATES = Array.from({ length: 11 }, (_, i) => Number((10 ** (-4 + i / 2)).toPrecision(2)))
export const RULES: readonly (readonly [string, (learningRate: number) => Optimizer])[] = [
  ['gradient descent', (learningRate) => sgd({ learningRate })],
  ['momentum 0.9', (learningRate) => sgd({ learningRate, momentum: 0.9 })],
  ['Nesterov 0.9', (learningRate) => sgd({ learningRate, momentum: 0.9, nesterov: true })],
  ['Adagrad', (learningRate) => adagrad({ learningRate })],
  ['Adadelta', (learningRate) => adadelta({ learningRate })],
  ['RMSprop', (learningRate) => rmsprop({ learningRate })],
  ['Adam', (learningRate) => adam({ learningRate })],
]
export const SOLVERS: readonly (readonly [string, () => Solver])[] = [
  ['conjugate gradients', () => conjugateGradient()],
  ['L-BFGS', () => lbfgs({ maxIterations: 1 })],
]
export const NAMES = [...RULES, ...SOLVERS].map(([name]) => name)

export const SOLVER_KINDS: ReadonlySet<string> = new Set(SOLVERS.map(([, make]) => make().kind))
