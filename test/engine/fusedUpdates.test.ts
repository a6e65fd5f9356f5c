/** Updates that use up gradients where they are made leave what gradients and their update leave apart, to the bit. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FUSED_ROWS } from '../../src/compiler/fusedUpdates.ts'
import {
  batchNorm,
  type CompileOptions,
  concatenate,
  configureRuntime,
  dense,
  dropout,
  input,
  type Layer,
  l2,
  lbfgs,
  type Model,
  muon,
  residual,
  sequential,
} from '../../src/entries/public.ts'
import { lamb, type Optimizer, sgd } from '../../src/optimizers/optimizers.ts'
import { targets } from '../support/targets.ts'
import { all, assertSame, bits, features, ready } from '../support/threading.ts'

const INPUTS = 182
const OUTPUTS = 5

// kernels of an odd number of panels, with a ragged last one, too small to be fused, of odd inputs and odd panels
const layers = () => [
  input(INPUTS),
  dense(187, { activation: 'tanh' }),
  dense(177, { activation: 'relu', useBias: false }),
  dropout(0.2),
  dense(193, { activation: 'gelu' }),
  dense(OUTPUTS),
]

function build(of: readonly Layer[], options: Partial<CompileOptions> = {}, threads = 1): Model {
  const model = sequential(of, { seed: 9, threads })
  model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: 'meanSquaredError', ...options })
  return model
}

const batch = (rows: number, step: number) => ({
  rows,
  features: features(rows, INPUTS).map((value, i) => value + Math.cos(step * 3 + i)),
  targets: features(rows, OUTPUTS).map((value) => value * step),
})

/** Parameters, running statistics and optimizer state. */
const imageOf = ({ engine: { storage } }: Model) =>
  [storage.parameters, ...storage.states].map((address) => bits(storage.view(address).slice())).join()

const gradientsOf = (model: Model) => model.parameters.map((parameter) => bits(parameter.gradient())).join()

/** What is in the gradient block, whether or not it is the last update's. */
const blockOf = ({ engine: { storage } }: Model) => bits(storage.view(storage.gradients ?? 0).slice())

function step(model: Model, data: ReturnType<typeof batch>): void {
  model.engine.computeGradients(data)
  model.engine.applyUpdate()
}

const isFused = (model: Model) => model.engine.trainingPlan().fused !== undefined

for (const target of targets) {
  const test = suite(`fused updates (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('every rule: one step as two', () => {
    const rules: readonly Optimizer[] = [...all, sgd({ momentum: 0.9, weightDecay: 0.01 })]
    for (const optimizer of target === 'debug' ? [rules[0], rules[rules.length - 1]] : rules) {
      const [whole, apart] = [build(layers(), { optimizer }), build(layers(), { optimizer })]
      assert.is(isFused(whole), !['lamb', 'novograd'].includes(optimizer.kind), optimizer.kind)
      for (const [i, rows] of [4, 1, 33, FUSED_ROWS, FUSED_ROWS + 1].entries()) {
        const before = blockOf(whole)
        whole.engine.trainBatch(batch(rows, i + 1))
        step(apart, batch(rows, i + 1))
        const where = `${optimizer.kind}, ${rows} rows`
        assertSame(imageOf(whole), imageOf(apart), where)
        // gradients are made when somebody asks
        if (isFused(whole) && rows <= FUSED_ROWS) assert.is.not(blockOf(whole), blockOf(apart), where)
        else assertSame(blockOf(whole), blockOf(apart), where)
        assert.is.not(blockOf(whole), before, where)
        if (i % 2 === 0) assertSame(gradientsOf(whole), gradientsOf(apart), where)
      }
    }
  })

  test('gradients are there after whatever comes next', () => {
    const uses: Record<string, (model: Model) => void> = {
      nothing: () => {},
      predict: (model) => model.predict(batch(9, 5).features),
      evaluate: (model) => model.evaluate(batch(9, 5).features, batch(9, 5).targets),
      'a larger plan': (model) => model.predict(batch(300, 5).features),
      'a larger batch': (model) => model.engine.trainingPlan(200),
      'parameters that change': (model) => model.parameters[0].set(new Float32Array(model.parameters[0].size)),
    }
    for (const [name, use] of Object.entries(uses)) {
      const [whole, apart] = [build(layers()), build(layers())]
      for (let i = 1; i < 3; i++) {
        whole.engine.trainBatch(batch(7, i))
        step(apart, batch(7, i))
      }
      use(whole)
      assertSame(gradientsOf(whole), gradientsOf(apart), name)
    }
  })

  test('layers inside layers', () => {
    const inner = () => [dense(INPUTS, { activation: 'tanh' }), dense(INPUTS)]
    const nested: readonly (() => Layer[])[] = [
      () => [input(INPUTS), residual(inner()), batchNorm(), residual([dense(INPUTS)]), dense(OUTPUTS)],
      () => [input(INPUTS), dense(INPUTS, { activation: 'relu' }), concatenate([inner(), []]), dense(OUTPUTS)],
    ]
    for (const make of nested) {
      const [whole, apart] = [build(make()), build(make())]
      assert.ok(isFused(whole))
      for (let i = 1; i < 4; i++) {
        whole.engine.trainBatch(batch(6, i))
        step(apart, batch(6, i))
        assertSame(gradientsOf(whole), gradientsOf(apart), `step ${i}`)
        assertSame(imageOf(whole), imageOf(apart), `step ${i}`)
      }
    }
  })

  test('a fit leaves what its steps do, on any number of threads', async () => {
    const { features: x, targets: y } = batch(70, 1)
    const fit = (model: Model) => model.fit(x, y, { batchSize: 16, epochs: 3, shuffle: false, validationData: [x, y] })
    const [one, two, apart] = [build(layers()), ready(build(layers(), {}, 2)), build(layers())]
    await Promise.all([one, two].map(fit))
    for (let epoch = 0; epoch < 3; epoch++) {
      for (let first = 0; first < 70; first += 16) {
        const last = Math.min(first + 16, 70)
        const part = { features: x.subarray(first * INPUTS, last * INPUTS), rows: last - first }
        step(apart, { ...part, targets: y.subarray(first * OUTPUTS, last * OUTPUTS) })
      }
    }
    for (const model of [one, two]) {
      assertSame(imageOf(model), imageOf(apart), 'parameters')
      assertSame(gradientsOf(model), gradientsOf(apart), 'gradients')
      model.close()
    }
  })

  test('frozen layers, and a goal of its own, owe nothing', () => {
    const model = build(layers())
    model.engine.trainBatch(batch(4, 1))
    model.freeze(1)
    assert.ok(model.parameters.every((parameter) => parameter.gradient().every((value) => value === 0)))
    model.engine.trainBatch(batch(4, 2))
    assert.ok(model.parameters[0].gradient().every((value) => value === 0))
    assert.not(model.parameters[2].gradient().every((value) => value === 0))
    model.engine.trainBatch(batch(4, 3))
    model.compile({ optimizer: sgd(), loss: 'meanSquaredError' })
    assert.throws(() => model.parameters[0].gradient(), /has none yet/)
  })

  test('what looks at all gradients first is not fused', () => {
    const wide = (options: Parameters<typeof dense>[1]) => [
      input(INPUTS),
      dense(200, options),
      dense(16),
      dense(OUTPUTS),
    ]
    const plain = wide({})
    const refused: readonly [string, readonly Layer[], Partial<CompileOptions>][] = [
      ['clipNorm', plain, { clipNorm: 1 }],
      ['globalClipNorm', plain, { globalClipNorm: 1 }],
      ['clipValue', plain, { clipValue: 1 }],
      ['a rule by tensors', plain, { optimizer: lamb() }],
      ['a rule on matrices', plain, { optimizer: muon() }],
      ['a solver', plain, { optimizer: lbfgs() }],
      ['a penalty', wide({ kernelRegularizer: l2(0.01) }), {}],
      ['weightNorm', wide({ weightNorm: true }), {}],
      ['small kernels', [input(8), dense(16), dense(OUTPUTS)], {}],
    ]
    assert.ok(isFused(build(plain)))
    for (const [name, of, options] of refused) assert.not(isFused(build(of, options)), name)
  })

  test.run()
}
