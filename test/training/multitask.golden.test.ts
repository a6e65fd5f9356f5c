// Embeddings, several outputs, losses of the host, positive weights and averages as PyTorch has them, on every target.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  activation,
  adam,
  binaryCrossentropy,
  type CustomLoss,
  configureRuntime,
  dense,
  ema,
  embedding,
  focal,
  heads,
  input,
  type Loss,
  type Model,
  multiMargin,
  quantile,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { assertClose, OPERATION, readGolden, TRAJECTORY } from '../support/golden.ts'
import { targets } from '../support/targets.ts'

type Values = readonly number[]
interface Case {
  readonly outputs: Values
  readonly targets: Values
  readonly loss: number
  readonly gradient: Values
}
interface Golden {
  readonly embedding: {
    readonly indices: Values
    readonly targets: Values
    readonly start: readonly Values[]
    readonly loss: number
    readonly gradient: readonly Values[]
    readonly after4: Readonly<Record<'sgd' | 'momentum' | 'adam', readonly Values[]>>
  }
  readonly heads: {
    readonly x: Values
    readonly price: Values
    readonly kind: Values
    readonly flag: Values
    readonly start: readonly Values[]
    readonly losses: readonly Values[]
    readonly after6: readonly Values[]
  }
  readonly losses: Readonly<
    Record<'binaryFocal' | 'focal' | 'quantile' | 'multiMargin' | 'squaredMultiMargin', Case>
  > & {
    readonly positiveWeight: Readonly<Record<string, Case>>
  }
  readonly ema: {
    readonly x: Values
    readonly y: Values
    readonly start: readonly Values[]
    readonly average: readonly Values[]
  }
}
const golden = readGolden<Golden>('multitask')

type Parameters = Pick<Model, 'parameters'>
const set = ({ parameters }: Parameters, values: readonly Values[]) => {
  assert.is(parameters.length, values.length)
  for (const [i, parameter] of parameters.entries()) parameter.set(Float32Array.from(values[i]))
}
const check = ({ parameters }: Parameters, values: readonly Values[], what: string) => {
  for (const [i, parameter] of parameters.entries())
    assertClose(parameter.get(), values[i], TRAJECTORY, `${what}: ${parameter.name}`)
}

for (const target of targets) {
  const test = suite(`PyTorch's embeddings, heads and losses (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('Embedding: rows that occur several times add up; SGD, momentum and Adam', () => {
    const { indices, targets: y, start, loss, gradient, after4 } = golden.embedding
    for (const [name, optimizer] of Object.entries({
      sgd: sgd({ learningRate: 0.1 }),
      momentum: sgd({ learningRate: 0.1, momentum: 0.9 }),
      adam: adam({ learningRate: 0.05 }),
    })) {
      const model = sequential([input(2), embedding({ columns: [0, 1], categories: 7, units: 3 }), dense(2)], {
        seed: 1,
      })
      model.compile({ optimizer, loss: 'meanSquaredError' })
      set(model, start)
      const own = model.gradients(Float32Array.from(indices), y)
      assertClose([own.loss], [loss], OPERATION, 'loss')
      assertClose(own.gradient, gradient.flat(), OPERATION, 'gradient')
      for (let step = 0; step < 4; step++) model.trainStep(Float32Array.from(indices), y)
      check(model, after4[name as keyof typeof after4], name)
    }
  })

  test('several outputs: losses of every step, and parameters after six', () => {
    const { x, price, kind, flag, start, losses, after6 } = golden.heads
    const model = sequential(
      [
        input(4),
        dense(5, { activation: 'tanh' }),
        heads({
          price: [dense(2)],
          kind: [dense(3, { activation: 'softmax' })],
          flag: [dense(1), activation('sigmoid')],
        }),
      ],
      { seed: 1 },
    )
    model.compile({
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
      loss: {
        price: 'meanSquaredError',
        kind: 'sparseCategoricalCrossentropy',
        flag: binaryCrossentropy({ positiveWeight: 3 }),
      },
      lossWeights: { price: 0.25, flag: 2 },
    })
    set(model, start)
    for (const [step, expected] of losses.entries()) {
      const { loss, price_loss, kind_loss, flag_loss } = model.evaluate(x, { price, kind, flag })
      assertClose([loss, price_loss, kind_loss, flag_loss], expected, TRAJECTORY, `losses of step ${step}`)
      assertClose([model.trainStep(x, { price, kind, flag })], [expected[0]], TRAJECTORY, `loss of step ${step}`)
    }
    check(model, after6, 'heads')
  })

  /** The gradient of a loss by its outputs: that by a bias, of outputs that are all bias but for the row's own. */
  const judge = (
    loss: Loss | CustomLoss,
    last: 'linear' | 'sigmoid' | 'softmax',
    { outputs, targets: y, ...expected }: Case,
  ) => {
    const rows = outputs.length / 3
    // logits of what the loss is given
    const logits = outputs.map((value) =>
      last === 'linear' ? value : last === 'softmax' ? Math.log(value) : Math.log(value / (1 - value)),
    )
    const sums = new Float32Array(3)
    for (let r = 0; r < rows; r++) for (let c = 0; c < 3; c++) sums[c] += owed(last, outputs, expected.gradient, r, c)
    const model = sequential([input(3), dense(3), activation(last)], { seed: 1 })
    model.compile({ optimizer: sgd(), loss })
    set(model, [
      [1, 0, 0, 0, 1, 0, 0, 0, 1],
      [0, 0, 0],
    ])
    const own = model.gradients(logits, y)
    assertClose([own.loss], [expected.loss], OPERATION, 'loss')
    assertClose(own.gradient.subarray(9), sums, OPERATION, 'gradient')
    // and row by row, where rows are alone
    for (let r = 0; r < rows; r++) {
      const one = model.gradients(
        logits.slice(3 * r, 3 * r + 3),
        y.slice((r * y.length) / rows, ((r + 1) * y.length) / rows),
      )
      const wanted = [0, 1, 2].map((c) => owed(last, outputs, expected.gradient, r, c) * rows)
      assertClose(one.gradient.subarray(9), wanted, OPERATION, `gradient of row ${r}`)
    }
  }

  test('focal losses of labels and classes', () => {
    judge(focal({ alpha: 0.25 }), 'sigmoid', golden.losses.binaryFocal)
    judge(focal({ gamma: 1.5 }), 'softmax', golden.losses.focal)
  })

  test('quantiles, and margins of classes', () => {
    judge(quantile({ quantiles: [0.1, 0.5, 0.9] }), 'linear', golden.losses.quantile)
    judge(multiMargin(), 'linear', golden.losses.multiMargin)
    judge(multiMargin({ margin: 0.5, power: 2 }), 'linear', golden.losses.squaredMultiMargin)
  })

  test('BCEWithLogits with pos_weight', () => {
    for (const [weight, expected] of Object.entries(golden.losses.positiveWeight)) {
      judge(binaryCrossentropy({ positiveWeight: Number(weight), fromLogits: true }), 'linear', expected)
    }
  })

  test('the average of the weights', async () => {
    const { x, y, start, average } = golden.ema
    const model = sequential([input(3), dense(2)], { seed: 1 })
    model.compile({ optimizer: sgd({ learningRate: 0.2 }), loss: 'meanSquaredError' })
    set(model, start)
    await model.fit(x, y, { epochs: 5, batchSize: 4, shuffle: false, callbacks: [ema({ decay: 0.8 })] })
    check(model, average, 'average')
  })
  test.run()
}

/** The slope by a logit, of those by the outputs that an activation makes of the row's logits. */
function owed(last: string, outputs: Values, slopes: Values, row: number, column: number): number {
  const at = 3 * row + column
  const [p, slope] = [outputs[at], slopes[at]]
  if (last === 'linear') return slope
  if (last === 'sigmoid') return slope * p * (1 - p)
  let along = 0
  for (let i = 3 * row; i < 3 * row + 3; i++) along += slopes[i] * outputs[i]
  return p * (slope - along)
}
