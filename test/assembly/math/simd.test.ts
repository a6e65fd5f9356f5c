/** Accuracy of the elementary functions, on a probe module compiled from test/support/assembly/probe.ts for both kinds of arithmetic. */
import { instantiateSync } from '@assemblyscript/loader'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MACHINE_BYTES } from '../../../src/abi/layout.ts'
import { supports } from '../../../src/machine/wasm.ts'
import { compile, featuresOf } from '../../support/compile.ts'
import { atOrdinal, ordinal, sweep, worstUlp } from '../../support/ulp.ts'

type Kernel = (from: number, to: number, bytes: number) => void
interface Probe extends Record<ElementFunction, Kernel>, Record<string, unknown> {
  memory: WebAssembly.Memory
  fillConstants(): void
  sum(from: number): number
  max(from: number): number
}
type ElementFunction = 'exp' | 'expm1' | 'log' | 'log1p' | 'log1pUnit' | 'sigmoid' | 'softplus' | 'tanh' | 'flush'

const COUNT = 1 << 18
const FROM = MACHINE_BYTES
const TO = FROM + COUNT * 4

const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** Bounds in units in the last place against float64, as docs/accuracy.md states them. */
const bounds: readonly [ElementFunction, (x: number) => number, low: number, high: number, ulp: number][] = [
  ['exp', Math.exp, -87.33654, 88.7228, 1.8],
  ['exp', Math.exp, -1, 1, 1.8],
  ['expm1', Math.expm1, -104, -1e-37, 1.1],
  ['log', Math.log, 1.1754944e-38, 3.4028234e38, 1],
  ['log', Math.log, 1e-45, 1.1754944e-38, 1],
  ['log', Math.log, 0.5, 2, 1],
  ['log1p', Math.log1p, -0.99999994, -1e-37, 1.6],
  ['log1p', Math.log1p, 1e-37, 3.4028234e38, 1.4],
  ['log1pUnit', Math.log1p, 1e-37, 1, 1.5],
  ['sigmoid', sigmoid, -87.33654, 90, 2.9],
  ['softplus', softplus, -87.33654, 90, 2.1],
  ['tanh', Math.tanh, -20, -1e-37, 2.6],
  ['tanh', Math.tanh, 1e-37, 20, 2.6],
  ['tanh', Math.tanh, 0.1, 10, 2.6],
]

const infinity = Number.POSITIVE_INFINITY
/** Exact results: [function, x, y]. */
const edges: readonly [ElementFunction, number, number][] = [
  ['exp', 0, 1],
  ['exp', -infinity, 0],
  ['exp', infinity, infinity],
  ['exp', 88.73, infinity],
  ['exp', 1e38, infinity],
  ['exp', -87.34, 0],
  ['exp', -1e38, 0],
  ['expm1', 0, 0],
  ['expm1', -1e-30, Math.fround(-1e-30)],
  ['expm1', -infinity, -1],
  ['log', 1, 0],
  ['log', 0, -infinity],
  ['log', -0, -infinity],
  ['log', infinity, infinity],
  ['log', -1, Number.NaN],
  ['log', -1e-45, Number.NaN],
  ['log', -infinity, Number.NaN],
  ['log1p', 0, 0],
  ['log1p', 1e-30, Math.fround(1e-30)],
  ['log1p', -1, -infinity],
  ['log1p', -1.5, Number.NaN],
  ['log1p', infinity, infinity],
  ['sigmoid', 0, 0.5],
  ['sigmoid', -infinity, 0],
  ['sigmoid', infinity, 1],
  ['sigmoid', -1e38, 0],
  ['sigmoid', 1e38, 1],
  ['softplus', -infinity, 0],
  ['softplus', infinity, infinity],
  ['softplus', 100, 100],
  ['tanh', 0, 0],
  ['tanh', 1e-30, Math.fround(1e-30)],
  ['tanh', infinity, 1],
  ['tanh', -infinity, -1],
  ['tanh', 1e38, 1],
  ['tanh', -9.1, -1],
  ['flush', 1, 1],
  ['flush', 1e-38, 0],
  ['flush', -1e-38, 0],
  ['flush', 2 ** -63, 2 ** -63],
  ['flush', -(2 ** -63), -(2 ** -63)],
  ['flush', atOrdinal(ordinal(2 ** -63) - 1), 0],
  ['flush', 1e-44, 0],
  ['flush', infinity, infinity],
]

for (const relaxed of supports('relaxed') ? [false, true] : [false]) {
  const test = suite(`simd functions, ${relaxed ? 'fused' : 'mul then add'}`)
  let probe: Probe
  const apply = (name: ElementFunction, values: ArrayLike<number>): Float32Array => {
    const x = new Float32Array(probe.memory.buffer, FROM, COUNT)
    const out = new Float32Array(values.length)
    for (let i = 0; i < values.length; i += COUNT) {
      const count = Math.min(COUNT, values.length - i)
      for (let j = 0; j < count; j++) x[j] = values[i + j]
      probe[name](FROM, TO, Math.ceil(count / 4) * 16)
      out.set(new Float32Array(probe.memory.buffer, TO, count), i)
    }
    return out
  }

  test.before(() => {
    probe = instantiateSync<Probe>(compile('test/support/assembly/probe.ts', featuresOf(relaxed)), {}).exports
    probe.fillConstants()
  })

  test('the table of constants stays inside the machine’s bytes', () => {
    const beyond = new Uint8Array(probe.memory.buffer, MACHINE_BYTES)
    assert.is(
      beyond.findIndex((byte) => byte !== 0),
      -1,
    )
    assert.is(new Float32Array(probe.memory.buffer)[16], 1)
  })

  for (const [name, exact, low, high, ulp] of bounds) {
    test(`${name} within ${ulp} ulp on [${low}, ${high}]`, () => {
      const x = sweep(low, high, 1 << 20)
      const worst = worstUlp(x, apply(name, x), exact)
      assert.ok(worst.ulp <= ulp, `${worst.ulp} ulp at ${worst.at}`)
      assert.ok(worst.ulp > 0)
    })
  }

  for (const [name, x, y] of edges) {
    test(`${name}(${Object.is(x, -0) ? '-0' : x}) is ${y}`, () => {
      const [actual] = apply(name, [x])
      assert.ok(actual === y || (Number.isNaN(actual) && Number.isNaN(y)), `got ${actual}`)
    })
  }

  test('NaN in, NaN out, whatever its payload', () => {
    const names: ElementFunction[] = ['exp', 'expm1', 'log', 'log1p', 'sigmoid', 'softplus', 'tanh', 'flush']
    const payloads = [0x7fc00000, 0x7fc00001, 0x7fffffff, 0xffc00000, 0xffffffff]
    for (const name of names) {
      new Uint32Array(probe.memory.buffer, FROM, 8).set([...payloads, ...payloads.slice(0, 3)])
      probe[name](FROM, TO, 32)
      assert.ok(new Float32Array(probe.memory.buffer, TO, 8).every(Number.isNaN), name)
    }
  })

  test('exp, sigmoid and softplus are 0 where they would be below 2^-63', () => {
    const x = sweep(-104, -43, 1 << 16)
    for (const name of ['exp', 'sigmoid', 'softplus'] as const) {
      assert.is(
        apply(name, x).find((y) => y !== 0 && Math.abs(y) < 2 ** -63.00001),
        undefined,
        name,
      )
    }
  })

  test('tanh is odd and bounded by 1, bit for bit', () => {
    const x = sweep(1e-38, 20, 1 << 16)
    const up = apply('tanh', x)
    const down = apply(
      'tanh',
      x.map((value) => -value),
    )
    up.forEach((y, i) => {
      if (y > 1 || -y !== down[i]) assert.unreachable(`at ${x[i]}: ${y}, ${down[i]}`)
    })
  })

  test('log counts denormals as what they are, exp ends at the largest float', () => {
    const largest = ordinal(88.722839)
    const around = Float32Array.from([-2, -1, 0, 1], (i) => atOrdinal(largest + i))
    apply('exp', around).forEach((y, i) => {
      const exact = Math.exp(around[i])
      assert.ok(exact > 3.4028236e38 ? y === infinity : Math.abs(y / exact - 1) < 3e-7, `exp(${around[i]}) = ${y}`)
    })
    assert.is(apply('log', [1e-45])[0], Math.fround(Math.log(1.401298464324817e-45)))
  })

  test('flush keeps all from 2^-63 on', () => {
    for (const x of [sweep(2 ** -63, 3e38, 4096), sweep(-3e38, -(2 ** -63), 4096)]) assert.equal(apply('flush', x), x)
  })

  test('sum adds (x0 + x2) + (x1 + x3), max takes the largest', () => {
    const x = new Float32Array(probe.memory.buffer, FROM, 4)
    x.set([1e8, 3, -1e8, 4])
    assert.is(probe.sum(FROM), 7)
    for (let i = 0; i < 4; i++) {
      x.set([-4, -3, -2, -5])
      x[i] = -1
      assert.is(probe.max(FROM), -1)
    }
  })

  test.run()
}
