// Alpha dropout: PyTorch's values under our masks, those of dropout; mean and variance; and models that have it.
import { suite, test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  alphaDropout,
  configureRuntime,
  dense,
  diagnose,
  dropout,
  hessianVectorProduct,
  input,
  type Model,
  modelFromBytes,
  sequential,
} from '../../src/entries/public.ts'
import { assertClose, readGolden } from '../support/golden.ts'
import { Bench } from '../support/layerHarness.ts'
import { wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'
import { assertOneTraining } from '../support/threading.ts'

interface Case {
  readonly rate: number
  readonly shape: readonly [rows: number, cols: number]
  readonly x: readonly number[]
  readonly dy: readonly number[]
  readonly mask: readonly number[]
  readonly y: readonly number[]
  readonly dx: readonly number[]
}
const golden = readGolden<{ cases: Case[] }>('alpha_dropout').cases
const CLOSE = { absolute: 2e-6, relative: 2e-6 }
const ones = (count: number) => new Float32Array(count).fill(1)

const selu = (units: number) => dense(units, { activation: 'selu', kernelInitializer: 'lecunNormal' })
const stack = (threads?: number): Model => {
  const model = sequential(
    [input(13), selu(37), alphaDropout(0.1), selu(24), alphaDropout(0.05), dense(10, { activation: 'softmax' })],
    { seed: 5, ...(threads !== undefined && { threads }) },
  )
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
  return model
}

for (const target of targets) {
  const each = suite(`alpha dropout (${target})`)
  each.before(() => configureRuntime({ target }))
  each.after(() => configureRuntime())

  for (const { rate, shape, x, dy, mask, y, dx } of golden) {
    each(`golden, rate ${rate}: where our mask agrees with PyTorch's`, () => {
      const [rows, cols] = shape
      const kept = new Bench(target, cols, [dropout(rate)], { rows, seed: 5 }).train(ones(x.length), ones(x.length)).y
      const ours = new Bench(target, cols, [alphaDropout(rate)], { rows, seed: 5 }).train(x, dy)
      const same = mask.map((keep, i) => (keep !== 0) === (kept[i] !== 0))
      assert.ok(mask.some((keep, i) => same[i] && keep === 0) && mask.some((keep, i) => same[i] && keep === 1))
      const at = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => same[i])
      assertClose(at(ours.y), at(y), CLOSE, 'y')
      assertClose(at(ours.dx), at(dx), CLOSE, 'dx')
    })
  }

  each('rows of mean 0 and variance 1 keep both', () => {
    const [rows, cols] = [200, 100]
    const count = rows * cols
    // two values have that mean and variance exactly
    const x = Float32Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : -1))
    for (const rate of [0.05, 0.5, 0.9]) {
      const { y } = new Bench(target, cols, [alphaDropout(rate)], { rows, seed: 7 }).train(x, x)
      const mean = y.reduce((sum, v) => sum + v, 0) / count
      const variance = y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count
      assert.ok(Math.abs(mean) < 5 / Math.sqrt(count), `mean ${mean}`)
      assert.ok(Math.abs(variance - 1) < 0.1, `variance ${variance}`)
    }
  })

  each('masks do not depend on the rows after, and nothing is drawn but in training', () => {
    const bench = new Bench(target, 13, [alphaDropout(0.5)], { rows: 9, seed: 3 })
    const x = wave(9 * 13, 1)
    const all = bench.train(x, x).y
    assert.equal(bench.train(x.subarray(0, 4 * 13), x.subarray(0, 4 * 13), 4).y, all.subarray(0, 4 * 13))
    assert.equal(bench.forward('inference', x), x)
  })
  each.run()
}

test('one training, on one thread or two, at once or resumed from a file', () =>
  assertOneTraining((threads) => stack(threads), { alphaDropout }))

test('products with the curvature are those of the network without it', () => {
  const x = wave(6 * 13, 2)
  const y = [0, 1, 2, 3, 4, 5]
  const plain = sequential([input(13), selu(37), selu(24), dense(10, { activation: 'softmax' })], { seed: 5 })
  plain.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
  const model = stack()
  plain.setWeights(model.getWeights())
  const v = wave(model.countParameters(), 3)
  assert.equal(hessianVectorProduct(model, x, y, v), hessianVectorProduct(plain, x, y, v))
})

test('it is diagnosed, folded away, copied and kept in files; layers before it freeze', () => {
  const model = stack()
  const x = wave(6 * 13, 2)
  const y = [0, 1, 2, 3, 4, 5]
  const row = diagnose(model, x, y).layers.find(({ name }) => name.startsWith('alphaDropout'))
  assert.ok(row)
  assert.not.ok(model.fold().layers.some(({ kind }) => kind === 'alphaDropout'))
  assert.equal(model.fold().predict(x), model.predict(x))
  model.freeze(1)
  const before = model.parameters[0].get()
  for (const twin of [model.clone(), modelFromBytes(model.toBytes(), { custom: { alphaDropout } })]) {
    assert.equal(twin.layers, model.layers)
    assert.is(twin.trainStep(x, y), model.clone().trainStep(x, y))
    assert.equal(twin.parameters[0].get(), before)
  }
})

test('noise on the logits is warned of', () => {
  const said: string[] = []
  const { warn } = console
  console.warn = (text: string) => said.push(text)
  try {
    sequential([input(3), dense(2), alphaDropout(0.1)]).compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  } finally {
    console.warn = warn
  }
  assert.match(said.join(), /alphaDropout, follows the logits/)
})
test.run()
