/** L-BFGS: PyTorch's trajectories, the dense inverse Hessian, resuming, restarts, NaN. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lbfgs } from '../../../src/optimizers/solvers/lbfgs.ts'
import { FIRST_VECTOR } from '../../../src/optimizers/solvers/solver.ts'
import { dot, inverseHessian, multiply, type Pair } from '../../oracles/solvers.ts'
import { assertClose, numbers } from '../../support/golden.ts'
import { cases, type LbfgsCase, optionsOf } from '../../support/lbfgsCases.ts'
import { logistic, type Objective, quadratic, rosenbrock } from '../../support/objectives.ts'
import { refuses } from '../../support/refuses.ts'
import { type Precision, Trial } from '../../support/solving.ts'

const test = suite('lbfgs')

function objectiveOf({ problem, inputs }: LbfgsCase): Objective {
  if (problem === 'rosenbrock') return rosenbrock
  if (problem === 'quadratic') return quadratic(numbers(inputs.A), numbers(inputs.b))
  return logistic(numbers(inputs.X), numbers(inputs.y), inputs.l2)
}

const begin = (example: LbfgsCase, precision: Precision) =>
  new Trial(lbfgs(optionsOf(example)), numbers(example.inputs.x0), objectiveOf(example), { precision })

for (const example of cases) {
  test(`${example.id}: PyTorch's points, evaluations and iterations in float64`, () => {
    const trial = begin(example, 'float64')
    const { x, loss, func_evals, n_iter, grad_norm } = example.expect.f64
    let iterations = 0
    for (let step = 0; step < example.outer_steps; step++) {
      iterations += trial.step().iterations
      assert.is(trial.evaluations, func_evals[step], `evaluations after step ${step + 1}`)
      assert.is(iterations, n_iter[step], `iterations after step ${step + 1}`)
      assertClose(trial.x, numbers(x[step]), { absolute: 1e-10, relative: 1e-9 }, `x after step ${step + 1}`)
      const now = objectiveOf(example)(trial.x, new Float64Array(trial.x.length))
      assertClose([now], numbers(loss[step]), { absolute: 1e-10, relative: 1e-9 }, `loss after step ${step + 1}`)
    }
    const gradient = new Float64Array(trial.x.length)
    objectiveOf(example)(trial.x, gradient)
    assertClose(
      [Math.sqrt(dot(gradient, gradient))],
      [Number(grad_norm)],
      { absolute: 1e-8, relative: 1e-5 },
      'gradient',
    )
  })

  test(`${example.id}: PyTorch's minimum in float32`, () => {
    const trial = begin(example, 'float32')
    for (let step = 0; step < example.outer_steps; step++) trial.step()
    const { x, loss } = example.expect.f64
    const now = objectiveOf(example)(trial.x, new Float64Array(trial.x.length))
    assertClose([now], numbers(loss[loss.length - 1]), { absolute: 5e-6, relative: 5e-5 }, 'loss')
    // Rosenbrock magnifies rounding
    if (example.problem !== 'rosenbrock')
      assertClose(trial.x, numbers(x[x.length - 1]), { absolute: 5e-6, relative: 5e-5 }, 'x')
  })
}

test('the known loss saves one evaluation a step and changes no bit', () => {
  for (const example of cases.filter(({ config }) => config.line_search_fn !== null)) {
    const plain = begin(example, 'float64')
    const saving = begin(example, 'float64')
    let loss: number | undefined
    for (let step = 0; step < example.outer_steps; step++) {
      plain.step()
      loss = saving.step({ loss }).loss
      assert.equal(saving.x, plain.x)
    }
    assert.is(saving.evaluations, plain.evaluations - (example.outer_steps - 1))
  }
})

test('directions are those of the dense inverse Hessian', () => {
  let compared = 0
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer(),
      (n, historySize, seed) => {
        const centre = Float64Array.from({ length: n }, (_, i) => Math.sin(seed + i))
        // convex, not quadratic
        const f: Objective = (x, gradient) => {
          let loss = 0
          for (let i = 0; i < n; i++) {
            const z = x[i] - centre[i] + (i > 0 ? x[i - 1] / 2 : 0)
            loss += (1 + i) * (z * z + z ** 4 / 4)
          }
          for (let i = 0; i < n; i++) {
            const slope = (k: number) => {
              const z = x[k] - centre[k] + (k > 0 ? x[k - 1] / 2 : 0)
              return (1 + k) * (2 * z + z ** 3)
            }
            gradient[i] = slope(i) + (i + 1 < n ? slope(i + 1) / 2 : 0)
          }
          return loss
        }
        const trial = new Trial(
          lbfgs({ historySize, maxIterations: 1, maxEvaluations: 30, toleranceChange: 0 }),
          new Float64Array(n).fill(1),
          f,
        )
        const pairs: Pair[] = []
        for (let step = 0; step < 8; step++) {
          const x = trial.x.slice()
          const before = new Float64Array(n)
          f(x, before)
          if (Math.max(...before.map(Math.abs)) < 1e-4) break
          if (trial.step().status !== 'limit') break
          const direction = trial.space.entries(FIRST_VECTOR)
          const expected =
            step === 0 ? before.map((g) => -g) : multiply(inverseHessian(n, pairs), before).map((value) => -value)
          compared++
          assertClose(direction, expected, { absolute: 1e-9, relative: 1e-6 }, `direction ${step + 1}`)
          const after = new Float64Array(n)
          f(trial.x, after)
          const s = trial.x.map((value, i) => value - x[i])
          const y = after.map((value, i) => value - before[i])
          if (dot(s, y) <= 1e-10) break
          pairs.push({ s, y })
          if (pairs.length > historySize) pairs.shift()
        }
      },
    ),
    { numRuns: 100, seed: 3 },
  )
  assert.ok(compared > 400, `${compared} directions`)
})

test('resumes bit for bit from its vectors and scalars', () => {
  for (const example of cases) {
    const solver = lbfgs({ ...optionsOf(example), maxIterations: 3, maxEvaluations: 12 })
    const whole = new Trial(solver, numbers(example.inputs.x0), objectiveOf(example))
    for (let step = 0; step < 3; step++) whole.step()
    // scalars travel as JSON
    const saved = JSON.parse(JSON.stringify(whole.run.scalars))
    const resumed = new Trial(solver, whole.x, objectiveOf(example), {}, saved)
    for (const [i] of solver.vectors.entries())
      resumed.space.entries(FIRST_VECTOR + i).set(whole.space.entries(FIRST_VECTOR + i))
    for (let step = 0; step < 3; step++) {
      whole.step()
      resumed.step()
      assert.equal(resumed.x, whole.x, example.id)
    }
    assert.equal(resumed.run.scalars, whole.run.scalars)
  }
})

test('an interrupted step leaves the parameters, and the next one goes on', () => {
  for (let stop = 1; stop < 12; stop++) {
    const trial = new Trial(lbfgs({ maxIterations: 4 }), [-1.2, 1], rosenbrock)
    trial.step()
    const x = trial.x.slice()
    const before = rosenbrock(x, new Float64Array(2))
    const solving = trial.run.step()
    let next = solving.next()
    for (let i = 1; i < stop && !next.done; i++) next = solving.next(trial.evaluate())
    if (!next.done) {
      const error = new Error('aborted')
      assert.throws(() => solving.throw(error), 'aborted')
      const loss = rosenbrock(trial.x, new Float64Array(2))
      // iterations that were finished count
      assert.ok(loss <= before, `loss ${loss} after ${stop} evaluations`)
    }
    assert.ok((trial.step().loss as number) <= before)
  }
})

test('pairs without curvature are skipped: a line, a concave valley', () => {
  const line: Objective = (_x, gradient) => {
    gradient[0] = -1
    gradient[1] = -1e-3
    return 0
  }
  // a constant loss with a gradient: no decrease is ever found
  assert.is(new Trial(lbfgs(), [0, 0], line).step().status, 'noDescent')
  const downhill: Objective = ([x], gradient) => {
    gradient[0] = -1
    return -x
  }
  const trial = new Trial(lbfgs({ maxIterations: 5 }), [0], downhill)
  trial.step()
  assert.equal(trial.run.scalars.slots, [])
  assert.ok(trial.x[0] > 1)
})

test('a failed search drops the history and starts over; the steepest descent failing is the end', () => {
  let isWrong = false
  const f: Objective = (x, gradient) => {
    const loss = rosenbrock(x, gradient)
    // with a history, every step along it is refused
    return isWrong ? Number.NaN : loss
  }
  const trial = new Trial(lbfgs({ maxIterations: 5, maxEvaluations: 40 }), [-1.2, 1], f)
  const { loss } = trial.step()
  assert.ok((trial.run.scalars.slots as number[]).length > 0)
  const x = trial.x.slice()
  isWrong = true
  const outcome = trial.step({ loss })
  assert.equal(trial.x, x)
  assert.equal(trial.run.scalars.slots, [])
  assert.equal(outcome.loss, loss)
  isWrong = false
  const after = trial.step({ loss })
  assert.ok((after.loss as number) < (loss as number))
})

test('a loss that is not finite where a step begins changes nothing', () => {
  const trial = new Trial(lbfgs(), [1, 2], (_x, gradient) => {
    gradient.fill(1)
    return Number.NaN
  })
  assert.is(trial.step().status, 'diverged')
  assert.equal([...trial.x], [1, 2])
  const torn = new Trial(lbfgs(), [1, 2], (_x, gradient) => {
    gradient.fill(Number.POSITIVE_INFINITY)
    return 1
  })
  assert.is(torn.step().status, 'diverged')
})

test('without a line search, a step to where the loss is not finite is taken back', () => {
  const wall: Objective = ([x], gradient) => {
    gradient[0] = x < 1 ? -1 : Number.NaN
    return x < 1 ? -x : Number.NaN
  }
  const trial = new Trial(lbfgs({ lineSearch: 'none', learningRate: 3 }), [0.5], wall)
  const outcome = trial.step()
  assert.equal([outcome.status, trial.x[0], outcome.loss], ['noDescent', 0.5, -0.5])
})

test('evaluations a step stay within maxEvaluations', () => {
  for (const maxEvaluations of [2, 3, 5, 8, 13]) {
    const trial = new Trial(lbfgs({ maxEvaluations, maxIterations: 50 }), [-1.2, 1, 0.3], rosenbrock)
    for (let step = 0; step < 10; step++) {
      const before = trial.evaluations
      trial.step()
      assert.ok(trial.evaluations - before <= maxEvaluations, `${trial.evaluations - before} of ${maxEvaluations}`)
    }
  }
})

test('learning rates may follow a schedule of steps', () => {
  const seen: number[] = []
  const solver = lbfgs({
    lineSearch: 'none',
    maxIterations: 2,
    learningRate: (step) => {
      seen.push(step)
      return 0.1 / (step + 1)
    },
  })
  const trial = new Trial(solver, [1, 1], quadratic([1, 0, 0, 2], [0, 0]))
  for (let step = 0; step < 3; step++) trial.step()
  assert.equal(seen, [0, 1, 2])
  refuses(
    () => new Trial(lbfgs({ learningRate: () => -1 }), [1], rosenbrock).step(),
    RangeError,
    'lbfgs: "learningRate"',
  )
})

test('refuses bad options', () => {
  refuses(() => lbfgs({ lr: 1 } as never), TypeError, 'lbfgs: unknown option "lr"; did you mean "learningRate"?')
  refuses(() => lbfgs({ learningRate: 0 }), RangeError, 'lbfgs: "learningRate" must be a finite number greater than 0')
  refuses(() => lbfgs({ historySize: 0 }), RangeError, 'lbfgs: "historySize" must be a whole number')
  refuses(() => lbfgs({ maxIterations: 1.5 }), RangeError, '"maxIterations"')
  refuses(() => lbfgs({ maxEvaluations: 1 }), RangeError, '"maxEvaluations" must be a whole number at least 2, got 1')
  refuses(() => lbfgs({ toleranceChange: -1 }), RangeError, '"toleranceChange"')
  refuses(() => lbfgs({ lineSearch: 'wolfe' as never }), RangeError, 'unknown lineSearch "wolfe"')
})

test.run()
