/** Heads against an oracle and against networks of their own, on every target. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  configureRuntime,
  dense,
  focal,
  heads,
  input,
  l2,
  modelFromBytes,
  quantile,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { flatten, lossAndGradient, type Network, unflatten } from '../oracles/network.ts'
import { assertClose, compiled, flags, kind, price, ROWS, rowsOf, x } from '../support/headed.ts'
import { bits, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

for (const target of targets) {
  const test = suite(`heads (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('two heads are two networks with a shared body, step by step', () => {
    const model = compiled()
    const read = (index: number) => {
      const { shape } = model.parameters[index]
      const kernel = rowsOf(model.parameters[index].get(), shape[1])
      const w = kernel[0].map((_, u) => kernel.map((row) => row[u]))
      return { w, b: [...model.parameters[index + 1].get()] }
    }
    let [body, first, second] = [read(0), read(2), read(4)]
    const like: Network = [body, first, second]
    let velocity = new Float64Array(flatten(like).length)
    for (let step = 0; step < 25; step++) {
      const batch = rowsOf(wave(4 * ROWS, step), 4)
      const common = { activation: 'tanh', x: batch } as const
      const a = lossAndGradient([body, first], { ...common, loss: 'mse', y: rowsOf(price, 2) })
      const b = lossAndGradient([body, second], { ...common, loss: 'cross_entropy', y: rowsOf(kind, 1) })
      const loss = model.trainStep(batch, { price, kind })
      assertClose([loss], [0.25 * a.loss + b.loss], 2e-6, `loss of step ${step}`)
      const [one, other] = [flatten(a.gradient), flatten(b.gradient)]
      const shared = flatten([body]).length
      const slope = [
        ...one.slice(0, shared).map((value, i) => 0.25 * value + other[i]),
        ...one.slice(shared).map((value) => 0.25 * value),
        ...other.slice(shared),
      ]
      velocity = velocity.map((value, i) => 0.9 * value + slope[i])
      const next = flatten([body, first, second]).map((value, i) => value - 0.1 * velocity[i])
      const made = unflatten(next, like)
      ;[body, first, second] = made as typeof like & [typeof body, typeof body, typeof body]
    }
    for (const [i, layer] of [body, first, second].entries()) {
      assertClose(
        model.parameters[2 * i].get(),
        layer.w[0].flatMap((_, k) => layer.w.map((row) => row[k])),
        5e-6,
        `kernel ${i}`,
      )
      assertClose(model.parameters[2 * i + 1].get(), layer.b ?? [], 5e-6, `bias ${i}`)
    }
  })

  test('one head trains as the same model without heads', async () => {
    for (const [layer, loss, y] of [
      [dense(1), 'meanSquaredError', wave(ROWS, 2)],
      [dense(1, { activation: 'sigmoid' }), 'binaryCrossentropy', flags],
      [dense(3, { activation: 'softmax' }), 'sparseCategoricalCrossentropy', kind],
      [dense(7, { activation: 'tanh' }), 'huber', wave(7 * ROWS, 2)],
    ] as const) {
      const one = sequential([input(4), dense(5, { activation: 'relu' }), heads({ only: [layer] })], { seed: 4 })
      const plain = sequential([input(4), dense(5, { activation: 'relu' }), layer], { seed: 4 })
      one.setWeights(plain.getWeights())
      one.compile({ optimizer: adam({ learningRate: 0.01 }), loss: { only: loss } })
      plain.compile({ optimizer: adam({ learningRate: 0.01 }), loss })
      const sampleWeight = Float32Array.from({ length: ROWS }, (_, i) => i % 3)
      const options = { epochs: 6, batchSize: 4, shuffle: false, sampleWeight }
      const own = await one.fit(x, { only: y }, options)
      const other = await plain.fit(x, y, options)
      assertClose(own.metrics.loss, other.metrics.loss, 1e-6, `${loss}: loss`)
      assert.equal(own.metrics.only_loss, own.metrics.loss)
      assertClose(bits(one), bits(plain), 2e-5, `${loss}: value`)
      assertClose(one.predict(x).only, plain.predict(x), 2e-5, `${loss}: output`)
    }
  })

  test('three heads, of the catalogue and of the host, with finite differences', () => {
    const model = sequential(
      [
        input(4),
        dense(6, { activation: 'tanh', kernelRegularizer: l2(0.01) }),
        heads({
          spread: [dense(4, { activation: 'tanh' }), dense(4)],
          kind: [dense(3, { activation: 'softmax' })],
          flag: [dense(1, { activation: 'sigmoid' })],
        }),
      ],
      { seed: 3 },
    )
    model.compile({
      optimizer: sgd(),
      loss: { spread: quantile({ quantiles: [0.1, 0.9] }), kind: focal(), flag: 'binaryCrossentropy' },
      lossWeights: { flag: 2, kind: 0.5 },
    })
    const y = { spread: price, kind, flag: flags }
    const sampleWeight = { flag: Float32Array.from({ length: ROWS }, (_, i) => i % 2) }
    const { gradient } = model.gradients(x, y, { sampleWeight })
    const start = model.parameters.map((parameter) => parameter.get())
    let at = 0
    for (const [p, parameter] of model.parameters.entries()) {
      for (let i = 0; i < parameter.size; i++, at++) {
        if (i % 3 !== 0) continue
        const loss = [1, -1].map((side) => {
          const moved = start[p].slice()
          moved[i] += side * 2e-3
          parameter.set(moved)
          return model.evaluate(x, y, { sampleWeight }).loss
        })
        parameter.set(start[p])
        const slope = (loss[0] - loss[1]) / 4e-3
        assert.ok(
          Math.abs(gradient[at] - slope) < 2e-3 * (1 + Math.abs(slope)),
          `${parameter.name} ${i}: ${gradient[at]} and not ${slope}`,
        )
      }
    }
  })

  test('training goes on from a file to the same bits, with threads and without', async () => {
    const rows = 80
    const [many, y] = [wave(4 * rows), { price: wave(2 * rows, 3), kind: labels(rows) }]
    const [expected, threaded] = [compiled(), compiled(2)]
    for (const each of [expected, threaded]) await each.fit(many, y, { epochs: 3, batchSize: 32 })
    const model = modelFromBytes<'price' | 'kind'>(expected.toBytes({ includeOptimizer: true }))
    const twin = expected.clone()
    for (const each of [expected, model, twin, threaded]) await each.fit(many, y, { epochs: 2, batchSize: 32 })
    for (const each of [model, twin, threaded]) assert.equal(bits(each), bits(expected))
    assert.equal(model.evaluate(many, y), expected.evaluate(many, y))
    assert.equal(threaded.predict(many), expected.predict(many))
    threaded.close()
  })
  test.run()
}
