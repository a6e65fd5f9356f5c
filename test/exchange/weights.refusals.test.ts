// What loadWeights and exportWeights refuse, and that the model stays as it was.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exportWeights, loadWeights } from '../../src/entries/formats.ts'
import { batchRenorm, dense, input, sequential } from '../../src/entries/public.ts'
import { interopFile } from '../support/interop.ts'
import { refuses } from '../support/refuses.ts'
import { bits, tensor } from '../support/samples.ts'

const REFUSED: Record<string, [tensors: object, options: object, kind: typeof Error, says: string]> = {
  'no layout': [{}, {}, TypeError, '"layout"'],
  'another layout': [{}, { layout: 'tensorflow' }, RangeError, 'unknown layout "tensorflow"'],
  'an unknown option': [{}, { layout: 'torch', strict: true }, TypeError, 'unknown option "strict"'],
  'nothing at all': [{}, { layout: 'torch' }, RangeError, 'dense_1 (bias 2, weight 2 x 3): nothing'],
  'an archive that is none of Keras': [
    interopFile('arrays.npz'),
    { layout: 'keras' },
    RangeError,
    'holds no model.weights.h5',
  ],
  'a file that is none': [new Uint8Array(9), { layout: 'torch' }, RangeError, 'safetensors: '],
  'no tensors': [5 as unknown as object, { layout: 'torch' }, TypeError, 'tensors by name, got 5'],
  'a tensor without data': [{ a: { shape: [1] } }, { layout: 'torch' }, TypeError, 'tensor "a" must have a "shape"'],
  'a tensor of another size': [
    { a: { shape: [2], data: new Float32Array(3) } },
    { layout: 'torch' },
    RangeError,
    'tensor "a" of shape [2] cannot have 3 values',
  ],
  'integers, which have a scale of their own': [
    { '0.weight': { dtype: 'I8', shape: [2, 3], data: new Int8Array(6) }, '0.bias': tensor([2]) },
    { layout: 'torch' },
    RangeError,
    'tensor "0.weight" is "I8", expected a float type',
  ],
  'a value that is not finite': [
    { '0.weight': { shape: [2, 3], data: Float64Array.of(0, 1, 2, 3, 1e39, 5) }, '0.bias': tensor([2]) },
    { layout: 'torch' },
    RangeError,
    'value 4 of tensor "0.weight" is 1e+39, not finite in float32',
  ],
  'a kernel that is not transposed': [
    { '0.weight': tensor([3, 2]), '0.bias': tensor([2]) },
    { layout: 'torch' },
    RangeError,
    'dense_1 (bias 2, weight 2 x 3): nothing',
  ],
  'a layer too many': [
    { '0.weight': tensor([2, 3]), '0.bias': tensor([2]), 'aux.weight': tensor([7, 2]) },
    { layout: 'torch' },
    RangeError,
    'the model has no place for "aux.weight" (7 x 2)',
  ],
  'a name for a parameter that is not there': [
    { '0.weight': tensor([2, 3]), '0.bias': tensor([2]) },
    { layout: 'torch', names: { 'dense_1.kernal': '0.weight' } },
    RangeError,
    'the model has no parameter "dense_1.kernal"; did you mean "dense_1.kernel"?',
  ],
  'a name of a tensor that is not there': [
    { '0.weight': tensor([2, 3]), '0.bias': tensor([2]) },
    { layout: 'torch', names: { 'dense_1.kernel': '0.weights' } },
    RangeError,
    'there is no tensor "0.weights"; did you mean "0.weight"?',
  ],
  'a name of a tensor that does not fit': [
    { '0.weight': tensor([2, 3]), '0.bias': tensor([2]) },
    { layout: 'torch', names: { 'dense_1.kernel': '0.bias' } },
    RangeError,
    'tensor "0.bias" is 2, but "dense_1.kernel" needs 2 x 3',
  ],
  'names that are none': [{}, { layout: 'torch', names: [] }, TypeError, '"names" must be an object'],
  'names that would be overlooked': [
    { '0.weight': tensor([2, 3]), '0.bias': tensor([2]) },
    { layout: 'torch', names: new Map([['dense_1.kernel', 'other']]) },
    TypeError,
    '"names" must be an object of tensor names, got a Map',
  ],
  'a shape with holes': [
    { a: { shape: Array(1), data: new Float32Array(1) } },
    { layout: 'torch' },
    TypeError,
    'tensor "a" must have a "shape"',
  ],
}
for (const [name, [tensors, options, kind, says]] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => {
    const model = sequential([input(3), dense(2)], { seed: 1 })
    const before = bits(model)
    refuses(() => loadWeights(model, tensors as never, options as never), kind as never, says)
    assert.equal(bits(model), before)
  })
}

test('refused: one tensor for two parameters', () => {
  const model = sequential([input(3), dense(3), dense(3)], { seed: 1 })
  const tensors = { 'a.weight': tensor([3, 3]), 'a.bias': tensor([3]) }
  const names = { 'dense_1.kernel': 'a.weight', 'dense_2.kernel': 'a.weight' }
  refuses(() => loadWeights(model, tensors, { layout: 'torch', names }), RangeError, '"a.weight" to two parameters')
})

test('refused: layers that the other program does not have, by their names', () => {
  const renorm = sequential([input(3), dense(2), batchRenorm({ name: 'calm' })])
  for (const layout of ['torch', 'keras'] as const) {
    const says = `exportWeights: calm: ${layout === 'torch' ? 'PyTorch' : 'Keras'} has no batchRenorm`
    refuses(() => exportWeights(renorm, { layout }), RangeError, says)
  }
  const normed = sequential([input(3), dense(2, { weightNorm: true })])
  refuses(() => exportWeights(normed, { layout: 'keras' }), RangeError, 'dense_1: Keras has no weight normalization')
})

test.run()
