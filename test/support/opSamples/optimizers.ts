/** Steps of the ops of optimizers. */
import * as ops from '../../../src/machine/ops/optimizers.ts'
import { type Step, step } from '../../../src/machine/program.ts'
import { COUNT } from './sizes.ts'

export function optimizerSamples(room: () => number): { readonly [Name in keyof typeof ops]: Step } {
  const pass = () => ({
    parameters: room(),
    gradients: room(),
    count: COUNT,
    journal: 0,
    rateScale: 1,
    decayScale: 1,
    decay: 0.125,
    tiny: 1e-20,
    tinySquare: 1e-29,
  })
  const seconds = { beta2: 0.75, rest2: 0.25, epsilon: 0.01, decoupled: 0, epsilonRoot: 0.01 }
  const moments = { beta1: 0.5, rest1: 0.5, ...seconds }
  const two = () => ({ ...pass(), firstMoment: room(), secondMoment: room(), ...moments })
  const tensor = () => ({ ...two(), partials: room() })
  return {
    sgd: step(ops.sgd, { ...pass(), velocity: room(), gradientShare: 0.5 }),
    asgd: step(ops.asgd, { ...pass(), average: room(), lambda: 0.1 }),
    rprop: step(ops.rprop, {
      ...pass(),
      previousGradient: room(),
      stepSize: room(),
      shrink: 0.5,
      grow: 1.25,
      smallest: 1e-6,
      largest: 50,
    }),
    adagrad: step(ops.adagrad, { ...pass(), sumOfSquares: room(), epsilon: 0.01 }),
    adadelta: step(ops.adadelta, {
      ...pass(),
      secondMoment: room(),
      secondDelta: room(),
      rho: 0.75,
      rest: 0.25,
      epsilon: 0.01,
    }),
    rmsprop: step(ops.rmsprop, {
      ...pass(),
      secondMoment: room(),
      velocity: room(),
      firstMoment: room(),
      rho: 0.75,
      rest: 0.25,
      epsilon: 0.01,
      momentum: 0.5,
    }),
    adam: step(ops.adam, {
      ...pass(),
      firstMoment: room(),
      secondMoment: room(),
      maxSecondMoment: room(),
      ...seconds,
    }),
    adamax: step(ops.adamax, { ...pass(), firstMoment: room(), infinityNorm: room(), ...moments }),
    nadam: step(ops.nadam, { ...pass(), firstMoment: room(), secondMoment: room(), ...seconds }),
    radam: step(ops.radam, two()),
    yogi: step(ops.yogi, two()),
    adabelief: step(ops.adabelief, two()),
    lion: step(ops.lion, { ...pass(), firstMoment: room(), ...moments }),
    lambNorms: step(ops.lambNorms, tensor()),
    lamb: step(ops.lamb, tensor()),
    novogradNorms: step(ops.novogradNorms, tensor()),
    novogradMoment: step(ops.novogradMoment, tensor()),
    novograd: step(ops.novograd, tensor()),
  }
}
