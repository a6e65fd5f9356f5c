/** optimize and minimize: live views, stopping rules, errors, and every rule on problems with known minima. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Optimizer, type OptimizerName, optimizers, rules, sgd } from '../../src/optimizers/optimizers.ts'
import { cosineDecay, joinSchedules } from '../../src/optimizers/schedules/schedules.ts'
import { minimize } from '../../src/training/minimize.ts'
import { optimize } from '../../src/training/optimize.ts'
import { targets } from '../support/targets.ts'

type AnyFactory = (options?: Record<string, unknown>) => Optimizer
const names = Object.keys(rules) as OptimizerName[]
const factory = (kind: OptimizerName) => optimizers[kind] as AnyFactory

/** x.Ax / 2 - b.x with eigenvalues from 1 to 10; its minimum is x = (1, 2, ..., 5). */
function quadratic(x: Float32Array, gradient: Float32Array): number {
  let loss = 0
  for (let i = 0; i < x.length; i++) {
    const curvature = 1 + (9 * i) / 4
    const distance = x[i] - (i + 1)
    gradient[i] = curvature * distance
    loss += (curvature * distance * distance) / 2
  }
  return loss
}

function rosenbrock([x, y]: Float32Array, gradient: Float32Array): number {
  gradient[0] = -400 * x * (y - x * x) - 2 * (1 - x)
  gradient[1] = 200 * (y - x * x)
  return 100 * (y - x * x) ** 2 + (1 - x) ** 2
}

/** Rates and step counts with which each rule gets to Rosenbrock's minimum, as far as `loss` says. */
const ON_ROSENBROCK: Readonly<
  Record<OptimizerName, { rate: number; loss: number; options?: Record<string, unknown> }>
> = {
  sgd: { rate: 3e-4, loss: 1e-5, options: { momentum: 0.9 } },
  adagrad: { rate: 0.5, loss: 1e-3 },
  adadelta: { rate: 10, loss: 1e-2 },
  rmsprop: { rate: 1e-3, loss: 1e-6 },
  adam: { rate: 0.02, loss: 1e-6 },
  adamw: { rate: 0.02, loss: 1e-6, options: { weightDecay: 0 } },
  adamax: { rate: 0.05, loss: 1e-6 },
  nadam: { rate: 0.02, loss: 1e-6 },
  radam: { rate: 0.02, loss: 1e-6 },
  rprop: { rate: 0.01, loss: 1e-6 },
  asgd: { rate: 1e-3, loss: 1e-2, options: { lambda: 0 } },
  lion: { rate: 0.001, loss: 1e-6, options: { weightDecay: 0 } },
  lamb: { rate: 0.01, loss: 1e-6 },
  yogi: { rate: 0.02, loss: 1e-3 },
  adabelief: { rate: 0.02, loss: 1e-6 },
  novograd: { rate: 0.005, loss: 1e-6 },
}

for (const target of targets) {
  const test = suite(`optimize on ${target}`)

  test('every rule finds the minimum of a quadratic when its rate falls', () => {
    const maxSteps = 2000
    for (const kind of names) {
      const signs = kind === 'lion' || kind === 'lamb' || kind === 'novograd'
      const rate =
        kind === 'adadelta'
          ? 50
          : kind === 'sgd' || kind === 'asgd'
            ? 0.15
            : kind === 'adagrad'
              ? 1
              : signs
                ? 0.05
                : 0.1
      const learningRate = kind === 'rprop' ? 0.1 : cosineDecay({ learningRate: rate, totalSteps: maxSteps })
      const plainDecay = kind === 'adamw' || kind === 'lion' ? { weightDecay: 0 } : kind === 'asgd' ? { lambda: 0 } : {}
      const result = minimize(factory(kind)({ learningRate, ...plainDecay }), [9, -9, 3, 0.5, 6], quadratic, {
        maxSteps,
        target,
      })
      result.x.forEach((value, i) => {
        assert.ok(Math.abs(value - (i + 1)) < 1e-3, `${kind}: x[${i}] = ${value} after ${result.steps} steps`)
      })
    }
  })

  test('every rule goes down the valley of Rosenbrock', () => {
    for (const kind of names) {
      const { rate, loss, options } = ON_ROSENBROCK[kind]
      const falling = cosineDecay({ learningRate: rate, totalSteps: 10000 })
      // RAdam's first five steps are plain momentum, too fast at Adam's rates
      const gentle = joinSchedules([{ schedule: 1e-4, until: 5 }, { schedule: falling }])
      const learningRate = kind === 'rprop' ? rate : kind === 'radam' ? gentle : falling
      const result = minimize(factory(kind)({ learningRate, ...options }), [-1.2, 1], rosenbrock, {
        maxSteps: 10000,
        target,
      })
      assert.ok(result.loss < loss, `${kind}: loss ${result.loss} after ${result.steps} steps`)
    }
  })

  test('minimize says why it stopped', () => {
    const found = minimize(sgd({ learningRate: 0.15 }), [9, 0, 0, 0, 0], quadratic, { tolerance: 1e-4, target })
    assert.is(found.reason, 'tolerance')
    assert.ok(found.converged && found.gradientNorm <= 1e-4 && found.steps < 1000)
    assert.is(found.evaluations, found.steps + 1)

    const short = minimize(sgd({ learningRate: 0.15 }), [9, 0, 0, 0, 0], quadratic, { maxSteps: 3, target })
    assert.equal([short.reason, short.converged, short.steps, short.evaluations], ['maxSteps', false, 3, 4])
    const gradient = new Float32Array(5)
    assert.is(quadratic(short.x, gradient), short.loss)
    assert.is(Math.max(...gradient.map(Math.abs)), short.gradientNorm)

    const none = minimize('adam', [9, 0, 0, 0, 0], quadratic, { maxSteps: 0, target })
    assert.equal([none.reason, none.steps, none.evaluations], ['maxSteps', 0, 1])
    assert.equal(none.x, Float32Array.of(9, 0, 0, 0, 0))

    const away = minimize(sgd({ learningRate: 10 }), [9, 0, 0, 0, 0], quadratic, { target })
    assert.is(away.reason, 'diverged')
    assert.not(away.converged)

    const broken = minimize(
      'sgd',
      [1],
      (_x, g) => {
        g[0] = Number.NaN
        return 1
      },
      { target },
    )
    assert.equal([broken.reason, broken.steps], ['diverged', 0])
  })

  test('onStep sees every evaluation and can stop', () => {
    const losses: number[] = []
    const result = minimize('adam', [9, 0, 0, 0, 0], quadratic, {
      onStep: ({ step, loss, gradientNorm, x }) => {
        assert.is(step, losses.length)
        assert.ok(gradientNorm > 0 && x.length === 5)
        losses.push(loss)
        return losses.length < 5
      },
      target,
    })
    assert.equal([result.reason, result.steps, losses.length], ['stopped', 4, 5])
    assert.is(losses[4], result.loss)
    assert.ok(losses[4] < losses[0])
  })

  test('values, gradients and state are live', () => {
    const run = optimize(sgd({ learningRate: 0.5, momentum: 0.5 }), [[1, 2], [], [3]], { target })
    assert.equal(
      run.values.map(({ length }) => length),
      [2, 0, 1],
    )
    const [first, , third] = run.values
    run.gradients[0].set([1, 0])
    run.gradients[2][0] = 2
    run.step()
    assert.equal([...first, ...third], [0.5, 2, 2])
    assert.equal([...run.state.velocity[0], ...run.state.velocity[2]], [1, 0, 2])
    first[1] = 7
    run.gradients[0].fill(0)
    run.step()
    assert.equal([...first], [0.25, 7])
    assert.is(run.stepCount, 2)
  })

  test.run()
}

const test = suite('optimize')

test('bad arguments are refused before anything runs', () => {
  const f = (): number => {
    throw new Error('f must not be called')
  }
  assert.throws(() => optimize('adan' as never, [[1]]), /^optimize: unknown optimizer "adan"; did you mean "adam"\?/)
  assert.throws(() => optimize('adam', 5 as never), 'optimize: "initial" must be an array of arrays, got 5')
  assert.throws(() => optimize('adam', [5] as never), 'optimize: "initial[0]" must be an array of numbers, got 5')
  assert.throws(
    () => optimize('adam', [[1], [Number.NaN]]),
    'optimize: "initial[1][0]" must be a finite number, got NaN',
  )
  assert.throws(() => optimize('adam', [['1']] as never), 'optimize: "initial[0][0]" must be a number, got "1"')
  assert.throws(
    () => optimize('adam', [[1]], { targets: 'simd' } as never),
    /unknown option "targets"; did you mean "target"\?/,
  )
  assert.throws(
    () => optimize('adam', [[1]], { names: ['a', 'b'] }),
    '"names" must have one entry for each of 1 tensors, got 2',
  )
  assert.throws(
    () => optimize('adam', [[1]], { trainable: [1] } as never),
    '"trainable[0]" must be true or false, got 1',
  )
  assert.throws(() => minimize('adam', [], f), 'minimize: "x0" must have at least one value, got none')
  assert.throws(() => minimize('adam', [1], 5 as never), 'minimize: "f" must be a function, got 5')
  assert.throws(
    () => minimize('adam', [1], f, { maxSteps: -1 }),
    'minimize: "maxSteps" must be a whole number at least 0, got -1',
  )
  assert.throws(
    () => minimize('adam', [1], f, { tolerance: -1 }),
    'minimize: "tolerance" must be a finite number at least 0, got -1',
  )
  assert.throws(() => minimize('adam', [1], f, { onStep: 5 } as never), 'minimize: "onStep" must be a function, got 5')
  assert.throws(
    () => minimize('adam', [1], (() => undefined) as never),
    'minimize: "f" must return the loss, got undefined',
  )
  assert.throws(() => minimize('adam', [1], (x) => x[0] ** 2), /must write the gradient/)
})

test.run()
