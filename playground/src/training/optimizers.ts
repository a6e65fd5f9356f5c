/** Optimizers by their names on the page. */
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  conjugateGradient,
  cosineDecay,
  exponentialDecay,
  kfac,
  lbfgs,
  lion,
  type MatrixRule,
  muon,
  nadam,
  newtonCg,
  type Optimizer,
  rmsprop,
  type Schedule,
  type Solver,
  sgd,
  warmupCosine,
} from 'fourlane'
import type { OptimizerName, Settings } from '../settings.ts'

type AnyOptimizer = Optimizer | MatrixRule | Solver

const make: Readonly<Record<OptimizerName, (learningRate: number | Schedule) => AnyOptimizer>> = {
  sgd: (learningRate) => sgd({ learningRate }),
  momentum: (learningRate) => sgd({ learningRate, momentum: 0.9 }),
  nesterov: (learningRate) => sgd({ learningRate, momentum: 0.9, nesterov: true }),
  adagrad: (learningRate) => adagrad({ learningRate }),
  adadelta: (learningRate) => adadelta({ learningRate }),
  rmsprop: (learningRate) => rmsprop({ learningRate }),
  adam: (learningRate) => adam({ learningRate }),
  adamw: (learningRate) => adamw({ learningRate }),
  nadam: (learningRate) => nadam({ learningRate }),
  lion: (learningRate) => lion({ learningRate }),
  // with few hidden layers, it is used for the first and last layers too
  muon: (learningRate) => muon({ learningRate, weightDecay: 0, match: /kernel$/ }),
  kfac: (learningRate) => kfac({ learningRate }),
  lbfgs: () => lbfgs({ maxIterations: 1 }),
  conjugateGradient: () => conjugateGradient({ maxIterations: 1 }),
  newtonCg: () => newtonCg({ maxIterations: 1, maxInnerIterations: 30 }),
}

/** Length of schedules, in updates. */
const TOTAL = 5000

const schedules: Readonly<Record<Settings['schedule'], (learningRate: number) => number | Schedule>> = {
  constant: (learningRate) => learningRate,
  cosine: (learningRate) => cosineDecay({ learningRate, totalSteps: TOTAL }),
  exponential: (learningRate) => exponentialDecay({ learningRate, gamma: 0.1 ** (1 / TOTAL) }),
  warmup: (learningRate) => warmupCosine({ learningRate, warmup: TOTAL / 20, totalSteps: TOTAL }),
}

export const optimizerOf = (name: OptimizerName, rate: number, schedule: Settings['schedule']): AnyOptimizer =>
  make[name](schedules[schedule](rate))
