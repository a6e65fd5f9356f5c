/** Models that rules on whole matrices train: steps, files, clones, threads, frozen layers, groups, clipping, workers that die. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CompileOptions, cosineDecay, embedding, modelFromBytes } from '../../src/entries/public.ts'
import { batchNorm, dense, input } from '../../src/layers/layers.ts'
import { type Model, sequential } from '../../src/model/model.ts'
import { type MuonOptions, muon } from '../../src/optimizers/matrices/muon.ts'
import { adamw, nadam, sgd } from '../../src/optimizers/optimizers.ts'
import { optimize } from '../../src/training/optimize.ts'
import { refuses } from '../support/refuses.ts'
import { assertSame, bits, classes, failureOf, features, killMidway, ready } from '../support/threading.ts'

const test = suite('models of matrix rules')

const ROWS = 48
const x = features(ROWS, 13)
const y = classes(ROWS, 10)
const loss = 'sparseCategoricalCrossentropy'
const tanh = { activation: 'tanh' } as const

function build(options: MuonOptions = {}, threads = 1, more: object = {}): Model {
  const layers = [input(13), dense(37, tanh), batchNorm(), dense(41, tanh), dense(20, tanh), dense(20, tanh)]
  const model = sequential([...layers, dense(10, { activation: 'softmax' })], { seed: 5, threads })
  model.compile({ optimizer: muon({ learningRate: 0.02, ...options }), loss, ...more })
  return model
}

const OWN = ['dense_2.kernel', 'dense_3.kernel', 'dense_4.kernel']
const imageOf = (model: Model) => bits(model.getWeights()) + bits(model.engine.storage.viewKept().slice())

test('a step is that of optimize on the same gradients; first and last layers take the fallback', () => {
  const options = { learningRate: 0.02, fallback: nadam({ learningRate: 0.01 }) }
  const model = build(options)
  const trained = model.parameters.filter(({ name }) => !name.includes('running'))
  const apart = optimize(
    muon({ ...options, match: OWN }),
    trained.map((parameter) => parameter.get()),
    {
      names: trained.map(({ name }) => name),
      shapes: trained.map(({ shape }) => (shape.length === 2 ? shape : undefined)),
    },
  )
  for (let t = 0; t < 4; t++) {
    model.gradients(x, y)
    trained.forEach((parameter, i) => {
      apart.gradients[i].set(parameter.gradient())
    })
    apart.step()
    model.trainStep(x, y)
    trained.forEach((parameter, i) => {
      assertSame(bits(parameter.get()), bits(apart.values[i]), `${parameter.name}, step ${t}`)
    })
  }
  const { tensors } = model.engine.storage.kept
  const own = tensors.filter(({ state }) => state === 'momentum')
  assert.equal(
    own.map(({ tensor }) => tensor.name),
    OWN,
  )
  // state is stored once: a momentum, or the fallback's two moments
  assert.is(tensors.length, OWN.length + 2 * (model.parameters.length - OWN.length))
})

test('resumes bit for bit from a file, schedules, match and fallback included', async () => {
  const options = {
    learningRate: cosineDecay({ learningRate: 0.02, totalSteps: 40 }),
    match: /^dense_[2-5]\./,
    fallback: adamw({
      learningRate: cosineDecay({ learningRate: 0.003, totalSteps: 30 }),
      amsgrad: true,
      parameterGroups: [{ match: 'bias', weightDecay: 0 }],
    }),
  }
  const whole = build(options)
  await whole.fit(x, y, { epochs: 4, batchSize: 10 })
  const half = build(options)
  await half.fit(x, y, { epochs: 2, batchSize: 10 })
  const bytes = half.toBytes({ includeOptimizer: true })
  const resumed = modelFromBytes(bytes, { custom: { muon } })
  assertSame(imageOf(resumed), imageOf(half), 'loaded')
  assert.equal(resumed.toBytes({ includeOptimizer: true }), bytes)
  const twin = resumed.clone()
  for (const model of [resumed, twin]) {
    await model.fit(x, y, { epochs: 4, batchSize: 10, initialEpoch: 2 })
    assertSame(imageOf(model), imageOf(whole), 'resumed')
  }
})

test('tables of embeddings take the fallback, and keep their state apart from that of others', async () => {
  const rows = 30
  const data = Float32Array.from({ length: rows * 3 }, (_, i) => (i % 3 === 0 ? (i / 3) % 11 : Math.sin(i)))
  const targets = classes(rows, 5)
  const fallback = adamw({ learningRate: 0.01 })
  const make = (optimizer: CompileOptions['optimizer']) => {
    const table = embedding({ columns: 0, categories: 11, units: 5 })
    const layers = [input(3), table, dense(9, tanh), dense(9, tanh), dense(5, { activation: 'softmax' })]
    const model = sequential(layers, { seed: 4 })
    model.compile({ optimizer, loss })
    return model
  }
  const own = (model: Model) => model.parameters.filter(({ name }) => name === 'dense_2.kernel')
  // with that matrix effectively frozen, only the fallback trains
  const still = { match: 'dense_2.kernel', weightDecay: 0, learningRate: 0, fallback }
  const model = make(muon(still))
  const plain = make(
    adamw({ learningRate: 0.01, parameterGroups: [{ match: 'dense_2.kernel', learningRateScale: 0 }] }),
  )
  for (const one of [model, plain]) await one.fit(data, targets, { epochs: 3, batchSize: 7 })
  assert.is(own(model).length, 1)
  assertSame(bits(model.getWeights()), bits(plain.getWeights()), 'the fallback')
  const loaded = modelFromBytes(model.toBytes({ includeOptimizer: true }), { custom: { muon, embedding } })
  assertSame(imageOf(loaded), imageOf(model), 'loaded')
  for (const one of [model, loaded]) await one.fit(data, targets, { epochs: 5, batchSize: 7, initialEpoch: 3 })
  assertSame(imageOf(loaded), imageOf(model), 'resumed')
})

test('a program that does not name the rule can predict, evaluate and compile anew', () => {
  const model = build({}, 1, { clipNorm: 1 })
  model.trainStep(x, y)
  const loaded = modelFromBytes(model.toBytes({ includeOptimizer: true }))
  assert.equal(loaded.predict(x), model.predict(x))
  assert.equal(Object.keys(loaded.evaluate(x, y)), Object.keys(model.evaluate(x, y)))
  assert.throws(() => loaded.trainStep(x, y), /trained by muon, .*custom: \{ muon \}/)
  assert.throws(() => modelFromBytes(model.toBytes(), { custom: { muo: muon } as never }), /did you mean "muon"/)
  loaded.compile({ optimizer: 'adam', loss })
  loaded.trainStep(x, y)
})

test('hostile files are refused', () => {
  const model = build()
  model.trainStep(x, y)
  const file = Buffer.from(model.toBytes({ includeOptimizer: true })).toString('latin1')
  const load = (from: string, to: string) => () => {
    assert.ok(file.includes(from), from)
    assert.is(from.length, to.length)
    return modelFromBytes(Buffer.from(file.replace(from, to), 'latin1'), { custom: { muon }, verify: false })
  }
  const name = 'optimizer.momentum.dense_3.kernel'
  refuses(load(name, name.replace('3', '9')), RangeError, `no tensor "${name}"`)
  refuses(
    load('\\"fallback\\":{\\"kind\\":\\"adamw\\"', '\\"fallback\\":{\\"kind\\":\\"muon\\" '),
    RangeError,
    'fallback',
  )
  refuses(load('\\"momentum\\":0.95', '\\"momentum\\":1.95'), RangeError, '"momentum"')
  refuses(load('\\"coefficients\\":[3.4445', '\\"coefficients\\":[\\"xy\\"'), RangeError, '"coefficients[0]"')
})

test('the same bits on any number of threads, in steps and in fit', async () => {
  const one = build()
  await one.fit(x, y, { epochs: 3, batchSize: 20 })
  for (let i = 0; i < 3; i++) one.trainStep(x, y)
  for (const threads of [2, 3]) {
    const many = ready(build({}, threads))
    await many.fit(x, y, { epochs: 3, batchSize: 20 })
    for (let i = 0; i < 3; i++) many.trainStep(x, y)
    assertSame(imageOf(many), imageOf(one), `${threads} threads`)
    many.close()
  }
})

test('frozen layers stay and keep their state', () => {
  const model = build()
  model.trainStep(x, y)
  model.freeze('dense_3', 'dense_1')
  const before = model.parameters.map((parameter) => bits(parameter.get()))
  const { kept } = model.engine.storage
  const states = () =>
    kept.tensors.map(({ offset, stored }) => bits(model.engine.storage.viewKept().slice(offset, offset + stored)))
  const statesBefore = states()
  model.trainStep(x, y)
  model.parameters.forEach((parameter, i) => {
    const isFrozen = /^dense_[13]/.test(parameter.name)
    if (isFrozen) assert.is(bits(parameter.get()), before[i], parameter.name)
    else assert.is.not(bits(parameter.get()), before[i], parameter.name)
  })
  states().forEach((state, i) => {
    const { name, trainable } = kept.tensors[i].tensor
    if (/^dense_[13]/.test(name) || !trainable) assert.is(state, statesBefore[i], name)
    else assert.is.not(state, statesBefore[i], name)
  })
  model.unfreeze('dense_3')
  model.trainStep(x, y)
})

test('parameter groups reach matrices, and those of the fallback the rest', () => {
  const model = build({
    parameterGroups: [{ match: 'dense_3', learningRateScale: 0 }],
    fallback: sgd({ learningRate: 0.1, parameterGroups: [{ match: 'bias', learningRateScale: 0 }] }),
  })
  const before = model.parameters.map((parameter) => bits(parameter.get()))
  model.trainStep(x, y)
  model.parameters.forEach((parameter, i) => {
    const stays = parameter.name === 'dense_3.kernel' || parameter.name.endsWith('.bias')
    assert.is(bits(parameter.get()) === before[i], stays, parameter.name)
  })
  const match = 'nowhere'
  refuses(() => build({ parameterGroups: [{ match }] }), RangeError, '"nowhere" matches none')
  refuses(() => build({ fallback: sgd({ parameterGroups: [{ match }] }) }), RangeError, '"nowhere" matches none')
})

test('clipping comes before the rule, callbacks scale both rates', () => {
  // orthogonalization removes the scale, but the momentum of clipped gradients has another direction than that of unclipped ones
  const clipped = build({ fallback: sgd({ learningRate: 1 }) }, 1, { globalClipNorm: 1e-3 })
  const before = clipped.parameters.map((parameter) => parameter.get())
  clipped.trainStep(x, y)
  clipped.parameters.forEach((parameter, i) => {
    if (OWN.includes(parameter.name) || parameter.name.includes('running')) return
    const moved = parameter.get().map((value, k) => value - before[i][k])
    assert.ok(Math.hypot(...moved) <= 1.01e-3, parameter.name)
  })
  const still = build({ fallback: sgd({ learningRate: 1 }) })
  still.engine.learningRateScale = 0
  const weights = still.parameters.map((parameter) => bits(parameter.get()))
  still.trainStep(x, y)
  still.parameters.forEach((parameter, i) => {
    if (!parameter.name.includes('running')) assert.is(bits(parameter.get()), weights[i], parameter.name)
  })
})

test('a model without a matrix for the rule is refused when it is compiled', () => {
  const model = sequential([input(3), dense(4), dense(2)])
  const compile = (optimizer: unknown) => () =>
    model.compile({ optimizer: optimizer as never, loss: 'meanSquaredError' })
  refuses(
    compile(muon()),
    RangeError,
    'it takes no matrix of this model; the matrices are "dense_1.kernel", "dense_2.kernel"',
  )
  refuses(compile(muon({ match: 'dense_1.bias' })), RangeError, '"match" takes no matrix')
  refuses(compile('muon'), TypeError, 'must be what the factory muon() returns')
  model.compile({ optimizer: muon({ match: 'kernel' }), loss: 'meanSquaredError' })
})

test('a worker killed in the middle of an update: the last completed step, and on with one thread', async () => {
  let killed = 0
  for (let round = 0; killed < 7; round++) {
    assert.ok(round < 48, `${killed} of ${round} were killed in time`)
    const model = build({}, 2)
    const disarm = killMidway(model, 1 + ((round * 37) % 60))
    const message = await failureOf(model.fit(x, y, { epochs: 300, batchSize: 16 }))
    disarm()
    if (message === undefined) continue
    killed++
    assert.match(message, /a worker thread of this model is gone/)
    const { steps } = model.engine
    const twin = build()
    if (steps > 0) await twin.fit(x, y, { epochs: 300, batchSize: 16, maxSteps: steps })
    assertSame(imageOf(model), imageOf(twin), `after step ${steps}`)
    for (const one of [model, twin]) one.trainStep(x, y)
    assertSame(imageOf(model), imageOf(twin), 'a step later')
  }
})

test.run()
