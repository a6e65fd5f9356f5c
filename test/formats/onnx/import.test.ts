// The parts of a file besides its nodes: outputs, functions, labels, scalers, inputs, external tensors.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeOnnx } from '../../../src/formats/onnx/import.ts'
import { type FileSpec, ints, type NodeSpec, onnxFile, type TensorSpec } from '../../support/onnxFile.ts'
import { after, shown, W, wave } from '../../support/onnxGraphs.ts'
import { refuses } from '../../support/refuses.ts'

test('one of several outputs is chosen by name', () => {
  const bytes = onnxFile({ nodes: after(['Relu', ['h'], ['y']]), outputs: { y: 1, h: 1 }, tensors: W })
  const layers = (output: string) => decodeOnnx('importOnnx', bytes, { output }).stages.map(({ layer }) => shown(layer))
  assert.equal(layers('y'), ['dense:relu'])
  assert.equal(layers('h'), ['dense'])
  refuses(() => layers('z'), RangeError, 'there is no output "z"; known: "y", "h"')
})

test('several outputs are heads on what they share', () => {
  const headsOf = (file: FileSpec) => {
    const { stages } = decodeOnnx('importOnnx', onnxFile({ tensors: W, ...file }))
    const last = stages[stages.length - 1].layer
    if (last.kind !== 'heads') throw new Error(`${last.kind} at the end`)
    const branches = last.names.map((name, h) => [name, ...last.branches[h].map(shown)])
    return [stages.slice(0, -1).map(({ layer }) => shown(layer)), ...branches]
  }
  const shared = after(['Relu', ['h'], ['r']], ['Gemm', ['r', 'square', 'b4'], ['0.a']], ['Sigmoid', ['r'], ['s']])
  assert.equal(headsOf({ nodes: [...shared, ['Mul', ['r', 's'], ['b/c']]], outputs: { '0.a': 1, 'b/c': 1 } }), [
    ['dense:relu'],
    ['output_0_a', 'dense'],
    ['b_c', 'activation:silu'],
  ])
  // one is what the other begins with; both are of the input alone
  assert.equal(headsOf({ nodes: after(['Relu', ['h'], ['y']]), outputs: { y: 1, h: 1 } }), [
    ['dense'],
    ['y', 'activation:relu'],
    ['h'],
  ])
  const apart: readonly NodeSpec[] = [
    ['Relu', ['x'], ['y']],
    ['Tanh', ['x'], ['z']],
  ]
  assert.equal(headsOf({ nodes: apart, outputs: { y: 1, z: 1 } }), [
    [],
    ['y', 'activation:relu'],
    ['z', 'activation:tanh'],
  ])
  const alike: readonly NodeSpec[] = [
    ['Relu', ['x'], ['y.']],
    ['Tanh', ['x'], ['y_']],
  ]
  refuses(
    () => headsOf({ nodes: alike, outputs: { 'y.': 1, y_: 1 } }),
    RangeError,
    'importOnnx: the outputs are no heads: two heads are named "y_"; choose one with { output }',
  )
})

test('functions of the file are written out, their attributes those of the call', () => {
  const body: readonly NodeSpec[] = [
    ['MatMul', ['a', 'k'], ['m']],
    ['Relu', ['m'], ['r']],
  ]
  const file: FileSpec = {
    nodes: [
      ['local.Layer', ['x', 'square'], ['h']],
      ['local.Twice', ['h', 'square2'], ['y']],
    ],
    tensors: W,
    functions: [
      { name: 'Layer', inputs: ['a', 'k'], outputs: ['r'], nodes: body },
      {
        name: 'Twice',
        inputs: ['x', 'm'],
        outputs: ['y'],
        nodes: [
          ['local.Layer', ['x', 'm'], ['h']],
          ['local.Layer', ['h', 'm'], ['y']],
        ],
      },
    ],
  }
  assert.equal(
    decodeOnnx('importOnnx', onnxFile(file)).stages.map(({ layer }) => shown(layer)),
    ['dense-:relu', 'dense-:relu', 'dense-:relu'],
  )
  const endless: FileSpec = {
    ...file,
    functions: [{ name: 'Layer', inputs: ['a', 'k'], outputs: ['r'], nodes: [['local.Layer', ['a', 'k'], ['r']]] }],
  }
  refuses(() => decodeOnnx('importOnnx', onnxFile(endless)), RangeError, 'more than 32 deep, or itself')
})

test('small functions that call each other are not written out to billions of nodes', () => {
  const functions = Array.from({ length: 30 }, (_, i) => ({
    name: `f${i}`,
    inputs: ['a'],
    outputs: ['c'],
    nodes: [
      [`local.f${i + 1}`, ['a'], ['b']],
      [`local.f${i + 1}`, ['b'], ['c']],
    ] satisfies NodeSpec[],
  }))
  const bytes = onnxFile({ nodes: [['local.f0', ['x'], ['y']]], functions })
  refuses(() => decodeOnnx('importOnnx', bytes), RangeError, 'more than 8192 nodes')
})

test('constants are not computed beyond what the file is worth', () => {
  const nodes: NodeSpec[] = [
    ['Expand', ['one', 'huge'], ['k']],
    ['MatMul', ['x', 'k'], ['y']],
  ]
  const bytes = onnxFile({ nodes, tensors: { ...W, huge: ints([2], [4, 1e9]) } })
  refuses(() => decodeOnnx('importOnnx', bytes), RangeError, 'far more constants than the file holds')
})

test('labels say what the outputs stand for', () => {
  const nodes: readonly NodeSpec[] = [
    ['Gemm', ['x', 'w', 'b'], ['z']],
    ['Softmax', ['z'], ['p'], { axis: { int: 1 } }],
    ['ArgMax', ['p'], ['i'], { axis: { int: 1 } }],
    ['ai.onnx.ml.ArrayFeatureExtractor', ['classes', 'i'], ['l']],
    ['Reshape', ['l', 'last'], ['label']],
  ]
  const classes: TensorSpec = { shape: [3], texts: ['cat', 'dog', 'cow'] }
  for (const outputs of [{ label: 8, p: 1 }, { label: 8 }] as Record<string, number>[]) {
    const network = decodeOnnx('importOnnx', onnxFile({ nodes, tensors: { ...W, classes }, outputs }))
    assert.equal(network.classNames, ['cat', 'dog', 'cow'])
    assert.is(network.stages.map(({ layer }) => shown(layer)).join(), 'dense:softmax')
  }
})

test('a scaler in front is part of the first layer, and told in the metadata', () => {
  const nodes: readonly NodeSpec[] = [
    ['Sub', ['x', 'b4'], ['c']],
    ['Div', ['c', 's4'], ['s']],
    ['MatMul', ['s', 'w'], ['y']],
  ]
  const { metadata } = decodeOnnx('importOnnx', onnxFile({ nodes, tensors: W }))
  const offset = Float32Array.from(W.b4.floats ?? [])
  const scale = Float32Array.from(W.s4.floats ?? [])
  assert.equal(metadata, { scaler: { offset: [...offset], scale: [...scale].map((value) => 1 / value) } })
})

test('inputs that are put side by side first are one wide row', () => {
  const file: FileSpec = {
    nodes: [
      ['Concat', ['a', 'c'], ['x'], { axis: { int: 1 } }],
      ['MatMul', ['x', 'w'], ['y']],
    ],
    inputs: { a: [undefined, 1], c: [undefined, 3] },
    tensors: W,
  }
  assert.is(decodeOnnx('importOnnx', onnxFile(file)).inputs, 4)
  const turned = {
    ...file,
    nodes: [
      ['Concat', ['c', 'a'], ['x'], { axis: { int: 1 } }],
      ['MatMul', ['x', 'w'], ['y']],
    ] satisfies NodeSpec[],
  }
  refuses(() => decodeOnnx('importOnnx', onnxFile(turned)), RangeError, 'concatenate')
})

test('tensors in another file are asked for', () => {
  const external = { location: 'weights.bin', offset: '8', length: '48' }
  const file: FileSpec = { nodes: [['MatMul', ['x', 'w'], ['y']]], tensors: { w: { shape: [4, 3], external } } }
  const bytes = onnxFile(file)
  const values = Float32Array.from({ length: 14 }, (_, i) => wave(i))
  const asked: string[] = []
  const externalData = (location: string) => {
    asked.push(location)
    return new Uint8Array(values.buffer)
  }
  const [{ values: found }] = decodeOnnx('importOnnx', bytes, { externalData }).stages
  assert.equal([...found.kernel], [...values.slice(2)])
  assert.equal(asked, ['weights.bin'])
  refuses(() => decodeOnnx('importOnnx', bytes), RangeError, 'another file, "weights.bin"; pass { externalData')
  const short = () => new Uint8Array(20)
  refuses(() => decodeOnnx('importOnnx', bytes, { externalData: short }), RangeError, 'which has 20')
  for (const location of ['/etc/passwd', '../w', 'a/../../w', 'c:\\w', 'http://host/w', '']) {
    const outside = onnxFile({ ...file, tensors: { w: { shape: [4, 3], external: { location } } } })
    refuses(() => decodeOnnx('importOnnx', outside, { externalData }), RangeError, 'no file beside the model')
  }
})

test('options are checked', () => {
  const bytes = onnxFile({ nodes: [['Relu', ['x'], ['y']]] })
  refuses(
    () => decodeOnnx('importOnnx', bytes, { outputs: 'y' } as object),
    TypeError,
    'unknown option "outputs"; did you mean "output"?',
  )
  refuses(
    () => decodeOnnx('importOnnx', bytes, { externalData: 'x' } as object),
    TypeError,
    '"externalData" must be a function',
  )
  refuses(
    () => decodeOnnx('importOnnx', new TextEncoder().encode('hello')),
    RangeError,
    'importOnnx: the file is damaged',
  )
  refuses(() => decodeOnnx('importOnnx', new Uint8Array(0)), RangeError, 'no ONNX model: it has no graph')
})
test.run()
