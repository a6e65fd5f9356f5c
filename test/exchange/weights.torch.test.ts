// Parameters that PyTorch has trained: its files, and ours under its names.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  exportTfjs,
  exportWeights,
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
import { INTEROP, type InteropCase, interopCases, interopFile } from '../support/interop.ts'
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

test.run()
