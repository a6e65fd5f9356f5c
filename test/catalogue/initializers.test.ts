import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fillInitial, initialDistribution } from '../../src/catalogue/initializers/distribution.ts'
import * as catalogue from '../../src/catalogue/initializers/initializers.ts'
import {
  INITIALIZER_NAMES,
  type Initializer,
  initialGain,
  resolveInitializer,
} from '../../src/catalogue/initializers/initializers.ts'
import { Random } from '../../src/lib/random.ts'
import { readGolden } from '../support/golden.ts'

interface Golden {
  truncated_normal: { correction: number }
  orthogonal: { shapes: [number, number][] }
  gains: Record<string, number>
  cases: {
    id: string
    init: string
    config: { fan_in: number; fan_out: number; gain_value?: number; mode?: 'fan_in' | 'fan_out' }
    expect: { bound: number | null; std: number; variance: number; mean: number }
  }[]
}
const golden = readGolden<Golden>('initializers')

const MODES = { fan_in: 'fanIn', fan_out: 'fanOut' } as const
const FACTORIES: Record<string, (gain: number, mode: 'fanIn' | 'fanOut') => Initializer> = {
  glorot_uniform: (gain) => catalogue.glorotUniform({ gain }),
  glorot_normal: (gain) => catalogue.glorotNormal({ gain }),
  he_uniform: (gain, mode) => catalogue.heUniform({ gain, mode }),
  he_normal: (gain, mode) => catalogue.heNormal({ gain, mode }),
  lecun_uniform: () => catalogue.lecunUniform(),
  lecun_normal: () => catalogue.lecunNormal(),
  torch_linear_default: () => catalogue.torchLinear(),
}

/** `count` draws of one spec: whole matrices where it fills nothing else. */
function draw(spec: Initializer, fanIn: number, fanOut: number, count: number, seed: number): Float32Array {
  const random = new Random(seed)
  const out = new Float32Array(count)
  const size = spec.kind === 'orthogonal' ? fanIn * fanOut : count
  for (let at = 0; at < count; at += size) fillInitial(spec, out.subarray(at, at + size), fanIn, fanOut, random)
  return out
}

/** Mean, variance and fourth central moment. */
function momentsOf(values: ArrayLike<number>): { mean: number; variance: number; fourth: number } {
  const n = values.length
  let mean = 0
  for (let i = 0; i < n; i++) mean += values[i] / n
  let variance = 0
  let fourth = 0
  for (let i = 0; i < n; i++) {
    variance += (values[i] - mean) ** 2 / n
    fourth += (values[i] - mean) ** 4 / n
  }
  return { mean, variance, fourth }
}

/** Mean and variance within five standard errors. */
function assertMoments(values: Float32Array, mean: number, variance: number, what: string): void {
  const found = momentsOf(values)
  const n = values.length
  assert.ok(Math.abs(found.mean - mean) < 5 * Math.sqrt(variance / n), `${what}: mean ${found.mean}, expected ${mean}`)
  const error = 5 * Math.sqrt((found.fourth - found.variance ** 2) / n)
  assert.ok(Math.abs(found.variance - variance) < error, `${what}: variance ${found.variance}, expected ${variance}`)
}

test("initializers: bounds and deviations are PyTorch's", () => {
  assert.is(golden.cases.length, 225)
  for (const { id, init, config, expect } of golden.cases) {
    const spec = FACTORIES[init](config.gain_value ?? 1, MODES[config.mode ?? 'fan_in'])
    const drawn = initialDistribution(spec, config.fan_in, config.fan_out)
    if (drawn.kind === 'uniform') {
      assert.ok(Math.abs(drawn.high - Number(expect.bound)) <= 1e-12 * drawn.high, id)
      assert.is(drawn.low, -drawn.high)
    } else if (drawn.kind === 'normal') {
      assert.is(expect.bound, null)
      assert.ok(Math.abs(drawn.stddev - expect.std) <= 1e-12 * expect.std, id)
      assert.is(drawn.mean, expect.mean)
    } else {
      assert.unreachable(id)
    }
  }
})

test('initializers: draws have the bounds and moments promised', () => {
  golden.cases.forEach(({ id, init, config, expect }, index) => {
    const spec = FACTORIES[init](config.gain_value ?? 1, MODES[config.mode ?? 'fan_in'])
    const values = draw(spec, config.fan_in, config.fan_out, 4_000, index)
    assertMoments(values, expect.mean, expect.variance, id)
    if (expect.bound === null) return
    const bound = Math.fround(expect.bound)
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
    assert.ok(largest <= bound && largest > 0.99 * bound, `${id}: largest ${largest}, bound ${bound}`)
  })
})

test('initializers: gains are those of PyTorch', () => {
  const gains = golden.gains
  for (const name of ['linear', 'sigmoid', 'tanh', 'relu', 'selu'] as const) {
    assert.ok(Math.abs(initialGain(name) - gains[name]) < 1e-15, name)
  }
  assert.ok(Math.abs(initialGain('leakyRelu') - gains['leaky_relu(0.01)']) < 1e-15)
  assert.ok(Math.abs(initialGain('leakyRelu', { alpha: 0.2 }) - gains['leaky_relu(0.2)']) < 1e-15)
  assert.throws(() => initialGain('leaky_relu' as 'leakyRelu'), /did you mean "leakyRelu"/)
})

test('initializers: constants and the identity', () => {
  const filled = (spec: Initializer, fanIn: number, fanOut: number) => {
    const out = new Float32Array(fanIn * fanOut).fill(Number.NaN)
    fillInitial(spec, out, fanIn, fanOut, new Random(0))
    return Array.from(out)
  }
  assert.equal(filled(catalogue.zeros(), 2, 2), [0, 0, 0, 0])
  assert.equal(filled(catalogue.ones(), 1, 3), [1, 1, 1])
  assert.equal(filled(catalogue.constant(-2.5), 2, 1), [-2.5, -2.5])
  assert.equal(filled(catalogue.identity({ gain: 3 }), 2, 3), [3, 0, 0, 0, 3, 0])
  assert.equal(filled(catalogue.identity(), 3, 2), [1, 0, 0, 1, 0, 0])
})

test('initializers: truncated normals', () => {
  const { correction } = golden.truncated_normal
  const truncated = draw(catalogue.truncatedNormal({ mean: 1, stddev: 0.5 }), 100, 100, 100_000, 1)
  assertMoments(truncated, 1, (0.5 * correction) ** 2, 'truncatedNormal')
  assert.ok(truncated.every((value) => value >= 0 && value <= 2))
  const scaled = draw(catalogue.varianceScaling({ scale: 2, mode: 'fanOut' }), 50, 100, 100_000, 2)
  assertMoments(scaled, 0, 2 / 100, 'varianceScaling')
  const limit = Math.fround((2 * Math.sqrt(2 / 100)) / correction)
  const largest = scaled.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  assert.ok(largest <= limit && largest > 0.99 * limit)
})

test('initializers: the other distributions', () => {
  assertMoments(
    draw(catalogue.randomUniform({ minval: 2, maxval: 5 }), 10, 10, 50_000, 3),
    3.5,
    9 / 12,
    'randomUniform',
  )
  assertMoments(draw(catalogue.randomNormal({ mean: -1, stddev: 3 }), 10, 10, 50_000, 4), -1, 9, 'randomNormal')
  const scaling = (distribution: catalogue.ScaledDistribution, mode: catalogue.FanMode, variance: number) => {
    const spec = catalogue.varianceScaling({ scale: 3, mode, distribution })
    assertMoments(draw(spec, 20, 40, 50_000, 5), 0, variance, `varianceScaling ${distribution} ${mode}`)
  }
  for (const distribution of ['truncatedNormal', 'normal', 'uniform'] as const) {
    scaling(distribution, 'fanIn', 3 / 20)
    scaling(distribution, 'fanOut', 3 / 40)
    scaling(distribution, 'fanAvg', 3 / 30)
  }
})

test('initializers: orthogonal matrices of any shape', () => {
  for (const [rows, cols] of [...golden.orthogonal.shapes, [1, 1], [7, 1], [3, 2], [100, 513], [64, 64]]) {
    const gain = 1.5
    const w = new Float32Array(rows * cols)
    fillInitial(catalogue.orthogonal({ gain }), w, rows, cols, new Random(rows * 1000 + cols))
    const short = Math.min(rows, cols)
    const at = (vector: number, i: number) => (rows >= cols ? w[i * cols + vector] : w[vector * cols + i])
    for (let a = 0; a < short; a++) {
      for (let b = 0; b <= a; b++) {
        let product = 0
        for (let i = 0; i < Math.max(rows, cols); i++) product += at(a, i) * at(b, i)
        assert.ok(
          Math.abs(product - (a === b ? gain * gain : 0)) < 1e-5,
          `${rows}x${cols}: vectors ${a}, ${b}: ${product}`,
        )
      }
    }
  }
})

test('initializers: orthogonal matrices are uniform among their kind', () => {
  // over the Haar measure the entries of an n x n matrix have mean 0 and variance 1/n, and so has its trace (variance 1)
  const n = 4
  const draws = 20_000
  const values = draw(catalogue.orthogonal(), n, n, draws * n * n, 6)
  const corner = new Float32Array(draws)
  const last = new Float32Array(draws)
  const trace = new Float32Array(draws)
  for (let d = 0; d < draws; d++) {
    corner[d] = values[d * n * n]
    last[d] = values[(d + 1) * n * n - 1]
    for (let i = 0; i < n; i++) trace[d] += values[d * n * n + i * n + i]
  }
  assertMoments(corner, 0, 1 / n, 'corner')
  assertMoments(last, 0, 1 / n, 'last entry')
  assertMoments(trace, 0, 1, 'trace')
  // a single entry is +1 or -1
  assertMoments(draw(catalogue.orthogonal(), 1, 1, 10_000, 7), 0, 1, 'signs')
})

test('initializers: biases take the fans of their kernel', () => {
  const bias = new Float32Array(5_000)
  fillInitial(catalogue.torchLinear(), bias, 16, 5_000, new Random(8))
  assertMoments(bias, 0, 1 / 16 / 3, 'torchLinear bias')
  for (const spec of [catalogue.orthogonal(), catalogue.identity()]) {
    assert.throws(
      () => fillInitial(spec, bias, 16, 5_000, new Random(0)),
      new RegExp(`${spec.kind}: fills only matrices`),
    )
  }
})

test('initializers: the same seed gives the same bits', () => {
  // computed apart from this code, in Python
  const bits = (values: Float32Array) =>
    Array.from(new Uint32Array(values.buffer), (word) => word.toString(16)).join(' ')
  assert.is(bits(draw(catalogue.glorotUniform(), 2, 3, 6, 37)), 'bea99179 be0f40cc 3eddf4fa bf1c8f68 3e6e2be7 3ef64c84')
  assert.is(bits(draw(catalogue.heNormal(), 2, 3, 6, 37)), 'bff8eb59 bf524a2e 3f365d1d bf80a1f2 3f3cd5b2 3fc34751')
  assert.is(bits(draw(catalogue.orthogonal(), 2, 3, 6, 37)), '3efe06ee bf332e66 3f038540 bee3c42f bf368c31 bf0ab818')
})

test('initializers: names and specs resolve to frozen, JSON-able specs', () => {
  for (const kind of INITIALIZER_NAMES) {
    const spec = resolveInitializer('dense', kind === 'constant' ? { kind, value: 3 } : kind)
    assert.is(spec.kind, kind)
    assert.ok(Object.isFrozen(spec))
    assert.equal(resolveInitializer('dense', JSON.parse(JSON.stringify(spec))), spec)
  }
  assert.equal(resolveInitializer('dense', 'heNormal'), catalogue.heNormal())
  assert.equal(catalogue.heNormal(), { kind: 'heNormal', gain: Math.SQRT2, mode: 'fanIn' })
})

test('initializers: what is wrong is named', () => {
  const resolve = (value: unknown) => () => resolveInitializer('dense', value, 'kernelInitializer')
  assert.throws(
    resolve('glorot_uniform'),
    /dense: unknown kernelInitializer "glorot_uniform"; did you mean "glorotUniform"\?/,
  )
  assert.throws(resolve('constant'), /dense: "kernelInitializer" needs a value; use constant\(value\)/)
  assert.throws(resolve(catalogue.heNormal), /must be a name or a spec, got function heNormal; call it: heNormal\(\)/)
  assert.throws(resolve(undefined), /"kernelInitializer" must be a name or a spec, got undefined/)
  assert.throws(resolve({ kind: 'zeros', gain: 1 }), /zeros: unknown option "gain"/)
  assert.throws(resolve({ kind: 'orthogonal', gain: 'big' }), /orthogonal: "gain" must be a number/)
  assert.throws(
    () => catalogue.randomUniform({ minval: 1, maxval: 0 }),
    /"maxval" must be a finite number at least 1, got 0/,
  )
  assert.throws(() => catalogue.truncatedNormal({ stddev: -1 }), /truncatedNormal: "stddev"/)
  assert.throws(() => catalogue.varianceScaling({ scale: 0 }), /"scale" must be a finite number greater than 0/)
  assert.throws(() => catalogue.heUniform({ mode: 'fan_in' as 'fanIn' }), /unknown mode "fan_in"; did you mean "fanIn"/)
  assert.throws(() => catalogue.glorotUniform({ scale: 1 } as object), /glorotUniform: unknown option "scale"/)
})

test.run()
