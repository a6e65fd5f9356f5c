// Denormal numbers cost 10 to 100 times an ordinary one, and WebAssembly cannot flush them: no moment may stay one.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { configureRuntime, dense, input, type Model, type OptimizerName, sequential } from '../../src/entries/public.ts'
import { optimizers } from '../../src/optimizers/optimizers.ts'
import { targets } from '../support/targets.ts'

const LEAST_NORMAL = 2 ** -126
const denormals = (values: Float32Array) =>
  values.filter((value) => value !== 0 && Math.abs(value) < LEAST_NORMAL).length

function blocksOf({ engine }: Model): Float32Array[] {
  const { gradients = 0, states } = engine.storage
  return [gradients, ...states].map((address) => engine.storage.view(address))
}

for (const target of targets) {
  const test = suite(`denormals (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const kind of Object.keys(optimizers) as OptimizerName[]) {
    test(`${kind}: moments of gradients that fade`, () => {
      // without biases everything scales with the inputs, gradients of kernels with their square
      const layers = [
        dense(10, { activation: 'tanh', useBias: false }),
        dense(10, { useBias: false }),
        dense(4, { useBias: false }),
      ]
      const model = sequential([input(6), ...layers], { seed: 3 })
      const make = optimizers[kind] as (options?: object) => ReturnType<(typeof optimizers)['adam']>
      model.compile({
        optimizer: make({ learningRate: 0, ...(kind === 'sgd' && { momentum: 0.9 }) }),
        loss: 'meanSquaredError',
      })
      const y = new Float32Array(8 * 4)
      let smallest = 1
      for (let step = 0; step < 200; step++) {
        const scale = 10 ** (-step / 4)
        const x = Float32Array.from({ length: 8 * 6 }, (_, i) => scale * Math.sin(i + 1))
        model.trainStep(x, y)
        const [gradients, ...moments] = blocksOf(model)
        for (const block of moments) assert.is(denormals(block), 0, `scale ${scale}`)
        const largest = gradients.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        if (largest > 0) smallest = Math.min(smallest, largest)
      }
      assert.ok(smallest < 1e-18, `the gradients never got small: ${smallest}`)
    })
  }

  test('gradients of a perfect fit are exactly zero and stay so', () => {
    const model = sequential([input(6), dense(10, { activation: 'relu' }), dense(4)], { seed: 3 })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    const x = Float32Array.from({ length: 8 * 6 }, (_, i) => Math.sin(i))
    for (let step = 0; step < 300; step++) {
      model.trainStep(x, model.predict(x))
      for (const block of blocksOf(model)) assert.is(denormals(block), 0)
    }
    assert.ok(blocksOf(model)[0].every((value) => value === 0))
  })
  test.run()
}
