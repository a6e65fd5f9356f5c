// Clipping and penalties on the gradient block: golden vectors through the steps, and through a model's own options.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SUM_CHUNK } from '../../src/abi/layout.ts'
import { RECORD_GRADIENT_NORM, RECORD_PENALTY } from '../../src/abi/records.ts'
import { configureRuntime, dense, input, l1l2, sequential, sgd } from '../../src/entries/public.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { assertClose, type GoldenTensor, numbers, OPERATION, readGolden } from '../support/golden.ts'
import { Sheet } from '../support/sheet.ts'
import { targets } from '../support/targets.ts'

interface ClipCase {
  id: string
  config: { max_norm?: number; norm_type?: 1 | 2 | 'inf'; clip_value?: number }
  inputs: { grads: GoldenTensor[] }
  expect: { f64: { total_norm?: number; norms?: number[]; grads: GoldenTensor[] } }
}
const golden = readGolden<{ cases: ClipCase[] }>('clip').cases
const padded = (values: Float64Array) =>
  Float32Array.from({ length: Math.ceil(values.length / 16) * 16 }, (_, i) => values[i] ?? 0)

for (const target of targets) {
  const test = suite(`clipping (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const { id, config, inputs, expect } of golden) {
    test(`${id} by steps`, () => {
      const tensors = inputs.grads.map((grads) => padded(numbers(grads)))
      const whole = Float32Array.from(tensors.flatMap((values) => Array.from(values)))
      const sheet = new Sheet(target)
      const address = sheet.floats(whole)
      const partials = sheet.floats(new Float32Array(2 * Math.ceil(whole.length / SUM_CHUNK)))
      const order = config.norm_type === 'inf' ? 0 : (config.norm_type ?? 2)
      if (config.clip_value !== undefined) {
        sheet.step(ops.clipValue, { gradients: address, count: whole.length, limit: config.clip_value })
      } else {
        let at = address
        for (const part of expect.f64.norms ? tensors : [whole]) {
          const norm = { gradients: at, count: part.length, partials, order }
          sheet.step(ops.gradientSums, norm).step(ops.clipNorm, { ...norm, limit: config.max_norm ?? 0 })
          at += part.length * 4
        }
      }
      const record = sheet.run(1)
      const norm = sheet.arena.f64[(record + RECORD_GRADIENT_NORM * 4) / 8]
      const expected = expect.f64.total_norm ?? expect.f64.norms?.[expect.f64.norms.length - 1]
      if (expected !== undefined) assertClose([norm], [expected], OPERATION, 'norm')
      let at = address
      expect.f64.grads.forEach((grads, i) => {
        const clipped = sheet.arena.floats(at, tensors[i].length)
        assertClose(clipped.subarray(0, grads.data.length), numbers(grads), OPERATION, `tensor ${i}`)
        assert.ok(clipped.subarray(grads.data.length).every((pad) => pad === 0))
        at += tensors[i].length * 4
      })
    })
  }

  for (const { id, config, inputs, expect } of golden) {
    test(`${id} by a model's options`, () => {
      // a linear model without hidden layer: with x = 1 and targets t = y - g, half the squared error has gradient g
      const values = inputs.grads.map(numbers)
      const units = values[0].length
      const model = sequential([input(1), dense(units)], { seed: 1 })
      const order = config.norm_type === 'inf' ? ('infinity' as const) : config.norm_type
      const each = expect.f64.norms !== undefined
      model.compile({
        optimizer: sgd({ learningRate: 1 }),
        loss: 'meanSquaredError',
        ...(config.clip_value !== undefined && { clipValue: config.clip_value }),
        ...(config.max_norm !== undefined && { [each ? 'clipNorm' : 'globalClipNorm']: config.max_norm }),
        ...(order !== undefined && { clipNormOrder: order }),
      })
      const outputs = model.predict([1])
      const wanted = Float32Array.from(outputs, (y, i) => y - (values[0][i] * units) / 2)
      const before = model.parameters.map((parameter) => parameter.get())
      model.trainStep([1], wanted)
      const moved = model.parameters.map((parameter, i) => before[i].map((w, j) => w - parameter.get()[j]))
      // kernel and bias have the same gradient here
      const flat = each ? Array.from(values[0]) : [...values[0], ...values[0]]
      const p = order === 'infinity' ? Number.POSITIVE_INFINITY : (order ?? 2)
      const norm =
        p === Number.POSITIVE_INFINITY
          ? Math.max(...flat.map(Math.abs))
          : flat.reduce((sum, g) => sum + Math.abs(g) ** p, 0) ** (1 / p)
      const limit = config.clip_value
      const expected = Array.from(values[0], (g) =>
        limit !== undefined
          ? Math.max(-limit, Math.min(limit, g))
          : g * Math.min(1, (config.max_norm ?? 0) / (norm + 1e-6)),
      )
      for (const update of moved) assertClose(update, expected, { absolute: 1e-5, relative: 1e-4 }, 'update')
    })
  }

  test('penalties: loss terms and gradients, none for w = 0', () => {
    const sheet = new Sheet(target)
    // two chunks and a part of one
    const count = 2 * SUM_CHUNK + 48
    const w = Float32Array.from({ length: count }, (_, i) => (i % 5 === 0 ? 0 : Math.sin(i)))
    const g = Float32Array.from({ length: count }, (_, i) => Math.cos(i))
    const [weights, gradients, partials] = [sheet.floats(w), sheet.floats(g), sheet.floats(new Float32Array(6))]
    sheet.step(ops.penalty, { gradients, count, partials, parameters: weights, l1: 0.25, l2: 0.5 })
    sheet.step(ops.penaltySum, { count: 3, partials })
    const record = sheet.run(1)
    const penalty = w.reduce((sum, v) => sum + 0.25 * Math.abs(v) + 0.25 * v * v, 0)
    assertClose(
      [sheet.arena.f64[(record + RECORD_PENALTY * 4) / 8]],
      [penalty],
      { absolute: 1e-9, relative: 1e-7 },
      'penalty',
    )
    const expected = Array.from(g, (value, i) => value + 0.25 * Math.sign(w[i]) + 0.5 * w[i])
    assertClose(sheet.arena.floats(gradients, count), expected, OPERATION, 'gradients')
  })

  test('penalties count in evaluate too, and biases are not penalized with kernels', () => {
    const x = [1, 2, 3, 4]
    const y = [1, 2]
    const build = (lambda: number) => {
      const model = sequential([input(2), dense(1, { kernelRegularizer: l1l2({ l1: lambda, l2: lambda }) })], {
        seed: 4,
      })
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
      model.parameters[1].set([5])
      return model
    }
    const [plain, penalized] = [build(0), build(0.5)]
    const term = plain.parameters[0].get().reduce((sum, w) => sum + 0.5 * Math.abs(w) + 0.25 * w * w, 0)
    assertClose([penalized.evaluate(x, y).loss], [plain.evaluate(x, y).loss + term], OPERATION, 'evaluate')
    assertClose([penalized.trainStep(x, y)], [plain.trainStep(x, y) + term], OPERATION, 'trainStep')
  })
  test('a penalty on activity: mean over rows, with its gradient through the activation', () => {
    const x = Float32Array.from({ length: 5 * 3 }, (_, i) => Math.sin(i * 1.1))
    const y = Float32Array.from({ length: 5 * 2 }, (_, i) => Math.cos(i))
    const [a, b] = [0.3, 0.2]
    for (const activation of ['tanh', 'gelu', 'linear'] as const) {
      const build = (penalty: boolean) => {
        const activityRegularizer = penalty ? { activityRegularizer: l1l2({ l1: a, l2: b }) } : {}
        const model = sequential([input(3), dense(5, { activation, ...activityRegularizer }), dense(2)], { seed: 3 })
        model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
        return model
      }
      const [plain, penalized] = [build(false), build(true)]
      const hidden = sequential([input(3), dense(5, { activation })], { seed: 3 })
      const set = (flat: Float64Array) => {
        hidden.parameters[0].set(flat.subarray(0, 15))
        hidden.parameters[1].set(flat.subarray(15, 20))
      }
      const flat = Float64Array.from(plain.parameters.slice(0, 2).flatMap((parameter) => Array.from(parameter.get())))
      const term = () => hidden.predict(x).reduce((sum, v) => sum + a * Math.abs(v) + (b / 2) * v * v, 0) / 5
      set(flat)
      assertClose([penalized.evaluate(x, y).loss], [plain.evaluate(x, y).loss + term()], OPERATION, 'evaluate')
      const [with_, without] = [penalized.gradients(x, y), plain.gradients(x, y)]
      assertClose([with_.loss], [without.loss + term()], OPERATION, 'loss')
      const h = 1e-2
      flat.forEach((value, i) => {
        const at = (to: number) => {
          flat[i] = to
          set(flat)
          flat[i] = value
          return term()
        }
        const expected = (at(value + h) - at(value - h)) / (2 * h)
        const actual = with_.gradient[i] - without.gradient[i]
        // |v| has a kink: leave out where the two sides differ
        const middle = at(value)
        if (Math.abs(at(value + h) + at(value - h) - 2 * middle) / h > 5e-3) return
        assert.ok(Math.abs(actual - expected) < 2e-3, `${activation} ${i}: ${actual}, expected ${expected}`)
      })
    }
    const last = sequential([input(3), dense(2, { activation: 'softmax', activityRegularizer: l1l2({ l2: 1 }) })])
    assert.throws(() => last.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' }), /activityRegularizer/)
  })
  test.run()
}
