// What layers refuse, and how they say it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  alphaDropout,
  batchNorm,
  batchRenorm,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  input,
  instanceNorm,
  l1,
  layerNorm,
  residual,
  sequential,
} from '../../src/entries/public.ts'
import { refuses, rejects } from '../support/refuses.ts'
import { bits, labels, wave } from '../support/samples.ts'

test('refusals name the argument', () => {
  const wrong = (value: unknown) => value as never
  refuses(() => dropout(1), RangeError, 'dropout: "rate" must be a finite number at least 0 and less than 1')
  refuses(() => dropout(-0.1), RangeError, '"rate"')
  refuses(() => dropout(wrong('half')), TypeError, '"rate"')
  refuses(() => alphaDropout(1), RangeError, 'alphaDropout: "rate"')
  refuses(() => gaussianNoise(-1), RangeError, '"stddev"')
  refuses(() => batchNorm(wrong({ eps: 1e-3 })), TypeError, 'did you mean "epsilon"')
  refuses(() => batchNorm({ epsilon: 0 }), RangeError, '"epsilon"')
  refuses(() => batchNorm({ momentum: 1.5 }), RangeError, '"momentum"')
  refuses(() => batchNorm({ synchronized: wrong(1) }), TypeError, '"synchronized" must be true or false')
  refuses(() => batchNorm({ name: 'a.b' }), TypeError, '"name"')
  refuses(() => batchRenorm({ rMax: 0.5 }), RangeError, '"rMax"')
  refuses(() => layerNorm(wrong({ affine: 1 })), TypeError, '"affine"')
  refuses(() => groupNorm(0), RangeError, '"groups"')
  refuses(
    () => sequential([input(8), groupNorm(3)]),
    RangeError,
    'groupNorm: "groups" must divide the 8 channels, got 3',
  )
  refuses(
    () => sequential([input(8), groupNorm(1, { channels: 3 })]),
    RangeError,
    '"channels" must divide the 8 columns',
  )
  refuses(() => sequential([input(8), instanceNorm({ channels: 8 })]), RangeError, 'fewer channels')
  refuses(() => residual([]), RangeError, 'at least one layer')
  refuses(() => residual(wrong('x')), TypeError, '"layers" must be an array')
  refuses(() => residual([input(3)]), RangeError, 'layer 0 is an input()')
  refuses(() => residual([wrong(undefined)]), TypeError, 'layer 0 must be made by a layer function')
  refuses(() => sequential([input(64), residual([dense(32)])]), RangeError, 'residual: the block maps 64 to 32 units')
  refuses(() => dense(3, { weightNorm: true, kernelRegularizer: l1(0.1) }), RangeError, 'weightNorm')
  refuses(() => dense(3, { weightNorm: wrong(1) }), TypeError, '"weightNorm"')
})
test('a batch of one row is refused where batch statistics need two, before anything changes', async () => {
  const model = sequential([input(6), batchNorm(), dense(3, { activation: 'softmax' })], { seed: 4 })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
  const before = bits(model)
  const one = wave(6)
  refuses(() => model.trainStep(one, labels(1)), RangeError, 'needs 2 rows')
  refuses(() => model.gradients(one, labels(1)), RangeError, 'a batch of 1 row')
  refuses(() => model.evaluate(one, labels(1), { training: true }), RangeError, 'a batch of 1 row')
  await rejects(
    model.fit(wave(33 * 6), labels(33), { batchSize: 32 }),
    RangeError,
    'the last batch of 33 rows in batches of 32 has 1 row',
  )
  await rejects(model.fit(new Set([{ x: one, y: labels(1) }])), RangeError, 'a batch of 1 row')
  assert.equal(bits(model), before)
  assert.is(model.engine.steps, 0)
  assert.is(model.predict(one).length, 3)
  await model.fit(wave(34 * 6), labels(34), { batchSize: 32 })
  model.evaluate(one, labels(1))
})

test.run()
