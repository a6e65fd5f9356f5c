// Graphs that no layers compute: each is refused by name.
import { test } from 'uvu'
import { modelOf } from '../../../src/exchange/models.ts'
import { decodeOnnx } from '../../../src/formats/onnx/import.ts'
import { floats, ints } from '../../support/onnxFile.ts'
import { after, fileOf, type Graph } from '../../support/onnxGraphs.ts'
import { refuses } from '../../support/refuses.ts'

const REFUSED: Readonly<Record<string, readonly [graph: Graph, says: string | RegExp]>> = {
  'an operator there is no layer for': [
    {
      nodes: [
        ['Tan', ['x'], ['s']],
        ['LSTM', ['s', 'w'], ['y'], {}, 'memory'],
      ],
    },
    'importOnnx: node Tan of (x) is not supported',
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
for (const [name, [graph, says]] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => {
    refuses(() => modelOf('importOnnx', decodeOnnx('importOnnx', fileOf(graph))), RangeError, says)
  })
}

test.run()
