// Graphs as exporters write them, and as nobody should: each predicts what its nodes compute, or is refused by name.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modelOf } from '../../../src/exchange/models.ts'
import { decodeOnnx } from '../../../src/formats/onnx/import.ts'
import { parseModel } from '../../../src/formats/onnx/parse.ts'
import type { Lowerable } from '../../../src/layers/layers.ts'
import { evaluate } from '../../oracles/onnx.ts'
import { type FileSpec, floats, ints, type NodeSpec, onnxFile, type TensorSpec } from '../../support/onnxFile.ts'
import { refuses } from '../../support/refuses.ts'

const wave = (i: number) => Math.sin(1 + i * 1.7)
const some = (i: number) => 0.5 + Math.abs(wave(i))
const W: Readonly<Record<string, TensorSpec>> = {
  w: floats([4, 3], wave),
  wt: floats([3, 4], wave),
  square: floats([4, 4], (i) => wave(i) / 2),
  square2: floats([4, 4], (i) => wave(i + 20) / 2),
  b: floats([3], wave),
  b4: floats([4], wave),
  s4: floats([4], some),
  v4: floats([4], (i) => some(i + 9)),
  one: floats([], [1]),
  two: floats([], [2]),
  half: floats([], [0.5]),
  root: floats([], [Math.SQRT1_2]),
  three: floats([], [3]),
  six: floats([], [6]),
  zero: floats([], [0]),
  twenty: floats([], [20]),
  epsilon: floats([], [1e-5]),
  last: ints([1], [-1]),
}

/** `dense:relu`, `residual[dense, dense]`: layers as texts. */
function shown(layer: Lowerable): string {
  if (layer.kind === 'residual') return `residual[${layer.layers.map(shown).join(', ')}]`
  const { kind, alpha = undefined } = 'activation' in layer ? layer.activation : { kind: 'linear' }
  const own = layer.kind === 'dense' && !layer.useBias ? `${layer.kind}-` : layer.kind
  return kind === 'linear' ? own : `${own}:${kind}${alpha === undefined ? '' : `(${alpha})`}`
}

/** A dense layer before some nodes on h, which make y. */
const after = (...nodes: NodeSpec[]): readonly NodeSpec[] => [['Gemm', ['x', 'square', 'b4'], ['h']], ...nodes]

const UNDERSTOOD: Record<string, [file: Partial<FileSpec> & { nodes: readonly NodeSpec[] }, layers: string]> = {
  'Gemm with every option': [
    { nodes: [['Gemm', ['x', 'wt', 'b'], ['y'], { alpha: 0.5, beta: 2, transB: { int: 1 } }]] },
    'dense',
  ],
  'Gemm with one bias for all units': [{ nodes: [['Gemm', ['x', 'w', 'two'], ['y']]] }, 'dense'],
  'Gemm that adds a shortcut': [
    {
      nodes: [
        ['Gemm', ['x', 'square', 'b4'], ['h']],
        ['Gemm', ['h', 'square', 'h'], ['y']],
      ],
    },
    'dense, residual[dense-]',
  ],
  'MatMul and Add in either order': [
    {
      nodes: [
        ['MatMul', ['x', 'square'], ['a']],
        ['Add', ['b4', 'a'], ['h']],
        ['MatMul', ['h', 'w'], ['c']],
        ['Add', ['c', 'b'], ['y']],
      ],
    },
    'dense, dense',
  ],
  'a matrix that is transposed': [
    {
      nodes: [
        ['Transpose', ['wt'], ['t'], { perm: { ints: [1, 0] } }],
        ['MatMul', ['x', 't'], ['y']],
      ],
    },
    'dense-',
  ],
  'a vector for a matrix': [
    {
      nodes: [
        ['MatMul', ['x', 'b4'], ['a']],
        ['Unsqueeze', ['a', 'last'], ['y']],
      ],
    },
    'dense-',
  ],
  'a scaler in front': [
    {
      nodes: [
        ['Sub', ['x', 'b4'], ['c']],
        ['Div', ['c', 's4'], ['s']],
        ['MatMul', ['s', 'w'], ['y']],
      ],
    },
    'dense',
  ],
  'a scaler of values far from 0': [
    {
      nodes: [
        ['Sub', ['x', 'far'], ['c']],
        ['Mul', ['c', 's4'], ['s']],
        ['MatMul', ['s', 'w'], ['y']],
      ],
      tensors: { far: floats([1, 4], [1e3, 2, 3, 4]) },
    },
    'batchNorm, dense-',
  ],
  'outputs scaled': [{ nodes: after(['Mul', ['h', 's4'], ['a']], ['Sub', ['one', 'a'], ['y']]) }, 'dense'],
  'columns that no layer is beside': [
    {
      nodes: [
        ['Relu', ['x'], ['r']],
        ['Mul', ['r', 's4'], ['m']],
        ['Add', ['m', 'b4'], ['a']],
        ['Neg', ['a'], ['n']],
        ['Tanh', ['n'], ['y']],
      ],
    },
    'activation:relu, batchNorm, activation:tanh',
  ],
  'shapes that change nothing': [
    {
      nodes: after(
        ['Flatten', ['h'], ['f']],
        ['Reshape', ['f', 'shape'], ['r']],
        ['Transpose', ['r'], ['t'], { perm: { ints: [0, 2, 1, 3] } }],
        ['Squeeze', ['t'], ['q']],
        ['Unsqueeze', ['q', 'axes'], ['u']],
        ['Reshape', ['u', 'flat'], ['g']],
        ['Identity', ['g'], ['i']],
        ['Cast', ['i'], ['c'], { to: { int: 1 } }],
        ['Relu', ['c'], ['y']],
      ),
      tensors: { shape: ints([4], [0, 1, 4, 1]), axes: ints([2], [1, 3]), flat: ints([2], [-1, 4]) },
    },
    'dense:relu',
  ],
  'a shape taken from the rows': [
    {
      nodes: [
        ['Shape', ['x'], ['s']],
        ['Constant', [], ['z'], { value: ints([], [0]) }],
        ['Gather', ['s', 'z'], ['n'], { axis: { int: 0 } }],
        ['Unsqueeze', ['n', 'axes'], ['n1']],
        ['Concat', ['n1', 'last'], ['t'], { axis: { int: 0 } }],
        ['Reshape', ['x', 't'], ['f']],
        ['MatMul', ['f', 'w'], ['y']],
      ],
      tensors: { axes: ints([1], [0]) },
    },
    'dense-',
  ],
  'pictures that are flattened': [
    {
      nodes: [
        ['Flatten', ['x'], ['f']],
        ['MatMul', ['f', 'w'], ['y']],
      ],
      inputs: { x: [undefined, 1, 2, 2] },
    },
    'dense-',
  ],
  'an input without a width': [
    {
      nodes: [
        ['Tanh', ['x'], ['t']],
        ['MatMul', ['t', 'w'], ['y']],
      ],
      inputs: { x: [undefined, undefined] },
    },
    'activation:tanh, dense-',
  ],
  'dropout keeps its rate': [
    {
      nodes: after(['Dropout', ['h', 'rate'], ['d', 'mask']], ['Relu', ['d'], ['y']]),
      tensors: { rate: floats([], [0.3]) },
    },
    'dense, dropout, activation:relu',
  ],
  'GELU by erf': [
    {
      nodes: after(
        ['Mul', ['h', 'root'], ['a']],
        ['Erf', ['a'], ['e']],
        ['Add', ['e', 'one'], ['p']],
        ['Mul', ['h', 'p'], ['m']],
        ['Mul', ['m', 'half'], ['y']],
      ),
    },
    'dense:gelu',
  ],
  'GELU by erf, the half first': [
    {
      nodes: after(
        ['Mul', ['half', 'h'], ['x2']],
        ['Div', ['h', 'root2'], ['a']],
        ['Erf', ['a'], ['e']],
        ['Add', ['one', 'e'], ['p']],
        ['Mul', ['x2', 'p'], ['y']],
      ),
      tensors: { root2: floats([1], [Math.SQRT2]) },
    },
    'dense:gelu',
  ],
  'GELU by tanh': [
    {
      nodes: after(
        ['Pow', ['h', 'three'], ['c']],
        ['Mul', ['c', 'k'], ['ck']],
        ['Add', ['h', 'ck'], ['s']],
        ['Mul', ['s', 'pi'], ['u']],
        ['Tanh', ['u'], ['t']],
        ['Add', ['t', 'one'], ['p']],
        ['Mul', ['h', 'half'], ['x2']],
        ['Mul', ['x2', 'p'], ['y']],
      ),
      tensors: { k: floats([], [0.044715]), pi: floats([], [Math.sqrt(2 / Math.PI)]) },
    },
    'dense:geluTanh',
  ],
  'SiLU, and SiLU by its exponential': [
    {
      nodes: after(
        ['Sigmoid', ['h'], ['s']],
        ['Mul', ['h', 's'], ['a']],
        ['Gemm', ['a', 'square', 'b4'], ['h2']],
        ['Neg', ['h2'], ['n']],
        ['Exp', ['n'], ['e']],
        ['Add', ['e', 'one'], ['p']],
        ['Div', ['h2', 'p'], ['y']],
      ),
    },
    'dense:silu, dense:silu',
  ],
  'sigmoid by tanh': [
    {
      nodes: after(
        ['Mul', ['h', 'half'], ['a']],
        ['Tanh', ['a'], ['t']],
        ['Mul', ['t', 'half'], ['m']],
        ['Add', ['m', 'half'], ['y']],
      ),
    },
    'dense:sigmoid',
  ],
  Mish: [
    {
      nodes: after(
        ['Exp', ['h'], ['e']],
        ['Add', ['e', 'one'], ['p']],
        ['Log', ['p'], ['s']],
        ['Tanh', ['s'], ['t']],
        ['Mul', ['h', 't'], ['y']],
      ),
    },
    'dense:mish',
  ],
  'softplus with its threshold': [
    {
      nodes: after(
        ['Exp', ['h'], ['e']],
        ['Add', ['e', 'one'], ['p']],
        ['Log', ['p'], ['s']],
        ['Greater', ['h', 'twenty'], ['g']],
        ['Where', ['g', 'h', 's'], ['y']],
      ),
    },
    'dense:softplus',
  ],
  'ELU in Muls': [
    {
      nodes: after(
        ['Max', ['h', 'zero'], ['a']],
        ['Min', ['h', 'zero'], ['n']],
        ['Exp', ['n'], ['e']],
        ['Sub', ['e', 'one'], ['m']],
        ['Mul', ['m', 'half'], ['k']],
        ['Add', ['a', 'k'], ['y']],
      ),
    },
    'dense:elu(0.5)',
  ],
  'leaky ReLU by Where': [
    {
      nodes: after(['Mul', ['h', 'slope'], ['m']], ['Less', ['h', 'zero'], ['l']], ['Where', ['l', 'm', 'h'], ['y']]),
      tensors: { slope: floats([1, 1], [0.01]) },
    },
    'dense:leakyRelu(0.01)',
  ],
  'hard swish and hard sigmoid by Clip': [
    {
      nodes: after(
        ['Add', ['h', 'three'], ['a']],
        ['Clip', ['a', 'zero', 'six'], ['c']],
        ['Mul', ['h', 'c'], ['m']],
        ['Div', ['m', 'six'], ['d']],
        ['Gemm', ['d', 'square', 'b4'], ['h2']],
        ['Add', ['h2', 'three'], ['a2']],
        ['Clip', ['a2', 'zero', 'six'], ['c2']],
        ['Div', ['c2', 'six'], ['y']],
      ),
    },
    'dense:hardSwish, dense:hardSigmoid',
  ],
  'ReLU6 of old, its bounds attributes': [
    { nodes: after(['Clip', ['h'], ['y'], { min: 0, max: 6 }]), opset: 10 },
    'dense:relu6',
  ],
  'softsign and SELU': [
    {
      nodes: after(
        ['Abs', ['h'], ['a']],
        ['Add', ['a', 'one'], ['p']],
        ['Div', ['h', 'p'], ['s']],
        ['Selu', ['s'], ['y']],
      ),
    },
    'dense:softsign, activation:selu',
  ],
  PRelu: [{ nodes: after(['PRelu', ['h', 's4'], ['y']]) }, 'dense, prelu'],
  'softmax by its exponentials, and its logarithm': [
    {
      nodes: after(
        ['ReduceMax', ['h'], ['m'], { axes: { ints: [1] } }],
        ['Sub', ['h', 'm'], ['c']],
        ['Exp', ['c'], ['e']],
        ['ReduceSum', ['e', 'last'], ['s']],
        ['Div', ['e', 's'], ['p']],
        ['Gemm', ['p', 'square', 'b4'], ['z']],
        ['Softmax', ['z'], ['q'], { axis: { int: 1 } }],
        ['Log', ['q'], ['y']],
      ),
    },
    'dense:softmax, dense:logSoftmax',
  ],
  'batch normalization': [
    {
      nodes: after(
        ['BatchNormalization', ['h', 's4', 'b4', 'b4', 'v4'], ['n'], { epsilon: 1e-3 }],
        ['Relu', ['n'], ['y']],
      ),
    },
    'dense, batchNorm, activation:relu',
  ],
  'layer normalization by its parts': [
    {
      nodes: after(
        ['ReduceMean', ['h'], ['m'], { axes: { ints: [-1] } }],
        ['Sub', ['h', 'm'], ['c']],
        ['Pow', ['c', 'two'], ['p']],
        ['ReduceMean', ['p'], ['v'], { axes: { ints: [-1] } }],
        ['Add', ['v', 'epsilon'], ['ve']],
        ['Sqrt', ['ve'], ['d']],
        ['Div', ['c', 'd'], ['n']],
        ['Mul', ['n', 's4'], ['g']],
        ['Add', ['g', 'b4'], ['y']],
      ),
    },
    'dense, layerNorm',
  ],
  'RMS normalization by its parts': [
    {
      nodes: after(
        ['Mul', ['h', 'h'], ['p']],
        ['ReduceMean', ['p'], ['v'], { axes: { ints: [1] } }],
        ['Add', ['v', 'epsilon'], ['ve']],
        ['Sqrt', ['ve'], ['d']],
        ['Reciprocal', ['d'], ['r']],
        ['Mul', ['h', 'r'], ['n']],
        ['Mul', ['s4', 'n'], ['y']],
      ),
    },
    'dense, rmsNorm',
  ],
  'group normalization, PyTorch’s way': [
    {
      nodes: after(
        ['Reshape', ['h', 'apart'], ['r']],
        ['InstanceNormalization', ['r', 'ones', 'zeros'], ['n']],
        ['Reshape', ['n', 'flat'], ['f']],
        ['Mul', ['f', 's4'], ['g']],
        ['Add', ['g', 'b4'], ['y']],
      ),
      tensors: {
        apart: ints([3], [0, 2, -1]),
        ones: floats([2], [1, 1]),
        zeros: floats([2], [0, 0]),
        flat: ints([2], [0, 4]),
      },
    },
    'dense, groupNorm',
  ],
  GroupNormalization: [
    { nodes: after(['GroupNormalization', ['h', 's4', 'b4'], ['y'], { num_groups: { int: 2 } }]), opset: 21 },
    'dense, groupNorm',
  ],
  'residual blocks in each other': [
    {
      nodes: after(
        ['Gemm', ['h', 'square', 'b4'], ['a']],
        ['Relu', ['a'], ['r']],
        ['Gemm', ['r', 'square2', 'b4'], ['c']],
        ['Add', ['c', 'r'], ['i']],
        ['Tanh', ['i'], ['t']],
        ['Sum', ['h', 't'], ['y']],
      ),
    },
    'dense, residual[dense:relu, residual[dense], activation:tanh]',
  ],
  'one branch that changes nothing': [
    { nodes: after(['Dropout', ['h'], ['d']], ['Add', ['d', 'h'], ['y']]) },
    'dense, residual[dropout]',
  ],
  'constants computed by nodes': [
    {
      nodes: [
        ['Constant', [], ['c'], { value: floats([4, 3], wave) }],
        ['Mul', ['c', 'two'], ['m']],
        ['Slice', ['m', 'from', 'to', 'axis'], ['s']],
        ['Concat', ['s', 'rest'], ['k'], { axis: { int: 0 } }],
        ['MatMul', ['x', 'k'], ['y']],
      ],
      tensors: { from: ints([1], [0]), to: ints([1], [3]), axis: ints([1], [0]), rest: floats([1, 3], wave) },
    },
    'dense-',
  ],
}

const RANGE = Float32Array.from({ length: 24 }, (_, i) => wave(i * 3) * 4)

for (const [name, [spec, layers]] of Object.entries(UNDERSTOOD)) {
  test(`understood: ${name}`, () => {
    const bytes = onnxFile({ ...spec, tensors: { ...W, ...spec.tensors } })
    const network = decodeOnnx('importOnnx', bytes)
    assert.is(network.stages.map(({ layer }) => shown(layer)).join(', '), layers)
    const sizes = spec.inputs?.x.slice(1).map((size) => size ?? 4) ?? [4]
    const { data } = evaluate(parseModel('oracle', bytes), { shape: [6, ...sizes], data: RANGE })
    const found = modelOf('importOnnx', network).predict(RANGE)
    assert.is(found.length, data.length)
    for (let i = 0; i < found.length; i++)
      assert.ok(Math.abs(found[i] - data[i]) <= 1e-5 * (1 + Math.abs(data[i])), `${found[i]} instead of ${data[i]}`)
  })
}

const REFUSED: Record<string, [file: Partial<FileSpec> & { nodes: readonly NodeSpec[] }, says: string | RegExp]> = {
  'an operator there is no layer for': [
    {
      nodes: [
        ['Sin', ['x'], ['s']],
        ['LSTM', ['s', 'w'], ['y'], {}, 'memory'],
      ],
    },
    'importOnnx: node Sin of (x) is not supported',
  ],
  'an operator of nobody': [
    { nodes: [['com.example.Magic', ['x'], ['y'], {}, 'm']] },
    'node "m", com.example.Magic of (x)',
  ],
  'an activation we do not have': [
    { nodes: after(['HardSigmoid', ['h'], ['y'], { alpha: 0.2 }, 'gate']) },
    'node "gate", HardSigmoid of (h) is not supported: what it computes is no layer',
  ],
  'a function made of many nodes': [
    { nodes: after(['Sigmoid', ['h'], ['s']], ['Mul', ['s', 's'], ['q']], ['Mul', ['q', 'h'], ['y'], {}, 'end']) },
    'node "end", Mul of (q, h) is not supported: the nodes that end here compute no layer together',
  ],
  'an activation that ends far away': [
    { nodes: after(['Clip', ['h', 'zero', 'limit'], ['y']]), tensors: { limit: floats([], [5000]) } },
    'Clip of (h, zero, limit)',
  ],
  'branches that are joined': [
    { nodes: after(['Relu', ['h'], ['r']], ['Concat', ['r', 'h'], ['y'], { axis: { int: 1 } }]) },
    /Concat of \(r, h\).*concatenate/,
  ],
  'branches of which none is the beginning': [
    {
      nodes: after(
        ['Gemm', ['h', 'square', 'b4'], ['a']],
        ['Gemm', ['h', 'square2', 'b4'], ['c']],
        ['Add', ['a', 'c'], ['y']],
      ),
    },
    /Add of \(a, c\).*adds branches/,
  ],
  'several outputs': [
    { nodes: after(['Relu', ['h'], ['y']]), outputs: { y: 1, h: 1 } },
    /several outputs.*heads.*"y", "h" with \{ output \}/,
  ],
  'rows that are mixed': [
    { nodes: [['Reshape', ['x', 'shape'], ['y']]], tensors: { shape: ints([2], [-1, 2]) } },
    /\[-1,2\] of rows of 4/,
  ],
  'rows that are transposed': [{ nodes: [['Transpose', ['x'], ['y']]] }, /Transpose of \(x\).*order/],
  'an axis of the rows': [
    { nodes: [['ReduceMean', ['x'], ['y'], { axes: { ints: [0] } }]] },
    /ReduceMean of \(x\).*axis 0/,
  ],
  'a matrix from the left': [{ nodes: [['MatMul', ['square', 'x'], ['y']]] }, /MatMul of \(square, x\).*constant/],
  'a matrix that does not fit': [{ nodes: [['MatMul', ['x', 'wt'], ['y']]] }, /rows of shape \[4\] by a matrix of 3/],
  'a constant that makes more of the rows': [
    {
      nodes: [
        ['MatMul', ['x', 'b4'], ['a']],
        ['Unsqueeze', ['a', 'last'], ['u']],
        ['Mul', ['u', 'b'], ['y']],
      ],
    },
    /shape \[3\] does not fit rows of \[1\]/,
  ],
  'batch normalization that trains': [
    { nodes: after(['BatchNormalization', ['h', 's4', 'b4', 'b4', 'v4'], ['y'], { training_mode: { int: 1 } }]) },
    'export the model in evaluation mode',
  ],
  'a variance below 0': [
    {
      nodes: after(['BatchNormalization', ['h', 's4', 'b4', 'b4', 'bad'], ['y']]),
      tensors: { bad: floats([4], [1, -1, 1, 1]) },
    },
    'variance 1 plus epsilon is -0.99999',
  ],
  'a value that no node makes': [{ nodes: [['Relu', ['nothing'], ['y']]] }, 'the output depends on no input'],
  'nodes in the wrong order': [
    {
      nodes: [
        ['Add', ['x', 'h'], ['y']],
        ['Relu', ['x'], ['h']],
      ],
    },
    'no node before it makes "h"',
  ],
  'a value made twice': [
    {
      nodes: [
        ['Relu', ['x'], ['y']],
        ['Tanh', ['x'], ['y']],
      ],
    },
    '"y" is there already',
  ],
  'an input of unknown width': [
    { nodes: [['Relu', ['x'], ['y']]], inputs: { x: [undefined, undefined] } },
    'does not say how many features',
  ],
  'an unknown opset': [{ nodes: [['Relu', ['x'], ['y']]], opset: 8 }, 'opset 8, but 9 to 23 are known'],
  'weights that are not finite': [
    { nodes: [['MatMul', ['x', 'bad'], ['y']]], tensors: { bad: floats([4, 1], [1, Number.NaN, 1, 1]) } },
    'value 1 of "kernel" is NaN',
  ],
  'no output': [{ nodes: [], outputs: {} }, 'the graph has no outputs'],
}
for (const [name, [spec, says]] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => {
    const bytes = onnxFile({ ...spec, tensors: { ...W, ...spec.tensors } })
    refuses(() => modelOf('importOnnx', decodeOnnx('importOnnx', bytes)), RangeError, says)
  })
}

test('one of several outputs is chosen by name', () => {
  const bytes = onnxFile({ nodes: after(['Relu', ['h'], ['y']]), outputs: { y: 1, h: 1 }, tensors: W })
  const layers = (output: string) => decodeOnnx('importOnnx', bytes, { output }).stages.map(({ layer }) => shown(layer))
  assert.equal(layers('y'), ['dense:relu'])
  assert.equal(layers('h'), ['dense'])
  refuses(() => layers('z'), RangeError, 'there is no output "z"; known: "y", "h"')
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
