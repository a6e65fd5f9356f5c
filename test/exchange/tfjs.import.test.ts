// Layers-models as TensorFlow.js and others write them: what is accepted and what is rejected.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { importTfjs } from '../../src/entries/formats.ts'
import { assertClose } from '../support/golden.ts'
import { INTEROP } from '../support/interop.ts'
import { refuses } from '../support/refuses.ts'

/** A model of one layer, whose input is stated as `key` says, with other weights. */
function described(key: string, weights: Record<string, unknown>[]) {
  const config = { name: 'd', units: 2, activation: 'linear', use_bias: false, [key]: [null, 3] }
  return {
    format: 'layers-model',
    modelTopology: { class_name: 'Sequential', config: { name: 's', layers: [{ class_name: 'Dense', config }] } },
    weightsManifest: [{ paths: ['a', 'b'], weights }],
  }
}
const kernel = { name: 'd/kernel', shape: [3, 2], dtype: 'float32' }
const plain = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer)

test('the input is stated in any way that there has been', () => {
  for (const key of ['batch_shape', 'batch_input_shape'])
    assert.equal(importTfjs(described(key, [kernel]), plain).predict([1, 1, 1]), Float32Array.of(9, 12))
  const inInput = described('batch_shape', [kernel])
  const first = { class_name: 'InputLayer', config: { name: 'i', batch_input_shape: [null, 3] } }
  inInput.modelTopology.config.layers.unshift(first as never)
  assert.equal(importTfjs(inInput, plain).predict([1, 1, 1]), Float32Array.of(9, 12))
  const converted = { ...inInput, modelTopology: { keras_version: '2.4.0', model_config: inInput.modelTopology } }
  assert.equal(importTfjs(converted, plain).predict([1, 1, 1]), Float32Array.of(9, 12))
})

test('a short text does not stand for much memory', () => {
  const wide = (layers: object[]) => ({
    modelTopology: { class_name: 'Sequential', config: { build_input_shape: [null, 5e5], layers } },
    weightsManifest: [],
  })
  const rescaling = (name: string) => ({ class_name: 'Rescaling', config: { name, scale: 0.5 } })
  const model = importTfjs(wide([rescaling('a')]), [])
  assert.equal(model.predict(new Float32Array(5e5).fill(3)), new Float32Array(5e5).fill(1.5))
  refuses(() => importTfjs(wide([rescaling('a'), rescaling('b')]), []), RangeError, 'layers that scale take more than')
})

test('quantized weights', () => {
  const quantized = (quantization: object) =>
    described('batch_shape', [
      { ...kernel, quantization: { original_dtype: 'float32', ...quantization } },
      { name: 'more', shape: [2], dtype: 'int32' },
    ])
  const read = (modelJson: object, ...values: ArrayBufferView[]) =>
    importTfjs(
      modelJson,
      [...values, new Int32Array(2)].map((list) => new Uint8Array(list.buffer)),
    ).parameters[0].get()
  const byte = quantized({ dtype: 'uint8', scale: 0.1, min: -1 })
  assert.equal(
    read(byte, Uint8Array.of(0, 10, 255, 1, 2, 3)),
    Float32Array.from([0, 10, 255, 1, 2, 3], (value) => value * 0.1 - 1),
  )
  const word = quantized({ dtype: 'uint16', scale: 0.001, min: 0.5 })
  assert.equal(
    read(word, Uint16Array.of(0, 1000, 65535, 1, 2, 3)),
    Float32Array.from([0, 1000, 65535, 1, 2, 3], (value) => value * 0.001 + 0.5),
  )
  const half = quantized({ dtype: 'float16' })
  assert.equal(
    read(half, Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0, 0x3800)),
    Float32Array.of(1, -2, 2 ** -24, 65504, 0, 0.5),
  )
})

const REFUSED: Record<string, [modelJson: unknown, weights: unknown, kind: typeof Error, says: string]> = {
  'no description': [5, plain, TypeError, '"modelJson" must be an object or its text, got 5'],
  'text that is no JSON': ['{', plain, RangeError, '"modelJson" is not JSON that can be read'],
  'no bytes': [described('batch_shape', [kernel]), 'weights.bin', TypeError, '"weights" must be a Uint8Array'],
  'a graph-model': [{ format: 'graph-model' }, plain, RangeError, 'the model is a graph-model'],
  'no topology': [{}, plain, RangeError, '"modelTopology" must be an object, got undefined'],
  'too few bytes': [
    described('batch_shape', [kernel]),
    plain.slice(4),
    RangeError,
    'weight "d/kernel" ends at byte 24, but there are 20 bytes of weights',
  ],
  'too many bytes': [described('batch_shape', [kernel]), new Uint8Array(28), RangeError, 'but the manifest lists 24'],
  'a weight that is not there': [described('batch_shape', []), [], RangeError, 'there is no kernel of layer "d"'],
  'a weight of another size': [
    described('batch_shape', [{ ...kernel, shape: [2, 2] }]),
    plain.slice(8),
    RangeError,
    'weight "d/kernel" is [2, 2], expected 6 values',
  ],
  'a weight of another type': [
    described('batch_shape', [{ ...kernel, dtype: 'int32' }]),
    plain,
    RangeError,
    'weight "d/kernel" is int32, expected float32',
  ],
  'a type that is not known': [
    described('batch_shape', [{ ...kernel, dtype: 'complex64' }]),
    plain,
    RangeError,
    'weight "d/kernel" is "complex64", which is not supported',
  ],
  'two weights of a name': [
    described('batch_shape', [kernel, kernel]),
    [plain, plain],
    RangeError,
    'two weights are named "d/kernel"',
  ],
  'a value that is not finite': [
    described('batch_shape', [kernel]),
    new Uint8Array(Float32Array.of(1, 2, Number.NaN, 4, 5, 6).buffer),
    RangeError,
    'value 2 of "kernel" is NaN',
  ],
  'no input shape': [described('shape', [kernel]), plain, RangeError, 'the model states no input shape'],
}
for (const [name, [modelJson, weights, kind, says]] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => refuses(() => importTfjs(modelJson as never, weights as never), kind as never, says))
}

/** A functional model of layers, each a class, its name, and names of its inputs. */
function graph(layers: readonly (readonly [className: string, name: string, ...inputs: string[]])[], output: string) {
  const config = {
    layers: layers.map(([className, name, ...inputs]) => ({
      class_name: className,
      name,
      config: { name, activation: 'tanh', rate: 0.1, batch_input_shape: [null, 2] },
      inbound_nodes: inputs.length > 0 ? [inputs.map((from) => [from, 0, 0, {}])] : [],
    })),
    input_layers: [['i', 0, 0]],
    output_layers: [[output, 0, 0]],
  }
  return { modelTopology: { class_name: 'Model', config }, weightsManifest: [] }
}
const INPUT = ['InputLayer', 'i'] as const

test('graphs that are no stacks are refused, and say where', () => {
  const read = (...given: Parameters<typeof graph>) => importTfjs(graph(...given), [])
  const x = [0.5, -1]
  const tanh = x.map(Math.tanh)
  const shortcut = read([INPUT, ['Activation', 'a', 'i'], ['Add', 's', 'i', 'a']], 's')
  assertClose(
    shortcut.predict(x),
    x.map((value, i) => value + tanh[i]),
    INTEROP,
    'a shortcut',
  )
  // layers in any order, and one that nothing depends on
  const mixed = read([['Activation', 'b', 'a'], ['Activation', 'a', 'i'], ['Activation', 'c', 'a'], INPUT], 'b')
  assertClose(mixed.predict(x), tanh.map(Math.tanh), INTEROP, 'any order')
  refuses(() => read([INPUT, ['Add', 's', 'i', 'i']], 's'), RangeError, 'layer "s" (Add) merges 2 branches')
  refuses(
    () => read([INPUT, ['Concatenate', 's', 'i', 'i']], 's'),
    RangeError,
    'layer "s" (Concatenate) merges 2 branches',
  )
  refuses(
    () => read([INPUT, ['Activation', 'a', 'i'], ['Multiply', 's', 'i', 'a']], 's'),
    RangeError,
    'layer "s" (Multiply)',
  )
  const fork = [INPUT, ['Activation', 'a', 'i'], ['Activation', 'b', 'i'], ['Add', 's', 'a', 'b']] as const
  refuses(() => read(fork, 's'), RangeError, 'layers "b" and "a" are connected in a way that is not supported')
  refuses(() => read([INPUT, ['Activation', 'a', 'b'], ['Activation', 'b', 'a']], 'b'), RangeError, 'depends on itself')
  refuses(() => read([INPUT, ['Activation', 'a', 'z']], 'a'), RangeError, 'there is no layer "z"')
  refuses(() => read([INPUT, ['Activation', 'a']], 'a'), RangeError, 'layer "a" has no input')
  refuses(() => read([INPUT, ['Activation', 'i', 'i']], 'i'), RangeError, 'two layers have the same name')
  refuses(() => read([INPUT, ['Activation', 'a', 'i', 'i']], 'a'), RangeError, 'layer "a" (Activation) has 2 inputs')
})
test.run()
