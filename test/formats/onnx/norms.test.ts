// Normalizations, whole and in parts.
import { test } from 'uvu'
import { floats, ints } from '../../support/onnxFile.ts'
import { after, understands } from '../../support/onnxGraphs.ts'

understands({
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
})

test.run()
