/** K-FAC whose rate and momentum are found in every step: against an oracle, and what it refuses. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  batchNorm,
  blend,
  configureRuntime,
  dense,
  input,
  type KfacOptions,
  kfac,
  type Model,
  sequential,
} from '../../../src/entries/public.ts'
import { changeOf, leastOf } from '../../../src/optimizers/solvers/kfac/quadratic.ts'
import { Kfac } from '../../oracles/kfac.ts'
import type { LossKind, Network } from '../../oracles/network.ts'
import { assertClose } from '../../support/golden.ts'
import { compiled, goesOn, imageOf, mixed } from '../../support/kfacModels.ts'
import { values } from '../../support/squares.ts'
import { targets } from '../../support/targets.ts'

/** Coefficients are quotients of sums, which float32 keeps to some 1e-4 over a dozen steps. */
const TOLERANCE = { absolute: 2e-4, relative: 2e-3 }

const ROWS = 12
const SIZES = [5, 9, 3]
const x = values(ROWS * SIZES[0], 21)
const classes = Array.from({ length: ROWS }, (_, r) => r % SIZES[2])
const targetsOf = (loss: LossKind): number[][] =>
  loss === 'cross_entropy' ? classes.map((k) => [k]) : rowsOf(values(ROWS * SIZES[2], 5).map((v) => Number(v > 0)))

function rowsOf(flat: ArrayLike<number>): number[][] {
  const cols = flat.length / ROWS
  return Array.from({ length: ROWS }, (_, r) => Array.from({ length: cols }, (_, j) => flat[r * cols + j]))
}

const LOSSES = {
  cross_entropy: ['sparseCategoricalCrossentropy', 'softmax'],
  bce: ['binaryCrossentropy', 'sigmoid'],
  mse: ['meanSquaredError', 'linear'],
} as const

function modelOf(loss: LossKind, options: KfacOptions, threads = 1): Model {
  const [name, last] = LOSSES[loss]
  const layers = [input(SIZES[0]), dense(SIZES[1], { activation: 'tanh' }), dense(SIZES[2], { activation: last })]
  const model = sequential(layers, { seed: 2, threads })
  model.compile({ optimizer: kfac({ fisher: 'exact', inverseEvery: 1, ...options }), loss: name })
  return model
}

/** The parameters as the oracle has them: w [units, inputs]. */
function networkOf(model: Model): Network {
  return [0, 1].map((l) => {
    const [inputs, units] = [SIZES[l], SIZES[l + 1]]
    const kernel = model.parameters[2 * l].get()
    const row = (j: number) => Array.from({ length: inputs }, (_, i) => kernel[i * units + j])
    return { w: Array.from({ length: units }, (_, j) => row(j)), b: [...model.parameters[2 * l + 1].get()] }
  })
}

const CASES = {
  both: { learningRate: 'adaptive', momentum: 'adaptive', damping: 0.03 },
  'both, and damping': { learningRate: 'adaptive', momentum: 'adaptive', damping: 'adaptive', initialDamping: 0.1 },
  rate: { learningRate: 'adaptive', momentum: 0.4, damping: 0.03 },
  momentum: { learningRate: 0.2, momentum: 'adaptive', damping: 0.03 },
} as const satisfies Record<string, KfacOptions>

for (const target of targets) {
  const test = suite(`K-FAC along directions, ${target}`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const loss of Object.keys(LOSSES) as LossKind[]) {
    for (const [what, options] of Object.entries(CASES)) {
      test(`${loss}: ${what} as the oracle finds them`, () => {
        const model = modelOf(loss, options)
        const y = targetsOf(loss)
        const adapts = options.damping === 'adaptive'
        const oracle = new Kfac(networkOf(model), {
          ...options,
          damping: options.damping === 'adaptive' ? options.initialDamping : options.damping,
          adaptsDamping: adapts,
          decay: 0.95,
          klClip: null,
        })
        const task = { activation: 'tanh', loss, x: rowsOf(x), y } as const
        const before = model.evaluate(x, y.flat()).loss
        for (let t = 1; t <= 11; t++) {
          oracle.step(task)
          model.trainStep(x, y.flat())
          const [ours, theirs] = [networkOf(model), oracle.network]
          for (const [l, { w, b }] of theirs.entries()) {
            assertClose(ours[l].w.flat(), w.flat(), TOLERANCE, `step ${t}: w ${l}`)
            assertClose(ours[l].b ?? [], b ?? [], TOLERANCE, `step ${t}: b ${l}`)
          }
        }
        if (adapts) assert.ok(Math.abs(Number(model.engine.session?.scalars.damping) / oracle.damping - 1) < 1e-6)
        assert.ok(model.evaluate(x, y.flat()).loss < before)
      })
    }
  }

  test.run()
}

const test = suite('K-FAC along directions')

const ADAPTIVE = { learningRate: 'adaptive', momentum: 'adaptive', damping: 'adaptive' } as const

test('the least point of a model is below every other, whatever is given', () => {
  const model = { slopes: [0.7, -0.3], curvatures: [2, 0.4, 0.9] } as const
  for (const given of [{}, { rate: 0.3 }, { momentum: 0.5 }]) {
    const least = leastOf(model, given)
    const low = changeOf(model, least, 1)
    for (const by of [-1e-2, 1e-2]) {
      if (!('rate' in given)) assert.ok(changeOf(model, { ...least, rate: least.rate + by }, 1) > low)
      if (!('momentum' in given)) assert.ok(changeOf(model, { ...least, momentum: least.momentum + by }, 1) > low)
    }
  }
  assert.equal(leastOf(model, { rate: 0.3, momentum: 0.5 }), { rate: 0.3, momentum: 0.5 })
})

test('directions that are one, and those that are none', () => {
  // v = 2 d
  assert.equal(leastOf({ slopes: [1, 2], curvatures: [4, 8, 16] }), { rate: 0.25, momentum: 0 })
  assert.equal(leastOf({ slopes: [1, 0], curvatures: [4, 0, 0] }), { rate: 0.25, momentum: 0 })
  assert.equal(leastOf({ slopes: [0, 0], curvatures: [0, 0, 0] }), { rate: 0, momentum: 0 })
  assert.equal(leastOf({ slopes: [0, 0], curvatures: [0, 0, 0] }, { rate: 0.1 }), { rate: 0.1, momentum: 0 })
})

test('trains every kind of layer, and with batches of any size', async () => {
  const rows = 90
  const wide = values(rows * SIZES[0], 17)
  const sums = Array.from({ length: rows }, (_, r) => wide[r * SIZES[0]] + wide[r * SIZES[0] + 1])
  const three = sums.map((sum) => (sum < -0.5 ? 0 : sum < 0.5 ? 1 : 2))
  for (const batchSize of [rows, 40]) {
    const model = compiled(mixed(SIZES[0]), { ...ADAPTIVE, weightDecay: 1e-3 })
    const before = model.evaluate(wide, three).loss
    await model.fit(wide, three, { epochs: 12, batchSize })
    const after = model.evaluate(wide, three).loss
    assert.ok(after < before * 0.7, `${before} to ${after}`)
  }
})

test('the same bits for every number of threads', () => {
  const wide = [input(SIZES[0]), dense(70, { activation: 'tanh' }), dense(50), dense(3, { activation: 'softmax' })]
  const images = [1, 2, 3].map((threads) => {
    const model = compiled(wide, ADAPTIVE, threads)
    for (let t = 0; t < 7; t++) model.trainStep(x, classes)
    const image = imageOf(model)
    model.close()
    return image
  })
  assert.equal(images[1], images[0])
  assert.equal(images[2], images[0])
})

test('goes on from a file bit for bit', () => {
  for (const options of [
    ADAPTIVE,
    { ...ADAPTIVE, momentum: 0 },
    { learningRate: 0.1, momentum: 'adaptive' as const },
  ]) {
    goesOn(compiled(mixed(SIZES[0]), options), x, classes)
  }
})

test('a batch that is not finite changes nothing', () => {
  const plain = () => [input(SIZES[0]), dense(10), batchNorm(), dense(3, { activation: 'softmax' })]
  const [model, other] = [compiled(plain(), ADAPTIVE), compiled(plain(), ADAPTIVE)]
  for (const each of [model, other]) for (let t = 0; t < 3; t++) each.trainStep(x, classes)
  const before = imageOf(model)
  const bad = x.slice()
  for (let i = 0; i < SIZES[0]; i++) bad[i] = i % 2 ? 3e38 : -3e38
  assert.ok(Number.isNaN(model.trainStep(bad, classes)))
  assert.equal(imageOf(model), before)
  assert.is(model.trainStep(x, classes), other.trainStep(x, classes))
  assert.equal(imageOf(model), imageOf(other))
})

test('zero gradients, one row, one unit, and nothing that trains', () => {
  const one = sequential([input(1), dense(1), dense(1)], { seed: 1 })
  one.compile({ optimizer: kfac({ ...ADAPTIVE, inverseEvery: 1 }), loss: 'meanSquaredError' })
  for (let t = 0; t < 30; t++) one.trainStep([[2]], [[3]])
  assert.ok(Math.abs(one.predict([[2]])[0] - 3) < 1e-3)
  const dead = sequential([input(2), dense(3, { useBias: false, activation: 'relu' }), dense(1, { useBias: false })])
  dead.compile({ optimizer: kfac({ ...ADAPTIVE, fisher: 'empirical' }), loss: 'meanSquaredError' })
  const before = dead.getWeights()
  for (let t = 0; t < 3; t++) assert.is(dead.trainStep([[0, 0]], [[0]]), 0)
  assert.equal(dead.getWeights(), before)
  const frozen = compiled([input(SIZES[0]), dense(4), batchNorm(), dense(3, { activation: 'softmax' })], ADAPTIVE)
  frozen.freeze('dense_1', 'dense_2')
  for (let t = 0; t < 3; t++) assert.ok(Number.isFinite(frozen.trainStep(x, classes)))
})

test('what cannot be is refused', () => {
  assert.throws(() => kfac({ learningRate: 'adaptive', klClip: 0.01 }), /"klClip" bounds a learningRate that is given/)
  assert.throws(() => kfac({ momentum: 'yes' as 'adaptive' }), /kfac: "momentum" must be .*'adaptive', got "yes"/)
  assert.throws(() => kfac({ learningRate: 'fast' as 'adaptive' }), /kfac: "learningRate" must be/)
  const model = compiled([input(SIZES[0]), dense(4), blend('relu'), dense(3, { activation: 'softmax' })], ADAPTIVE)
  const before = model.getWeights()
  assert.throws(() => model.trainStep(x, classes), /kfac: 'adaptive' rates .* the layer "blend" cannot/)
  assert.equal(model.getWeights(), before)
})

test.run()
