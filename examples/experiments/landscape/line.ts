/** From the start of training to its end, straight. */
import { adam, dense, lossAlong } from 'fourlane'
import type { Images } from '../frame/images.ts'
import { digitsOf } from '../frame/numbers.ts'
import { compiled } from './network.ts'

export interface Line {
  readonly at: readonly (number | null)[]
  readonly loss: readonly (number | null)[]
  readonly accuracy: number
  /** Points at which the loss is higher than at the one before, between start and end. */
  readonly rises: number
}

export async function line(images: Images, hidden: readonly number[], epochs: number, points: number): Promise<Line> {
  const { columns, xTrain, yTrain, xTest, yTest } = images
  const layers = hidden.map((units) => dense(units, { activation: 'relu', kernelInitializer: 'heNormal' }))
  const model = compiled(columns, layers, 1, adam({ learningRate: 5e-4 }))
  const from = model.getWeights()
  await model.fit(xTrain, yTrain, { epochs, batchSize: 128 })
  const rows = Math.min(yTrain.length, 2000)
  const { at, loss } = lossAlong(
    model,
    xTrain.subarray(0, rows * columns),
    yTrain.subarray(0, rows),
    from,
    model.getWeights(),
    {
      points,
      range: [-0.25, 1.5],
    },
  )
  const between = Array.from(loss).filter((_, i) => at[i] >= 0 && at[i] <= 1)
  return {
    at: digitsOf(at, 4),
    loss: digitsOf(loss, 4),
    accuracy: model.evaluate(xTest, yTest).accuracy,
    rises: between.filter((value, i) => i > 0 && value > between[i - 1]).length,
  }
}
