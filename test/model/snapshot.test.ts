// Snapshots: in and out of models, and what of a file beside its settings may be what.
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { predictorFromBytes } from '../../src/entries/predict.ts'
import {
  adam,
  configureRuntime,
  dense,
  input,
  joinSchedules,
  type LoadOptions,
  linearWarmup,
  modelFromBytes,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { readSafetensors } from '../../src/formats/safetensors.ts'
import { fromSnapshot } from '../../src/model/load.ts'
import { type Json, settingsOf, trainedFile, withMetadata, withSettings, withTensors } from '../support/modelFile.ts'
import { refuses } from '../support/refuses.ts'
import { bits, classifier, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const golden = (name: string): Buffer => readFileSync(new URL(`../../../test/golden/models/${name}`, import.meta.url))

for (const target of targets) {
  const test = suite(`snapshots (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('a model of a snapshot is the same model, and shares nothing with it', () => {
    const model = classifier()
    model.trainStep(wave(4 * 8), labels(8))
    model.freeze(1)
    const again = fromSnapshot('test', model.snapshot('test', { includeOptimizer: true }))
    assert.equal(again.toBytes({ includeOptimizer: true }), model.toBytes({ includeOptimizer: true }))
    const before = bits(model)
    again.trainStep(wave(4 * 8), labels(8))
    assert.equal(bits(model), before)
    model.trainStep(wave(4 * 8), labels(8))
    assert.equal(bits(again), bits(model))
  })
  test.run()
}

const test = suite('model files')

test('files of 0.1 load, predict and train on as they did', async () => {
  const expected = JSON.parse(golden('predictions.json').toString())
  for (const [name, { before, after }] of Object.entries<{ before: number[]; after: number[] }>(expected)) {
    const bytes = golden(`${name}.safetensors`)
    const model = modelFromBytes(bytes)
    const x = wave(5 * model.engine.inputs, 4)
    assert.equal(Array.from(model.predict(x)), before, name)
    assert.equal(Array.from(predictorFromBytes(bytes).predict(x)), before, name)
    assert.equal(model.toBytes({ includeOptimizer: model.compiled !== undefined }), new Uint8Array(bytes), name)
    if (model.compiled) {
      const y = name === 'training' ? labels(5, model.engine.outputs) : wave(5 * model.engine.outputs, 5)
      await model.fit(x, y, { epochs: 3, batchSize: 5 })
    }
    assert.equal(Array.from(model.predict(x)), after, name)
  }
})

test('fourlane/2 is read, and not written as long as nothing needs it', () => {
  const bytes = trainedFile()
  const second = withMetadata(bytes, (metadata) => {
    assert.is(metadata.format, 'fourlane/1')
    return { ...metadata, format: 'fourlane/2' }
  })
  assert.equal(modelFromBytes(second, { verify: false }).toBytes({ includeOptimizer: true }), bytes)
  const third = withMetadata(bytes, (metadata) => ({ ...metadata, format: 'fourlane/3' }))
  const says = 'metadata has format "fourlane/3", expected "fourlane/1" or "fourlane/2"'
  refuses(() => modelFromBytes(third), RangeError, `modelFromBytes: not a fourlane model: its ${says}`)
  refuses(() => predictorFromBytes(third), RangeError, `predictorFromBytes: not a fourlane model: its ${says}`)
})

test('fourlane/2 is written where class names or metadata are', () => {
  const formatOf = (bytes: Uint8Array) => readSafetensors(bytes).metadata.format
  const model = classifier()
  const before = model.toBytes()
  assert.is(formatOf(before), 'fourlane/1')
  model.classNames = ['a', 'b', 'c']
  assert.is(formatOf(model.toBytes()), 'fourlane/2')
  model.classNames = undefined
  model.metadata = null
  assert.is(formatOf(model.toBytes()), 'fourlane/2')
  model.metadata = undefined
  assert.equal(model.toBytes(), before)
})

test('what users keep in a file stays in it', () => {
  const user = { classes: ['a', 'b'], nested: { anything: [1, null, 'x'] } }
  const bytes = withSettings(trainedFile(), (settings) => ({ ...settings, user }))
  assert.equal(settingsOf(modelFromBytes(bytes).toBytes()).user, user)
  predictorFromBytes(bytes)
})

test('tensors must be those of the layers', () => {
  const bytes = trainedFile()
  const without = withTensors(bytes, (tensors) => tensors.filter(({ name }) => name !== 'dense_2.bias'))
  const transposed = withTensors(bytes, (tensors) =>
    tensors.map((tensor) => (tensor.name === 'dense_1.kernel' ? { ...tensor, shape: [16, 4] } : tensor)),
  )
  const integers = withTensors(bytes, (tensors) =>
    tensors.map((tensor) =>
      tensor.name === 'dense_2.bias' ? { ...tensor, dtype: 'I32', data: Int32Array.from(tensor.data) } : tensor,
    ),
  )
  for (const read of [modelFromBytes, predictorFromBytes]) {
    refuses(() => read(without), RangeError, 'the file has no tensor "dense_2.bias"')
    refuses(() => read(transposed), RangeError, 'tensor "dense_1.kernel" has shape [16, 4], expected [4, 16]')
    refuses(() => read(integers), RangeError, 'tensor "dense_2.bias" is I32, expected F32')
  }
  const more = withTensors(bytes, ([first, ...rest]) => [first, ...rest, { ...first, name: 'extra' }])
  refuses(() => modelFromBytes(more), RangeError, 'tensor "extra" belongs to no layer of the model')
  const stateless = withTensors(bytes, (tensors) => tensors.filter(({ name }) => !name.includes('secondMoment')))
  refuses(() => modelFromBytes(stateless), RangeError, 'no tensor "optimizer.secondMoment.dense_1.kernel"')
})

test('a checksum is asked for, unless it is not', () => {
  const bytes = trainedFile()
  const expected = modelFromBytes(bytes).predict(wave(4))
  const cases: [change: (metadata: Json) => Json, says: string][] = [
    [({ crc32: _, ...metadata }) => metadata, 'the file has no checksum'],
    [(metadata) => ({ ...metadata, crc32: 'x' }), 'the file has no checksum'],
    [(metadata) => ({ ...metadata, crc32: '0000000' }), 'the file has no checksum'],
    [(metadata) => ({ ...metadata, crc32: '00000000' }), 'the file is damaged: its checksum is'],
    [(metadata) => ({ ...metadata, note: 'by another program' }), 'the file is damaged: its checksum is'],
  ]
  for (const [change, says] of cases) {
    const file = withMetadata(bytes, change)
    for (const read of [modelFromBytes, predictorFromBytes]) {
      refuses(() => read(file), RangeError, says)
      assert.equal(read(file, { verify: false }).predict(wave(4)), expected)
    }
  }
})

test('values that are not finite are refused, unless they are allowed', () => {
  const bytes = trainedFile()
  for (const name of ['dense_1.kernel', 'optimizer.firstMoment.dense_2.bias']) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const file = withTensors(bytes, (tensors) =>
        tensors.map((tensor) => (tensor.name === name ? { ...tensor, data: tensor.data.fill(value, 2, 3) } : tensor)),
      )
      const path = name.replace('optimizer.firstMoment.', '')
      refuses(() => modelFromBytes(file), RangeError, `value 2 of "${path}" is ${value}; { allowNonFinite: true }`)
      const again = modelFromBytes(file, { allowNonFinite: true }).toBytes({ includeOptimizer: true })
      assert.equal(again, file)
      if (name !== path) predictorFromBytes(file)
      else {
        refuses(() => predictorFromBytes(file), RangeError, `value 2 of "${path}" is ${value}`)
        const outputs = predictorFromBytes(file, { allowNonFinite: true }).predict(wave(4))
        // as numbers: which NaN it is may differ
        assert.equal([...outputs], [...modelFromBytes(file, { allowNonFinite: true }).predict(wave(4))])
      }
    }
  }
})

test('options of loading are checked, and take their effect', () => {
  const bytes = trainedFile()
  const load = (options: object) => () => modelFromBytes(bytes, options as LoadOptions)
  refuses(load({ thread: 2 }), TypeError, 'modelFromBytes: unknown option "thread"; did you mean "threads"?')
  refuses(load({ threads: 0 }), RangeError, '"threads" must be a whole number from 1 to 32, got 0')
  refuses(load({ deterministic: 1 }), TypeError, '"deterministic" must be true or false, got 1')
  refuses(load({ verify: 'no' }), TypeError, 'modelFromBytes: "verify" must be true or false, got "no"')
  refuses(load({ allowNonFinite: 1 }), TypeError, '"allowNonFinite" must be true or false, got 1')
  const predict = () => predictorFromBytes(bytes, { threads: 2 } as object)
  refuses(predict, TypeError, 'predictorFromBytes: unknown option "threads"')
  const model = modelFromBytes(bytes, { threads: 2, deterministic: true })
  assert.equal([model.threads, model.deterministic], [2, true])
  model.close()
  assert.is(modelFromBytes(bytes).deterministic, false)
})

test('a rate that is a function is said to stay behind, and the rest is kept', () => {
  const { warn } = console
  const said: string[] = []
  console.warn = (text: string) => said.push(text)
  try {
    const model = sequential([input(4), dense(3, { activation: 'softmax' })], { seed: 1 })
    const groups = [{ match: (name: string) => name.endsWith('bias'), weightDecay: 0 }]
    const learningRate = (step: number) => 0.5 / (step + 1)
    model.compile({
      optimizer: sgd({ learningRate, momentum: 0.9, weightDecay: 0.25, parameterGroups: groups }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
      clipNorm: 3,
    })
    model.trainStep(wave(4 * 8), labels(8))
    model.trainStep(wave(4 * 8), labels(8))
    const bytes = model.toBytes()
    model.toBytes()
    assert.equal(said, [
      'toBytes: "learningRate" is a function of your own, of which the file keeps the value at the last update, 0.25; "parameterGroups" that match by functions of your own are not in the file; match by names or expressions',
    ])
    const { compiled } = modelFromBytes(bytes)
    assert.equal(compiled && { ...compiled, optimizer: { ...compiled.optimizer } }, {
      optimizer: sgd({ learningRate: 0.25, momentum: 0.9, weightDecay: 0.25 }),
      loss: { kind: 'sparseCategoricalCrossentropy', fromLogits: false, labelSmoothing: 0 },
      metrics: [{ kind: 'accuracy' }],
      clipping: { clipNorm: 3 },
    })
    const resume = () => model.toBytes({ includeOptimizer: true })
    refuses(resume, Error, 'toBytes: includeOptimizer cannot store what training needs: "learningRate" is a function')
    const joined = joinSchedules([
      { schedule: linearWarmup({ learningRate: 1, warmup: 2 }), until: 2 },
      { schedule: () => 1 },
    ])
    model.compile({ optimizer: adam({ learningRate: joined }), loss: 'sparseCategoricalCrossentropy' })
    refuses(resume, Error, '"learningRate" is a function')
  } finally {
    console.warn = warn
  }
})
test.run()
