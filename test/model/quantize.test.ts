/** Quantized models: their predictions, their errors, their files, and what is rejected. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  activation,
  batchNorm,
  concatenate,
  configureRuntime,
  dense,
  embedding,
  input,
  layerNorm,
  loadModel,
  type Model,
  quantize,
  residual,
  sequential,
} from '../../src/entries/full.ts'
import { loadPredictor, predictorFromBytes } from '../../src/entries/int8Predict.ts'
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts'
import { noise } from '../support/activate.ts'
import { assertSame } from '../support/dense.ts'
import { temporaryFolder } from '../support/folder.ts'
import { expectedOutputs, quantizedRow } from '../support/int8.ts'
import { withMetadata } from '../support/modelFile.ts'
import { refuses, rejects } from '../support/refuses.ts'
import { targets } from '../support/targets.ts'

const INPUTS = 20
const x = (rows: number) => noise(rows * INPUTS, 1, 7)

/** Dense layers and activations alone, hidden ones next to each other. */
const plain = () =>
  sequential(
    [
      input(INPUTS),
      dense(33, { activation: 'relu' }),
      dense(13, { activation: 'tanh', useBias: false }),
      dense(5, { activation: 'softmax' }),
    ],
    { seed: 1 },
  )

/** What else there is between them. */
const mixed = () =>
  sequential(
    [
      input(INPUTS),
      dense(16, { activation: 'gelu', weightNorm: true }),
      batchNorm(),
      residual([dense(16, { activation: 'silu' }), layerNorm(), dense(16)]),
      activation('tanh'),
      dense(1, { name: 'last' }),
    ],
    { seed: 2 },
  )

const squares = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0)

/** Relative error of the outputs. */
const distance = (got: Float32Array, want: Float32Array) =>
  Math.sqrt(squares(got.map((value, i) => value - want[i])) / squares(want))

test('it is the equation: scales, whole numbers, sums, and one rounding after the other', () => {
  const model = sequential([input(INPUTS), dense(7)], { seed: 3 })
  const [kernel, bias] = model.parameters.map((parameter) => parameter.get())
  bias.forEach((_, u) => {
    bias[u] = Math.fround(u / 3)
  })
  model.parameters[1].set(bias)
  const scales = Float32Array.from({ length: 7 }, (_, u) =>
    Math.max(...Array.from({ length: INPUTS }, (_, k) => Math.abs(kernel[k * 7 + u]) / 127)),
  )
  const w = Int8Array.from(kernel, (value, i) => Math.round(value / scales[i % 7]))
  const rows = [0, 1, 2].map((r) => quantizedRow(x(3).subarray(r * INPUTS, (r + 1) * INPUTS)))
  const expected = expectedOutputs(
    {
      q: Uint8Array.from(rows.flatMap(({ q }) => q)),
      scales: Float32Array.from(rows, ({ scale }) => scale),
      zeros: Int32Array.from(rows, ({ zero }) => zero),
    },
    { inputs: INPUTS, units: 7, w, scales, b: bias },
  )
  assertSame(quantize(model).predict(x(3)), expected, 'y')
})

test('predictions are near those of the model, whatever its layers, and files give the same bits', () => {
  for (const model of [plain(), mixed()]) {
    const expected = model.predict(x(70))
    for (const calibration of [undefined, x(70)]) {
      const quantized = quantize(model, calibration && { calibration })
      const y = quantized.predict(x(70))
      const off = distance(y, expected)
      // inputs and weights of four layers, each rounded to about 1 %; ranges of all rows are twice those of one
      assert.ok(off > 0 && off < (calibration ? 0.06 : 0.03), `off by ${off}`)
      assertSame(predictorFromBytes(quantized.toBytes()).predict(x(70)), y, 'from bytes')
      assertSame(quantized.predict(x(70).subarray(0, INPUTS)), y.subarray(0, model.engine.outputs), 'one row')
      const out = new Float32Array(y.length)
      assert.is(quantized.predict(x(70), { out }), out)
      assertSame(out, y, 'out')
    }
  }
})

test('bits are the same on every build and for every number of threads', () => {
  const bytes = quantize(plain()).toBytes()
  const calibrated = quantize(plain(), { calibration: x(30) }).toBytes()
  const outputs = targets.map((target) => {
    configureRuntime({ target })
    try {
      return [bytes, calibrated].map((file) => predictorFromBytes(file).predict(x(70)))
    } finally {
      configureRuntime()
    }
  })
  for (const [first, second] of outputs) {
    assertSame(first, outputs[0][0], 'dynamic')
    assertSame(second, outputs[0][1], 'calibrated')
  }
  assertSame(quantize(plain(), { threads: 2 }).predict(x(70)), outputs[0][0], 'threads')
})

test('layers within branches have 8 bits too, and features are what layers ask for', () => {
  const branches = concatenate([[dense(9, { activation: 'relu' }), dense(6)], [], [dense(3)]])
  const embedded = embedding({ columns: 0, categories: 4, units: 3 })
  const model = sequential([input(INPUTS), embedded, dense(INPUTS), branches, dense(2)], { seed: 4 })
  const features = x(40)
  for (let r = 0; r < 40; r++) features[r * INPUTS] = r % 4
  const expected = model.predict(features)
  for (const options of [{}, { calibration: features }]) {
    const quantized = quantize(model, options)
    const kernels = [...readSafetensors(quantized.toBytes()).tensors].filter(([name]) => name.endsWith('kernel'))
    assert.equal([...new Set(kernels.map(([, { dtype }]) => dtype))], ['I8'])
    assert.is(kernels.length, 5)
    const off = distance(quantized.predict(features), expected)
    assert.ok(off > 0 && off < 0.03, `off by ${off}`)
    refuses(() => quantized.predict(x(1)), RangeError, 'predict')
  }
})

test('calibrated layers take what lies beyond their range for its end', () => {
  const model = sequential([input(1), dense(1, { kernelInitializer: 'ones' })], { seed: 1 })
  const quantized = quantize(model, { calibration: Float32Array.of(-1, 3) })
  const [low, high, inside] = quantized.predict(Float32Array.of(-100, 100, 1))
  assert.ok(Math.abs(low + 1) < 0.04 && Math.abs(high - 3) < 0.04 && Math.abs(inside - 1) < 0.04)
})

test('kernels of zeros, and of numbers hardly above, are zeros', () => {
  const model = sequential([input(3), dense(2, { kernelInitializer: 'zeros' })], { seed: 1 })
  model.parameters[1].set(Float32Array.of(1, 2))
  assert.equal([...quantize(model).predict(Float32Array.of(5, 6, 7))], [1, 2])
})

test('a report has the losses and metrics of both, and accuracy of classes', () => {
  const model = plain()
  const y = Int32Array.from({ length: 70 }, (_, i) => i % 5)
  const quantized = quantize(model)
  refuses(() => quantized.report(x(70), y), Error, 'report: the model is not compiled')
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
  const { float, int8 } = quantized.report(x(70), y)
  assert.ok(Math.abs(float.loss - model.evaluate(x(70), y).loss) < 1e-5)
  const rows = quantized.predict(x(70))
  const loss = y.reduce((sum, target, r) => sum - Math.log(rows[r * 5 + target]), 0) / 70
  assert.ok(Math.abs(int8.loss - loss) < 1e-5, `${int8.loss}, expected ${loss}`)
  const right = y.filter((target, r) => {
    const row = rows.subarray(r * 5, r * 5 + 5)
    return row.indexOf(Math.max(...row)) === target
  })
  assert.ok(Math.abs(int8.accuracy - right.length / 70) < 1e-9)
})

test('a report of a regression has its own metrics alone', () => {
  const model = mixed()
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] })
  const y = noise(40, 1, 3)
  const { float, int8 } = quantize(model).report(x(40), y)
  assert.equal(Object.keys(int8), ['loss', 'meanAbsoluteError'])
  const logs = model.evaluate(x(40), y)
  for (const name of ['loss', 'meanAbsoluteError']) {
    assert.ok(Math.abs(float[name] - logs[name]) < 1e-5, name)
    assert.ok(Math.abs(int8[name] - logs[name]) < 0.05 * logs[name], name)
  }
})

test('files are a quarter of the size, keep names and metadata, and say what they are', async () => {
  const model = sequential([input(200), dense(300, { activation: 'relu' }), dense(2, { activation: 'softmax' })])
  model.classNames = ['no', 'yes']
  model.metadata = { note: 1 }
  const quantized = quantize(model)
  const bytes = quantized.toBytes()
  assert.ok(bytes.length < 0.3 * model.toBytes().length)
  const { metadata, tensors } = readSafetensors(bytes)
  assert.is(metadata.format, 'fourlane-int8/1')
  const { classNames, user } = JSON.parse(metadata.settings)
  assert.equal([classNames, user], [['no', 'yes'], { note: 1 }])
  assert.equal(
    ['dense_1.kernel', 'dense_1.kernelScale', 'dense_1.bias'].map((name) => tensors.get(name)?.dtype),
    ['I8', 'F32', 'F32'],
  )
  await rejects(() => loadModel(bytes), RangeError, 'format "fourlane-int8/1", expected')
  const path = `${temporaryFolder()}/model.safetensors`
  await quantized.save(path)
  const loaded = await loadPredictor(path)
  assertSame(loaded.predict(noise(400, 1)), quantized.predict(noise(400, 1)), 'loaded')
})

test('options that are none are refused, and so are models and rows', () => {
  const model = plain()
  const wrong = (options: object) => () => quantize(model, options)
  refuses(() => quantize({} as Model), TypeError, 'quantize: "model" must be a model')
  refuses(wrong({ bit: 8 }), TypeError, 'did you mean "bits"')
  refuses(wrong({ bits: 4 }), RangeError, '"bits" must be 8, got 4')
  refuses(wrong({ threads: 0 }), RangeError, 'threads')
  refuses(wrong({ calibration: new Float32Array(7) }), RangeError, 'calibration')
  model.parameters[0].set(new Float32Array(INPUTS * 33).fill(1e30))
  refuses(
    wrong({ calibration: new Float32Array(INPUTS).fill(1e20) }),
    RangeError,
    'the inputs of dense_2 are not finite',
  )
  refuses(() => quantize(model).predict(new Float32Array(7)), RangeError, 'predict')
  refuses(() => quantize(model).predict(x(1), { out: new Float32Array(4) }), RangeError, '"out" must be')
})

test('files that are damaged, or say what is not so, are refused', () => {
  const bytes = quantize(plain(), { calibration: x(5) }).toBytes()
  const { tensors, metadata } = readSafetensors(bytes)
  const changed = (name: string, tensor: object | undefined) => {
    const list = new Map<string, object>(tensors)
    if (tensor) list.set(name, { ...list.get(name), ...tensor })
    else list.delete(name)
    return writeSafetensors(list as typeof tensors, metadata, { checksum: true })
  }
  for (const [file, says] of [
    [changed('dense_1.kernelScale', undefined), 'no tensor "dense_1.kernelScale"'],
    [changed('dense_1.bias', undefined), 'no tensor "dense_1.bias"'],
    [changed('dense_1.inputZero', undefined), 'no tensor "dense_1.inputZero"'],
    [changed('other', { data: new Float32Array(1) }), '"other" belongs to no layer'],
    [changed('dense_1.kernelScale', { data: new Float32Array(33).fill(Number.NaN) }), 'no scale'],
    [changed('dense_1.kernelScale', { data: new Float32Array(32), shape: [32] }), 'expected F32 [33]'],
    [changed('dense_1.kernel', { dtype: 'U8', data: new Uint8Array(660) }), 'expected F32 [20, 33]'],
    [changed('dense_1.inputScale', { data: Float32Array.of(0) }), 'expected 2^-100 to 2^100'],
    [changed('dense_1.inputZero', { data: Uint8Array.of(200) }), 'expected 0 to 127'],
    [
      changed('dense_1.bias', { data: new Float32Array(33).fill(Number.POSITIVE_INFINITY) }),
      'value 0 of "dense_1.bias"',
    ],
    [withMetadata(bytes, ({ crc32: _, ...others }) => others), 'no checksum'],
    [bytes.subarray(0, 900), 'cut short'],
    [plain().toBytes(), 'format "fourlane/1", expected "fourlane-int8/1"'],
  ] as const) {
    refuses(() => predictorFromBytes(file), RangeError, says)
  }
  assert.is(
    predictorFromBytes(
      withMetadata(bytes, ({ crc32: _, ...others }) => others),
      { verify: false },
    ).inputs,
    20,
  )
})

test.run()
