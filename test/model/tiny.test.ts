// Values below 2^-63 count as 0 wherever they come from: features, parameters, and what layers make of them.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  batchNorm,
  blend,
  configureRuntime,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  input,
  type Layer,
  layerNorm,
  loadModel,
  type Model,
  periodicEmbedding,
  prelu,
  residual,
  rmsNorm,
  scale,
  sequential,
} from '../../src/entries/public.ts'
import { predictorFromBytes } from '../../src/model/predictor.ts'
import { optimizers } from '../../src/optimizers/optimizers.ts'
import { wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const FLOOR = 2 ** -63
const tiny = (values: Float32Array) => values.find((value) => value !== 0 && Math.abs(value) < FLOOR)

/** What `act` has warned of on the console. */
async function warnings(act: () => unknown): Promise<string[]> {
  const { warn } = console
  const said: string[] = []
  console.warn = (text: string) => said.push(text)
  try {
    await act()
  } finally {
    console.warn = warn
  }
  return said
}

const network = (activation: 'relu' | 'tanh' = 'tanh') => {
  const model = sequential([input(7), dense(9, { activation }), dense(3)], { seed: 4 })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

for (const target of targets) {
  const test = suite(`tiny values (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('features below 2^-63 give the bits of zeros; 2^-63 itself counts', async () => {
    const x = wave(6 * 7)
    const zeros = Float32Array.from(x, (v, i) => (i % 3 ? v : 0))
    const below = Float32Array.from(x, (v, i) => (i % 3 ? v : v * 2 ** -65))
    const denormal = Float32Array.from(x, (v, i) => (i % 3 ? v : v * 1e-40))
    const y = wave(6 * 3)
    await warnings(async () => {
      for (const features of [below, denormal]) {
        const expected = network()
        const history = await expected.fit(zeros, y, { batchSize: 4, epochs: 2, shuffle: false })
        const model = network()
        const { loss } = model.evaluate(features, y)
        assert.is(loss, network().evaluate(zeros, y).loss)
        assert.equal(await model.fit(features, y, { batchSize: 4, epochs: 2, shuffle: false }), history)
        assert.equal(model.predict(features), expected.predict(zeros))
        assert.is(model.trainStep(features, y), expected.trainStep(zeros, y))
        assert.equal(model.getWeights(), expected.getWeights())
        const predictor = predictorFromBytes(model.toBytes())
        assert.equal(predictor.predict(features), predictor.predict(zeros))
      }
    })
    const linear = sequential([input(1), dense(1, { useBias: false })])
    linear.parameters[0].set([4])
    assert.equal(linear.predict([FLOOR, -FLOOR]), Float32Array.of(4 * FLOOR, -4 * FLOOR))
  })

  test('parameters below 2^-63 become 0 by set, setWeights and files', async () => {
    const source = network()
    const [kernel, bias] = source.parameters
    const values = kernel.get().map((v, i) => (i % 2 ? v : v * 1e-25))
    const zeros = values.map((v, i) => (i % 2 ? v : 0))
    kernel.set(values)
    assert.equal(kernel.get(), zeros)
    bias.set(new Float32Array(9).fill(-1e-41))
    assert.equal(bias.get(), new Float32Array(9))
    kernel.set(new Float32Array(63).fill(FLOOR))
    assert.equal(kernel.get(), new Float32Array(63).fill(FLOOR))

    const weights = source.getWeights()
    weights.forEach((value, i) => {
      if (value === Math.fround(FLOOR)) weights[i] = value / 2
    })
    source.setWeights(weights)
    assert.equal(kernel.get(), new Float32Array(63))

    // written into a file behind the model's back
    kernel.set(zeros)
    const { storage } = source.engine
    const block = storage.view(storage.parameters)
    block.set(Float32Array.from(block, (value) => (value === 0 ? 0 : value * 1e-30)))
    const file = source.toBytes()
    const loaded = await loadModel(file)
    for (const parameter of loaded.parameters) assert.is(tiny(parameter.get()), undefined)
    assert.equal(predictorFromBytes(file).predict(wave(7)), loaded.predict(wave(7)))
  })

  test('products of small numbers count as 0, whatever the layers', async () => {
    const kinds: Record<string, Layer[]> = {
      dense: [dense(9, { activation: 'relu' })],
      gelu: [dense(9, { activation: 'gelu' })],
      silu: [dense(9, { activation: 'silu' })],
      mish: [dense(9, { activation: 'mish' })],
      softplus: [dense(9, { activation: 'softplus' })],
      sigmoid: [dense(9, { activation: 'sigmoid' })],
      elu: [dense(9, { activation: 'elu' })],
      leakyRelu: [dense(9, { activation: 'leakyRelu' })],
      softmax: [dense(9, { activation: 'softmax' })],
      batchNorm: [dense(9), batchNorm()],
      layerNorm: [dense(9), layerNorm()],
      groupNorm: [dense(9), groupNorm(3)],
      rmsNorm: [dense(9), rmsNorm()],
      prelu: [dense(9), prelu()],
      scale: [dense(9), scale()],
      blend: [dense(9), blend('silu')],
      periodicEmbedding: [dense(9), periodicEmbedding({ frequencies: 3 })],
      noise: [dense(9), gaussianNoise(1e-30), dropout(0.5)],
      'weight norm': [dense(9, { weightNorm: true })],
      residual: [dense(9), residual([dense(9, { activation: 'tanh' })])],
    }
    await warnings(() => {
      for (const [name, layers] of Object.entries(kinds)) {
        for (const scale of [1e-8, 1e-13, 1e-16, 1e-18, 1e-19, 1e-30, 1e-42]) {
          const model = sequential([input(7), ...layers, dense(5), dense(3)], { seed: 4 })
          model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
          for (const parameter of model.parameters) {
            if (parameter.shape.length === 2) parameter.set(parameter.get().map((value) => value * scale))
          }
          const small = (count: number) => wave(count).map((value) => value * scale)
          assert.is(tiny(model.predict(small(4 * 7))), undefined, `${name}: outputs at ${scale}`)
          model.gradients(small(4 * 7), small(4 * 3))
          const { layers: places } = model.engine.trainingPlan()
          for (const { y, dy } of places.slice(1)) {
            assert.is(tiny(model.engine.read(y, 4)), undefined, `${name}: y at ${scale}`)
            if (dy) assert.is(tiny(model.engine.read(dy, 4)), undefined, `${name}: dy at ${scale}`)
          }
          for (const parameter of model.parameters)
            assert.is(tiny(parameter.gradient()), undefined, `${name}: gradient of ${parameter.name} at ${scale}`)
        }
      }
    })
  })

  test('no optimizer leaves a parameter below 2^-63', async () => {
    await warnings(() => {
      for (const [kind, of] of Object.entries(optimizers)) {
        const make = of as (options: object) => ReturnType<typeof of>
        const model = sequential([input(4), dense(5), dense(2)], { seed: 4 })
        model.compile({ optimizer: make({ learningRate: 1e-18 }), loss: 'meanSquaredError' })
        for (const parameter of model.parameters) parameter.set(new Float32Array(parameter.size).fill(3 * FLOOR))
        for (let step = 0; step < 20; step++) model.trainStep(wave(3 * 4), wave(3 * 2))
        assert.is(tiny(model.getWeights()), undefined, kind)
      }
    })
  })

  test('a model says once that features are too small', async () => {
    const x = wave(6 * 7).map((value) => value * 1e-25)
    const y = wave(6 * 3)
    const acts: ((model: Model) => unknown)[] = [
      (model) => model.predict(x),
      (model) => model.evaluate(x, y),
      (model) => model.trainStep(x, y),
      (model) => model.fit(x, y),
      (model) => model.gradients(x, y),
    ]
    for (const act of acts) {
      const said = await warnings(async () => {
        const model = network()
        await act(model)
        await act(model)
        model.predict(x)
      })
      assert.is(said.length, 1)
      assert.match(said[0], /features below 1\.1e-19 count as 0.*scale your data/)
    }
    const predictor = predictorFromBytes(network().toBytes())
    assert.is((await warnings(() => [predictor.predict(x), predictor.predict(x)])).length, 1)
    const silent = await warnings(() => {
      const model = network()
      model.predict(new Float32Array(7))
      model.predict(new Float32Array(7).fill(FLOOR))
      model.predict(new Float32Array(7).fill(-0))
      // targets are nobody's mistake
      model.trainStep(wave(7), [1e-30, 0, 0])
    })
    assert.equal(silent, [])
  })

  test.run()
}
