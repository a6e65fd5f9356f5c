// The normal distribution against numerical integration.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { normalCdf, normalQuantile } from '../../src/lib/normal.ts'

/** P(0 <= Z <= x) by Simpson's rule. */
function integral(x: number): number {
  const steps = 4000
  const h = x / steps
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)
  let sum = density(0) + density(x)
  for (let i = 1; i < steps; i++) sum += density(i * h) * (i % 2 ? 4 : 2)
  return (sum * h) / 3
}

test('the distribution function is the integral of the density', () => {
  assert.is(normalCdf(0), 0.5)
  for (let x = -6; x <= 6; x += 0.37) {
    const expected = 0.5 + integral(x)
    assert.ok(Math.abs(normalCdf(x) - expected) < 1e-13, `${x}: ${normalCdf(x)} and not ${expected}`)
    assert.ok(Math.abs(normalCdf(x) + normalCdf(-x) - 1) < 1e-15)
  }
  // far out the leading terms of the asymptotic series
  const x = -12
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / -x) * (1 - 1 / x ** 2 + 3 / x ** 4 - 15 / x ** 6)
  assert.ok(Math.abs(normalCdf(x) / tail - 1) < 1e-6)
})

test('the quantile is its inverse', () => {
  assert.is(normalQuantile(0.5), 0)
  assert.equal([0, 1].map(normalQuantile), [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
  for (const p of [1e-12, 1e-7, 1e-4, 0.01, 0.074, 0.0751, 0.2, 0.45, 0.6, 0.925, 0.9251, 0.99, 1 - 1e-9]) {
    const x = normalQuantile(p)
    assert.ok(Math.abs(normalCdf(x) / p - 1) < 2e-14, `${p}: ${normalCdf(x)}`)
  }
  assert.ok(Math.abs(normalQuantile(0.975) - 1.959963984540054) < 1e-14)
  assert.ok(Math.abs(normalQuantile(1 - (1e-7 - 2 ** -52)) - 5.199337582605575) < 1e-9)
})
test.run()
