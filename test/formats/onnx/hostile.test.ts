// Files crafted to take forever, to exhaust memory, or to be misread: each is rejected by name, quickly.
import { test } from 'uvu'
import { importOnnx } from '../../../src/entries/formats.ts'
import { type FileSpec, floats, ints, type NodeSpec, onnxFile } from '../../support/onnxFile.ts'
import { refuses } from '../../support/refuses.ts'

const ones = (count: number) => Array.from({ length: count }, () => 1)
const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

/** Node k of constants, and their sum with the rows. */
const added = (...nodes: NodeSpec[]): readonly NodeSpec[] => [...nodes, ['Add', ['x', 'k'], ['y']]]

const HUGE: Record<string, [file: FileSpec, says: string]> = {
  'no values in any number of rows': [
    {
      nodes: added(['Gather', ['none', 'i'], ['k'], { axis: { int: 1 } }]),
      tensors: { none: { shape: [2 ** 40, 5, 0], floats: [] }, i: ints([1], [0]) },
    },
    'shape [1099511627776, 1, 0] does not fit rows of [4]',
  ],
  'a sum of one constant thousands of times': [
    {
      nodes: added(['Sum', Array.from({ length: 60000 }, () => 'c'), ['k']]),
      tensors: { c: floats([2 ** 18], ones(2 ** 18)) },
    },
    'far more constants than the file holds',
  ],
  'one matrix in thousands of layers': [
    {
      nodes: from(0, 8000).map((i) => ['MatMul', [i === 0 ? 'x' : `v${i}`, 'w'], [i === 7999 ? 'y' : `v${i + 1}`]]),
      tensors: { w: floats([500, 500], ones(250000)) },
      inputs: { x: [undefined, 500] },
    },
    'far more constants than the file holds',
  ],
  'thousands of axes of a constant': [
    {
      nodes: added(['ConstantOfShape', ['sizes'], ['c']], ['Transpose', ['c'], ['k']]),
      tensors: { sizes: ints([60000], ones(60000)) },
    },
    'node ConstantOfShape of (sizes) is not supported: it makes a constant of too many dimensions',
  ],
  'thousands of axes that a constant is expanded to': [
    {
      nodes: added(['Expand', ['one', 'sizes'], ['k']]),
      tensors: { one: floats([], [1]), sizes: ints([60000], ones(60000)) },
    },
    'node Expand of (one, sizes) is not supported: it makes a constant of too many dimensions',
  ],
  'thousands of axes that rows are reshaped to': [
    {
      nodes: [
        ['Reshape', ['x', 'sizes'], ['r']],
        ['Transpose', ['r'], ['y'], { perm: { ints: from(0, 60000) } }],
      ],
      tensors: { sizes: ints([60000], [0, 4, ...ones(59998)]) },
    },
    'node Reshape of (x, sizes) is not supported: it makes rows of too many dimensions',
  ],
  'thousands of axes that rows are given and lose again': [
    {
      nodes: [
        ['Unsqueeze', ['x'], ['u'], { axes: { ints: from(2, 60000) } }],
        ['Squeeze', ['u'], ['y'], { axes: { ints: from(2, 60000) } }],
      ],
    },
    'node Unsqueeze of (x) is not supported: it makes rows of too many dimensions',
  ],
}

const W = {
  w: floats([4, 4], from(0, 16)),
  b: floats([4], from(1, 4)),
  half: floats([1], [0.5]),
  none: floats([0], []),
}

const WRONG: Record<string, [nodes: readonly NodeSpec[], says: string]> = {
  'the row between two rows of a constant': [
    added(['Gather', ['w', 'half'], ['c']], ['Squeeze', ['c'], ['k']]),
    'Gather of (w, half) is not supported: axis 0.5 is not one of 4',
  ],
  'rows of a constant, not said which': [
    added(['Gather', ['b'], ['k']]),
    'Gather of (b) is not supported: its second input must be a constant',
  ],
  'a constant from between two values on': [
    added(['Slice', ['b', 'half', 'half'], ['k']]),
    'Slice of (b, half, half) is not supported: its bounds do not fit',
  ],
  'a constant cut along one axis twice': [
    added(['Slice', ['b'], ['k'], { starts: { ints: [3, 3] }, ends: { ints: [4, 4] }, axes: { ints: [0, -1] } }]),
    'Slice of (b) is not supported: its bounds do not fit',
  ],
  'half a value': [
    added(['ConstantOfShape', ['half'], ['k']]),
    'ConstantOfShape of (half) is not supported: it makes a constant of shape [0.5]',
  ],
  'negative sizes': [
    added(['Reshape', ['b'], ['k'], { shape: { ints: [-2, -2] } }]),
    'Reshape of (b) is not supported: it makes a constant of shape [-2, -2]',
  ],
  'rows of parts that are no whole number': [
    [
      ['Reshape', ['x'], ['r'], { shape: { ints: [0, 8, -1] } }],
      ['Flatten', ['r'], ['y']],
    ],
    'Reshape of (x) is not supported: it makes [0,8,-1] of rows of 4 values',
  ],
  'nothing joined': [added(['Concat', [], ['k'], { axis: { int: 1 } }]), 'it must join rows along axis 1'],
  'a rate without a value': [[['Dropout', ['x', 'none'], ['y']]], 'its ratio is NaN, expected one from 0 to 1'],
  'an epsilon without end': [
    [['LayerNormalization', ['x', 'b'], ['y'], { epsilon: Number.POSITIVE_INFINITY }]],
    'its epsilon is Infinity, not above 0 and finite',
  ],
  'a variance without end': [
    [['BatchNormalization', ['x', 'b', 'b', 'b', 'b'], ['y'], { epsilon: Number.POSITIVE_INFINITY }]],
    'variance 0 plus epsilon is Infinity, not above 0 and finite',
  ],
}

const files: [name: string, file: FileSpec, says: string][] = [
  ...Object.entries(HUGE).map(([name, [file, says]]) => [name, file, says] as [string, FileSpec, string]),
  ...Object.entries(WRONG).map(
    ([name, [nodes, says]]) => [name, { nodes, tensors: W }, says] as [string, FileSpec, string],
  ),
]
for (const [name, file, says] of files) {
  test(`refused: ${name}`, () => {
    const bytes = onnxFile(file)
    refuses(() => importOnnx(bytes), RangeError, says)
  })
}

test('many tensors in the same bytes of another file', () => {
  const names = from(0, 40).map((i) => `w${i}`)
  const external = { location: 'weights.bin' }
  const bytes = onnxFile({
    nodes: names.map((name, i) => ['MatMul', [i === 0 ? 'x' : `v${i}`, name], [i === 39 ? 'y' : `v${i + 1}`]]),
    tensors: Object.fromEntries(names.map((name) => [name, { shape: [4, 4], external }])),
  })
  const externalData = () => new Uint8Array(64)
  refuses(
    () => importOnnx(bytes, { externalData }),
    RangeError,
    'lies in bytes of "weights.bin" that many others lie in',
  )
})
test.run()
