/** Directions that mean something, and others. */
import { dense, lossAlong } from 'fourlane'
import type { Images } from '../frame/images.ts'
import { digitsOf } from '../frame/numbers.ts'
import { uniform } from '../frame/random.ts'
import { compiled } from './network.ts'

export interface Directions {
  /** Steps, in shares of the length of all parameters. */
  readonly at: readonly (number | null)[]
  /** Loss along the negative gradient, and along random directions of the same length. */
  readonly gradient: readonly (number | null)[]
  readonly random: readonly (readonly (number | null)[])[]
}

/** Along directions of one length, at the start of training. */
export function directions({ columns, xTrain, yTrain }: Images, count: number): Directions {
  const model = compiled(columns, [dense(100, { activation: 'tanh' })], 1)
  const center = model.getWeights()
  model.gradients(xTrain, yTrain)
  const values = model.parameters.map((parameter) => parameter.get())
  const length = (parts: readonly ArrayLike<number>[]) =>
    Math.sqrt(parts.reduce((sum, part) => sum + Array.from(part).reduce((all, value) => all + value * value, 0), 0))
  const size = length(values)
  const gradients = model.parameters.map((parameter) => Float32Array.from(parameter.gradient()))
  /** The end of a step as long as all parameters, as a snapshot. */
  const endOf = (step: readonly Float32Array[], sign: number) => {
    const scale = (sign * size) / length(step)
    model.parameters.forEach((parameter, p) => {
      parameter.set(values[p].map((value, i) => value + scale * step[p][i]))
    })
    const end = model.getWeights()
    model.setWeights(center)
    return end
  }
  const random = uniform(1)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const along = (end: Float32Array) => lossAlong(model, xTrain, yTrain, center, end, { points: 41, range: [0, 1] })
  const first = along(endOf(gradients, -1))
  const others = Array.from({ length: count }, () =>
    along(
      endOf(
        values.map((part) => part.map(normal)),
        1,
      ),
    ),
  )
  return {
    at: digitsOf(first.at, 4),
    gradient: digitsOf(first.loss, 4),
    random: others.map(({ loss }) => digitsOf(loss, 4)),
  }
}
