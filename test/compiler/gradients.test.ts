// Gradients of whole random networks against finite differences of a float64 forward pass written as plain loops.
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { configureRuntime, dense, input, type Layer, l1l2, sequential } from '../../src/entries/public.ts'
import { targets } from '../support/targets.ts'

type Act = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'softplus' | 'gelu' | 'silu' | 'elu'
type LossKind = 'meanSquaredError' | 'binaryCrossentropy' | 'sparseCategoricalCrossentropy' | 'huber'

interface Net {
  sizes: number[]
  activation: Act
  loss: LossKind
  rows: number
  seed: number
  penalty: number
}

const softplus = (z: number) => Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0)
/** Abramowitz and Stegun's series would do; this is the integral itself, by Simpson's rule. */
function normalCdf(x: number): number {
  const steps = 400
  const h = x / steps
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)
  let sum = density(0) + density(x)
  for (let i = 1; i < steps; i++) sum += density(i * h) * (i % 2 ? 4 : 2)
  return 0.5 + (sum * h) / 3
}
const functions: Record<Act, (z: number) => number> = {
  linear: (z) => z,
  relu: (z) => Math.max(z, 0),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  softplus,
  gelu: (z) => z * normalCdf(z),
  silu: (z) => z / (1 + Math.exp(-z)),
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
}

/** Loss of the network whose parameters lie one after the other in `flat`: W1, b1, W2, b2, ... */
function oracleLoss(
  { sizes, activation, loss, rows, penalty }: Net,
  flat: Float64Array,
  x: Float32Array,
  y: ArrayLike<number>,
): number {
  let total = 0
  let at = 0
  const layers = sizes.slice(1).map((units, i) => {
    const w = flat.subarray(at, at + sizes[i] * units)
    const b = flat.subarray(at + sizes[i] * units, at + sizes[i] * units + units)
    at += sizes[i] * units + units
    return { w, b, inputs: sizes[i], units }
  })
  for (let r = 0; r < rows; r++) {
    let a: number[] = Array.from(x.subarray(r * sizes[0], (r + 1) * sizes[0]))
    layers.forEach(({ w, b, inputs, units }, i) => {
      const z = Array.from({ length: units }, (_, u) => {
        let sum = b[u]
        for (let k = 0; k < inputs; k++) sum += a[k] * w[k * units + u]
        return sum
      })
      a = i < layers.length - 1 ? z.map(functions[activation]) : z
    })
    const outputs = a.length
    if (loss === 'sparseCategoricalCrossentropy') {
      const top = Math.max(...a)
      total += Math.log(a.reduce((sum, z) => sum + Math.exp(z - top), 0)) + top - a[y[r]]
    } else {
      a.forEach((z, c) => {
        const t = y[r * outputs + c]
        const e = z - t
        if (loss === 'binaryCrossentropy') total += (softplus(z) - t * z) / outputs
        else if (loss === 'huber') total += (Math.abs(e) <= 1 ? (e * e) / 2 : Math.abs(e) - 0.5) / outputs
        else total += (e * e) / outputs
      })
    }
  }
  const weights = layers.flatMap(({ w }) => Array.from(w))
  return total / rows + weights.reduce((sum, w) => sum + penalty * Math.abs(w) + (penalty / 2) * w * w, 0)
}

const networks = fc.record({
  sizes: fc
    .tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.integer({ min: 1, max: 13 }), { maxLength: 3 }),
      fc.integer({ min: 2, max: 11 }),
    )
    .map(([inputs, hidden, outputs]) => [inputs, ...hidden, outputs]),
  activation: fc.constantFrom<Act>('linear', 'relu', 'tanh', 'sigmoid', 'softplus', 'gelu', 'silu', 'elu'),
  loss: fc.constantFrom<LossKind>('meanSquaredError', 'binaryCrossentropy', 'sparseCategoricalCrossentropy', 'huber'),
  rows: fc.integer({ min: 1, max: 9 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
  penalty: fc.constantFrom(0, 0.01),
})

const LAST: Record<LossKind, 'linear' | 'sigmoid' | 'softmax'> = {
  meanSquaredError: 'linear',
  huber: 'linear',
  binaryCrossentropy: 'sigmoid',
  sparseCategoricalCrossentropy: 'softmax',
}

for (const target of targets) {
  const test = suite(`gradients (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('of random networks are those of finite differences', () => {
    fc.assert(
      fc.property(networks, (net) => {
        const { sizes, rows, seed } = net
        const layers: Layer[] = sizes.slice(1).map((units, i) =>
          dense(units, {
            activation: i < sizes.length - 2 ? net.activation : LAST[net.loss],
            biasInitializer: 'randomUniform',
            ...(net.penalty && { kernelRegularizer: l1l2({ l1: net.penalty, l2: net.penalty }) }),
          }),
        )
        const model = sequential([input(sizes[0]), ...layers], { seed })
        model.compile({ optimizer: 'sgd', loss: net.loss })
        const outputs = sizes[sizes.length - 1]
        const noise = (i: number) => Math.sin(1 + i * 12.9898 + seed) // any spread of values will do
        const x = Float32Array.from({ length: rows * sizes[0] }, (_, i) => 2 * noise(i))
        const classes = net.loss === 'sparseCategoricalCrossentropy'
        const y = classes
          ? Int32Array.from({ length: rows }, (_, r) => Math.floor(Math.abs(noise(r)) * outputs) % outputs)
          : Float32Array.from({ length: rows * outputs }, (_, i) =>
              net.loss === 'binaryCrossentropy' ? Math.abs(noise(i)) : 3 * noise(i),
            )

        const flat = Float64Array.from(model.parameters.flatMap((parameter) => Array.from(parameter.get())))
        const { loss, gradient } = model.gradients(x, y)
        assert.ok(Math.abs(loss - oracleLoss(net, flat, x, y)) <= 3e-6 + 2e-5 * Math.abs(loss), `loss ${loss}`)
        const h = 1e-6
        flat.forEach((value, i) => {
          const at = (to: number) => {
            flat[i] = to
            const result = oracleLoss(net, flat, x, y)
            flat[i] = value
            return result
          }
          const [above, below] = [at(value + h), at(value - h)]
          const middle = at(value)
          // at a kink the two sides differ: no derivative to compare with
          const kink = Math.abs(above + below - 2 * middle) / h
          if (kink > 1e-4) return
          const expected = (above - below) / (2 * h)
          assert.ok(
            Math.abs(gradient[i] - expected) <= 2e-5 + 2e-4 * Math.abs(expected),
            `gradient ${i} of ${gradient.length}: ${gradient[i]}, expected ${expected}`,
          )
        })
      }),
      { numRuns: 60 },
    )
  })
  test.run()
}
