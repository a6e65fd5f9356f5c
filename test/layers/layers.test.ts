// Values and gradients of every layer, and of random stacks of them, against float64 loops and their finite differences.
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { softplus } from '../../src/catalogue/activations.ts'
import { valuesOf } from '../../src/compiler/parameterLayout.ts'
import {
  activation,
  alphaDropout,
  batchNorm,
  batchRenorm,
  blend,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  instanceNorm,
  type Lowerable,
  layerNorm,
  outputsOf,
  periodicEmbedding,
  prelu,
  residual,
  rmsNorm,
  scale,
  unitNorm,
} from '../../src/layers/layers.ts'
import { Random } from '../../src/lib/random.ts'
import { forward, type OraclePass } from '../oracles/layers.ts'
import { assertClose, type Tolerance } from '../support/golden.ts'
import { Bench } from '../support/layerHarness.ts'
import { targets } from '../support/targets.ts'

const WIDTHS = [1, 3, 5, 7, 8, 10, 100]
const VALUE: Tolerance = { absolute: 2e-5, relative: 2e-5 }
const GRADIENT: Tolerance = { absolute: 1e-4, relative: 1e-4 }

const single: Readonly<Record<string, (width: number) => Lowerable[]>> = {
  batchNorm: () => [batchNorm()],
  'batchNorm, not affine': () => [batchNorm({ affine: false, epsilon: 1e-3 })],
  'batchNorm, not trainable': () => [batchNorm({ trainable: false })],
  'batchNorm after relu': (width) => [dense(width, { activation: 'relu' }), batchNorm()],
  'batchNorm after softmax': (width) => [dense(width, { activation: 'softmax' }), batchNorm({ epsilon: 0.1 })],
  batchRenorm: () => [batchRenorm({ rMax: 1.2, dMax: 0.3 })],
  'batchRenorm, not affine': () => [batchRenorm({ affine: false })],
  layerNorm: () => [layerNorm({ epsilon: 1e-2 })],
  'layerNorm after gelu, not affine': (width) => [
    dense(width, { activation: 'gelu' }),
    layerNorm({ affine: false, epsilon: 0.1 }),
  ],
  rmsNorm: () => [rmsNorm({ epsilon: 1e-2 })],
  'rmsNorm, not affine': () => [rmsNorm({ affine: false, epsilon: 1e-2 })],
  groupNorm: (width) => [groupNorm(width % 5 === 0 ? 5 : 1, { epsilon: 0.1 })],
  'groupNorm, pairs of channels': (width) =>
    width % 2 === 0 ? [groupNorm(1, { channels: 2, epsilon: 0.1 })] : [groupNorm(1, { channels: 1, epsilon: 0.1 })],
  'instanceNorm, affine': (width) => [dense(2 * width), instanceNorm({ channels: width, affine: true, epsilon: 0.1 })],
  dropout: () => [dropout(0.3)],
  'dropout after tanh': (width) => [dense(width, { activation: 'tanh' }), dropout(0.5)],
  'dropout after softmax': (width) => [dense(width, { activation: 'softmax' }), dropout(0.5)],
  'dropout, rate 0': () => [dropout(0)],
  alphaDropout: () => [alphaDropout(0.3)],
  'alphaDropout after selu': (width) => [dense(width, { activation: 'selu' }), alphaDropout(0.1)],
  'alphaDropout after softmax': (width) => [dense(width, { activation: 'softmax' }), alphaDropout(0.5)],
  'alphaDropout, rate 0': () => [alphaDropout(0)],
  gaussianNoise: () => [gaussianNoise(0.5)],
  'gaussianNoise after sigmoid': (width) => [dense(width, { activation: 'sigmoid' }), gaussianNoise(0.1)],
  prelu: () => [prelu()],
  scale: () => [scale()],
  unitNorm: () => [unitNorm()],
  'unitNorm after tanh': (width) => [dense(width, { activation: 'tanh' }), unitNorm()],
  blend: () => [blend('tanh')],
  'blend with what keeps its input, after gelu': (width) => [dense(width, { activation: 'gelu' }), blend('mish')],
  'blend with softmax': () => [blend('softmax')],
  'blend with a wave': () => [blend('sin')],
  periodicEmbedding: () => [periodicEmbedding()],
  'periodicEmbedding, odd sizes, after relu': (width) => [
    dense(Math.min(width, 20), { activation: 'relu' }),
    periodicEmbedding({ frequencies: 5, units: 6 }),
  ],
  'periodicEmbedding, one of each': () => [periodicEmbedding({ frequencies: 1, units: 1 })],
  'scale after gelu': (width) => [dense(width, { activation: 'gelu' }), scale()],
  'weight norm': (width) => [dense(width, { weightNorm: true, activation: 'tanh' })],
  'weight norm without bias': (width) => [dense(width, { weightNorm: true, useBias: false })],
  residual: (width) => [residual([dense(4, { activation: 'tanh' }), dense(width)])],
  'residual ending in an activation': (width) => [residual([dense(width, { activation: 'relu' })]), dense(2)],
  'residual of an activation': () => [residual([activation('tanh')])],
  'residual after relu, before gelu': (width) => [
    dense(width, { activation: 'relu' }),
    residual([dense(width, { activation: 'softplus' }), dropout(0.4)]),
    activation('gelu'),
  ],
  'residual around nothing but noise': () => [residual([gaussianNoise(0.3)])],
  'two residuals, one within the other': (width) => [
    residual([batchNorm(), activation('relu'), residual([layerNorm(), dense(width, { name: 'inner' })]), dense(width)]),
    residual([dense(width, { activation: 'tanh', weightNorm: true }), dropout(0.3), prelu(), scale()]),
  ],
  'waves as activations of dense layers': (width) => [
    dense(width, { activation: 'sin' }),
    dropout(0.3),
    dense(width, { activation: 'cos' }),
    dense(3, { activation: softplus({ beta: 2 }) }),
    dense(width, { activation: 'exponential' }),
  ],
  'activations in a row': () => [activation('tanh'), activation('sigmoid'), activation('softmax')],
}

/** Values in (-2, 2) at least `gap` away from 0, where rectifiers have their kink. */
function values(count: number, seed: number, gap = 0): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length: count }, () => {
    const v = random.uniformBetween(-2, 2)
    return v + Math.sign(v) * gap
  })
}

const rowsOf = (flat: ArrayLike<number>, rows: number): number[][] => {
  const cols = flat.length / rows
  return Array.from({ length: rows }, (_, r) => Array.from({ length: cols }, (_, c) => flat[r * cols + c]))
}

/**
 * One training and one inference pass of the layers against the oracle, and the gradients against differences of it.
 * `probes` entries of each gradient are checked; kinks within reach of a difference are stepped over.
 */
function compare(
  target: (typeof targets)[number],
  width: number,
  layers: Lowerable[],
  rows: number,
  seed: number,
  probes: number,
): void {
  const bench = new Bench(target, width, layers, { rows, seed })
  bench.step = 1 + (seed % 1000)
  const random = new Random(seed)
  for (const [i, place] of bench.places.entries()) {
    if (place.layout === 'panels') continue
    // spreads must be positive, gammas and scales not near 0; running means anything
    const positive = /running(Variance|Deviation)|gamma|scale|alpha/.test(place.path)
    const drawn = values(valuesOf(place), seed + 7 * i)
    bench.set(place.path, positive ? drawn.map((v) => 0.5 + Math.abs(v)) : drawn.map((v) => v * 0.5))
  }
  const x = values(rows * width, seed + 1, 0.01)
  const pass: OraclePass = { training: true, seed, step: bench.step, renorm: new Map() }
  const parameters = Object.fromEntries(bench.places.map(({ path }) => [path, Float64Array.from(bench.get(path))]))
  const outputs = (features: ArrayLike<number>) => forward(layers, rowsOf(features, rows), parameters, pass).flat()

  assertClose(
    bench.forward('inference', x),
    forward(layers, rowsOf(x, rows), parameters, { ...pass, training: false }).flat(),
    VALUE,
    'inference',
  )
  const expected = outputs(x)
  const dy = values(expected.length, seed + 2)
  assertClose(bench.forward('trial', x), expected, VALUE, 'trial')
  const { y, dx, padding } = bench.train(x, dy)
  assertClose(y, expected, VALUE, 'training')
  assert.ok(
    padding.every((value) => value === 0),
    'padding of dx',
  )
  assert.equal(bench.padding(), [], 'padding of parameters and gradients')

  const total = (features: ArrayLike<number>) => outputs(features).reduce((sum, value, i) => sum + value * dy[i], 0)
  const probe = (what: string, actual: Float32Array, at: Float64Array, features: ArrayLike<number>) => {
    for (let k = 0; k < Math.min(probes, at.length); k++) {
      const i = at.length <= probes ? k : Math.floor(random.uniformBetween(0, at.length))
      const kept = at[i]
      const slope = (h: number) => {
        at[i] = kept + h
        const above = total(features)
        at[i] = kept - h
        const below = total(features)
        at[i] = kept
        return (above - below) / (2 * h)
      }
      const near = slope(1e-6)
      const close = Math.abs(actual[i] - near) <= GRADIENT.absolute + GRADIENT.relative * Math.abs(near)
      // two differences that disagree have met a kink
      if (!close && Math.abs(near - slope(4e-6)) > 1e-5 * (1 + Math.abs(near))) continue
      assertClose([actual[i]], [near], GRADIENT, `${what}[${i}]`)
    }
  }
  const features = Float64Array.from(x)
  probe('dx', dx, features, features)
  for (const { path, trainable } of bench.places) {
    if (trainable === false)
      assert.ok(
        bench.gradient(path).every((value) => value === 0),
        `gradient of ${path}`,
      )
    else probe(path, bench.gradient(path), parameters[path], x)
  }
}

const dimension = fc.constantFrom(1, 2, 3, 5, 6, 8, 9, 16)
/** A layer that keeps the width, or a dense layer that changes it. */
const anyLayer = (depth: number): fc.Arbitrary<(width: number) => Lowerable> => {
  const simple: fc.Arbitrary<(width: number) => Lowerable>[] = [
    dimension.map((units) => () => dense(units, { activation: 'tanh' })),
    dimension.map((units) => () => dense(units, { activation: 'gelu', weightNorm: true })),
    dimension.map((units) => () => dense(units, { activation: 'softmax' })),
    dimension.map((units) => () => dense(units, { activation: 'cos' })),
    fc
      .constantFrom('sigmoid', 'cos', 'sin', 'silu', 'softplus', 'leakyRelu', 'softmax', 'linear' as const)
      .map((kind) => () => activation(kind as 'silu')),
    fc.boolean().map((affine) => () => batchNorm({ affine, epsilon: 0.1 })),
    fc.boolean().map((affine) => () => batchRenorm({ affine, epsilon: 0.1, rMax: 1.5, dMax: 0.5 })),
    fc.boolean().map((affine) => () => layerNorm({ affine, epsilon: 0.1 })),
    fc.boolean().map((affine) => () => rmsNorm({ affine, epsilon: 0.1 })),
    fc.constantFrom(1, 2, 3).map((groups) => (width) => groupNorm(width % groups === 0 ? groups : 1, { epsilon: 0.1 })),
    fc.constant((width: number) => (width === 1 ? prelu() : instanceNorm({ epsilon: 0.1 }))),
    fc.constantFrom(0.1, 0.5, 0.9).map((rate) => () => dropout(rate)),
    fc.constantFrom(0.1, 1).map((stddev) => () => gaussianNoise(stddev)),
    fc.constant(() => prelu()),
    fc.constant(() => scale()),
    fc.constantFrom('silu', 'tanh', 'softmax' as const).map((kind) => () => blend(kind)),
    fc.constantFrom(1, 4, 9).map((frequencies) => () => periodicEmbedding({ frequencies, units: 2 })),
  ]
  if (depth === 0) return fc.oneof(...simple)
  const block = fc.array(anyLayer(depth - 1), { minLength: 1, maxLength: 3 }).map((makers) => (width: number) => {
    const inner = build(makers, width)
    return residual(inner.width === width ? inner.layers : [...inner.layers, dense(width)])
  })
  return fc.oneof(...simple, block, block, block)
}
function build(
  makers: readonly ((width: number) => Lowerable)[],
  inputs: number,
): { layers: Lowerable[]; width: number } {
  let width = inputs
  const layers = makers.map((make) => {
    const layer = make(width)
    width = outputsOf(layer, width)
    return layer
  })
  return { layers, width }
}

for (const target of targets) {
  const test = suite(`layers (${target})`)

  for (const [name, make] of Object.entries(single)) {
    test(`${name}: values and gradients, all widths`, () => {
      for (const width of WIDTHS)
        compare(target, width, make(width), width === 100 ? 3 : 6, 11 + width, width === 100 ? 3 : 20)
      compare(target, 513, make(513), 2, 5, 1)
    })
  }

  test('many rows: statistics keep their precision', () => {
    compare(target, 3, [batchNorm()], 1000, 3, 6)
    compare(target, 2, [layerNorm({ epsilon: 0.1 }), prelu(), batchNorm()], 777, 4, 6)
  })

  test('one row through everything but batch statistics', () => {
    const layers = [
      layerNorm({ epsilon: 0.1 }),
      prelu(),
      dropout(0.2),
      residual([rmsNorm({ epsilon: 0.1 }), dense(7, { weightNorm: true })]),
    ]
    compare(target, 7, layers, 1, 9, 30)
    compare(target, 7, [batchNorm({ trainable: false }), batchRenorm({ trainable: false })], 1, 9, 30)
  })

  test('random stacks', () => {
    const stacks = fc.record({
      makers: fc.array(anyLayer(2), { minLength: 1, maxLength: 6 }),
      width: dimension,
      rows: fc.integer({ min: 2, max: 9 }),
      seed: fc.integer({ min: 0, max: 1e6 }),
    })
    fc.assert(
      fc.property(stacks, ({ makers, width, rows, seed }) =>
        compare(target, width, build(makers, width).layers, rows, seed, 6),
      ),
      { numRuns: target === 'debug' ? 20 : 100, seed: 20 },
    )
  })
  test.run()
}
