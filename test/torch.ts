/** PyTorch's and Optax's optimizers by their own names and options. */
import { type Optimizer, type OptimizerName, optimizers } from '../src/optimizers.ts'

/** Their names of our options; pairs of betas and RMSprop's alpha apart. */
const OPTIONS: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  learning_rate: 'learningRate',
  eps: 'epsilon',
  eps_root: 'epsilonRoot',
  weight_decay: 'weightDecay',
  lr_decay: 'learningRateDecay',
  initial_accumulator_value: 'initialAccumulatorValue',
  momentum_decay: 'momentumDecay',
  decoupled_weight_decay: 'decoupledWeightDecay',
  step_sizes: 'stepSizes',
  lambd: 'lambda',
  b1: 'beta1',
  b2: 'beta2',
}

export function optimizerFromTorch(name: string, config: Readonly<Record<string, unknown>>): Optimizer {
  const kind = name.replace('optax.', '').toLowerCase() as OptimizerName
  const options: Record<string, unknown> = {}
  for (const [option, value] of Object.entries(config)) {
    if (option === 'betas') [options.beta1, options.beta2] = value as number[]
    else if (option === 'alpha' && kind === 'rmsprop') options.rho = value
    else options[OPTIONS[option] ?? option] = value
  }
  const make = optimizers[kind] as (options: object) => Optimizer
  return make(options)
}
