// Nodes that only give values another shape, and dropout.
import { test } from 'uvu'
import { floats, ints } from '../../support/onnxFile.ts'
import { after, understands } from '../../support/onnxGraphs.ts'

understands({
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
})

test.run()
