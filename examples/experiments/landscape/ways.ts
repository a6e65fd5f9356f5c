/** The way of training. */
import { adam, dense, lossSurface, type Optimizer, recordTrajectory, sgd } from 'fourlane'
import type { Images } from '../frame/images.ts'
import { digitsOf } from '../frame/numbers.ts'
import { compiled } from './network.ts'

export interface Way {
  readonly explained: readonly (number | null)[]
  readonly u: readonly (number | null)[]
  readonly v: readonly (number | null)[]
  readonly loss: readonly (number | null)[]
  readonly path: { readonly u: readonly (number | null)[]; readonly v: readonly (number | null)[] }
}

export async function way({ columns, xTrain, yTrain }: Images, optimizer: Optimizer, epochs: number, points: number) {
  const model = compiled(columns, [dense(100, { activation: 'tanh' })], 1, optimizer)
  const trajectory = recordTrajectory()
  await model.fit(xTrain, yTrain, { epochs, batchSize: 32, callbacks: [trajectory] })
  const {
    u,
    v,
    loss,
    explained = [],
    path = [],
  } = lossSurface(model, xTrain, yTrain, { directions: { pca: trajectory }, points })
  const found: Way = {
    explained: digitsOf(explained, 4),
    u: digitsOf(u, 4),
    v: digitsOf(v, 4),
    loss: digitsOf(loss, 4),
    path: {
      u: digitsOf(
        path.map((point) => point.u),
        4,
      ),
      v: digitsOf(
        path.map((point) => point.v),
        4,
      ),
    },
  }
  return found
}

export const WAYS = {
  SGD: sgd({ learningRate: 0.1 }),
  momentum: sgd({ learningRate: 0.02, momentum: 0.9 }),
  Adam: adam({ learningRate: 1e-3 }),
}
