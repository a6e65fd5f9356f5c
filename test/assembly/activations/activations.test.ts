/** Element-wise activations and the catalogue: golden vectors, float64 oracles, finite differences, through the op list. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as kinds from '../../../src/abi/activations.ts'
import {
  type Activation,
  type ActivationName,
  activationKinds,
  cos,
  elu,
  exponential,
  gelu,
  leakyRelu,
  resolveActivation,
  sin,
  softplus,
} from '../../../src/catalogue/activations.ts'
import * as ops from '../../../src/machine/ops/ops.ts'
import { kinks, normalCdf, oracle } from '../../oracles/activations.ts'
import { isTiny, noise, ones, run } from '../../support/activate.ts'
import { assertClose, type GoldenTensor, numbers, OPERATION, readGolden } from '../../support/golden.ts'
import { refusesExactly as refuses } from '../../support/refuses.ts'
import { Sheet } from '../../support/sheet.ts'
import { targets } from '../../support/targets.ts'
import { sweep, worstUlp } from '../../support/ulp.ts'

const names = Object.keys(activationKinds) as ActivationName[]
const elementwise = names.filter((name) => !activationKinds[name].rowwise)
const WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 10, 100, 513]

interface Case {
  readonly id: string
  readonly activation: string
  readonly config: { readonly alpha?: number; readonly beta?: number }
  readonly inputs: { readonly x: GoldenTensor; readonly dy?: GoldenTensor }
  readonly expect: {
    readonly f64: { readonly y: GoldenTensor; readonly dydx?: GoldenTensor; readonly dx?: GoldenTensor }
  }
}
const golden = readGolden<{ cases: readonly Case[] }>('activations').cases
/** PyTorch's names, where they differ from ours by more than spelling. */
const torchNames: Readonly<Record<string, ActivationName>> = { identity: 'linear' }
/** Golden cases of activations and parameters that we do not have. */
const ABSENT = ['hardtanh-18', 'celu-20', 'logsigmoid-22', 'tanhshrink-23']

const folded = (name: string) => name.replaceAll('_', '').toLowerCase()
const ours = (name: string) => torchNames[name] ?? names.find((known) => folded(known) === folded(name))
const goldenCases = golden.filter(({ id }) => !ABSENT.includes(id))

for (const target of targets) {
  const test = suite(`activations on ${target}`)

  for (const { id, activation, config, inputs, expect } of goldenCases) {
    test(`golden ${id}: value and derivative`, () => {
      const kind = ours(activation)
      if (kind === undefined) throw new Error(`no activation for ${activation}`)
      const shape = inputs.x.shape
      const [rows, cols] = shape.length === 2 ? shape : [1, shape[0]]
      const dy = inputs.dy ? numbers(inputs.dy) : ones(rows * cols)
      const alpha = config.alpha ?? config.beta
      const chosen = resolveActivation('test', alpha === undefined ? kind : { kind, alpha })
      const { y, dx, padding } = run(target, chosen, rows, cols, numbers(inputs.x), dy)
      const expected = expect.f64.dydx ?? expect.f64.dx
      assertClose(y, numbers(expect.f64.y), OPERATION, `${id} y`)
      assertClose(dx, expected ? numbers(expected) : [], OPERATION, `${id} dx`)
      assert.ok(padding.every((value) => value === 0))
    })
  }

  for (const kind of elementwise) {
    const chosen = resolveActivation('test', activationKinds[kind].alpha === undefined ? kind : { kind, alpha: 0.3 })
    const exact = (x: number) => oracle[kind](x, chosen.alpha ?? 0)

    test(`${kind}: values and finite differences of the float64 oracle, all widths`, () => {
      for (const cols of WIDTHS) {
        const rows = cols > 100 ? 2 : 5
        const x = noise(rows * cols, 6, cols).map((value) =>
          (kinks[kind] ?? []).some((kink) => Math.abs(value - kink) < 1e-3) ? value + 0.01 : value,
        )
        const dy = noise(rows * cols, 2, cols + 1000)
        const { y, dx, padding } = run(target, chosen, rows, cols, x, dy, { fill: 0 })
        assertClose(y, Array.from(x, exact), OPERATION, `${kind} ${rows}x${cols} y`)
        const h = 1e-5
        const slopes = Array.from(x, (value, i) => (dy[i] * (exact(value + h) - exact(value - h))) / (2 * h))
        assertClose(dx, slopes, { absolute: 4e-6, relative: 4e-5 }, `${kind} ${rows}x${cols} dx`)
        assert.ok(
          padding.every((value) => value === 0),
          `${kind} ${cols}: padding of dx`,
        )
      }
    })

    test(`${kind}: finite everywhere, NaN stays NaN`, () => {
      const large = [1, 10, 50, 87, 88.5, 104, 1e4, 1e10, 1e13, 1e19, 3.2e38].flatMap((value) => [value, -value])
      const { y, dx } = run(target, chosen, 1, large.length, large, ones(large.length))
      large.forEach((x, i) => {
        assert.ok(Number.isFinite(y[i]), `${kind}(${x}) = ${y[i]}`)
        assert.ok(Number.isFinite(dx[i]), `${kind}'(${x}) = ${dx[i]}`)
        const want = exact(x)
        assert.ok(Math.abs(y[i] - want) <= 2e-6 + 2e-5 * Math.abs(want), `${kind}(${x}) = ${y[i]}, expected ${want}`)
      })
      assert.ok(Number.isNaN(run(target, chosen, 1, 1, [Number.NaN], [1]).y[0]))
    })

    test(`${kind}: values and gradients below 2^-63 are 0`, () => {
      const x = sweep(-110, -1e-6, 2000)
      for (const scale of [1e-30, 1e-36, 1e-38, 3e-45]) {
        const { y, dx } = run(target, chosen, 1, x.length, x, ones(x.length).fill(scale))
        assert.is(y.findIndex(isTiny), -1, kind)
        assert.is(dx.findIndex(isTiny), -1, `${kind} with dy = ${scale}`)
      }
    })

    test(`${kind}: any stride, in place or not, the same bits`, () => {
      const x = noise(3 * 13, 4)
      const dy = noise(3 * 13, 1, 2)
      const plain = run(target, chosen, 3, 13, x, dy)
      for (const options of [{ stride: 128 }, { inPlace: true }, { stride: 256, inPlace: true }]) {
        const other = run(target, chosen, 3, 13, x, dy, options)
        assert.equal(other.y, plain.y)
        assert.equal(other.dx, plain.dx)
      }
    })
  }

  const infinity = Number.POSITIVE_INFINITY
  const limits: readonly [ActivationName, number, number][] = [
    ['relu', infinity, infinity],
    ['relu', -infinity, 0],
    ['relu6', infinity, 6],
    ['elu', -infinity, -1],
    ['selu', infinity, infinity],
    ['sigmoid', -infinity, 0],
    ['sigmoid', infinity, 1],
    ['hardSigmoid', -infinity, 0],
    ['hardSigmoid', infinity, 1],
    ['tanh', -infinity, -1],
    ['tanh', infinity, 1],
    ['tanh', 1e-20, Math.fround(1e-20)],
    ['silu', infinity, infinity],
    ['gelu', infinity, infinity],
    ['softplus', -infinity, 0],
    ['softplus', infinity, infinity],
  ]
  for (const [kind, x, y] of limits) {
    test(`${kind}(${x}) is ${y}`, () => {
      assert.is(run(target, resolveActivation('test', kind), 1, 1, [x], [1]).y[0], y)
    })
  }

  const atKinks: readonly [Activation, number, number][] = [
    [resolveActivation('test', 'relu'), 0, 0],
    [leakyRelu({ alpha: 0.25 }), 0, 0.25],
    [leakyRelu({ alpha: 0 }), -1, 0],
    [elu({ alpha: 0.5 }), 0, 0.5],
    [elu({ alpha: 0 }), -1, 0],
    [resolveActivation('test', 'relu6'), 0, 0],
    [resolveActivation('test', 'relu6'), 6, 0],
    [resolveActivation('test', 'hardSwish'), -3, 0],
    [resolveActivation('test', 'hardSwish'), 3, 1],
    [resolveActivation('test', 'hardSigmoid'), -3, 0],
    [resolveActivation('test', 'hardSigmoid'), 3, 0],
  ]
  for (const [chosen, x, slope] of atKinks) {
    test(`${chosen.kind}'(${x}) is ${slope} as in PyTorch${chosen.alpha === undefined ? '' : `, alpha ${chosen.alpha}`}`, () => {
      assert.is(run(target, chosen, 1, 1, [x], [1]).dx[0], slope)
    })
  }

  /** Element by element over a whole range, in one row. */
  const values = (kind: ActivationName, x: Float32Array) => {
    return run(target, resolveActivation('test', kind), 1, x.length, x, new Float32Array(x.length)).y
  }

  const accurate: readonly [ActivationName, number, number, number][] = [
    ['sigmoid', -87.33, 90, 2.9],
    ['tanh', -20, -1e-37, 2.6],
    ['tanh', 1e-37, 20, 2.6],
    ['elu', -100, -1e-37, 1.1],
    ['softplus', -87.33, 90, 2.1],
    ['exponential', -43.6, 88, 2.1],
    ['cos', -1.5, 1.5, 1.6],
    ['sin', -3.1, 3.1, 1.6],
  ]
  for (const [kind, low, high, ulp] of accurate) {
    test(`${kind} within ${ulp} ulp on [${low}, ${high}]`, () => {
      const x = sweep(low, high, 1 << 17)
      const worst = worstUlp(x, values(kind, x), (value) => oracle[kind](value, 1))
      assert.ok(worst.ulp <= ulp, `${worst.ulp} ulp at ${worst.at}`)
    })
  }

  test('gelu keeps its lower tail', () => {
    const x = sweep(-8, -0.1, 1 << 14)
    const y = values('gelu', x)
    x.forEach((value, i) => {
      const exact = value * normalCdf(value)
      if (!(Math.abs(y[i] / exact - 1) < 4e-6)) assert.unreachable(`gelu(${value}) = ${y[i]}, expected ${exact}`)
    })
  })

  test('gelu and its derivative within 1e-6 of float64', () => {
    const x = sweep(1e-3, 30, 1 << 12)
    const both = Float32Array.from([...x, ...x.map((value) => -value)])
    const { y, dx } = run(target, { kind: 'gelu' }, 1, both.length, both, ones(both.length))
    both.forEach((value, i) => {
      const density = Math.exp((-value * value) / 2) / Math.sqrt(2 * Math.PI)
      const tolerance = 1e-6 * Math.max(1, Math.abs(value))
      if (!(Math.abs(y[i] - value * normalCdf(value)) < tolerance)) assert.unreachable(`gelu(${value}) = ${y[i]}`)
      if (!(Math.abs(dx[i] - normalCdf(value) - value * density) < 1e-6))
        assert.unreachable(`gelu'(${value}) = ${dx[i]}`)
    })
  })

  test('the rows of a step are as many as the record says', () => {
    const sheet = new Sheet(target)
    const matrix = sheet.matrix(3, 4, [-1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12])
    const { address, stride } = matrix
    sheet.step(ops.activate, { from: address, to: address, stride, cols: 4, kind: kinds.ACTIVATION_RELU }).run(2)
    assert.equal([...sheet.read(matrix)].map(Math.abs), [0, 0, 0, 0, 0, 0, 0, 0, 9, 10, 11, 12])
  })

  test.run()
}

// ---- the catalogue

const test = suite('catalogue of activations')

test('golden cases are all used or named as absent', () => {
  for (const { id, activation } of golden) assert.ok(ours(activation) || ABSENT.includes(id), id)
  assert.is(goldenCases.length, 25)
})

test('every code of the machine has one entry, kinds that are steps of their own come last', () => {
  const codes = Object.entries(kinds)
  assert.equal(
    names.map((name) => activationKinds[name].code).sort((a, b) => a - b),
    codes.map(([, code]) => code).sort((a, b) => a - b),
  )
  for (const name of names) {
    const { code, rowwise, apart } = activationKinds[name]
    assert.is(rowwise, code === kinds.ACTIVATION_SOFTMAX || code === kinds.ACTIVATION_LOG_SOFTMAX, name)
    assert.is(apart, rowwise || code >= kinds.ACTIVATION_EXPONENTIAL, name)
    const spelled = name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    assert.is(Object.fromEntries(codes)[`ACTIVATION_${spelled}`], code, name)
  }
})

test('names and factories resolve to plain frozen data', () => {
  assert.equal(resolveActivation('dense', 'relu'), { kind: 'relu' })
  assert.equal(resolveActivation('dense', 'leakyRelu'), { kind: 'leakyRelu', alpha: 0.01 })
  assert.equal(leakyRelu(), { kind: 'leakyRelu', alpha: 0.01 })
  assert.equal(elu(), { kind: 'elu', alpha: 1 })
  assert.equal(elu({ alpha: 0.5 }), { kind: 'elu', alpha: 0.5 })
  assert.equal(softplus({ beta: 1, threshold: 30 }), { kind: 'softplus' })
  assert.equal(softplus({ beta: 2 }), { kind: 'softplus', alpha: 2 })
  assert.equal(resolveActivation('dense', { kind: 'softplus', alpha: 1 }), resolveActivation('dense', 'softplus'))
  assert.equal([gelu(), gelu({ approximate: 'tanh' })], [{ kind: 'gelu' }, { kind: 'geluTanh' }])
  assert.equal([exponential(), cos(), sin()], [{ kind: 'exponential' }, { kind: 'cos' }, { kind: 'sin' }])
  for (const name of names) {
    const made = resolveActivation('dense', name)
    assert.ok(Object.isFrozen(made))
    assert.equal(resolveActivation('dense', JSON.parse(JSON.stringify(made))), made)
  }
})

/** What callers without types may pass. */
const anything = (value: unknown) => value as never

test('mistakes are refused by name', () => {
  const resolve = (value: unknown) => () => resolveActivation('dense', anything(value))
  refuses(resolve('rellu'), RangeError, 'dense: unknown activation "rellu"; did you mean "relu"?')
  refuses(resolve('leaky_relu'), RangeError, 'dense: unknown activation "leaky_relu"; did you mean "leakyRelu"?')
  refuses(resolve('toString'), RangeError, `dense: unknown activation "toString"; known: ${names.join(', ')}`)
  const wanted = 'dense: "activation" must be a name or leakyRelu({ alpha }) and the like, got'
  refuses(resolve(3), TypeError, `${wanted} 3`)
  refuses(resolve(null), TypeError, `${wanted} null`)
  refuses(resolve(leakyRelu), TypeError, `${wanted} function leakyRelu`)
  refuses(resolve({ kind: 'relu', alpha: 1 }), RangeError, 'dense: activation "relu" takes no "alpha", got 1')
  refuses(resolve({ kind: 'elu', alpa: 1 }), TypeError, 'dense: unknown option "alpa"; did you mean "alpha"?')
  refuses(() => elu({ alpha: -1 }), RangeError, 'elu: "alpha" must be a finite number at least 0, got -1')
  refuses(
    () => leakyRelu({ alpha: Number.NaN }),
    RangeError,
    'leakyRelu: "alpha" must be a finite number at least 0, got NaN',
  )
  refuses(() => softplus({ beta: 0 }), RangeError, 'softplus: "beta" must be a finite number greater than 0, got 0')
  refuses(
    () => softplus({ threshold: 5 }),
    RangeError,
    'softplus: "threshold" must be a finite number at least 17, got 5',
  )
  refuses(
    resolve({ kind: 'softplus', alpha: 0 }),
    RangeError,
    'dense: "alpha" must be a finite number greater than 0, got 0',
  )
  refuses(() => gelu(anything({ approximate: true })), TypeError, 'gelu: "approximate" must be a name, got true')
  refuses(
    () => sin(...(anything([1]) as [])),
    TypeError,
    'sin: unexpected argument 1; it takes no more than the ones before',
  )
  refuses(() => leakyRelu(anything(0.2)), TypeError, 'leakyRelu: options must be an object, got 0.2')
})

test.run()
