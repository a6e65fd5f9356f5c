// Parameters that PyTorch and Keras have trained: files of theirs, names of theirs, and ours under their names.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  exportTfjs,
  exportWeights,
  importKeras,
  importTfjs,
  loadWeights,
  readSafetensors,
  writeSafetensors,
} from '../../src/entries/formats.ts'
import {
  activation,
  batchNorm,
  dense,
  dropout,
  elu,
  embedding,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  layerNorm,
  leakyRelu,
  type Model,
  prelu,
  residual,
  rmsNorm,
  sequential,
} from '../../src/entries/public.ts'
import { assertClose } from '../support/golden.ts'
import {
  INTEROP,
  type InteropCase,
  interopCases,
  interopFile,
  kerasFile,
  kerasCases as savedCases,
} from '../support/interop.ts'
import { refuses } from '../support/refuses.ts'
import { bits, tensor, wave } from '../support/samples.ts'

/** The models of the files, built by hand. */
const BUILT: Record<string, readonly Layer[]> = {
  'mlp-tanh-softmax': [dense(8, { activation: 'tanh' }), dense(3, { activation: 'softmax' })],
  'mlp-batchnorm': [
    dense(9),
    batchNorm(),
    activation('relu'),
    dense(5),
    batchNorm(),
    activation('relu'),
    dropout(0.3),
    dense(4),
  ],
  'mlp-gelu-layernorm': [
    dense(8, { activation: 'gelu' }),
    layerNorm(),
    dense(7, { activation: 'silu' }),
    dense(2, { activation: 'sigmoid' }),
  ],
  'mlp-residual': [
    dense(8),
    residual([dense(8, { activation: 'relu' }), dense(8)]),
    residual([dense(8, { activation: 'tanh' }), dense(8)]),
    dense(3),
  ],
  'mlp-activations': [
    dense(8, { activation: leakyRelu({ alpha: 0.2 }) }),
    dense(8, { activation: elu() }),
    dense(8, { activation: 'softplus' }),
    dense(8, { activation: 'mish' }),
    dense(8),
    prelu(),
    dense(1),
  ],
  'named-modules': [dense(8), batchNorm(), activation('relu'), dense(3, { activation: 'logSoftmax' })],
}

const build = ({ id, inputs }: InteropCase): Model => sequential([input(inputs), ...BUILT[id]], { seed: 1 })
const torchCases = interopCases.filter(({ files }) => files.torch_state_dict)

for (const interop of torchCases) {
  test(`PyTorch's state dict: ${interop.id}`, () => {
    const model = build(interop)
    loadWeights(model, interopFile(interop.files.torch_state_dict), { layout: 'torch' })
    assertClose(model.predict(interop.x.flat()), interop.y.flat(), INTEROP, interop.id)
    const { modelJson, weights } = exportTfjs(model)
    assertClose(importTfjs(modelJson, weights).predict(interop.x.flat()), interop.y.flat(), INTEROP, interop.id)
    // and out again, under names that PyTorch would have for the same nn.Sequential
    const exported = exportWeights(model, { layout: 'torch' })
    const bytes = writeSafetensors(exported, { format: 'pt' })
    const again = build(interop)
    loadWeights(again, bytes, { layout: 'torch' })
    assert.equal(bits(again), bits(model))
    if (interop.id !== 'mlp-residual' && interop.id !== 'named-modules') {
      const { tensors } = readSafetensors(interopFile(interop.files.torch_state_dict))
      for (const [name, { dtype, shape, data }] of tensors) {
        assert.equal([exported.get(name)?.dtype, exported.get(name)?.shape], [dtype, shape], name)
        if (!name.endsWith('tracked')) assert.equal(exported.get(name)?.data, data, name)
      }
      assert.is(exported.size, tensors.size)
    }
  })
}
test('all cases are there', () => assert.equal(torchCases.map(({ id }) => id).sort(), Object.keys(BUILT).sort()))

test('every layer that PyTorch has goes out and comes back', () => {
  const layers = [
    dense(6, { weightNorm: true, activation: 'relu' }),
    batchNorm({ momentum: null }),
    groupNorm(2),
    instanceNorm({ channels: 3, affine: true }),
    rmsNorm(),
    residual([prelu(), dropout(0.1), residual([dense(6, { useBias: false })]), batchNorm({ affine: false })]),
    dense(1),
  ]
  const model = sequential([input(5), ...layers], { seed: 3 })
  for (const [i, parameter] of model.parameters.entries())
    parameter.set(wave(parameter.size, i).map((value) => Math.ceil(4 * Math.abs(value))))
  const tensors = exportWeights(model, { layout: 'torch' })
  assert.equal(
    Array.from(tensors, ([name, { shape }]) => `${name} ${shape}`),
    [
      '0.weight_v 6,5',
      '0.weight_g 6,1',
      '0.bias 6',
      '2.weight 6',
      '2.bias 6',
      '2.running_mean 6',
      '2.running_var 6',
      '2.num_batches_tracked ',
      '3.weight 6',
      '3.bias 6',
      '4.weight 3',
      '4.bias 3',
      '5.weight 6',
      '6.0.weight 6',
      '6.2.0.weight 6,6',
      '6.3.running_mean 6',
      '6.3.running_var 6',
      '6.3.num_batches_tracked ',
      '7.weight 1,6',
      '7.bias 1',
    ],
  )
  const again = sequential([input(5), ...layers], { seed: 4 })
  loadWeights(again, tensors, { layout: 'torch' })
  assert.equal(bits(again), bits(model))
  const kernel = model.parameters.find(({ name }) => name === 'dense_2.kernel')?.get()
  assert.equal(tensors.get('7.weight')?.data, kernel)
})

test('kernels are transposed for PyTorch, and not for Keras', () => {
  const model = sequential([input(2), dense(3, { useBias: false })])
  model.parameters[0].set([1, 2, 3, 4, 5, 6])
  const torch = exportWeights(model, { layout: 'torch' }).get('0.weight')
  assert.equal(
    [torch?.shape, [...(torch?.data ?? [])]],
    [
      [3, 2],
      [1, 4, 2, 5, 3, 6],
    ],
  )
  const keras = exportWeights(model, { layout: 'keras' }).get('dense/kernel')
  assert.equal(
    [keras?.shape, [...(keras?.data ?? [])]],
    [
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
  )
})

test('Keras names: the first of a kind has no number', () => {
  const layers = () => [dense(4), batchNorm(), dense(4), prelu(), layerNorm(), dense(4), groupNorm(2), rmsNorm()]
  const model = sequential([input(4), ...layers()], { seed: 1 })
  const tensors = exportWeights(model, { layout: 'keras' })
  assert.equal(
    [...tensors.keys()],
    [
      'dense/kernel',
      'dense/bias',
      'batch_normalization/gamma',
      'batch_normalization/beta',
      'batch_normalization/moving_mean',
      'batch_normalization/moving_variance',
      'dense_1/kernel',
      'dense_1/bias',
      'p_re_lu/alpha',
      'layer_normalization/gamma',
      'layer_normalization/beta',
      'dense_2/kernel',
      'dense_2/bias',
      'group_normalization/gamma',
      'group_normalization/beta',
      'rms_normalization/scale',
    ],
  )
  const again = sequential([input(4), ...layers()], { seed: 2 })
  loadWeights(again, tensors, { layout: 'keras' })
  assert.equal(bits(again), bits(model))
  // where names do not say it, layer and group normalization of one shape are not for us to guess
  const renamed = new Map(Array.from(tensors, ([name, found]) => [name.replace('layer_normalization', 'norm'), found]))
  refuses(() => loadWeights(again, renamed, { layout: 'keras' }), RangeError, 'say so, as in { names: {')
  loadWeights(again, renamed, { layout: 'keras', names: { 'layerNorm_1.gamma': 'norm/gamma' } })
  assert.equal(bits(again), bits(model))
})

/** The models of Keras' files, built by hand. */
const KERAS: Record<string, readonly Layer[]> = {
  'keras-mlp': [dense(8, { activation: 'tanh' }), dense(3, { activation: 'softmax' })],
  'keras-norm-dropout': [
    dense(8),
    batchNorm({ epsilon: 1e-3 }),
    activation('relu'),
    dropout(0.2),
    dense(6, { activation: 'gelu' }),
    layerNorm({ epsilon: 1e-3 }),
    dense(2),
  ],
}
const kerasCases = interopCases.filter(({ files }) => files.keras_weights_h5)
for (const { id, files, inputs, x, y } of kerasCases) {
  for (const kind of ['keras_weights_h5', 'keras_h5', 'keras_v3']) {
    test(`Keras' weights: ${id}, ${kind}`, () => {
      const model = sequential([input(inputs), ...KERAS[id]], { seed: 1 })
      loadWeights(model, interopFile(files[kind]), { layout: 'keras' })
      assertClose(model.predict(x.flat()), y.flat(), INTEROP, id)
      const again = sequential([input(inputs), ...KERAS[id]], { seed: 2 })
      loadWeights(again, writeSafetensors(exportWeights(model, { layout: 'keras' })), { layout: 'keras' })
      assert.equal(bits(again), bits(model))
    })
  }
}
for (const { id, files, x, y } of savedCases) {
  if (!files['weights.h5']) continue
  test(`Keras' weights, into the model they are of: ${id}`, () => {
    const model = importKeras(kerasFile(files.keras))
    for (const parameter of model.parameters) parameter.set(new Float32Array(parameter.size))
    loadWeights(model, kerasFile(files['weights.h5']), { layout: 'keras' })
    assertClose(model.predict(x.flat()), y.flat(), INTEROP, id)
  })
}

test('all of Keras is there', () => assert.equal(kerasCases.map(({ id }) => id).sort(), Object.keys(KERAS).sort()))

test('modules with names are found by their shapes, one that says what the rest has', () => {
  const model = () => sequential([input(2), dense(3), dense(3), dense(1)], { seed: 1 })
  const named = {
    'body.weight': tensor([3, 3], 1),
    'body.bias': tensor([3], 2),
    'head.weight': tensor([1, 3], 3),
    'head.bias': tensor([1], 4),
    'stem.weight': tensor([3, 2], 5),
    'stem.bias': tensor([3], 6),
  }
  const loaded = model()
  loadWeights(loaded, named, { layout: 'torch' })
  assert.equal(loaded.parameters[5].get(), named['head.bias'].data)
  assert.equal(loaded.parameters[1].get(), named['stem.bias'].data)

  const square = () => sequential([input(3), dense(3), dense(3)], { seed: 1 })
  const alike = {
    'a.weight': tensor([3, 3], 1),
    'a.bias': tensor([3], 2),
    'b.weight': tensor([3, 3], 3),
    'b.bias': tensor([3], 4),
  }
  const says =
    /which tensors belong where is not clear; say so, as in \{ names: \{ "dense_1.kernel": 'name of the tensor' \} \}. What fits: dense_1 \(bias 3, weight 3 x 3\): "a", "b"; dense_2/
  const untouched = square()
  const before = bits(untouched)
  refuses(() => loadWeights(untouched, alike, { layout: 'torch' }), RangeError, says)
  assert.equal(bits(untouched), before)
  const told = square()
  loadWeights(told, alike, { layout: 'torch', names: { 'dense_1.kernel': 'b.weight' } })
  assert.equal(
    told.parameters.filter(({ name }) => name.endsWith('bias')).map((parameter) => parameter.get()),
    [alike['b.bias'].data, alike['a.bias'].data],
  )
})

test('numbers in names count as numbers, 10 after 9', () => {
  const model = sequential([input(2), ...Array.from({ length: 11 }, () => dense(2, { useBias: false }))], { seed: 1 })
  const names = Array.from({ length: 11 }, (_, i) => `net.fc${i}.weight`)
  loadWeights(model, Object.fromEntries(names.map((name, i) => [name, tensor([2, 2], i)]).sort()), { layout: 'torch' })
  assert.equal(model.parameters[10].get()[0], wave(1, 10)[0])
})

test('a name of a hundred thousand digits takes no longer than to read it', () => {
  const model = sequential([input(2), dense(2)], { seed: 1 })
  const long = { [`${'1'.repeat(1e5)}x.weight`]: tensor([7, 2]) }
  const start = performance.now()
  refuses(() => loadWeights(model, long, { layout: 'torch' }), RangeError, 'What fits: dense_1')
  assert.ok(performance.now() - start < 2000)
})

test("PyTorch's weight norm since 2.0, and one slope for all units", () => {
  const model = sequential([input(3), dense(2, { weightNorm: true }), prelu()], { seed: 1 })
  const tensors = {
    '0.parametrizations.weight.original0': tensor([2, 1], 1),
    '0.parametrizations.weight.original1': tensor([2, 3], 2),
    '0.bias': tensor([2], 3),
    '1.weight': { shape: [1], data: Float32Array.of(0.125) },
  }
  loadWeights(model, tensors, { layout: 'torch' })
  assert.equal(model.parameters.find(({ name }) => name === 'dense_1.scale')?.get(), wave(2, 1))
  assert.equal(model.parameters.find(({ name }) => name === 'prelu_1.alpha')?.get(), Float32Array.of(0.125, 0.125))
})

test("the table of an embedding is PyTorch's and Keras' as it is; several tables are refused", () => {
  const make = () => sequential([input(2), embedding({ columns: 0, categories: 5, units: 3 }), dense(2)], { seed: 1 })
  const model = make()
  for (const [layout, name] of [
    ['torch', '0.weight'],
    ['keras', 'embedding/embeddings'],
  ] as const) {
    const tensors = exportWeights(model, { layout })
    assert.equal(tensors.get(name)?.shape, [5, 3])
    assert.equal(tensors.get(name)?.data, model.parameters[0].get())
    const again = make()
    again.parameters[0].set(new Float32Array(15))
    loadWeights(again, tensors, { layout })
    assert.equal(again.parameters[0].get(), model.parameters[0].get())
  }
  const table = { columns: 0, categories: 5, units: 3 }
  const two = sequential([input(2), embedding([table, { ...table, columns: 1 }])], { seed: 1 })
  refuses(() => exportWeights(two, { layout: 'torch' }), RangeError, 'PyTorch has no embedding of several tables')
})

test('halves and doubles are rounded to float32', () => {
  const model = sequential([input(1), dense(1)], { seed: 1 })
  const file = writeSafetensors({
    '0.weight': { data: Float32Array.of(0.5), shape: [1, 1], dtype: 'BF16' },
    '0.bias': { data: Float64Array.of(Math.PI) },
  })
  for (const bytes of [file, file.buffer, Buffer.from(file)]) {
    loadWeights(model, bytes, { layout: 'torch' })
    assert.equal(bits(model), [0.5, Math.fround(Math.PI)])
  }
})

test.run()
