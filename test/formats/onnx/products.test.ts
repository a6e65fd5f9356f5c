// Products with matrices, and columns scaled before and after them.
import { test } from 'uvu'
import { floats } from '../../support/onnxFile.ts'
import { after, understands } from '../../support/onnxGraphs.ts'

understands({
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
})

test.run()
