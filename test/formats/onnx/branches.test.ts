// Residual blocks, and constants that nodes compute.
import { test } from 'uvu'
import { floats, ints } from '../../support/onnxFile.ts'
import { after, understands, wave } from '../../support/onnxGraphs.ts'

understands({
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
})

test.run()
