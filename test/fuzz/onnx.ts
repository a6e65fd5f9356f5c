/**
 * ONNX files: damaged bytes, and graphs of nodes drawn at random, many of which make no sense. What is understood must predict what
 * the nodes compute.
 */
import * as assert from 'uvu/assert'
import { exportOnnx, importOnnx } from '../../src/entries/formats.ts'
import { parseModel } from '../../src/formats/onnx/parse.ts'
import { evaluate } from '../oracles/onnx.ts'
import { interopCases, interopFile } from '../support/interop.ts'
import {
  type AttributeValue,
  type FileSpec,
  floats,
  ints,
  type NodeSpec,
  onnxFile,
  type TensorSpec,
} from '../support/onnxFile.ts'
import { randomStack } from '../support/randomStacks.ts'
import { type Dice, damage } from './dice.ts'
import type { Target } from './target.ts'

const wave = (i: number) => Math.sin(1 + i * 1.3)

/** More inputs than this would take longer to make than to read. */
const MOST_INPUTS = 1e4

const TENSORS: Readonly<Record<string, TensorSpec>> = {
  w: floats([4, 4], (i) => wave(i) / 2),
  v: floats([4, 4], (i) => wave(i + 7) / 2),
  narrow: floats([4, 2], wave),
  wide: floats([2, 4], wave),
  b: floats([4], wave),
  s: floats([4], (i) => 0.5 + Math.abs(wave(i))),
  rowOf: floats([1, 4], wave),
  column: floats([3, 1], wave),
  one: floats([], [1]),
  two: floats([1], [2]),
  half: floats([], [0.5]),
  root: floats([], [Math.SQRT1_2]),
  three: floats([], [3]),
  six: floats([], [6]),
  zero: floats([], [0]),
  small: floats([], [1e-5]),
  last: ints([1], [-1]),
  first: ints([1], [1]),
  flat: ints([2], [-1, 4]),
  pairs: ints([3], [0, 2, 2]),
  odd: ints([2], [2, -1]),
  nothing: floats([0], []),
}
const NAMES = Object.keys(TENSORS)

/** Operators with how many operands they take. */
const OPS: readonly (readonly [op: string, operands: number])[] = [
  ...[
    'Relu',
    'Tanh',
    'Sigmoid',
    'Elu',
    'LeakyRelu',
    'Selu',
    'Celu',
    'Softplus',
    'Softsign',
    'HardSigmoid',
    'HardSwish',
    'Mish',
    'Gelu',
    'Swish',
  ].map((op) => [op, 1] as const),
  ...[
    'Exp',
    'Log',
    'Sqrt',
    'Neg',
    'Abs',
    'Reciprocal',
    'Sign',
    'Erf',
    'Not',
    'Identity',
    'Cast',
    'Dropout',
    'Softmax',
    'LogSoftmax',
  ].map((op) => [op, 1] as const),
  ...[
    'Flatten',
    'Squeeze',
    'Transpose',
    'Shape',
    'ReduceMean',
    'ReduceSum',
    'ReduceMax',
    'ReduceMin',
    'ReduceLogSumExp',
  ].map((op) => [op, 1] as const),
  ...[
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Pow',
    'Max',
    'Min',
    'Sum',
    'Greater',
    'Less',
    'PRelu',
    'MatMul',
    'Reshape',
    'Unsqueeze',
    'Concat',
    'Gather',
    'Expand',
    'RMSNormalization',
  ].map((op) => [op, 2] as const),
  ...['Gemm', 'Clip', 'Where', 'LayerNormalization', 'InstanceNormalization', 'GroupNormalization'].map(
    (op) => [op, 3] as const,
  ),
  ['BatchNormalization', 5],
  ['ai.onnx.ml.Scaler', 1],
  ['ai.onnx.ml.LinearRegressor', 1],
  ['Conv', 2],
]

function attributesOf(dice: Dice, op: string): Record<string, AttributeValue> {
  const maybe = (chance: number, attributes: Record<string, AttributeValue>) => (dice.chance(chance) ? attributes : {})
  const number = () => dice.of([0, 1, 2, 0.5, -1, 1e-5, 0.2])
  const axis = () => dice.of([1, 1, -1, -1, 0, 2, 9])
  if (op.startsWith('Reduce'))
    return { ...maybe(0.9, { axes: { ints: [axis()] } }), ...maybe(0.3, { keepdims: { int: dice.below(2) } }) }
  if (op === 'Gemm')
    return {
      ...maybe(0.2, { alpha: number() }),
      ...maybe(0.2, { beta: number() }),
      ...maybe(0.2, { transB: { int: 1 } }),
      ...maybe(0.05, { transA: { int: 1 } }),
    }
  if (op === 'Scaler')
    return { offset: { floats: [1, 2, 3, 4] }, scale: { floats: dice.of([[0.5], [1, 2, 3, 4], [1, 2]]) } }
  if (op === 'LinearRegressor')
    return { coefficients: { floats: [1, 2, 3, 4, 5, 6, 7, 8] }, intercepts: { floats: [1, -1] } }
  if (op === 'Transpose')
    return maybe(0.8, {
      perm: {
        ints: dice.of([
          [0, 1],
          [1, 0],
          [0, 2, 1],
          [0, 0],
        ]),
      },
    })
  if (/Softmax|ArgMax|Flatten|Concat|Gather|LayerNorm|RMSNorm/.test(op)) return maybe(0.8, { axis: { int: axis() } })
  if (op === 'Cast') return { to: { int: dice.of([1, 1, 7, 9, 11]) } }
  if (op === 'GroupNormalization') return { num_groups: { int: dice.of([1, 2, 4, 3, 0, -1]) } }
  if (/Elu|Celu|LeakyRelu|HardSigmoid|Swish/.test(op))
    return maybe(0.5, { alpha: dice.of([0.5, 1, 0, 0.01, -1, 1 / 6, 3]) })
  return maybe(0.1, { epsilon: number() })
}

/** A graph whose nodes mostly take what was made last. */
function randomGraph(dice: Dice): FileSpec {
  const made = ['x']
  const nodes: NodeSpec[] = []
  const count = 1 + dice.below(dice.chance(0.1) ? 40 : 8)
  for (let i = 0; i < count; i++) {
    const [op, operands] = dice.of(OPS)
    const value = () => (dice.chance(0.7) ? made[made.length - 1] : dice.of(made))
    const inputs = Array.from({ length: operands }, (_, k) => (k === 0 || dice.chance(0.2) ? value() : dice.of(NAMES)))
    if (operands === 2 && dice.chance(0.3)) inputs.reverse()
    if (op === 'BatchNormalization' && dice.chance(0.8)) inputs.splice(1, 4, 's', 'b', 'b', 's')
    if (op === 'Gemm' && dice.chance(0.8)) inputs.splice(1, 2, dice.of(['w', 'v']), dice.of(['b', 'rowOf', 'one']))
    if (op === 'MatMul' && dice.chance(0.8)) inputs.splice(0, 2, value(), dice.of(['w', 'v', 'narrow', 'wide']))
    if (operands === 3 && dice.chance(0.1)) inputs.pop()
    const output = dice.chance(0.02) ? dice.of(made) : `v${i}`
    nodes.push([op, inputs, [output], attributesOf(dice, op.slice(op.lastIndexOf('.') + 1))])
    made.push(output)
  }
  return { nodes, tensors: TENSORS, outputs: { [made[made.length - 1]]: 1 }, opset: dice.of([9, 11, 13, 17, 20, 23]) }
}

/** Graphs that would take forever, or all memory, if they could. */
function hostileGraph(dice: Dice): FileSpec {
  const chain = (length: number, node: (x: string, y: string) => NodeSpec): NodeSpec[] =>
    Array.from({ length }, (_, i) => node(i ? `v${i - 1}` : 'x', i === length - 1 ? 'y' : `v${i}`))
  const many = dice.of([100, 1000, 17000])
  const functions = Array.from({ length: 28 }, (_, i) => ({
    name: `f${i}`,
    inputs: ['a'],
    outputs: ['c'],
    nodes: [
      [`local.f${i + 1}`, ['a'], ['b']],
      [`local.f${dice.below(30)}`, ['b'], ['c']],
    ] satisfies NodeSpec[],
  }))
  const huge = dice.of([2 ** 20, 2 ** 31, 2 ** 40, 2 ** 53])
  return dice.of<() => FileSpec>([
    // the same value twice, again and again: 2^n paths
    () => ({ nodes: chain(many, (x, y) => ['Add', [x, x], [y]]), tensors: TENSORS }),
    () => ({ nodes: chain(many, (x, y) => ['Tanh', [x], [y]]), tensors: TENSORS }),
    () => ({ nodes: chain(many, (x, y) => ['Mul', [x, 's'], [y]]), tensors: TENSORS }),
    () => ({ nodes: chain(many, (x, y) => ['Add', [x, 'small'], [y]]), tensors: TENSORS }),
    () => ({
      nodes: chain(many, (x, y) => ['Gemm', [x, 'w', 'b'], [y], { alpha: 0.5, transB: { int: 1 } }]),
      tensors: TENSORS,
    }),
    () => ({ nodes: chain(many, (x, y) => ['Add', ['x', x], [y]]), tensors: TENSORS }),
    () => ({ nodes: chain(many, (x, y) => ['Concat', [x, x], [y], { axis: { int: 1 } }]), tensors: TENSORS }),
    () => ({ nodes: [['local.f0', ['x'], ['y']]], functions }),
    () => ({
      nodes: [
        ['Expand', ['one', 'size'], ['k']],
        ['MatMul', ['x', 'k'], ['y']],
      ],
      tensors: { ...TENSORS, size: ints([2], [4, huge]) },
    }),
    () => ({
      nodes: [
        ['ConstantOfShape', ['size'], ['k']],
        ['Add', ['x', 'k'], ['y']],
      ],
      tensors: { ...TENSORS, size: ints([1], [huge]) },
    }),
    () => ({ nodes: [['Mul', ['x', 'two'], ['y']]], tensors: TENSORS, inputs: { x: [undefined, huge] } }),
    () => ({
      nodes: [
        ['Flatten', ['x'], ['f']],
        ['PRelu', ['f', 'half'], ['y']],
      ],
      tensors: TENSORS,
      inputs: { x: [undefined, huge, huge] },
    }),
    () => ({
      nodes: [...chain(many, (x, y) => ['Relu', [x], [y]]), ['MatMul', ['k0', 'k0'], ['k1']]],
      tensors: { ...TENSORS, k0: floats([99, 1], wave), k1: floats([0], []) },
    }),
    () => ({
      nodes: [
        ['Add', ['k', 'q'], ['p']],
        ['MatMul', ['x', 'p'], ['y']],
      ],
      tensors: { k: floats([1, 3000], wave), q: floats([3000, 1], wave) },
    }),
    () => ({ nodes: [['MatMul', ['x', 'k'], ['y']]], tensors: { k: { shape: [huge, huge], floats: [1] } } }),
  ])()
}

let files: readonly Uint8Array[] | undefined

const corpus = (): Uint8Array[] =>
  interopCases.flatMap(({ files: all }) =>
    Object.values(all)
      .filter((file) => file.endsWith('.onnx'))
      .map(interopFile),
  )

function make(dice: Dice): { bytes: Uint8Array; isRandom: boolean } {
  const kind = dice.below(10)
  if (kind < 5) return { bytes: onnxFile(randomGraph(dice)), isRandom: true }
  if (kind < 6) return { bytes: onnxFile(hostileGraph(dice)), isRandom: false }
  files ??= corpus()
  const intact = kind < 9 ? dice.of(files) : exportOnnx(randomStack(dice), { opset: 9 + dice.below(15) })
  return { bytes: damage(dice, intact), isRandom: false }
}

/** Outputs that are as large as their tolerance say nothing; nor does what float32 cannot hold. */
const MOST = 1e4

function check(bytes: Uint8Array, isRandom: boolean): void {
  const model = importOnnx(bytes, { externalData: () => new Uint8Array(100) })
  const { inputs, outputs } = model.engine
  if (inputs > MOST_INPUTS || outputs > MOST_INPUTS) return
  const x = Float32Array.from({ length: 3 * inputs }, (_, i) => wave(i) * 3)
  const y = model.predict(x)
  assert.is(y.length, 3 * outputs)
  const again = importOnnx(exportOnnx(model)).predict(x)
  assert.is(again.length, y.length)
  if (!isRandom) return
  const { data } = evaluate(parseModel('oracle', bytes), { shape: [3, inputs], data: x })
  assert.is(data.length, y.length)
  for (let i = 0; i < y.length; i++) {
    if (!(Math.abs(data[i]) < MOST)) continue
    assert.ok(Math.abs(y[i] - data[i]) <= 1e-3 * (1 + Math.abs(data[i])), `value ${i} is ${y[i]}, not ${data[i]}`)
  }
}

export const onnx: Target = {
  make(dice) {
    const { bytes, isRandom } = make(dice)
    return { size: bytes.length, run: () => check(bytes, isRandom) }
  },
  ours: /^importOnnx: /,
}
