import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createScale } from '../../src/charts/scale.ts'
import { createTicks } from '../../src/charts/ticks.ts'
import { toNumber } from '../support/svg.ts'

const labels = (kind: 'linear' | 'log', low: number, high: number, count: number, whole = false) =>
  createTicks(createScale(kind, low, high), count, whole).major.map(({ label }) => label)

test('ticks: linear ones are round', () => {
  assert.equal(labels('linear', 0, 1, 5), ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'])
  assert.equal(labels('linear', 0, 0.3, 3), ['0.0', '0.1', '0.2', '0.3'])
  assert.equal(labels('linear', -1.2, 1.2, 5), ['−1.0', '−0.5', '0.0', '0.5', '1.0'])
  assert.equal(labels('linear', 9_000, 41_000, 4), ['10,000', '20,000', '30,000', '40,000'])
  assert.equal(labels('linear', 0, 3.1e7, 4), ['0', '1×10⁷', '2×10⁷', '3×10⁷'])
  assert.equal(labels('linear', 0, 2.5e-7, 5), ['0', '0.5×10⁻⁷', '1.0×10⁻⁷', '1.5×10⁻⁷', '2.0×10⁻⁷', '2.5×10⁻⁷'])
  assert.equal(labels('linear', 1, 4, 10, true), ['1', '2', '3', '4'])
})

test('ticks: logarithmic ones are decades, or 1, 2, 5 and 1, 3 in each', () => {
  assert.equal(labels('log', 0.01, 1, 8), ['0.01', '0.02', '0.05', '0.1', '0.2', '0.5', '1'])
  assert.equal(labels('log', 0.01, 1, 5), ['0.01', '0.03', '0.1', '0.3', '1'])
  assert.equal(labels('log', 0.001, 1000, 6), ['0.001', '0.01', '0.1', '1', '10', '100', '1000'])
  assert.equal(labels('log', 1e-8, 1, 4), ['10⁻⁸', '10⁻⁶', '10⁻⁴', '10⁻²', '1'])
  assert.equal(labels('log', 1e-5, 4, 12).slice(-3), ['3×10⁻¹', '1', '3'])
  // less than a decade: equal steps
  assert.equal(labels('log', 30, 42, 4), ['30', '35', '40'])
  const { minor } = createTicks(createScale('log', 0.1, 10), 3)
  assert.equal(minor, [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('ticks: in the range, ascending, few, at equal steps, and labels say where they are', () => {
  // of subnormal numbers too few digits are left to compare
  const finite = fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => value === 0 || Math.abs(value) > 1e-290)
  fc.assert(
    fc.property(finite, finite, fc.integer({ min: 2, max: 12 }), fc.boolean(), (a, b, count, whole) => {
      if (a === b) return
      const [low, high] = [Math.min(a, b), Math.max(a, b)]
      const { major } = createTicks(createScale('linear', low, high), count, whole)
      assert.ok(major.length <= count + 1)
      const values = major.map(({ value }) => value)
      for (const value of values) assert.ok(value >= low && value <= high && Number.isFinite(value))
      const step = values.length > 1 ? values[1] - values[0] : 0
      values.forEach((value, i) => {
        assert.ok(i === 0 || value > values[i - 1])
        const unit = Math.max(Math.abs(value), Math.abs(step)) * 4 * Number.EPSILON
        if (i > 0) assert.ok(Math.abs(value - values[i - 1] - step) <= unit * 4 || !Number.isFinite(step))
        assert.ok(Math.abs(toNumber(major[i].label) - value) <= unit, `${major[i].label} for ${value}`)
        if (whole) assert.ok(Number.isInteger(value))
      })
      assert.is(new Set(major.map(({ label }) => label)).size, major.length)
    }),
    { numRuns: 3000 },
  )
})

test('ticks: the same on log scales', () => {
  const positive = fc.double({ min: 1e-300, max: 1e300, noNaN: true })
  fc.assert(
    fc.property(
      positive,
      fc.double({ min: 1.01, max: 1e8, noNaN: true }),
      fc.integer({ min: 2, max: 12 }),
      (low, ratio, count) => {
        const { major, minor } = createTicks(createScale('log', low, low * ratio), count)
        assert.ok(major.length <= count + 1)
        const values = [...major.map(({ value }) => value), ...minor].sort((a, b) => a - b)
        for (const [i, value] of values.entries()) {
          assert.ok(value >= low && value <= low * ratio)
          assert.ok(i === 0 || value > values[i - 1])
        }
        for (const { value, label } of major) assert.ok(Math.abs(toNumber(label) / value - 1) < 1e-12, label)
        if (ratio >= 100) assert.ok(major.length > 0)
      },
    ),
    { numRuns: 2000 },
  )
})

test.run()
