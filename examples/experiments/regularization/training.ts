/** One training, with what is to be done about fitting too much. */
import {
  adam,
  type Callback,
  dense,
  dropout,
  input,
  type Layer,
  type Model,
  type Optimizer,
  type Regularizer,
  sequential,
} from 'fourlane'
import { digitsSplit, type Images, someRows } from '../frame/images.ts'
import { digitsOf } from '../frame/numbers.ts'
import { corrupted } from '../frame/random.ts'
import { EPOCHS, ROWS, WRONG, ZERO } from './settings.ts'

export interface Course {
  readonly train: readonly (number | null)[]
  readonly test: readonly (number | null)[]
  readonly trainAccuracy: number
  readonly testAccuracy: number
}
interface Setting {
  readonly width?: number
  readonly epochs?: number
  readonly optimizer?: Optimizer
  readonly regularizer?: Regularizer
  readonly dropout?: number
  readonly callbacks?: readonly Callback[]
}

function rowsOf(seed: number): Images {
  const images = someRows(digitsSplit(), ROWS, seed)
  return { ...images, yTrain: corrupted(images.yTrain, WRONG, 10, seed) }
}

export async function train(seed: number, setting: Setting): Promise<{ course: Course; model: Model }> {
  const { width = 128, epochs = EPOCHS, optimizer = adam({ learningRate: 1e-3 }), callbacks = [] } = setting
  const { xTrain, yTrain, xTest, yTest } = rowsOf(seed)
  const penalty = setting.regularizer ? { kernelRegularizer: setting.regularizer } : {}
  const layers: Layer[] = [
    dense(width, { activation: 'relu', kernelInitializer: 'heNormal', ...penalty }),
    ...(setting.dropout ? [dropout(setting.dropout)] : []),
    dense(10, { activation: 'softmax', ...penalty }),
  ]
  const model = sequential([input(64), ...layers], { seed, threads: 1 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  const losses: { train: number[]; test: number[] } = { train: [], test: [] }
  const watch: Callback = {
    onEpochEnd(_, { val_loss }) {
      losses.train.push(model.evaluate(xTrain, yTrain).loss)
      losses.test.push(val_loss)
    },
  }
  await model.fit(xTrain, yTrain, {
    epochs,
    batchSize: 32,
    validationData: [xTest, yTest],
    callbacks: [watch, ...callbacks],
  })
  const course = {
    train: digitsOf(losses.train, 4),
    test: digitsOf(losses.test, 4),
    trainAccuracy: model.evaluate(xTrain, yTrain).accuracy,
    testAccuracy: model.evaluate(xTest, yTest).accuracy,
  }
  return { course, model }
}

/** The share of kernel entries that are as good as zero. */
export function sparsity(model: Model): number {
  const weights = model.parameters
    .filter(({ name }) => name.endsWith('.kernel'))
    .flatMap((kernel) => Array.from(kernel.get()))
  return weights.filter((weight) => Math.abs(weight) < ZERO).length / weights.length
}
