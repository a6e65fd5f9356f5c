// Snapshots: in and out of models, and what a file's fields may say.
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
  nadam,
  residual,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { readSafetensors } from '../../src/formats/safetensors.ts'
import { fromSnapshot } from '../../src/model/load.ts'
import { fileOfLayers, type Json, settingsOf, withMetadata, withSettings, withTensors } from '../support/modelFile.ts'
import { refuses } from '../support/refuses.ts'
import { bits, classifier, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const golden = (name: string): Buffer => readFileSync(new URL(`../../../test/golden/models/${name}`, import.meta.url))

/** A file with everything that files may hold. */
function trained() {
  const model = classifier()
  model.compile({ optimizer: nadam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], clipValue: 5 })
  model.trainStep(wave(4 * 8), labels(8))
  return model.toBytes({ includeOptimizer: true })
}

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
  const bytes = trained()
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
  const bytes = withSettings(trained(), (settings) => ({ ...settings, user }))
  assert.equal(settingsOf(modelFromBytes(bytes).toBytes()).user, user)
  predictorFromBytes(bytes)
})

/** Files that every reader refuses: what changes in the settings, and what the message says. */
const architecture: readonly [change: (settings: Json) => Json | string, says: string][] = [
  [(settings) => ({ ...settings, lyers: 1 }), 'settings: unknown option "lyers"; did you mean "layers"?'],
  [(settings) => JSON.stringify(settings).replace('{', '{"__proto__":1,'), 'unknown option "__proto__"'],
  [(settings) => JSON.stringify(settings).replace('{', '{"tensors":1,'), 'unknown option "tensors"'],
  [({ seed: _, ...settings }) => settings, '"seed" must be a whole number, got undefined'],
  [(settings) => ({ ...settings, seed: -1 }), '"seed" must be a whole number from 0 to 4294967295, got -1'],
  [(settings) => ({ ...settings, deterministic: 'false' }), '"deterministic" must be true or false, got "false"'],
  [(settings) => ({ ...settings, layers: {} }), '"layers" must be an array, got an object'],
  [(settings) => ({ ...settings, layers: [] }), 'the first layer must be input(n), got undefined'],
  [(settings) => ({ ...settings, layers: [null] }), 'layer 0: layer: "kind" must be a name, got undefined'],
  [() => '[]', 'name no layers'],
  [() => 'null', 'name no layers'],
  [() => '{"layers":', 'are not JSON'],
]
const layer = (spec: object): ((settings: Json) => Json) => {
  return ({ layers, ...settings }) => ({ ...settings, layers: [...(layers as object[]), spec] })
}
const layers: readonly [spec: object, says: string][] = [
  [{ kind: 'dropout', rate: 0.5, seed: 1 }, 'layer 3: dropout: unknown option "seed"'],
  [{ kind: 'dropout', rate: '0.5' }, 'layer 3: dropout: "rate" must be a number, got "0.5"'],
  [{ kind: 'gaussianNoise', stddev: 1, mean: 1 }, 'layer 3: gaussianNoise: unknown option "mean"'],
  [{ kind: 'activation', activation: { kind: 'relu' }, alpha: 1 }, 'layer 3: activation: unknown option "alpha"'],
  [{ kind: 'activation', activation: null }, 'layer 3: activation: "activation" must be a name'],
  [{ kind: 'input', size: 3, units: 3 }, 'layer 3: input: unknown option "units"'],
  [{ kind: 'residual', layers: [{ kind: 'prelu' }], scale: 2 }, 'layer 3: residual: unknown option "scale"'],
  [{ kind: 'residual', layers: 'prelu' }, 'layer 3: residual: "layers" must be an array, got "prelu"'],
  [{ kind: 'residual', layers: [null] }, 'layer 3: layer: "kind" must be a name, got undefined'],
  [{ kind: 'dense', units: 3, bias: true }, 'layer 3: dense: unknown option "bias"'],
  [{ kind: 'constructor' }, 'layer 3: layer: unknown kind "constructor"'],
  [{ kind: 'x'.repeat(5e6) }, `layer 3: layer: unknown kind "${'x'.repeat(37)}..."`],
  [{ kind: 'dense', units: 3, ['y'.repeat(5e6)]: 1 }, `layer 3: dense: unknown option "${'y'.repeat(37)}..."`],
  [{ constructor: { name: 'z'.repeat(5e6) } }, 'layer 3: layer: "kind" must be a name'],
]

test('a file whose architecture is not one is refused by field, for training and for predicting', () => {
  const bytes = trained()
  const cases = [...architecture, ...layers.map(([spec, says]) => [layer(spec), says] as const)]
  for (const [change, says] of cases) {
    const file = withSettings(bytes, change)
    refuses(() => modelFromBytes(file), RangeError, says)
    refuses(() => predictorFromBytes(file), RangeError, says)
  }
})

const progress = (changes: object) => (settings: Json) => {
  return { ...settings, progress: { ...(settings.progress as object), ...changes } }
}
const compiled = (changes: object) => (settings: Json) => {
  return { ...settings, compiled: { ...(settings.compiled as object), ...changes } }
}
const optimizer = (options: object) => compiled({ optimizer: { kind: 'adam', options } })
const training: readonly [change: (settings: Json) => Json | string, says: string][] = [
  [
    (settings) => JSON.stringify(settings).replace('"steps":1', '"steps":1e999'),
    'progress: "steps" must be a whole number from 0 to 2147483646, got Infinity',
  ],
  [progress({ steps: -3 }), '"steps" must be a whole number from 0 to 2147483646, got -3'],
  [progress({ steps: '7' }), '"steps" must be a whole number, got "7"'],
  [progress({ steps: 1.5 }), '"steps" must be a whole number from 0 to 2147483646, got 1.5'],
  [progress({ steps: null }), '"steps" must be a whole number, got null'],
  [progress({ learningRateScale: 'x' }), '"learningRateScale" must be a number, got "x"'],
  [progress({ learningRateScale: 1e300 }), '"learningRateScale" must be a finite number at least 0 and at most'],
  [progress({ learningRateScale: -1 }), '"learningRateScale" must be a finite number at least 0'],
  [progress({ epoch: 3 }), 'progress: unknown option "epoch"'],
  [progress({ random: null }), 'progress: state: options must be an object, got null'],
  [progress({ random: { words: [1, 2, 3], spare: null } }), '"state.words" must be four whole numbers'],
  [progress({ random: { words: [0, 0, 0, 0], spare: null } }), '"state.words" must not all be 0'],
  [progress({ random: { words: [1, 2, 3, 2 ** 32], spare: null } }), '"state.words" must be a whole number from 0'],
  [progress({ random: { words: [1, 2, 3, 4], spare: '1' } }), '"state.spare" must be a finite number or null'],
  [progress({ random: { words: [1, 2, 3, 4], spare: null, seed: 1 } }), 'progress: state: unknown option "seed"'],
  [(settings) => ({ ...settings, progress: null }), 'progress: options must be an object, got null'],
  [({ compiled: _, ...settings }) => settings, '"progress" needs "compiled"'],
  [(settings) => ({ ...settings, frozen: 5 }), '"frozen" must be an array, got 5'],
  [(settings) => ({ ...settings, frozen: [3] }), '"frozen" must be a whole number from 0 to 2, got 3'],
  [(settings) => ({ ...settings, frozen: ['1'] }), '"frozen" must be a whole number, got "1"'],
  [(settings) => ({ ...settings, classNames: 'abc' }), 'settings: "classNames" must be an array of texts, got "abc"'],
  [(settings) => ({ ...settings, classNames: null }), 'settings: "classNames" must be an array of texts, got null'],
  [(settings) => ({ ...settings, classNames: ['a'] }), '"classNames" must have 3 names'],
  [
    (settings) => ({ ...settings, classNames: ['a', 'b', {}] }),
    '"classNames" must be texts, got an object for class 2',
  ],
  [(settings) => ({ ...settings, user: 'x'.repeat(2 ** 20) }), 'settings: "user" is more than 1 MiB as JSON'],
  [
    (settings) => JSON.stringify(settings).replace('{', `{"user":${'['.repeat(102)}${']'.repeat(102)},`),
    'settings: "user" is nested more than 100 deep',
  ],
  [(settings) => ({ ...settings, statisticsFrozen: 'false' }), '"statisticsFrozen" must be true or false, got "false"'],
  [compiled({ clipping: { optimizer: adam(), loss: 'hinge' } }), 'clipping: unknown option "optimizer"'],
  [compiled({ clipping: { clipNorm: -1 } }), '"clipNorm" must be a finite number greater than 0, got -1'],
  [compiled({ clipping: null }), 'clipping: options must be an object, got null'],
  [compiled({ lossWeights: [1] }), 'compiled: unknown option "lossWeights"'],
  [compiled({ metrics: 'accuracy' }), '"metrics" must be an array, got "accuracy"'],
  [compiled({ metrics: [{ kind: 'accuracy', k: 3 }] }), 'accuracy: unknown option "k"'],
  [compiled({ loss: { kind: 'huber', delta: 1, x: 1 } }), 'huber: unknown option "x"'],
  [compiled({ loss: null }), '"loss" must be a name or a loss'],
  [compiled({ optimizer: null }), 'optimizer: options must be an object, got null'],
  [compiled({ optimizer: { kind: 'adamm', options: {} } }), 'unknown optimizer "adamm"; did you mean "adam"?'],
  [compiled({ optimizer: { kind: 'adam', options: null } }), 'adam: options must be an object, got null'],
  [optimizer({ learningRate: 0.1, lr: 1 }), 'adam: unknown option "lr"; did you mean "learningRate"?'],
  [optimizer({ learningRate: 'fast' }), 'options must be an object, got "fast"'],
  [
    optimizer({ learningRate: { kind: 'cosineDecy', options: {} } }),
    'unknown kind "cosineDecy"; did you mean "cosineDecay"?',
  ],
]

test('a file whose training is not one is refused by field; predicting does not look at it', () => {
  const bytes = trained()
  const expected = modelFromBytes(bytes).predict(wave(4))
  for (const [change, says] of training) {
    const file = withSettings(bytes, change)
    refuses(() => modelFromBytes(file), RangeError, says)
    assert.equal(predictorFromBytes(file).predict(wave(4)), expected)
  }
})

test('layers and schedules nested 2,000 deep are refused, and 50 deep are read', () => {
  const around = (depth: number, open: string, inner: string, close: string) =>
    open.repeat(depth) + inner + close.repeat(depth)
  const nest = (depth: number) => {
    const block = around(depth, '{"kind":"residual","layers":[', '{"kind":"activation","activation":"relu"}', ']}')
    const file = fileOfLayers([])
    return withSettings(file, (settings) =>
      JSON.stringify(settings).replace('[]', `[{"kind":"input","size":3},${block}]`),
    )
  }
  for (const read of [modelFromBytes, predictorFromBytes]) {
    refuses(() => read(nest(101)), RangeError, 'residual: blocks are nested more than 100 deep')
    read(nest(100))
    for (const depth of [2000, 100_000]) {
      refuses(() => read(nest(depth)), RangeError, 'not JSON that can be read: it is nested more than 500 deep')
    }
  }
  const relu = wave(3).map((value) => Math.max(0, value))
  const sums = relu.map((value, i) => value + 50 * wave(3)[i])
  for (const [i, value] of predictorFromBytes(nest(50)).predict(wave(3)).entries())
    assert.ok(Math.abs(value - sums[i]) < 1e-4)
  assert.equal(modelFromBytes(nest(50)).predict(wave(3)), predictorFromBytes(nest(50)).predict(wave(3)))
  const stack = () => {
    let block = residual([dense(2)])
    for (let i = 0; i < 2000; i++) block = residual([block])
  }
  refuses(stack, RangeError, 'residual: blocks are nested more than 100 deep')

  const schedules = (depth: number) => {
    const open = '{"kind":"joinSchedules","options":{"segments":[{"schedule":'
    const schedule = around(depth, open, '0.125', '}]}}')
    return withSettings(trained(), (settings) =>
      JSON.stringify(optimizer({ learningRate: 'x' })(settings)).replace('"x"', schedule),
    )
  }
  refuses(() => modelFromBytes(schedules(110)), RangeError, 'schedules are nested more than 100 deep')
  refuses(() => modelFromBytes(schedules(2000)), RangeError, 'it is nested more than 500 deep')
  modelFromBytes(schedules(100))
})

test('tensors must be those of the layers', () => {
  const bytes = trained()
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
  const bytes = trained()
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
  const bytes = trained()
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
  const bytes = trained()
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
