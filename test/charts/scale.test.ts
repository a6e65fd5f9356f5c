import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createScale, log10, widen } from '../../src/charts/scale.ts'

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const positive = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true })
const ordered = (value: fc.Arbitrary<number>) =>
  fc
    .tuple(value, value)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)

test('scale: log10 is within a few units in the last place of the engine', () => {
  fc.assert(
    fc.property(positive, (value) => {
      const expected = Math.log10(value)
      assert.ok(
        Math.abs(log10(value) - expected) <= 4 * Number.EPSILON * Math.max(1, Math.abs(expected)),
        `${value}: ${log10(value)}, ${expected}`,
      )
    }),
    { numRuns: 5000 },
  )
  for (let exponent = -307; exponent <= 308; exponent++) {
    assert.ok(Math.abs(log10(Number(`1e${exponent}`)) - exponent) < 2e-13)
  }
  assert.is(log10(1), 0)
  assert.is(log10(0), Number.NEGATIVE_INFINITY)
  assert.ok(Number.isNaN(log10(-1)))
  assert.ok(Number.isNaN(log10(Number.NaN)))
  assert.is(log10(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
})

test('scale: from 0 to 1, monotone, whatever the ends', () => {
  for (const [kind, value] of [
    ['linear', finite],
    ['log', positive],
  ] as const) {
    fc.assert(
      fc.property(ordered(value), fc.array(value), ([low, high], values) => {
        const scale = createScale(kind, low, high)
        // so near to each other that their logarithms are the same
        if (kind === 'log' && log10(low) === log10(high)) return
        assert.is(scale.at(low), 0)
        assert.is(scale.at(high), 1)
        const places = values.sort((a, b) => a - b).map(scale.at)
        places.forEach((place, i) => {
          assert.not.ok(Number.isNaN(place))
          if (kind === 'linear') assert.ok(i === 0 || place >= places[i - 1])
        })
      }),
      { numRuns: 1000 },
    )
  }
  assert.is(createScale('log', 1, 100).at(10), 0.5)
  assert.is(createScale('log', 1, 100).at(0), Number.NEGATIVE_INFINITY)
})

test('scale: widened limits hold the data, are never empty and do not pass zero', () => {
  for (const [kind, value] of [
    ['linear', finite],
    ['log', positive],
  ] as const) {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        const [from, to] = widen(kind, low, high, 0.05)
        assert.ok(from <= low && high <= to && from < to, `${low} ${high} ${from} ${to}`)
        assert.ok(Number.isFinite(from) && Number.isFinite(to))
        if (low >= 0) assert.ok(from >= 0)
        if (low < 0 && high <= 0) assert.ok(to <= 0)
        if (kind === 'log') assert.ok(from > 0)
      }),
      { numRuns: 1000 },
    )
  }
  assert.equal(widen('linear', 10, 20, 0.05), [9.5, 20.5])
  assert.equal(widen('linear', 1, 20, 0.1), [0, 21.9])
  assert.equal(widen('linear', 0, 0, 0.1), [0, 1])
})

test.run()
