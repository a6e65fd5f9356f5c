/** Files of models that solvers train: resuming, programs that do not name the solver, hostile state. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { adam, conjugateGradient, lbfgs, modelFromBytes, newtonCg } from '../../src/entries/public.ts'
import { assertClose, OPERATION } from '../support/golden.ts'
import { refuses } from '../support/refuses.ts'
import { solved, x, y } from '../support/solved.ts'
import { bits } from '../support/threading.ts'

const test = suite('files of solvers')

test('resumes bit for bit from a file, in the middle of its history', async () => {
  for (const [make, custom] of [
    [() => lbfgs({ historySize: 4 }), { lbfgs }],
    [() => conjugateGradient(), { conjugateGradient }],
    [() => newtonCg({ maxInnerIterations: 9 }), { newtonCg }],
  ] as const) {
    const whole = solved(make())
    await whole.fit(x, y, { epochs: 9 })
    const half = solved(make())
    await half.fit(x, y, { epochs: 5 })
    const resumed = modelFromBytes(half.toBytes({ includeOptimizer: true }), { custom })
    await resumed.fit(x, y, { epochs: 9, initialEpoch: 5 })
    assert.is(bits(resumed.getWeights()), bits(whole.getWeights()), whole.compiled?.optimizer.kind)
  }
})

test('a program that does not name the solver can predict, evaluate and compile anew', () => {
  const model = solved(lbfgs({ historySize: 2 }))
  model.trainStep(x, y)
  const loaded = modelFromBytes(model.toBytes({ includeOptimizer: true }))
  assert.equal(loaded.predict(x), model.predict(x))
  const [scores, expected] = [loaded, model].map((one) => one.evaluate(x, y))
  assert.equal(Object.keys(scores), Object.keys(expected))
  assertClose(Object.values(scores), Object.values(expected), OPERATION, 'scores')
  assert.throws(() => loaded.trainStep(x, y), /trained by lbfgs, .*custom: \{ lbfgs \}/)
  loaded.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy' })
  loaded.trainStep(x, y)
})

test('hostile state is refused', () => {
  const model = solved(lbfgs({ historySize: 2 }))
  for (let i = 0; i < 3; i++) model.trainStep(x, y)
  const file = Buffer.from(model.toBytes({ includeOptimizer: true })).toString('latin1')
  const changed = (from: RegExp, to: string) => {
    const found = from.exec(file)
    assert.ok(found, String(from))
    const padded = to.padEnd(found[0].length, ' ')
    assert.is(padded.length, found[0].length, `${to} is no longer than ${found[0]}`)
    return Buffer.from(file.replace(from, padded), 'latin1')
  }
  const load = (bytes: Uint8Array) => () => modelFromBytes(bytes, { custom: { lbfgs }, verify: false })
  refuses(load(changed(/\\"slots\\":\[\d,\d\]/, '\\"slots\\":[0,7]')), RangeError, '"slots"')
  refuses(load(changed(/\\"slots\\":\[\d,\d\]/, '\\"slots\\":[1,1]')), RangeError, '"slots"')
  refuses(load(changed(/\\"slots\\":\[\d,\d\]/, '\\"slots\\":[1]')), RangeError, '"slots"')
  refuses(load(changed(/\\"slots\\":\[\d,\d\]/, '\\"slots\\":2')), RangeError, '"slots" must be an array')
})

test('without the solver, state is dropped once and for all, and what belongs to nothing is still refused', () => {
  const model = solved(lbfgs({ historySize: 2 }))
  for (let i = 0; i < 3; i++) model.trainStep(x, y)
  const dropped = modelFromBytes(model.toBytes({ includeOptimizer: true })).toBytes({ includeOptimizer: true })
  const again = modelFromBytes(dropped, { custom: { lbfgs } })
  assert.is(bits(again.getWeights()), bits(model.getWeights()))
  again.trainStep(x, y)
  const file = Buffer.from(model.toBytes({ includeOptimizer: true })).toString('latin1')
  const renamed = file.replace('"optimizer.start.dense_1.bias"', '"optimizer.start.dense_9.bias"')
  assert.not.equal(renamed, file)
  refuses(() => modelFromBytes(Buffer.from(renamed, 'latin1'), { verify: false }), RangeError, 'dense_9.bias')
})

test('a clone goes on to the same bits, with the vectors in use alone', async () => {
  const model = solved(lbfgs({ historySize: 4 }))
  for (let i = 0; i < 3; i++) model.trainStep(x, y)
  const twin = model.clone()
  for (const one of [model, twin]) one.trainStep(x, y)
  assert.is(bits(twin.getWeights()), bits(model.getWeights()))
})

test.run()
