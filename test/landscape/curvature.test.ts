/** Spectra of models' curvature, against matrices made column by column in float64. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { batchNorm, dense, input, sequential } from '../../src/entries/public.ts'
import { curvature } from '../../src/landscape/curvature.ts'
import { eigen, trace } from '../oracles/matrix.ts'
import { gaussNewtonProduct, hessianProduct, matrixOf } from '../oracles/network.ts'
import { type CurvatureCase, goldenModel } from '../support/curvature.ts'
import { assertClose, readGolden } from '../support/golden.ts'
import { networkOf, taskOf } from '../support/goldenNetworks.ts'
import { wave } from '../support/samples.ts'

const CASES = readGolden<{ cases: readonly CurvatureCase[] }>('curvature').cases

/** The whole matrix of a case. */
const wholeOf = ({ config, inputs }: CurvatureCase, product: typeof hessianProduct) => {
  const [network, task] = [networkOf(inputs), taskOf(config, inputs)]
  return matrixOf((v) => product(network, task, v), network)
}

for (const golden of CASES) {
  test(`${golden.id}: both ends of the spectrum`, () => {
    const { model, x, y } = goldenModel(golden)
    const { smallest_hessian_eigenvalue: low, largest_hessian_eigenvalue: high } = golden.expect.f64
    const found = curvature(model, x, y, { largest: 1, smallest: 1, tolerance: 1e-6, maxIterations: 200 })
    const size = Math.max(Math.abs(low), high)
    const tolerance = { absolute: 1e-5 * size, relative: 0 }
    assertClose(found.eigenvalues, [high], tolerance, 'largest')
    assertClose(found.smallest ?? [], [low], tolerance, 'smallest')
  })

  test(`${golden.id}: trace and density`, () => {
    const { model, x, y } = goldenModel(golden)
    for (const [matrix, product] of [
      ['hessian', hessianProduct],
      ['gaussNewton', gaussNewtonProduct],
    ] as const) {
      const whole = wholeOf(golden, product)
      const found = curvature(model, x, y, {
        matrix,
        trace: true,
        density: true,
        traceSamples: 200,
        densitySamples: 40,
      })
      const { trace: estimate = 0, traceError = 0, density } = found
      assert.ok(Math.abs(estimate - trace(whole)) <= 4 * traceError + 1e-5, `trace ${estimate}, ${trace(whole)}`)
      if (!density) throw new Error('no density')
      const { values, weights } = density
      assertClose([weights.reduce((sum, weight) => sum + weight, 0)], [1], { absolute: 1e-9, relative: 0 }, 'weights')
      assert.ok(values.every((value, i) => i === 0 || value <= values[i - 1]))
      // its mean is the mean eigenvalue, its spread theirs, within what 40 vectors leave
      const known = eigen(whole).values
      const mean = (of: ArrayLike<number>, by?: ArrayLike<number>) =>
        Array.from(of).reduce((sum, value, i) => sum + value * (by ? by[i] : 1 / of.length), 0)
      const size = Math.max(...known.map(Math.abs))
      assert.ok(Math.abs(mean(values, weights) - mean(known)) < 0.15 * size)
      const second = (of: ArrayLike<number>) => Float64Array.from(of, (value) => value * value)
      assert.ok(Math.abs(mean(second(values), weights) - mean(second(known))) < 0.15 * size * size)
    }
  })
}

test('the largest eigenvalues, by Lanczos and by powers', () => {
  const golden = CASES[4]
  const { model, x, y } = goldenModel(golden)
  const known = [...eigen(wholeOf(golden, gaussNewtonProduct)).values].reverse().slice(0, 4)
  const lanczos = curvature(model, x, y, { matrix: 'gaussNewton', largest: 4, tolerance: 1e-6 })
  assertClose(lanczos.eigenvalues, known, { absolute: 1e-6, relative: 1e-5 }, 'Lanczos')
  assert.ok(lanczos.errors.every((error) => error < 1e-6))
  const options = { matrix: 'gaussNewton', largest: 2, method: 'power', tolerance: 1e-7, maxIterations: 3000 } as const
  const power = curvature(model, x, y, options)
  assertClose(power.eigenvalues, known.slice(0, 2), { absolute: 1e-5, relative: 1e-4 }, 'powers')
  assert.ok(power.products > lanczos.products)
  assert.is(curvature(model, x, y, { largest: 3, maxIterations: 5, tolerance: 1e-12 }).products, 5)
})

test('one eigenvalue unless something else is asked for; the same for the same seed', () => {
  const { model, x, y } = goldenModel(CASES[2])
  const plain = curvature(model, x, y)
  assert.is(plain.eigenvalues.length, 1)
  assert.equal(Object.keys(plain), ['eigenvalues', 'errors', 'products'])
  const traced = curvature(model, x, y, { trace: true, seed: 7 })
  assert.is(traced.eigenvalues.length, 0)
  assert.is(traced.products, 32)
  assert.equal(curvature(model, x, y, { trace: true, seed: 7 }), traced)
  assert.is.not(curvature(model, x, y, { trace: true, seed: 8 }).trace, traced.trace)
})

test('what is frozen has no part in it, and the model is left as it was', () => {
  const layers = [input(3), dense(3, { activation: 'tanh' }), batchNorm(), dense(2)]
  const model = sequential(layers, { seed: 2 })
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  const [x, y] = [wave(6 * 3), wave(6 * 2, 2)]
  model.freeze(1)
  model.freeze(2)
  const before = model.toBytes()
  // of the last layer alone: 4 parameters a unit, the same matrix for both
  const { eigenvalues } = curvature(model, x, y, { largest: 8, tolerance: 1e-9 })
  assert.equal(model.toBytes(), before)
  assert.is(eigenvalues.length, 8)
  for (let i = 0; i < 8; i += 2) assert.ok(Math.abs(eigenvalues[i] - eigenvalues[i + 1]) < 1e-5, eigenvalues.join())
  assert.ok(eigenvalues[7] > 0)
  assert.throws(
    () => curvature(model, x, y, { largest: 9 }),
    /not ask for more than the 8 eigenvalues there are, got 9/,
  )
  model.freeze(3)
  assert.throws(() => curvature(model, x, y), /curvature: no parameter of the model trains/)
})

test('refusals name the option', () => {
  const { model, x, y } = goldenModel(CASES[0])
  assert.throws(
    () => curvature(model, x, y, { larges: 1 } as object),
    /unknown option "larges"; did you mean "largest"/,
  )
  assert.throws(() => curvature(model, x, y, { largest: -1 }), /"largest" must be a whole number/)
  assert.throws(
    () => curvature(model, x, y, { method: 'power', smallest: 1 }),
    /"power" finds eigenvalues by their size/,
  )
  assert.throws(() => curvature(model, x, y, { matrix: 'fisher' } as object), /unknown matrix "fisher"/)
  assert.throws(() => curvature(model, x, y, { traceSamples: 1 }), /"traceSamples"/)
  const { storage } = model.engine
  storage.view(storage.parameters)[0] = Number.NaN
  assert.throws(() => curvature(model, x, y), /curvature: products with the hessian are not finite/)
})

test.run()
