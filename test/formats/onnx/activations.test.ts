// Activations, and what exporters take them apart into.
import { test } from 'uvu'
import { floats } from '../../support/onnxFile.ts'
import { after, understands } from '../../support/onnxGraphs.ts'

understands({
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
})

test.run()
