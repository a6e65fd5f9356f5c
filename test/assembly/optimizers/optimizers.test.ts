/** Every rule against PyTorch's and Optax's trajectories and against float64 loops, on every target. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SUM_CHUNK } from '../../../src/abi/layout.ts'
import {
  adam,
  lamb,
  novograd,
  type Optimizer,
  type OptimizerName,
  rules,
  sgd,
} from '../../../src/optimizers/optimizers.ts'
import { optimize } from '../../../src/training/optimize.ts'
import { type OracleTensor, oracleStep } from '../../oracles/optimizers.ts'
import { assertClose, numbers, TRAJECTORY } from '../../support/golden.ts'
import { describe, factory, fromGolden, optax, stream, torch, variants } from '../../support/optimizerCases.ts'
import { targets } from '../../support/targets.ts'

/** PyTorch's state by our places. */
const STATE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sgd: { momentum_buffer: 'velocity' },
  adagrad: { sum: 'sumOfSquares' },
  adadelta: { square_avg: 'secondMoment', acc_delta: 'secondDelta' },
  rmsprop: { square_avg: 'secondMoment', momentum_buffer: 'velocity', grad_avg: 'firstMoment' },
  adamax: { exp_avg: 'firstMoment', exp_inf: 'infinityNorm' },
  rprop: { prev: 'previousGradient', step_size: 'stepSize' },
  asgd: { ax: 'average' },
}
const ADAM_STATE = { exp_avg: 'firstMoment', exp_avg_sq: 'secondMoment', max_exp_avg_sq: 'maxSecondMoment' }

/** What lies between a view's end and the next cache line. */
function paddingOf({ buffer, byteOffset, length }: Float32Array): Float32Array {
  return new Float32Array(buffer, byteOffset + length * 4, Math.ceil(length / 16) * 16 - length)
}

const isDenormal = (x: number) => x !== 0 && Math.abs(x) < 2 ** -126

for (const target of targets) {
  const test = suite(`optimizers on ${target}`)

  for (const { golden, name } of [
    { golden: torch, name: 'PyTorch' },
    { golden: optax, name: 'Optax' },
  ]) {
    test(`${name}: ${golden.cases.length} trajectories`, () => {
      assert.is(golden.cases.length, name === 'PyTorch' ? 84 : 12)
      for (const golden_case of golden.cases) {
        const optimizer = fromGolden(golden_case)
        const { params, grads } = golden.problems[golden_case.problem]
        const run = optimize(optimizer, params.map(numbers), { target })
        grads.forEach((tensors, t) => {
          tensors.forEach((tensor, i) => {
            run.gradients[i].set(numbers(tensor))
          })
          run.step()
          golden_case.expect.f64.params[t].forEach((tensor, i) => {
            assertClose(run.values[i], numbers(tensor), TRAJECTORY, `${golden_case.id} step ${t + 1} tensor ${i}`)
          })
        })
        golden_case.expect.f64.state?.forEach((state, i) => {
          for (const [theirs, ours] of Object.entries(STATE[optimizer.kind] ?? ADAM_STATE)) {
            const expected = state[theirs]
            if (expected === undefined) continue
            assertClose(run.state[ours][i], numbers(expected), TRAJECTORY, `${golden_case.id} state ${theirs}`)
          }
        })
      }
    })
  }

  test('float64 loops, sizes 1, 3, 17 and 1000 side by side', () => {
    const next = stream(37)
    for (const optimizer of variants) compare(optimizer, [1, 3, 17, 1000], 12, next)
  })

  test('float64 loops over several chunks of norms', () => {
    const next = stream(41)
    const sizes = [SUM_CHUNK + 1, 2 * SUM_CHUNK, 5]
    for (const optimizer of [lamb({ weightDecay: 0.1 }), novograd(), adam()]) compare(optimizer, sizes, 3, next)
  })

  /** A run of updates beside the oracle's, on gradients from `next`; padding must stay 0. */
  function compare(optimizer: Optimizer, sizes: readonly number[], steps: number, next: () => number): void {
    const initial = sizes.map((size) => Float64Array.from({ length: size }, next))
    const tensors: OracleTensor[] = initial.map((values) => ({ w: values.slice(), state: {} }))
    const run = optimize(optimizer, initial, { target })
    for (let t = 1; t <= steps; t++) {
      tensors.forEach((tensor, i) => {
        run.gradients[i].set(Float32Array.from({ length: sizes[i] }, next))
        oracleStep(optimizer, tensor, run.gradients[i], t)
      })
      run.step()
      tensors.forEach(({ w }, i) => {
        assertClose(run.values[i], w, TRAJECTORY, `${describe(optimizer)} step ${t} tensor ${i}`)
        assert.ok(
          paddingOf(run.values[i]).every((value) => value === 0),
          `${describe(optimizer)}: padding is not 0`,
        )
      })
    }
    for (const [place, views] of Object.entries(run.state)) {
      views.forEach((view, i) => {
        assertClose(view, tensors[i].state[place], TRAJECTORY, `${describe(optimizer)} ${place} of tensor ${i}`)
      })
    }
    assert.is(run.stepCount, steps)
  }

  test('parameter groups scale the rate and replace the decay', () => {
    const match = (name: string) => name.endsWith('bias')
    const names = ['a.kernel', 'a.bias', 'b.kernel']
    const [a, bias, b] = [Float32Array.of(1, -2), Float32Array.of(0.5, 3), Float32Array.of(2, 2)]
    for (const kind of Object.keys(rules) as OptimizerName[]) {
      const [decay, none] = kind === 'rprop' ? [{}, {}] : [{ weightDecay: 0.1 }, { weightDecay: 0 }]
      // with lambda 0, ASGD's eta is proportional to the rate
      const common = { learningRate: 0.01, ...(kind === 'asgd' && { lambda: 0 }) }
      const parameterGroups = [{ match, learningRateScale: 0.5, ...none }]
      const mixed = optimize(factory(kind)({ ...common, ...decay, parameterGroups }), [a, bias, b], { names, target })
      const kernels = optimize(factory(kind)({ ...common, ...decay }), [a, b], { target })
      const biases = optimize(factory(kind)({ ...common, learningRate: 0.005, ...none }), [bias], { target })
      for (let t = 0; t < 5; t++) {
        for (const run of [mixed, kernels, biases]) {
          for (const gradient of run.gradients) gradient.set([0.1 * t - 0.2, 0.3])
          run.step()
        }
      }
      assert.equal(mixed.values[0], kernels.values[0], kind)
      assert.equal(mixed.values[2], kernels.values[1], kind)
      assertClose(mixed.values[1], biases.values[0], { absolute: 1e-7, relative: 1e-6 }, `${kind} group`)
      assert.not.equal(mixed.values[1], bias, kind)
    }
  })

  test('frozen tensors and their state stay as they are', () => {
    for (const kind of Object.keys(rules) as OptimizerName[]) {
      const run = optimize(
        kind,
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        { trainable: [true, false, true], target },
      )
      for (const gradient of run.gradients) gradient.fill(1)
      run.step()
      assert.equal(run.values[1], Float32Array.of(3, 4), kind)
      assert.is.not(run.values[0][0], 1, kind)
      assert.is.not(run.values[2][1], 6, kind)
    }
  })

  test('nothing ever turns denormal, and moments fade out', () => {
    for (const optimizer of variants) {
      const run = optimize(optimizer, [[1, 1, 1, 1]], { target })
      const assertNormal = (t: number) => {
        for (const [name, views] of [['values', run.values] as const, ...Object.entries(run.state)]) {
          for (const value of views[0])
            assert.ok(!isDenormal(value), `${describe(optimizer)} ${name}: ${value} after ${t} zeros`)
        }
      }
      for (const value of [1, 1e-12, 1e-18, 1e-30, 1e-39, 1e-44]) {
        run.gradients[0].fill(value)
        for (let t = 0; t < 40; t++) run.step()
        assertNormal(0)
      }
      run.gradients[0].fill(0)
      for (let t = 0; t < 4000; t++) {
        run.step()
        if (t % 50 === 0) assertNormal(t)
      }
      // rounding stops a little above 0, where 0.9 times a few units in the last place is as many units
      const faded = { ...run.state }.firstMoment?.[0] ?? Float32Array.of()
      if (optimizer.weightDecay === 0 && optimizer.kind !== 'rmsprop') {
        assert.ok(
          faded.every((m) => Math.abs(m) < 1e-25),
          `${describe(optimizer)} first moment ${faded}`,
        )
      }
    }
  })

  test('a schedule is called with 0, 1, 2, ...', () => {
    const seen: number[] = []
    const learningRate = (step: number) => {
      seen.push(step)
      return 0.5 / (step + 1)
    }
    const run = optimize(sgd({ learningRate, weightDecay: (step) => (step === 2 ? 1 : 0) }), [[1]], { target })
    for (const expected of [0.5, 0.25, 0.25 - (1 + 0.25) / 6]) {
      run.gradients[0][0] = 1
      run.step()
      if (run.stepCount < 3) assertClose(run.values[0], [run.stepCount === 1 ? 0.5 : 0.25], TRAJECTORY, 'rate')
      else assertClose(run.values[0], [expected], TRAJECTORY, 'decay')
    }
    assert.equal(seen, [0, 1, 2])
  })

  test.run()
}
