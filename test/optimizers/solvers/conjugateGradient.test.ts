/** Conjugate gradients: quadratics in n steps, as linear conjugate gradients do; restarts, resuming, options. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConjugateGradientOptions, conjugateGradient } from '../../../src/optimizers/solvers/conjugateGradient.ts'
import { FIRST_VECTOR } from '../../../src/optimizers/solvers/solver.ts'
import { dot, multiply, solveDense } from '../../oracles/solvers.ts'
import { assertClose } from '../../support/golden.ts'
import { beale, type Objective, quadratic, rosenbrock, spread } from '../../support/objectives.ts'
import { refuses } from '../../support/refuses.ts'
import { Trial } from '../../support/solving.ts'

const test = suite('conjugateGradient')

const FORMULAS = ['polakRibiere', 'fletcherReeves', 'hestenesStiefel'] as const
/** Searches that end at the minimum, as far as float64 goes. */
const EXACT: ConjugateGradientOptions = { c2: 1e-9, c1: 1e-12, toleranceChange: 0, toleranceGradient: 0 }

/** A = LLᵀ + I / 2 of random L, and b. */
const positiveDefinite = fc
  .integer({ min: 1, max: 6 })
  .chain((n) => {
    const numbers = (length: number) =>
      fc.array(fc.integer({ min: -64, max: 64 }), { minLength: length, maxLength: length })
    return fc.record({ l: numbers(n * n), b: numbers(n) })
  })
  .map(({ l, b }) => {
    const n = b.length
    const a = new Float64Array(n * n)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        for (let k = 0; k < n; k++) a[i * n + j] += (l[i * n + k] / 32) * (l[j * n + k] / 32)
        if (i === j) a[i * n + j] += 0.5
      }
    return { a, b: Float64Array.from(b, (value) => value / 32) }
  })

/** The points of linear conjugate gradients (Hestenes and Stiefel 1952) on A x = b. */
function linearConjugateGradients(a: Float64Array, b: Float64Array, x0: Float64Array): Float64Array[] {
  const points: Float64Array[] = []
  let x = x0
  let r = b.map((value, i) => value - multiply(a, x)[i])
  let d = r
  for (let i = 0; i < b.length && dot(r, r) > 0; i++) {
    const ad = multiply(a, d)
    const alpha = dot(r, r) / dot(d, ad)
    x = x.map((value, j) => value + alpha * d[j])
    const next = r.map((value, j) => value - alpha * ad[j])
    const beta = dot(next, next) / dot(r, r)
    d = next.map((value, j) => value + beta * d[j])
    r = next
    points.push(x)
  }
  return points
}

for (const formula of FORMULAS) {
  test(`${formula}: with exact searches, the points of linear conjugate gradients, and the minimum in n iterations`, () => {
    const a = Float64Array.of(4, 1, 0, 0.5, 1, 3, 0.25, 0, 0, 0.25, 2, -0.5, 0.5, 0, -0.5, 5)
    const b = Float64Array.of(1, -2, 3, 0.5)
    const x0 = Float64Array.of(1, -1, 0.5, 2)
    const options = { ...EXACT, formula, maxIterations: 1, maxEvaluations: 60 }
    const trial = new Trial(conjugateGradient(options), x0, quadratic(a, b))
    for (const point of linearConjugateGradients(a, b, x0)) {
      trial.step()
      assertClose(
        trial.x,
        point,
        { absolute: 1e-6, relative: 1e-6 },
        `${formula} after ${trial.evaluations} evaluations`,
      )
    }
    assertClose(trial.x, solveDense(a, b), { absolute: 1e-6, relative: 1e-6 }, formula)
  })

  test(`${formula}: finds the minimum of random convex quadratics`, () => {
    fc.assert(
      fc.property(positiveDefinite, ({ a, b }) => {
        const options = { formula, toleranceChange: 0, toleranceGradient: 1e-6, maxIterations: 500 }
        const trial = new Trial(conjugateGradient(options), new Float64Array(b.length), quadratic(a, b))
        let status = trial.step().status
        for (let step = 0; status === 'limit' && step < 10; step++) status = trial.step().status
        assert.is(status, 'gradient')
        assertClose(trial.x, solveDense(a, b), { absolute: 1e-5, relative: 1e-5 }, 'x')
      }),
      { numRuns: 60, seed: 11 },
    )
  })

  test(`${formula}: goes down curved valleys`, () => {
    for (const [f, x0, minimum] of [
      [rosenbrock, [-1.2, 1, -1.2, 1], [1, 1, 1, 1]],
      [beale, [1, 1], [3, 0.5]],
    ] as [Objective, number[], number[]][]) {
      const options = { formula, toleranceChange: 0, toleranceGradient: 1e-7, maxIterations: 3000 }
      const trial = new Trial(conjugateGradient(options), x0, f)
      assert.is(trial.step().status, 'gradient')
      assertClose(trial.x, minimum, { absolute: 1e-5, relative: 0 }, formula)
    }
  })
}

test('conjugate directions beat the steepest descent', () => {
  const f = quadratic(spread(20, 100), new Float64Array(20))
  const iterations = (restartEvery: number) =>
    new Trial(
      conjugateGradient({ restartEvery, toleranceChange: 0, toleranceGradient: 1e-6, maxIterations: 5000 }),
      new Float64Array(20).fill(1),
      f,
    ).step().iterations
  assert.ok(iterations(20) * 2 < iterations(1), `${iterations(20)} against ${iterations(1)} iterations`)
})

test('every restartEvery-th direction is the steepest descent', () => {
  const formula = 'fletcherReeves' as const
  const options = { formula, restartEvery: 3, maxIterations: 1, toleranceChange: 0, toleranceGradient: 0 }
  const trial = new Trial(
    conjugateGradient(options),
    new Float64Array(8).fill(1),
    quadratic(spread(8, 50), [0, 0, 0, 0, 0, 0, 0, 0]),
  )
  for (let step = 0; step < 9; step++) {
    const gradient = new Float64Array(8)
    quadratic(spread(8, 50), new Float64Array(8))(trial.x, gradient)
    trial.step()
    const direction = [...trial.space.entries(FIRST_VECTOR)]
    const isSteepest = direction.every((value, i) => value === -gradient[i])
    assert.is(isSteepest, step % 3 === 0, `iteration ${step + 1}`)
  }
})

test('a direction that does not descend is replaced by the steepest descent', () => {
  // Fletcher and Reeves' beta is huge where the gradient has grown: the function changes between the steps
  let scale = 1
  const f: Objective = ([x, y], gradient) => {
    gradient[0] = scale * x
    gradient[1] = scale * 30 * y
    return (scale * (x * x + 30 * y * y)) / 2
  }
  const trial = new Trial(conjugateGradient({ formula: 'fletcherReeves', maxIterations: 1 }), [1, 1], f)
  trial.step()
  scale = -1e4
  trial.step()
  const [dx, dy] = trial.space.entries(FIRST_VECTOR)
  const [gx, gy] = trial.space.entries(FIRST_VECTOR + 1)
  assert.ok(dx * gx + dy * gy < 0)
})

test('resumes bit for bit from its vectors and scalars, and goes on after an interrupted step', () => {
  const solver = conjugateGradient({ maxIterations: 3 })
  const whole = new Trial(solver, [-1.2, 1, 0.5], rosenbrock)
  for (let step = 0; step < 3; step++) whole.step()
  const resumed = new Trial(solver, whole.x, rosenbrock, {}, JSON.parse(JSON.stringify(whole.run.scalars)))
  for (const [i] of solver.vectors.entries())
    resumed.space.entries(FIRST_VECTOR + i).set(whole.space.entries(FIRST_VECTOR + i))
  for (let step = 0; step < 3; step++) {
    whole.step()
    resumed.step()
    assert.equal(resumed.x, whole.x)
  }
  assert.equal(resumed.run.scalars, whole.run.scalars)

  const x = whole.x.slice()
  const solving = whole.run.step()
  solving.next()
  solving.next(whole.evaluate())
  solving.return(undefined as never)
  assert.equal(whole.x, x)
  assert.is(whole.run.scalars.iterations, 0)
  const before = rosenbrock(x, new Float64Array(3))
  assert.ok((whole.step().loss as number) < before)
})

test('flat functions, one variable, NaN', () => {
  const flat = new Trial(conjugateGradient(), [1, 2], (_x, gradient) => {
    gradient.fill(0)
    return 7
  })
  assert.equal([flat.step().status, flat.evaluations], ['gradient', 1])
  const one = new Trial(conjugateGradient({ toleranceChange: 0 }), [5], ([x], gradient) => {
    gradient[0] = 2 * (x - 3)
    return (x - 3) ** 2
  })
  assert.is(one.step().status, 'gradient')
  assert.ok(Math.abs(one.x[0] - 3) < 1e-7)
  const nan = new Trial(conjugateGradient(), [1], (_x, gradient) => {
    gradient[0] = 1
    return Number.NaN
  })
  assert.equal([nan.step().status, nan.x[0]], ['diverged', 1])
  const wall = new Trial(conjugateGradient(), [0.5], ([x], gradient) => {
    gradient[0] = x < 1 ? 1 / (1 - x) - 1 / 0.3 : Number.NaN
    return x < 1 ? -Math.log(1 - x) - x / 0.3 : Number.NaN
  })
  wall.step()
  assert.ok(Math.abs(wall.x[0] - 0.7) < 1e-4, `x ${wall.x[0]}`)
})

test('refuses bad options', () => {
  const where = 'conjugateGradient: '
  refuses(() => conjugateGradient({ beta: 1 } as never), TypeError, `${where}unknown option "beta"`)
  refuses(() => conjugateGradient({ formula: 'polak' as never }), RangeError, `${where}unknown formula "polak"`)
  refuses(() => conjugateGradient({ restartEvery: 0 }), RangeError, `${where}"restartEvery" must be a whole number`)
  refuses(() => conjugateGradient({ lineSearch: 'none' as never }), RangeError, `${where}unknown lineSearch "none"`)
  refuses(() => conjugateGradient({ c1: 0.5 }), RangeError, `${where}"c1"`)
  refuses(
    () => conjugateGradient({ c1: 0.2, c2: 0.1 }),
    RangeError,
    `${where}"c2" must be a finite number greater than 0.2`,
  )
})

test.run()
