/** Lines and planes through parameter space: exact on parabolas, filter normalization, principal directions, nothing left changed. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  batchNorm,
  curvature,
  dense,
  heads,
  input,
  lossAlong,
  lossSurface,
  type Model,
  recordTrajectory,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { Random } from '../../src/lib/random.ts'
import { assertClose, OPERATION } from '../support/golden.ts'
import { refuses } from '../support/refuses.ts'
import { bits } from '../support/threading.ts'

const test = suite('landscape')

const random = new Random(5)
const rows = 60
const x = Float32Array.from({ length: rows * 3 }, () => random.uniform() * 2 - 1)
const y = Float32Array.from({ length: rows }, (_, r) => x[r * 3] - 2 * x[r * 3 + 1] + 0.5)
const classes = Int32Array.from({ length: rows }, (_, r) => (y[r] > 0.5 ? 1 : 0))

function linear(seed = 1): Model {
  const model = sequential([input(3), dense(1)], { seed })
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' })
  return model
}

function deep(options: { threads?: number } = {}): Model {
  const model = sequential(
    [
      input(3),
      dense(7, { activation: 'relu' }),
      batchNorm(),
      dense(5, { activation: 'tanh' }),
      dense(2, { activation: 'softmax' }),
    ],
    { seed: 2, ...options },
  )
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

test('the loss of a linear model is a parabola along every line', () => {
  const [from, to] = [linear(1), linear(2)]
  const { at, loss, metrics } = lossAlong(from, x, y, from.getWeights(), to.getWeights(), { points: 9, range: [-1, 3] })
  assert.equal([...at], [-1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3])
  assert.equal(metrics, {})
  assertClose([loss[2], loss[4]], [from.evaluate(x, y).loss, to.evaluate(x, y).loss], OPERATION, 'ends')
  const seconds = Array.from({ length: 7 }, (_, i) => loss[i] - 2 * loss[i + 1] + loss[i + 2])
  for (const second of seconds) assertClose([second], [seconds[0]], { absolute: 1e-5, relative: 1e-5 }, 'curvature')
})

test('metrics come along, weights and all; the defaults are 401 points from -0.5 to 1.5', async () => {
  const model = deep()
  const before = model.getWeights()
  await model.fit(x, classes, { epochs: 5 })
  const after = model.getWeights()
  const sampleWeight = Float32Array.from({ length: rows }, (_, r) => r % 3)
  const line = lossAlong(model, x, classes, before, after, { sampleWeight })
  assert.is(line.loss.length, 401)
  assert.is(line.at[400], 1.5)
  const expected = model.evaluate(x, classes, { sampleWeight })
  assertClose([line.loss[300], line.metrics.accuracy[300]], [expected.loss, expected.accuracy], OPERATION, 'at the end')
  assert.is(bits(model.getWeights()), bits(after), 'the model is as it was')
  const training = lossAlong(model, x, classes, before, after, { points: 2, range: [0, 1], training: true })
  assertClose([training.loss[1]], [model.evaluate(x, classes, { training: true }).loss], OPERATION, 'batch statistics')
})

test('models with heads: their losses along lines and on planes; their curvature is refused', () => {
  const make = (seed: number) => {
    const layers = [
      input(3),
      dense(4, { activation: 'tanh' }),
      heads({ amount: [dense(1)], kind: [dense(2, { activation: 'softmax' })] }),
    ] as const
    const model = sequential(layers, { seed })
    model.compile({ optimizer: 'sgd', loss: { amount: 'meanSquaredError', kind: 'sparseCategoricalCrossentropy' } })
    return model
  }
  const [from, to] = [make(1), make(2)]
  const targets = { amount: y, kind: classes }
  const sampleWeight = { kind: Float32Array.from({ length: rows }, (_, r) => r % 2) }
  const line = lossAlong(from, x, targets, from.getWeights(), to.getWeights(), {
    points: 2,
    range: [0, 1],
    sampleWeight,
  })
  for (const [i, model] of [from, to].entries()) {
    const { loss, kind_loss } = model.evaluate(x, targets, { sampleWeight })
    assertClose([line.loss[i], line.metrics.kind_loss[i]], [loss, kind_loss], OPERATION, `end ${i}`)
  }
  const surface = lossSurface(from, x, targets, { points: 3 })
  assertClose([surface.loss[4]], [from.evaluate(x, targets).loss], OPERATION, 'the middle')
  refuses(() => curvature(from, x, targets), RangeError, 'its loss is computed in JavaScript')
})

test('filter normalization gives each unit the length of its weights, biases and normalizations none', () => {
  const model = deep()
  const { directions, loss, u, v } = lossSurface(model, x, classes, { points: 3, seed: 9 })
  assert.equal([...u], [-1, 0, 1])
  assert.equal([...v], [-1, 0, 1])
  assertClose([loss[4]], [model.evaluate(x, classes).loss], OPERATION, 'center')
  const twin = deep()
  for (const direction of directions) {
    twin.setWeights(direction)
    for (const [i, parameter] of twin.parameters.entries()) {
      const along = parameter.get()
      if (parameter.shape.length < 2) {
        assert.ok(
          along.every((value) => value === 0),
          parameter.name,
        )
        continue
      }
      const weights = model.parameters[i].get()
      const [inputs, units] = parameter.shape
      for (let unit = 0; unit < units; unit++) {
        const length = (values: Float32Array) =>
          Math.hypot(...Array.from({ length: inputs }, (_, row) => values[row * units + unit]))
        assertClose([length(along)], [length(weights)], OPERATION, `${parameter.name}, unit ${unit}`)
      }
    }
  }
  const again = lossSurface(model, x, classes, { points: 3, seed: 9 })
  assert.equal(again.loss, loss)
  assert.not.equal(lossSurface(model, x, classes, { points: 3, seed: 10 }).loss, loss)
  const raw = lossSurface(model, x, classes, { points: 2, normalize: 'none' })
  twin.setWeights(raw.directions[0])
  assert.ok(
    twin.parameters.filter(({ shape, trainable }) => trainable && shape.length === 1).some((p) => p.get()[0] !== 0),
  )
})

test('rescaled ReLU units, which compute the same, have the same filter-normalized surface', () => {
  const build = () => {
    const model = sequential([input(3), dense(6, { activation: 'relu' }), dense(2)], { seed: 4 })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    return model
  }
  const [model, scaled] = [build(), build()]
  const [first, , second] = scaled.parameters
  first.set(first.get().map((value) => value * 4))
  second.set(second.get().map((value) => value / 4))
  const targets = Float32Array.from({ length: rows * 2 }, (_, i) => Math.cos(i))
  const surfaces = [model, scaled].map((one) => lossSurface(one, x, targets, { points: 5 }))
  assertClose(surfaces[1].loss, surfaces[0].loss, { absolute: 1e-5, relative: 1e-5 }, 'loss')
  const raw = [model, scaled].map((one) => lossSurface(one, x, targets, { points: 5, normalize: 'none' }))
  assert.ok(Math.abs(raw[1].loss[0] - raw[0].loss[0]) > 0.01 * raw[0].loss[0])
})

test('a trajectory is found again in its principal plane', async () => {
  const model = linear()
  const trajectory = recordTrajectory()
  await model.fit(x, y, { epochs: 12, callbacks: [trajectory] })
  assert.is(trajectory.snapshots.length, 13)
  assert.equal(
    [...trajectory.epochs],
    Array.from({ length: 13 }, (_, i) => i),
  )
  const surface = lossSurface(model, x, y, { directions: { pca: trajectory }, points: 7 })
  const { explained, path, directions, u, v } = surface
  assert.ok(explained && path)
  const [first, second] = directions.map((direction) => Math.hypot(...direction))
  assertClose([first, second], [1, 1], { absolute: 1e-5, relative: 0 }, 'lengths')
  assert.ok(explained[0] >= explained[1] && explained[0] + explained[1] <= 1 + 1e-9)
  const end = trajectory.snapshots[12]
  let inPlane = 0
  let all = 0
  for (const [i, snapshot] of trajectory.snapshots.entries()) {
    all += snapshot.reduce((sum, value, j) => sum + (value - end[j]) ** 2, 0)
    inPlane += path[i].u ** 2 + path[i].v ** 2
    assert.ok(path[i].u >= u[0] && path[i].u <= u[6] && path[i].v >= v[0] && path[i].v <= v[6])
  }
  assertClose([inPlane / all], [explained[0] + explained[1]], { absolute: 1e-4, relative: 0 }, 'explained')
  assertClose([path[12].u, path[12].v], [0, 0], { absolute: 1e-6, relative: 0 }, 'the end is the origin')
})

test('a trajectory along one line has one direction', () => {
  const model = linear()
  const start = model.getWeights()
  const along = [0, 1, 2, 3].map((step) => start.map((value) => value * (1 + step)))
  model.setWeights(along[3])
  const { explained, path, loss } = lossSurface(model, x, y, { directions: { pca: along }, points: 3 })
  assertClose(explained ?? [], [1, 0], { absolute: 1e-6, relative: 0 }, 'explained')
  assert.ok(path?.every(({ v }) => v === 0))
  assert.ok(loss.every(Number.isFinite))
})

test('given directions, ranges of their own for each axis, one call for every number of threads', () => {
  const outcomes = [1, 2, 3].map((threads) => {
    const model = deep({ threads })
    const from = model.getWeights()
    const [a, b] = [3, 4].map((seed) => {
      const other = sequential(model.layers, { seed })
      const weights = other.getWeights()
      return weights.map((value, i) => value - from[i])
    })
    const surface = lossSurface(model, x, classes, {
      directions: [a, b],
      points: 4,
      range: [
        [0, 1],
        [-2, 2],
      ],
    })
    assertClose(surface.v, [-2, -2 / 3, 2 / 3, 2], OPERATION, 'axis')
    assert.is(surface.u[0], 0)
    assert.is(surface.directions[0], a)
    model.close()
    return Buffer.from(surface.loss.buffer).toString('hex')
  })
  assert.is(outcomes[1], outcomes[0])
  assert.is(outcomes[2], outcomes[0])
})

test('long trainings keep a bounded number of snapshots, the first and the last among them', async () => {
  const model = linear()
  const trajectory = recordTrajectory({ most: 8 })
  await model.fit(x, y, { epochs: 100, callbacks: [trajectory] })
  const { epochs, snapshots } = trajectory
  assert.ok(snapshots.length <= 8 && snapshots.length >= 4, `${epochs}`)
  assert.is(epochs[0], 0)
  assert.is(epochs[epochs.length - 1], 100)
  assert.equal(snapshots[snapshots.length - 1], model.getWeights())
  await model.fit(x, y, { epochs: 3, callbacks: [trajectory] })
  assert.is(trajectory.epochs[trajectory.epochs.length - 1], 103)
  for (let i = 1; i < epochs.length; i++) assert.ok(epochs[i] > epochs[i - 1])
  const sparse = recordTrajectory({ every: 3 })
  await model.fit(x, y, { epochs: 7, callbacks: [sparse] })
  assert.equal([...sparse.epochs], [0, 3, 6, 7])
})

test('an error while it looks leaves the parameters as they were', () => {
  const model = deep()
  const weights = bits(model.getWeights())
  const broken = Float32Array.from(x)
  const surface = () => lossSurface(model, broken, classes, { points: 2, sampleWeight: new Float32Array(3) })
  assert.throws(surface)
  assert.is(bits(model.getWeights()), weights)
})

test('one unit, one row, no hidden layer', () => {
  const model = sequential([input(1), dense(1)], { seed: 1 })
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  const { loss } = lossSurface(model, [[1]], [0], { points: 2 })
  assert.ok(loss.every(Number.isFinite))
})

test('refusals', () => {
  const model = linear()
  const weights = model.getWeights()
  const surface = (options: object) => () => lossSurface(model, x, y, options)
  refuses(() => lossSurface(sequential([input(3), dense(1)]), x, y), Error, 'lossSurface: the model is not compiled')
  refuses(surface({ direction: 'random' }), TypeError, 'did you mean "directions"')
  refuses(surface({ directions: 'pca' }), TypeError, `"directions" must be 'random'`)
  refuses(surface({ directions: [weights] }), RangeError, '"directions" must be two')
  refuses(surface({ directions: [weights, new Float32Array(3)] }), RangeError, 'snapshot of')
  refuses(surface({ directions: { pca: [weights, weights] } }), RangeError, 'at least 3 snapshots')
  refuses(surface({ directions: { pca: 5 } }), TypeError, 'recordTrajectory()')
  refuses(surface({ directions: [weights, weights], seed: 1 }), TypeError, '"seed" is for random directions')
  refuses(surface({ normalize: 'layer' }), RangeError, 'unknown normalize "layer"')
  refuses(surface({ points: 1 }), RangeError, '"points"')
  refuses(surface({ range: 0 }), RangeError, '"range"')
  refuses(surface({ range: [[0, 1]] }), RangeError, '"range"')
  refuses(
    surface({
      range: [
        [1, 0],
        [0, 1],
      ],
    }),
    RangeError,
    '"range" must rise',
  )
  refuses(() => lossAlong(model, x, y, weights, [1] as never), TypeError, 'getWeights()')
  refuses(() => lossAlong(model, x, y, weights, weights, { range: [1] as never }), TypeError, '"range"')
  refuses(() => recordTrajectory({ every: 0 }), RangeError, '"every"')
  refuses(() => recordTrajectory({ most: 1 }), RangeError, '"most"')
})

test.run()
