/** minimize with solvers: SciPy's evaluation counts, reasons to stop, functions that misbehave, random quadratics. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { conjugateGradient } from '../../src/optimizers/solvers/conjugateGradient.ts'
import { byDifferences } from '../../src/optimizers/solvers/differences.ts'
import { type LbfgsOptions, lbfgs } from '../../src/optimizers/solvers/lbfgs.ts'
import { newtonCg } from '../../src/optimizers/solvers/newtonCg.ts'
import { FIRST_VECTOR, type Solver } from '../../src/optimizers/solvers/solver.ts'
import { type MinimizeOptions, type Minimum, minimize } from '../../src/training/minimize.ts'
import { optimize } from '../../src/training/optimize.ts'
import { solveDense } from '../oracles/solvers.ts'
import { assertClose, readGolden } from '../support/golden.ts'
import { beale, logistic, type Objective, quadratic, rosenbrock, spread } from '../support/objectives.ts'
import { refuses } from '../support/refuses.ts'
import { Trial } from '../support/solving.ts'

const test = suite('minimize with solvers')

type Factory = (options?: Pick<LbfgsOptions, 'toleranceChange' | 'toleranceGradient' | 'maxIterations'>) => Solver
const FACTORIES: Readonly<Record<string, Factory>> = { lbfgs, conjugateGradient, newtonCg }
const each = (check: (factory: Factory, kind: string) => void) => {
  for (const [kind, factory] of Object.entries(FACTORIES)) check(factory, kind)
}

interface Problem {
  readonly kind: 'rosenbrock' | 'quadratic' | 'logistic' | 'beale'
  readonly condition: number
  readonly b: readonly number[]
  readonly l2: number
  readonly X: readonly (readonly number[])[]
  readonly y: readonly number[]
}

interface Case {
  readonly id: string
  readonly problem: string
  readonly method: 'L-BFGS-B' | 'CG' | 'Newton-CG'
  readonly options: { readonly maxcor?: number }
  readonly x0: readonly number[]
  readonly evaluations: number
  readonly gradients: number
  readonly loss: number
  readonly gradient_norm_inf: number
  readonly success: boolean
}

const golden = readGolden<{ problems: Readonly<Record<string, Problem>>; cases: readonly Case[] }>('scipy_minimize')

function objectiveOf({ problem }: Case): Objective {
  const { kind, condition, b, l2, X, y } = golden.problems[problem]
  if (kind === 'rosenbrock') return rosenbrock
  if (kind === 'beale') return beale
  if (kind === 'quadratic') return quadratic(spread(b.length, condition), b)
  return logistic(X.flat(), y, l2)
}

const solverOf = ({ method, options }: Case, tolerances: object): Solver => {
  if (method === 'CG') return conjugateGradient(tolerances)
  return method === 'Newton-CG' ? newtonCg(tolerances) : lbfgs({ historySize: options.maxcor ?? 10, ...tolerances })
}

/** SciPy counts functions and gradients apart; its differences of gradients for Newton-CG are gradients. */
const countOf = ({ method, evaluations, gradients }: Case) => (method === 'Newton-CG' ? gradients : evaluations)

for (const example of golden.cases.filter(({ success }) => success)) {
  test(`${example.id}: SciPy's gradient norm with at most 1.5 times its evaluations`, () => {
    const solver = solverOf(example, { toleranceChange: 0, toleranceGradient: 0 })
    const result = minimize(solver, example.x0, objectiveOf(example), { tolerance: example.gradient_norm_inf })
    assert.is(result.reason, 'tolerance')
    assert.ok(
      result.evaluations <= 1.5 * countOf(example),
      `${result.evaluations} evaluations, SciPy ${countOf(example)}`,
    )
    const slack = 1e-6 + 1e-5 * Math.abs(example.loss)
    assert.ok(result.loss <= example.loss + slack, `loss ${result.loss}, SciPy ${example.loss}`)
  })

  test(`${example.id}: in float32, SciPy's loss with at most 1.5 times its evaluations`, () => {
    const solver = solverOf(example, { toleranceChange: 0, toleranceGradient: 0 })
    const trial = new Trial(solver, example.x0, objectiveOf(example), { precision: 'float32' })
    // counting stops where the loss is SciPy's, up to what float32 holds
    const enough = example.loss + 1e-6 + 1e-5 * Math.abs(example.loss)
    const spare = FIRST_VECTOR + solver.vectors.length
    let loss: number | undefined
    while (!(Math.min(...trial.losses) <= enough) && trial.evaluations < 5000) {
      const solving = byDifferences(trial.space, trial.run.step({ loss }), { parameters: spare, gradient: spare + 1 })
      loss = trial.answer(solving).loss
    }
    const evaluations = trial.losses.findIndex((value) => value <= enough) + 1
    assert.ok(evaluations > 0 && evaluations <= 1.5 * countOf(example), `${evaluations}, SciPy ${countOf(example)}`)
  })
}

test('where SciPy gives up, Newton-CG goes on', () => {
  const failed = golden.cases.filter(({ success }) => !success)
  assert.equal(
    failed.map(({ id }) => id),
    ['rosenbrock-100-Newton-CG'],
  )
  const result = minimize(newtonCg({ toleranceChange: 0 }), failed[0].x0, rosenbrock)
  assert.is(result.reason, 'tolerance')
  assert.ok(result.loss < 1e-12 && result.evaluations < countOf(failed[0]))
})

test('x, gradient and result are float64', () => {
  each((factory, kind) => {
    const result = minimize(factory(), [1 / 3], (x, gradient) => {
      assert.ok(x instanceof Float64Array && gradient instanceof Float64Array)
      assert.ok(Number.isNaN(gradient[0]))
      gradient[0] = 2 * (x[0] - Math.PI)
      return (x[0] - Math.PI) ** 2
    })
    assert.ok(result.x instanceof Float64Array && result.converged, kind)
    assert.ok(Math.abs(result.x[0] - Math.PI) < 1e-6, kind)
  })
})

test('results are consistent, steps and evaluations are counted', () => {
  each((factory, kind) => {
    let calls = 0
    const seen: number[] = []
    const result = minimize(
      factory({ maxIterations: 3 }),
      [-1.2, 1],
      (x, gradient) => {
        calls++
        return rosenbrock(x, gradient)
      },
      {
        onStep: ({ step, loss, gradientNorm, x }) => {
          const gradient = new Float64Array(2)
          assert.is(step, seen.length)
          assert.is(loss, rosenbrock(x, gradient))
          assert.is(gradientNorm, Math.max(...gradient.map(Math.abs)))
          seen.push(loss)
        },
      },
    )
    assert.is(result.evaluations, calls, kind)
    assert.is(result.steps, seen.length - 1)
    assert.is(result.loss, seen.at(-1))
    assert.is(result.loss, rosenbrock(result.x, new Float64Array(2)))
    assert.ok(
      seen.every((loss, i) => i === 0 || loss <= seen[i - 1]),
      `${kind} went up`,
    )
    assert.ok(result.converged && result.loss < 1e-7, kind)
  })
})

test('says why it stopped', () => {
  const well = quadratic([2, 0, 0, 8], [2, 8])
  const reasonOf = (solver: Solver, f: Objective, options: MinimizeOptions<Float64Array> = {}, x0 = [5, -5]) => {
    const { reason, converged, steps } = minimize(solver, x0, f, options)
    assert.is(converged, reason === 'tolerance' || reason === 'change')
    return `${reason} ${steps}`
  }
  each((factory) => {
    assert.is(reasonOf(factory({ toleranceChange: 0 }), well), 'tolerance 1')
    assert.is(reasonOf(factory({ toleranceChange: 0, toleranceGradient: 1e-3 }), well, { tolerance: 0 }), 'tolerance 1')
    assert.is(reasonOf(factory(), well, { tolerance: 1e3 }), 'tolerance 0')
    assert.ok(reasonOf(factory({ toleranceChange: 1e-3 }), rosenbrock).startsWith('change'))
    assert.is(reasonOf(factory({ maxIterations: 1 }), rosenbrock, { maxSteps: 3 }), 'maxSteps 3')
    assert.is(reasonOf(factory(), rosenbrock, { maxSteps: 0 }), 'maxSteps 0')
    assert.is(reasonOf(factory({ maxIterations: 1 }), rosenbrock, { onStep: ({ step }) => step < 2 }), 'stopped 2')
    const nan: Objective = (_x, gradient) => {
      gradient.fill(1)
      return Number.NaN
    }
    assert.is(reasonOf(factory(), nan), 'diverged 0')
    // gradients of the wrong sign
    const wrong: Objective = (x, gradient) => {
      const loss = well(x, gradient)
      for (let i = 0; i < 2; i++) gradient[i] *= -1
      return loss
    }
    assert.ok(reasonOf(factory(), wrong).startsWith('noDescent'))
  })
})

test('flat functions end at once; unbounded ones end', () => {
  each((factory, kind) => {
    const flat = minimize(factory(), [1, 2], (_x, gradient) => {
      gradient.fill(0)
      return 7
    })
    assert.equal([flat.reason, flat.evaluations, ...flat.x], ['tolerance', 1, 1, 2])
    const endless = minimize(
      factory(),
      [0],
      (x, gradient) => {
        gradient[0] = -1
        return -x[0]
      },
      { maxSteps: 20 },
    )
    assert.ok(Number.isFinite(endless.loss) && endless.x[0] > 100, `${kind}: ${endless.reason} at ${endless.x}`)
  })
})

test('never ends higher than it began, whatever the function does', () => {
  each((factory, kind) => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1, 0, 3), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.integer({ min: 0, max: 40 }),
        (values, start) => {
          let call = 0
          const result = minimize(
            factory(),
            [-1.2, 1],
            (x, gradient) => {
              const loss = rosenbrock(x, gradient)
              const isBad = call++ > start
              if (isBad && call % 2) gradient[0] = values[call % values.length]
              return isBad && call % 3 ? values[call % values.length] : loss
            },
            { maxSteps: 30 },
          )
          assert.ok(
            Number.isFinite(result.loss) && result.x.every(Number.isFinite),
            `${kind}: ${result.loss} at ${result.x}, ${result.reason}`,
          )
          assert.ok(result.loss <= 24.2 + 1e-12, `${kind}: ${result.loss}`)
          assert.ok(result.evaluations < 30 * 400)
        },
      ),
      { numRuns: 100, seed: 13 },
    )
  })
})

test('random convex quadratics in any number of variables', () => {
  const between = (low: number, high: number) =>
    fc.integer({ min: 0, max: 1000 }).map((i) => low + ((high - low) * i) / 1000)
  const problem = fc.integer({ min: 1, max: 9 }).chain((n) =>
    fc.record({
      l: fc.array(between(-1, 1), { minLength: n * n, maxLength: n * n }),
      b: fc.array(between(-2, 2), { minLength: n, maxLength: n }),
      x0: fc.array(between(-9, 9), { minLength: n, maxLength: n }),
    }),
  )
  each((factory, kind) => {
    fc.assert(
      fc.property(problem, ({ l, b, x0 }) => {
        const n = b.length
        const a = new Float64Array(n * n)
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            for (let k = 0; k < n; k++) a[i * n + j] += l[i * n + k] * l[j * n + k]
            if (i === j) a[i * n + j] += 0.1
          }
        const result = minimize(factory({ toleranceChange: 0 }), x0, quadratic(a, b))
        assert.is(result.reason, 'tolerance', kind)
        assertClose(result.x, solveDense(a, b), { absolute: 2e-5, relative: 0 }, kind)
      }),
      { numRuns: 80, seed: 17 },
    )
  })
})

test('the same bits every time', () => {
  each((factory) => {
    const once = (): Minimum<Float64Array> => minimize(factory(), [-1.2, 1, 0.5, -0.5, 3], rosenbrock)
    assert.equal(once(), once())
  })
})

test('without a line search every move is evaluated before it is reported', () => {
  const seen: number[] = []
  const result = minimize(
    lbfgs({ lineSearch: 'none', maxIterations: 2, learningRate: 0.3 }),
    [4, 4],
    quadratic([1, 0, 0, 2], [0, 0]),
    {
      onStep: ({ loss }) => seen.push(loss),
    },
  )
  assert.ok(result.converged && seen.every((loss, i) => i === 0 || loss < seen[i - 1]))
})

test('refusals', () => {
  const f = (): number => {
    throw new Error('f must not be called')
  }
  refuses(
    () => optimize(lbfgs() as never, [[1]]),
    TypeError,
    /^optimize: "optimizer" is the solver lbfgs, .*use minimize\(lbfgs\(\), x0, f\)/,
  )
  refuses(() => minimize('newtonCg' as never, [1], f), TypeError, 'factory newtonCg() returns, got its name')
  refuses(() => minimize(lbfgs as never, [1], f), TypeError, 'call it')
  refuses(() => minimize(lbfgs(), [], f), RangeError, 'minimize: "x0" must have at least one value')
  refuses(() => minimize(lbfgs(), [Number.NaN], f), RangeError, '"x0[0]" must be a finite number')
  refuses(() => minimize(lbfgs(), [1], f, { gtol: 1 } as never), TypeError, 'minimize: unknown option "gtol"')
  refuses(() => minimize(lbfgs(), [1], (() => '1') as never), TypeError, '"f" must return the loss')
  refuses(() => minimize(lbfgs(), [1], ((x: Float64Array) => x[0] ** 2) as never), TypeError, 'must write the gradient')
  const error = new Error('from f')
  let calls = 0
  const failing: Objective = (x, gradient) => {
    if (calls++ > 2) throw error
    return rosenbrock(x, gradient)
  }
  refuses(() => minimize(lbfgs(), [-1.2, 1], failing), Error, 'from f')
})

test.run()
