/** Newton-CG: linear systems against elimination, damping, negative curvature, resuming, options. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ArraySpace } from '../../../src/optimizers/solvers/arraySpace.ts'
import { byDifferences } from '../../../src/optimizers/solvers/differences.ts'
import { newtonCg } from '../../../src/optimizers/solvers/newtonCg.ts'
import { FIRST_VECTOR, GRADIENT, PARAMETERS, type Solving } from '../../../src/optimizers/solvers/solver.ts'
import { multiply, solveDense } from '../../oracles/solvers.ts'
import { assertClose } from '../../support/golden.ts'
import { type Objective, quadratic, rosenbrock, spread } from '../../support/objectives.ts'
import { refuses } from '../../support/refuses.ts'
import { type Product, Trial } from '../../support/solving.ts'

const test = suite('newtonCg')

const DIRECTION = FIRST_VECTOR

const productWith =
  (a: ArrayLike<number>): Product =>
  (_x, v, product) =>
    product.set(multiply(a, v))

/** (x² - 1)² + y²: minima at x = ±1, a saddle at 0. */
const doubleWell: Objective = ([x, y], gradient) => {
  gradient[0] = 4 * x * (x * x - 1)
  gradient[1] = 2 * y
  return (x * x - 1) ** 2 + y * y
}
const doubleWellHessian: Product = ([x], v, product) => {
  product[0] = (12 * x * x - 4) * v[0]
  product[1] = 2 * v[1]
}

test('directions solve (B + damping I) d = -g as exactly as they are asked to', () => {
  const a = Float64Array.of(4, 1, 0, 1, 3, 0.25, 0, 0.25, 2)
  const b = Float64Array.of(1, -2, 3)
  for (const damping of [0, 0.1, 2]) {
    const trial = new Trial(newtonCg({ damping, forcing: 1e-12, maxIterations: 1 }), [0, 0, 0], quadratic(a, b), {
      product: productWith(a),
    })
    trial.step()
    const damped = a.map((value, i) => value + (i % 4 === 0 ? damping : 0))
    // the gradient at 0 is -b
    assertClose(trial.space.entries(DIRECTION), solveDense(damped, b), { absolute: 1e-12, relative: 1e-12 }, 'd')
    assert.ok(trial.products <= 4, `${trial.products} products for 3 unknowns`)
  }
})

test('inner iterations stop at min(forcing, sqrt|g|) of |g|, and at maxInnerIterations', () => {
  const n = 30
  const a = spread(n, 1e4)
  const residual = (options: { forcing?: number; maxInnerIterations?: number }, scale: number) => {
    const b = Float64Array.from({ length: n }, () => scale)
    const trial = new Trial(
      newtonCg({ damping: 0, maxIterations: 1, toleranceGradient: 0, toleranceChange: 0, ...options }),
      new Float64Array(n),
      quadratic(a, b),
      { product: productWith(a) },
    )
    trial.step()
    const left = multiply(a, trial.space.entries(DIRECTION)).map((value, i) => value - b[i])
    return { relative: Math.hypot(...left) / Math.hypot(...b), norm: Math.hypot(...b), products: trial.products }
  }
  const loose = residual({}, 1)
  assert.ok(loose.relative <= 0.5 && loose.relative > 0.05, `${loose.relative} is left`)
  const tight = residual({ forcing: 1e-3 }, 1)
  assert.ok(tight.relative <= 1e-3 && tight.products > loose.products)
  const near = residual({}, 1e-6)
  assert.ok(near.relative <= Math.sqrt(near.norm) && near.products > loose.products)
  assert.is(residual({ forcing: 1e-9, maxInnerIterations: 4 }, 1).products, 4)
})

test('random convex quadratics in a few iterations', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 4 }), fc.integer(), (n, digits, seed) => {
      const a = n === 1 ? Float64Array.of(10 ** digits) : spread(n, 10 ** digits)
      const b = Float64Array.from({ length: n }, (_, i) => Math.cos(seed + i))
      const trial = new Trial(newtonCg({ toleranceChange: 0 }), new Float64Array(n), quadratic(a, b), {
        product: productWith(a),
      })
      assert.is(trial.step().status, 'gradient')
      assertClose(trial.x, solveDense(a, b), { absolute: 1e-7, relative: 1e-7 }, 'x')
    }),
    { numRuns: 100, seed: 5 },
  )
})

test('negative curvature: leaves a saddle, and never goes up', () => {
  for (const start of [
    [1e-3, 1],
    [-0.2, 0],
    [0.3, 2],
  ]) {
    const trial = new Trial(newtonCg({ damping: 0, maxIterations: 30 }), start, doubleWell, {
      product: doubleWellHessian,
    })
    trial.step()
    trial.step()
    assertClose([Math.abs(trial.x[0]), trial.x[1]], [1, 0], { absolute: 1e-5, relative: 0 }, `from ${start}`)
  }
  // the first direction of curvature -4 and slope s: -g gᵀg / |gᵀBg|
  const trial = new Trial(newtonCg({ damping: 0, maxIterations: 1 }), [0.01, 0], doubleWell, {
    product: doubleWellHessian,
  })
  const gradient = 4 * 0.01 * (0.0001 - 1)
  trial.step()
  assertClose(
    [trial.space.entries(DIRECTION)[0]],
    [-gradient / (4 - 12 * 0.0001)],
    { absolute: 0, relative: 1e-12 },
    'direction',
  )
})

test('damping falls to a third where the model is exact, and grows 2, 4, 8, ... times where it is wrong', () => {
  const a = spread(5, 10)
  const exact = new Trial(
    newtonCg({ damping: 1, maxIterations: 1 }),
    [1, 1, 1, 1, 1],
    quadratic(a, new Float64Array(5)),
    {
      product: productWith(a),
    },
  )
  exact.step()
  assert.is(exact.run.scalars.damping, 1 / 3)
  // products far too small: steps far too long
  const wrong = new Trial(
    newtonCg({ damping: 1e-6, maxIterations: 1 }),
    [1, 1, 1, 1, 1],
    quadratic(a, new Float64Array(5)),
    {
      product: (_x, v, product) => product.set(v.map((value) => value * 1e-3)),
    },
  )
  const seen: number[] = []
  for (let step = 0; step < 3; step++) {
    wrong.step()
    seen.push(wrong.run.scalars.damping as number)
  }
  assertClose(seen, [2e-6, 8e-6, 64e-6], { absolute: 0, relative: 1e-12 }, 'damping')
  const none = new Trial(newtonCg({ damping: 0 }), [-1.2, 1], doubleWell, { product: doubleWellHessian })
  none.step()
  assert.is(none.run.scalars.damping, 0)
})

test('products of NaN, infinities or zeros end in steepest descents, not in NaN', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1]) {
    const trial = new Trial(newtonCg({ damping: 0, maxIterations: 50 }), [3, 2], quadratic([1, 0, 0, 2], [0, 0]), {
      product: (_x, _v, product) => product.fill(value),
    })
    for (let step = 0; step < 5; step++) trial.step()
    assert.ok(Math.hypot(...trial.x) < 1e-3, `${value}: ended at ${trial.x}`)
    assert.ok(Object.values(trial.run.scalars).every(Number.isFinite))
  }
})

test('where nothing is lower, the steepest descent is the last attempt', () => {
  let isWrong = false
  const f: Objective = (x, gradient) => {
    const loss = doubleWell(x, gradient)
    return isWrong ? Number.NaN : loss
  }
  const trial = new Trial(newtonCg({ maxIterations: 2 }), [0.3, 2], f, { product: doubleWellHessian })
  const { loss } = trial.step()
  const x = trial.x.slice()
  isWrong = true
  assert.is(trial.step({ loss }).status, 'limit')
  assert.is(trial.run.scalars.isLost, 1)
  assert.is(trial.step({ loss }).status, 'noDescent')
  assert.equal(trial.x, x)
})

test('differences of gradients are Hessian products, and leave parameters and gradient as they were', () => {
  const space = new ArraySpace(Float64Array, 3)
  const [vector, product] = [FIRST_VECTOR, FIRST_VECTOR + 1]
  space.entries(PARAMETERS).set([-1.2, 1, 0.5])
  space.entries(vector).set([1, -2, 0.25])
  const loss = rosenbrock(space.entries(PARAMETERS), space.entries(GRADIENT))
  const gradient = space.entries(GRADIENT).slice()
  function* solving(): Solving<number> {
    const answer = yield { kind: 'evaluate' }
    yield { kind: 'curvature', vector, product }
    return answer
  }
  const spare = { parameters: FIRST_VECTOR + 2, gradient: FIRST_VECTOR + 3 }
  const differences = byDifferences(space, solving(), spare)
  let next = differences.next()
  let evaluations = 0
  while (!next.done) {
    evaluations++
    assert.is(next.value.kind, 'evaluate')
    next = differences.next(rosenbrock(space.entries(PARAMETERS), space.entries(GRADIENT)))
  }
  assert.equal([next.value, evaluations], [loss, 2])
  assert.equal([...space.entries(PARAMETERS)], [-1.2, 1, 0.5])
  assert.equal(space.entries(GRADIENT), gradient)
  // rows of the Hessian of Rosenbrock's function at this point
  const hessian = [1200 * 1.44 - 400 + 2, 480, 0, 480, 200 + 1200 - 200 + 2, -400, 0, -400, 200]
  assertClose(space.entries(product), multiply(hessian, [1, -2, 0.25]), { absolute: 1e-3, relative: 1e-6 }, 'H v')

  // given up during a difference, the parameters are back
  const again = byDifferences(space, solving(), spare)
  again.next()
  again.next(loss)
  assert.throws(() => again.throw(new Error('aborted')), 'aborted')
  assert.equal([...space.entries(PARAMETERS)], [-1.2, 1, 0.5])
})

test('resumes bit for bit from its vectors and scalars', () => {
  const solver = newtonCg({ maxIterations: 3 })
  const whole = new Trial(solver, [0.3, 2], doubleWell, { product: doubleWellHessian })
  whole.step()
  const saved = JSON.parse(JSON.stringify(whole.run.scalars))
  const resumed = new Trial(solver, whole.x, doubleWell, { product: doubleWellHessian }, saved)
  for (let step = 0; step < 3; step++) {
    whole.step()
    resumed.step()
    assert.equal(resumed.x, whole.x)
    assert.equal(resumed.run.scalars, whole.run.scalars)
  }
})

test('refuses bad options', () => {
  refuses(() => newtonCg({ curvature: 'fisher' as never }), RangeError, 'newtonCg: unknown curvature "fisher"')
  refuses(() => newtonCg({ damping: -1 }), RangeError, 'newtonCg: "damping" must be a finite number at least 0')
  refuses(() => newtonCg({ forcing: 1 }), RangeError, 'newtonCg: "forcing"')
  refuses(() => newtonCg({ maxInnerIterations: 0 }), RangeError, 'newtonCg: "maxInnerIterations"')
  refuses(() => newtonCg({ lineSearch: 'none' } as never), TypeError, 'newtonCg: unknown option "lineSearch"')
})

test.run()
