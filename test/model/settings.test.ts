// A file's settings: what its fields may say, for training and for predicting.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { predictorFromBytes } from '../../src/entries/predict.ts'
import { adam, dense, modelFromBytes, residual } from '../../src/entries/public.ts'
import { fileOfLayers, type Json, trainedFile, withSettings } from '../support/modelFile.ts'
import { refuses } from '../support/refuses.ts'
import { wave } from '../support/samples.ts'

const test = suite('settings of files')

/** Files that every reader rejects: the change of settings, and the message. */
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
  const bytes = trainedFile()
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
  const bytes = trainedFile()
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
    return withSettings(trainedFile(), (settings) =>
      JSON.stringify(optimizer({ learningRate: 'x' })(settings)).replace('"x"', schedule),
    )
  }
  refuses(() => modelFromBytes(schedules(110)), RangeError, 'schedules are nested more than 100 deep')
  refuses(() => modelFromBytes(schedules(2000)), RangeError, 'it is nested more than 500 deep')
  modelFromBytes(schedules(100))
})

test.run()
