// The catalogue of losses: specs, lowering, refusals.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  LOSS_BINARY_CROSSENTROPY,
  LOSS_SIGMOID_CROSSENTROPY,
  LOSS_SOFTMAX_CROSSENTROPY,
  LOSS_SOFTMAX_SPARSE,
} from '../../src/abi/losses.ts'
import type { ActivationName } from '../../src/catalogue/activations.ts'
import * as losses from '../../src/catalogue/losses.ts'
import { lowerLoss } from '../../src/catalogue/loweredLoss.ts'
import { dense, input, meanAbsolutePercentageError, modelFromBytes, sequential, sgd } from '../../src/entries/public.ts'

test('factories give frozen specs with their defaults, and refuse what they do not know', () => {
  assert.equal(losses.huber(), { kind: 'huber', delta: 1 })
  assert.equal(losses.binaryCrossentropy(), { kind: 'binaryCrossentropy', fromLogits: false, labelSmoothing: 0 })
  assert.equal(losses.hinge(), { kind: 'hinge' })
  for (const kind of losses.LOSS_NAMES) {
    const spec = losses.resolveLoss('compile', kind)
    assert.ok(Object.isFrozen(spec))
    assert.equal(losses.resolveLoss('compile', JSON.parse(JSON.stringify(spec))), spec)
    assert.equal(Object.keys(losses.lossKinds).includes(kind), true)
  }
  assert.throws(() => losses.huber({ delta: 0 }), /huber: "delta" must be a finite number greater than 0, got 0/)
  assert.throws(() => losses.categoricalCrossentropy({ labelSmoothing: 1 }), /"labelSmoothing".*less than 1/)
  assert.throws(() => losses.hinge({ delta: 1 }), /hinge: unknown option "delta"/)
  assert.throws(
    () => losses.resolveLoss('compile', 'meanSquareError' as losses.LossName),
    /compile: unknown loss "meanSquareError"; did you mean "meanSquaredError"\?/,
  )
  assert.throws(() => losses.resolveLoss('compile', 3 as unknown as losses.Loss), TypeError)
  assert.throws(
    () => losses.resolveLoss('compile', { kind: 'huber', gamma: 1 } as losses.Loss),
    /unknown option "gamma"/,
  )
})

test('a loss is lowered to suit its last layer', () => {
  const lower = (loss: losses.LossName, activation: ActivationName, outputs: number, fromLogits = false) =>
    lowerLoss(losses.resolveLoss('compile', { kind: loss, ...(fromLogits && { fromLogits }) }), activation, outputs)
  const sparse = lower('sparseCategoricalCrossentropy', 'softmax', 3)
  assert.equal(sparse, {
    code: LOSS_SOFTMAX_SPARSE,
    fused: 'softmax',
    logits: false,
    delta: 0,
    smoothing: 0,
    targets: 'classes',
  })
  assert.is(lower('sparseCategoricalCrossentropy', 'logSoftmax', 3).fused, 'softmax')
  const logits = lower('categoricalCrossentropy', 'linear', 3, true)
  assert.equal([logits.code, logits.fused, logits.logits], [LOSS_SOFTMAX_CROSSENTROPY, 'none', true])
  const binary = lower('binaryCrossentropy', 'sigmoid', 1)
  assert.equal([binary.code, binary.fused, binary.targets], [LOSS_SIGMOID_CROSSENTROPY, 'sigmoid', 'values'])
  assert.equal(lower('binaryCrossentropy', 'linear', 2, true).logits, true)
  assert.is(lower('binaryCrossentropy', 'hardSigmoid', 1).code, LOSS_BINARY_CROSSENTROPY)
  assert.is(lowerLoss(losses.huber({ delta: 2 }), 'linear', 1).delta, 2)
  assert.is(lower('meanSquaredError', 'softmax', 3).fused, 'none')
  const weighted = losses.binaryCrossentropy({ positiveWeight: 4 })
  assert.is(lowerLoss(weighted, 'sigmoid', 1).delta, 3)
  assert.equal(losses.resolveLoss('test', weighted), weighted)
  assert.not.ok('positiveWeight' in losses.binaryCrossentropy({ positiveWeight: 1 }))
  const several = losses.binaryCrossentropy({ positiveWeight: [1, 4, 0.5] })
  assert.equal(losses.resolveLoss('compile', JSON.parse(JSON.stringify(several))), several)
  assert.equal(lowerLoss(several, 'sigmoid', 3).deltas, [0, 3, -0.5])
  assert.throws(
    () => lowerLoss(several, 'sigmoid', 2),
    /compile: "positiveWeight" of binaryCrossentropy has 3 weights, but the model has 2 outputs/,
  )
  assert.throws(
    () => losses.binaryCrossentropy({ positiveWeight: [1, -1] }),
    /"positiveWeight\[1\]" must be a finite number greater than 0/,
  )
  assert.throws(
    () => losses.binaryCrossentropy({ positiveWeight: 0 }),
    /binaryCrossentropy: "positiveWeight" must be a finite number greater than 0, got 0/,
  )
})

test('a loss that does not suit its last layer is refused with the fix', () => {
  const refused: [losses.LossName, boolean, ActivationName, number, RegExp][] = [
    [
      'sparseCategoricalCrossentropy',
      false,
      'linear',
      3,
      /does not suit a last layer with activation "linear"; use activation "softmax", or sparseCategoricalCrossentropy\(\{ fromLogits: true \}\)/,
    ],
    [
      'sparseCategoricalCrossentropy',
      true,
      'softmax',
      3,
      /"softmax" when fromLogits is true; use activation "linear" with fromLogits/,
    ],
    ['categoricalCrossentropy', true, 'logSoftmax', 3, /when fromLogits is true/],
    ['categoricalCrossentropy', false, 'softmax', 1, /1 output; use binaryCrossentropy with activation "sigmoid"/],
    ['categoricalCrossentropy', false, 'sigmoid', 3, /use activation "softmax", or binaryCrossentropy/],
    ['binaryCrossentropy', false, 'softmax', 2, /use activation "sigmoid", or categoricalCrossentropy/],
    [
      'binaryCrossentropy',
      false,
      'linear',
      1,
      /use activation "sigmoid", or binaryCrossentropy\(\{ fromLogits: true \}\)/,
    ],
    ['binaryCrossentropy', true, 'sigmoid', 1, /when fromLogits is true/],
    ['categoricalHinge', false, 'linear', 1, /use hinge/],
  ]
  for (const [kind, fromLogits, activation, outputs, message] of refused) {
    const loss = losses.resolveLoss('compile', { kind, ...(fromLogits && { fromLogits }) })
    assert.throws(
      () => lowerLoss(loss, activation, outputs),
      (error: unknown) =>
        error instanceof RangeError &&
        error.message.startsWith(`compile: loss "${kind}"`) &&
        message.test(error.message),
      `${kind} on ${activation}`,
    )
  }
})

test('one value is the loss and the metric meanAbsolutePercentageError', async () => {
  const error = meanAbsolutePercentageError()
  const model = sequential([input(1), dense(1, { kernelInitializer: 'ones' })], { seed: 1 })
  const optimizer = sgd({ learningRate: 0.01 })
  const [x, y] = [
    [2, 4, 9],
    [1, 5, 10],
  ]
  model.compile({ optimizer, loss: error, metrics: [error] })
  const before = { loss: (100 + 20 + 10) / 3, meanAbsolutePercentageError: (100 + 20 + 10) / 3 }
  const own = model.evaluate(x, y)
  for (const [name, value] of Object.entries(before)) assert.ok(Math.abs(own[name] - value) < 1e-5, name)
  const again = modelFromBytes(model.toBytes())
  assert.equal(again.evaluate(x, y), own)
  model.compile({ optimizer, loss: 'meanAbsolutePercentageError', metrics: ['meanAbsolutePercentageError'] })
  assert.equal(model.evaluate(x, y), own)
  // slopes 100 / t · (1, -1, -1) / 3, of the kernel times x, of the bias as they are
  assert.ok(Math.abs(model.trainStep(x, y) - before.loss) < 1e-5)
  const [kernel, bias] = model.parameters.map((parameter) => parameter.get()[0])
  assert.ok(Math.abs(kernel - (1 - (200 - 80 - 90) / 300)) < 1e-6)
  assert.ok(Math.abs(bias + (100 - 20 - 10) / 300) < 1e-6)
})

test.run()
