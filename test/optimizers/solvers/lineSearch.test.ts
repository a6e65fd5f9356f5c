/** The line search: its conditions on random functions, its points, walls of NaN, rounding, interruption. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ArraySpace } from '../../../src/optimizers/solvers/arraySpace.ts'
import { cubicMinimum, type SearchOptions, strongWolfe } from '../../../src/optimizers/solvers/lineSearch.ts'
import { FIRST_VECTOR, GRADIENT, PARAMETERS } from '../../../src/optimizers/solvers/solver.ts'
import { type Objective, rosenbrock } from '../../support/objectives.ts'

const test = suite('line search')

const DIRECTION = FIRST_VECTOR
const VECTORS = { direction: DIRECTION, start: FIRST_VECTOR + 1, lowGradient: FIRST_VECTOR + 2 }
const OPTIONS = { trial: 1, c1: 1e-4, c2: 0.9, maxTrials: 25, toleranceChange: 1e-9, isLast: false }

/** f seen from a point, ready for a search along -gradient or a direction of its own. */
function begin(
  f: Objective,
  x0: readonly number[],
  direction?: readonly number[],
  Kind: Float32ArrayConstructor | Float64ArrayConstructor = Float64Array,
) {
  const space =
    Kind === Float32Array ? new ArraySpace(Float32Array, x0.length) : new ArraySpace(Float64Array, x0.length)
  const x = space.entries(PARAMETERS)
  const gradient = space.entries(GRADIENT)
  x.set(x0)
  const loss = f(x, gradient)
  const d = direction ?? [...gradient].map((g) => -g)
  space.entries(DIRECTION).set(d)
  return { space, x, gradient, d: space.entries(DIRECTION), loss, slope: space.dot(GRADIENT, DIRECTION) }
}

function search(
  f: Objective,
  x0: readonly number[],
  options: Partial<SearchOptions> = {},
  direction?: readonly number[],
) {
  const { space, x, gradient, loss, slope, d } = begin(f, x0, direction)
  const searching = strongWolfe(space, VECTORS, { ...OPTIONS, loss, slope, ...options })
  let trials = 0
  let next = searching.next()
  while (!next.done) {
    trials++
    next = searching.next(f(x, gradient))
  }
  assert.is(next.value.trials, trials)
  return { ...next.value, x, gradient, d, start: loss, slope }
}

/** Σ a sin(b x + c) + x² / 2: many minima, one far from 0. */
const waves =
  (terms: readonly { a: number; b: number; c: number }[]): Objective =>
  ([x], gradient) => {
    let loss = (x * x) / 2
    gradient[0] = x
    for (const { a, b, c } of terms) {
      loss += a * Math.sin(b * x + c)
      gradient[0] += a * b * Math.cos(b * x + c)
    }
    return loss
  }

/** Evenly spread, unlike fc.double. */
const between = (low: number, high: number) =>
  fc.integer({ min: 0, max: 1e6 }).map((i) => low + ((high - low) * i) / 1e6)
const term = fc.record({ a: between(-3, 3), b: between(0.1, 5), c: between(-3, 3) })

test('what it finds satisfies both conditions, on random functions and first trials', () => {
  let found = 0
  fc.assert(
    fc.property(
      fc.array(term, { maxLength: 4 }),
      between(-8, 8),
      between(-6, 3),
      fc.constantFrom(0.1, 0.4, 0.9),
      (terms, x0, magnitude, c2) => {
        const f = waves(terms)
        const { start, slope, step, loss, x, gradient, d, exhausted } = search(f, [x0], {
          trial: 10 ** magnitude,
          c2,
          maxTrials: 60,
        })
        const g = new Float64Array(1)
        // wherever it ended, that is where parameters, loss and gradient are
        assert.is(x[0], step === 0 ? x0 : x0 + step * d[0])
        assert.is(loss, f(x, g))
        assert.is(gradient[0], g[0])
        assert.ok(loss <= start + 1e-14 * Math.abs(start))
        if (exhausted || step === 0 || Math.abs(slope) < 1e-6) return
        found++
        assert.ok(loss <= start + 1e-4 * step * slope + 4 * 2 ** -52 * Math.abs(start), `no decrease at ${step}`)
        assert.ok(Math.abs(g[0] * d[0]) <= -c2 * slope, `too steep at ${step}`)
      },
    ),
    { numRuns: 500, seed: 7 },
  )
  assert.ok(found > 450, `only ${found} searches came to an end`)
})

test('a first trial that will do costs one evaluation', () => {
  // the minimum of x² along -gradient is at step 1/2
  const parabola: Objective = ([x], gradient) => {
    gradient[0] = 2 * x
    return x * x
  }
  const { trials, step, x } = search(parabola, [3], { trial: 0.5 })
  assert.equal([trials, step, x[0]], [1, 0.5, 0])
})

test('extrapolates from short steps and zooms back from long ones', () => {
  for (const trial of [1e-6, 1e-3, 1, 1e3]) {
    const { step, loss, start, slope, gradient, d } = search(rosenbrock, [-1.2, 1], { trial, c2: 0.1 })
    assert.ok(loss <= start + 1e-4 * step * slope)
    assert.ok(Math.abs(gradient[0] * d[0] + gradient[1] * d[1]) <= -0.1 * slope, `trial ${trial}`)
  }
})

test('the cubic through two points of a cubic has its minimum', () => {
  // t³ - 3 t: minimum at 1
  const at = (step: number) => ({ step, loss: step ** 3 - 3 * step, slope: 3 * step * step - 3 })
  assert.ok(Math.abs(cubicMinimum(at(0), at(3)) - 1) < 1e-15)
  assert.is(cubicMinimum(at(3), at(0)), cubicMinimum(at(0), at(3)))
  assert.is(cubicMinimum(at(0), at(3), 1.5, 2), 1.5)
  assert.is(cubicMinimum(at(0), at(3), 0, 0.25), 0.25)
  // none: the middle
  assert.is(cubicMinimum({ step: 0, loss: 0, slope: -1 }, { step: 2, loss: -1.9, slope: -1 }), 1)
  assert.is(cubicMinimum({ step: 0, loss: 0, slope: -1 }, { step: 2, loss: Number.POSITIVE_INFINITY, slope: 1 }), 1)
})

test('behind a wall of NaN or Infinity it bisects', () => {
  for (const beyond of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    // minimum of -log(1 - x) - x / 0.3 at x = 0.7
    const barrier: Objective = ([x], gradient) => {
      gradient[0] = x < 1 ? 1 / (1 - x) - 1 / 0.3 : beyond
      return x < 1 ? -Math.log(1 - x) - x / 0.3 : beyond
    }
    const { step, x, exhausted } = search(barrier, [0], { trial: 100, c2: 0.1 })
    assert.ok(step > 0 && !exhausted && Math.abs(x[0] - 0.7) < 0.05, `ended at ${x[0]}`)
  }
  // a loss that is finite where its gradient is not
  const torn: Objective = ([x], gradient) => {
    gradient[0] = x < 1 ? x - 0.5 : Number.NaN
    return (x - 0.5) ** 2 / 2
  }
  assert.ok(search(torn, [-1], { trial: 4, c2: 0.1 }).x[0] < 1)
})

test('nothing lower: back to the start, bit for bit', () => {
  // the sign of the gradient is wrong
  const wrong: Objective = ([x, y], gradient) => {
    gradient[0] = -x
    gradient[1] = -y
    return (x * x + y * y) / 2
  }
  const { step, x, gradient, loss, start, exhausted } = search(wrong, [0.1, 0.7])
  assert.equal([step, ...x, ...gradient, exhausted], [0, 0.1, 0.7, -0.1, -0.7, false])
  assert.is(loss, start)
})

test('makes at most maxTrials evaluations and keeps the lowest point', () => {
  for (let maxTrials = 1; maxTrials <= 12; maxTrials++) {
    for (const trial of [1e-9, 1e9]) {
      const { trials, loss, start, x } = search(rosenbrock, [-1.2, 1], { trial, maxTrials, c2: 0.001 })
      assert.ok(trials <= maxTrials)
      assert.ok(loss <= start)
      assert.is(rosenbrock(x, new Float64Array(2)), loss)
    }
  }
})

test('where losses differ by rounding alone, the slope decides', () => {
  // 1e4 + (x - 1)² / 2 in float32 is flat around its minimum: all losses are the same
  const flat: Objective = ([x], gradient) => {
    gradient[0] = x - 1
    return Math.fround(1e4 + (x - 1) ** 2 / 2)
  }
  const { space, x, gradient, loss, slope } = begin(flat, [1.01], undefined, Float32Array)
  const searching = strongWolfe(space, VECTORS, { ...OPTIONS, loss, slope, trial: 30, c2: 0.1 })
  let next = searching.next()
  while (!next.done) next = searching.next(flat(x, gradient))
  assert.ok(next.value.step > 0)
  assert.ok(Math.abs(gradient[0]) <= 0.1 * 0.0101, `slope ${gradient[0]}`)
})

test.run()
