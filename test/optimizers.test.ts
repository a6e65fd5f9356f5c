/** Every rule against PyTorch's and Optax's trajectories and against float64 loops, on every target. */
import * as assert from 'uvu/assert'
import { suite } from 'uvu'
import * as abi from '../src/abi.ts'
import { optimize } from '../src/optimize.ts'
import { adam, lamb, novograd, type Optimizer, type OptimizerName, optimizers, type Rule, resolveOptimizer, rules, sgd } from '../src/optimizers.ts'
import { assertClose, type GoldenTensor, numbers, readGolden, TRAJECTORY } from './golden.ts'
import { type OracleTensor, oracleStep } from './oracle/optimizers.ts'
import { targets } from './targets.ts'

interface Problem {
  readonly params: readonly GoldenTensor[]
  readonly grads: readonly (readonly GoldenTensor[])[]
}
interface Trajectory {
  readonly params: readonly (readonly GoldenTensor[])[]
  readonly state?: readonly Readonly<Record<string, GoldenTensor | number>>[]
}
interface Case {
  readonly id: string
  readonly optimizer: string
  readonly config: Readonly<Record<string, unknown>>
  readonly defaults_only?: boolean
  readonly problem: string
  readonly expect: { readonly f64: Trajectory }
}
interface Golden {
  readonly problems: Readonly<Record<string, Problem>>
  readonly cases: readonly Case[]
}
type AnyFactory = (options?: Record<string, unknown>) => Optimizer

const torch = readGolden<Golden>('optimizers')
const optax = readGolden<Golden>('optimizers_optax')
const factory = (kind: OptimizerName) => optimizers[kind] as AnyFactory

/** PyTorch's and Optax's names of our options; pairs of betas apart. */
const OPTIONS: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  learning_rate: 'learningRate',
  eps: 'epsilon',
  eps_root: 'epsilonRoot',
  weight_decay: 'weightDecay',
  lr_decay: 'learningRateDecay',
  initial_accumulator_value: 'initialAccumulatorValue',
  momentum_decay: 'momentumDecay',
  decoupled_weight_decay: 'decoupledWeightDecay',
  step_sizes: 'stepSizes',
  lambd: 'lambda',
  b1: 'beta1',
  b2: 'beta2',
}

/** PyTorch's state by our slots. */
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

function fromGolden({ optimizer, config }: Case): Optimizer {
  const kind = optimizer.replace('optax.', '').toLowerCase() as OptimizerName
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(config)) {
    if (name === 'betas') [options.beta1, options.beta2] = value as number[]
    else if (name === 'alpha' && kind === 'rmsprop') options.rho = value
    else options[OPTIONS[name] ?? name] = value
  }
  return factory(kind)(options)
}

/** One set of options per way a rule can go. */
const variants: readonly Optimizer[] = [
  ...Object.values(optimizers).map((make) => (make as AnyFactory)()),
  ...(
    [
      ['sgd', { momentum: 0.9, dampening: 0.3, weightDecay: 0.01 }],
      ['sgd', { momentum: 0.9, nesterov: true }],
      ['adagrad', { learningRateDecay: 0.1, initialAccumulatorValue: 0.2, weightDecay: 0.1 }],
      ['adadelta', { rho: 0.95, weightDecay: 0.1 }],
      ['rmsprop', { momentum: 0.9, weightDecay: 0.1 }],
      ['rmsprop', { centered: true }],
      ['rmsprop', { centered: true, momentum: 0.5 }],
      ['adam', { amsgrad: true, weightDecay: 0.1 }],
      ['adamw', { amsgrad: true, weightDecay: 0.1 }],
      ['adamax', { weightDecay: 0.1 }],
      ['adamax', { weightDecay: 0.1, decoupledWeightDecay: true }],
      ['nadam', { weightDecay: 0.1, decoupledWeightDecay: true }],
      ['radam', { weightDecay: 0.1, beta2: 0.99 }],
      ['asgd', { weightDecay: 0.1, lambda: 0.01, t0: 3 }],
      ['rprop', { etas: [0.4, 1.3], stepSizes: [0.001, 0.02] }],
      ['lion', { weightDecay: 0.1, beta1: 0.8 }],
      ['lamb', { weightDecay: 0.1, epsilonRoot: 0.01 }],
      ['yogi', { weightDecay: 0.1, initialAccumulatorValue: 0.1 }],
      ['adabelief', { weightDecay: 0.1, epsilonRoot: 1e-8 }],
      ['novograd', { weightDecay: 0.1, epsilonRoot: 0.01, beta2: 0.9 }],
    ] as const
  ).map(([kind, options]) => factory(kind)({ ...options, learningRate: 0.02 })),
]
const describe = ({ kind, options, weightDecay }: Optimizer) => `${kind} ${JSON.stringify({ ...options, weightDecay })}`

/** A stream of numbers of mixed size, some 0; float32. */
function stream(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const x = state / 2 ** 31 - 1
    return Math.fround(state % 7 === 0 ? 0 : x * 10 ** ((state % 5) - 3))
  }
}

/** What lies between a view's end and the next cache line. */
function paddingOf({ buffer, byteOffset, length }: Float32Array): Float32Array {
  return new Float32Array(buffer, byteOffset + length * 4, Math.ceil(length / 16) * 16 - length)
}

const isDenormal = (x: number) => x !== 0 && Math.abs(x) < 2 ** -126

for (const target of targets) {
  const test = suite(`optimizers on ${target}`)

  for (const { golden, name } of [{ golden: torch, name: 'PyTorch' }, { golden: optax, name: 'Optax' }]) {
    test(`${name}: ${golden.cases.length} trajectories`, () => {
      assert.is(golden.cases.length, name === 'PyTorch' ? 84 : 12)
      for (const golden_case of golden.cases) {
        const optimizer = fromGolden(golden_case)
        const { params, grads } = golden.problems[golden_case.problem]
        const run = optimize(optimizer, params.map(numbers), { target })
        grads.forEach((tensors, t) => {
          tensors.forEach((tensor, i) => { run.gradients[i].set(numbers(tensor)) })
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
    const sizes = [abi.NORM_CHUNK + 1, 2 * abi.NORM_CHUNK, 5]
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
        assert.ok(paddingOf(run.values[i]).every((value) => value === 0), `${describe(optimizer)}: padding is not 0`)
      })
    }
    for (const [slot, views] of Object.entries(run.state)) {
      views.forEach((view, i) => {
        assertClose(view, tensors[i].state[slot], TRAJECTORY, `${describe(optimizer)} ${slot} of tensor ${i}`)
      })
    }
    assert.is(run.stepCount, steps)
  }

  test('parameter groups scale the rate and replace the decay', () => {
    const match = (name: string) => name.endsWith('bias')
    for (const kind of Object.keys(rules) as OptimizerName[]) {
      const decays = kind !== 'rprop'
      const common = { learningRate: 0.01, ...(decays && { weightDecay: 0.1 }) }
      const group = { match, learningRateScale: 0.5, ...(decays && { weightDecay: 0 }) }
      const mixed = optimize(factory(kind)({ ...common, parameterGroups: [group] }), [[1, -2], [0.5, 3], [2, 2]], {
        names: ['a.kernel', 'a.bias', 'b.kernel'],
        target,
      })
      const kernels = optimize(factory(kind)(common), [[1, -2], [2, 2]], { target })
      const rate = kind === 'asgd' ? 0.01 : 0.005
      const biases = optimize(factory(kind)({ ...common, learningRate: rate, ...(decays && { weightDecay: 0 }) }), [[0.5, 3]], { target })
      for (let t = 0; t < 5; t++) {
        for (const run of [mixed, kernels, biases]) {
          for (const gradient of run.gradients) gradient.set([0.1 * t - 0.2, 0.3])
          run.step()
        }
      }
      assert.equal(mixed.values[0], kernels.values[0], kind)
      assert.equal(mixed.values[2], kernels.values[1], kind)
      if (kind !== 'asgd') assertClose(mixed.values[1], biases.values[0], { absolute: 1e-7, relative: 1e-6 }, `${kind} group`)
      assert.not.equal(mixed.values[1], Float32Array.of(0.5, 3), kind)
    }
  })

  test('frozen tensors and their state stay as they are', () => {
    for (const kind of Object.keys(rules) as OptimizerName[]) {
      const run = optimize(kind, [[1, 2], [3, 4], [5, 6]], { trainable: [true, false, true], target })
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
          for (const value of views[0]) assert.ok(!isDenormal(value), `${describe(optimizer)} ${name}: ${value} after ${t} zeros`)
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
        assert.ok(faded.every((m) => Math.abs(m) < 1e-25), `${describe(optimizer)} first moment ${faded}`)
      }
    }
  })

  test('a schedule is called with 0, 1, 2, ...', () => {
    const seen: number[] = []
    const learningRate = (step: number) => { seen.push(step); return 0.5 / (step + 1) }
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

const test = suite('optimizers')

test('every op belongs to a rule, every rule is covered', () => {
  const ops = Object.entries(abi).filter(([name, value]) => name.startsWith('OP_') && value >= abi.OP_SGD)
  const used = new Map<number, OptimizerName[]>()
  for (const [kind, { op, before = [] }] of Object.entries(rules) as [OptimizerName, Rule][]) {
    for (const each of [op, ...before]) used.set(each, [...(used.get(each) ?? []), kind])
  }
  for (const [name, op] of ops) {
    assert.equal(used.get(op), op === abi.OP_ADAM ? ['adam', 'adamw'] : [used.get(op)?.[0]], `${name} must belong to one rule`)
    assert.ok(used.get(op)?.[0], `${name} belongs to no rule`)
  }
  assert.is(used.size, ops.length)
  assert.equal(Object.keys(optimizers).sort(), Object.keys(rules).sort())
  const golden = new Set([...torch.cases, ...optax.cases].map((each) => fromGolden(each).kind))
  for (const kind of Object.keys(rules) as OptimizerName[]) {
    assert.ok(golden.has(kind), `${kind} has no golden trajectory`)
    assert.ok(variants.some((each) => each.kind === kind), `${kind} has no float64 comparison`)
  }
})

test('constants and scalars fit their words', () => {
  for (const optimizer of variants) {
    const rule: Rule = rules[optimizer.kind]
    assert.ok(rule.hypers(optimizer.options).length <= abi.OPT_HYPERS, optimizer.kind)
    assert.ok(rule.slots.length <= abi.OPT_STATES, optimizer.kind)
    assert.ok((rule.scalars?.(optimizer.options, 1, 0.1, new Float64Array(8)) ?? []).length <= abi.RECORD_SCALARS, optimizer.kind)
  }
})

test("defaults are PyTorch's", () => {
  for (const golden of torch.cases.filter((each) => each.defaults_only)) {
    const { kind, learningRate, weightDecay, options } = fromGolden(golden)
    const ours = factory(kind)()
    assert.equal(ours.options, options, golden.id)
    assert.is(ours.weightDecay, weightDecay, golden.id)
    if (kind !== 'sgd') assert.is(ours.learningRate, learningRate, golden.id)
  }
  assert.is(sgd().learningRate, 0.01)
})

test('an optimizer is frozen plain data', () => {
  for (const optimizer of variants) {
    assert.ok(Object.isFrozen(optimizer) && Object.isFrozen(optimizer.options) && Object.isFrozen(optimizer.parameterGroups))
    assert.equal(JSON.parse(JSON.stringify(optimizer)), optimizer)
  }
})

test('bad options are refused by name', () => {
  const refused = (make: () => unknown, message: string, kind = RangeError) => {
    assert.throws(make, (error: Error) => {
      assert.is(error.message, message)
      return error instanceof kind
    })
  }
  refused(() => sgd({ learningRate: -1 }), 'sgd: "learningRate" must be a finite number at least 0, got -1')
  refused(() => sgd({ learningRate: Number.NaN }), 'sgd: "learningRate" must be a finite number at least 0, got NaN')
  refused(() => adam({ beta1: 1 }), 'adam: "beta1" must be a finite number at least 0 and less than 1, got 1')
  refused(() => adam({ epsilon: 0 }), 'adam: "epsilon" must be a finite number at least 1e-30, got 0')
  refused(() => factory('adam')({ lr: 1 }), 'adam: unknown option "lr"; did you mean "learningRate"?', TypeError)
  refused(() => factory('rprop')({ weightDecay: 1 }), 'rprop: unknown option "weightDecay"; known: learningRate, etas, stepSizes, parameterGroups', TypeError)
  refused(() => factory('adam')({ amsgrad: 1 }), 'adam: "amsgrad" must be true or false, got 1', TypeError)
  refused(() => factory('sgd')({ momentum: '0.9' }), 'sgd: "momentum" must be a number, got "0.9"', TypeError)
  const nesterov = 'sgd: "nesterov" needs "momentum" above 0 and "dampening" 0, got momentum 0 and dampening 0'
  refused(() => sgd({ nesterov: true }), nesterov)
  assert.throws(() => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }), /"dampening" 0, got momentum 0.9 and dampening 0.1/)
  refused(() => factory('rprop')({ etas: [0.5] }), 'rprop: "etas" must be an array of two numbers, got an array of 1', TypeError)
  refused(() => factory('rprop')({ etas: [1.5, 2] }), 'rprop: "etas[0]" must be a finite number greater than 0 and less than 1, got 1.5')
  refused(() => factory('rprop')({ stepSizes: [2, 1] }), 'rprop: "stepSizes" must be [smallest, largest], got [2, 1]')
  refused(() => factory('adam')(5 as never), 'adam: options must be an object, got 5', TypeError)
  refused(() => factory('adam')({ parameterGroups: {} }), 'adam: "parameterGroups" must be an array of groups, got an object', TypeError)
  refused(() => factory('adam')({ parameterGroups: [{}] }), 'adam: "parameterGroups[0].match" must be a function, got undefined', TypeError)
  const negative = { match: () => true, learningRateScale: -1 }
  refused(
    () => adam({ parameterGroups: [negative] }),
    'adam: "parameterGroups[0].learningRateScale" must be a finite number at least 0, got -1',
  )
  assert.throws(() => factory('rprop')({ parameterGroups: [{ match: () => true, weightDecay: 1 }] }), /rprop does not have/)
  refused(() => resolveOptimizer('compile', 'adamm' as never), 'compile: unknown optimizer "adamm"; did you mean "adam"?')
  refused(() => resolveOptimizer('compile', adam as never), 'compile: "optimizer" is function adam; call it, or give its name', TypeError)
  assert.throws(() => resolveOptimizer('compile', {} as never), TypeError)
  assert.throws(() => resolveOptimizer('compile', null as never), TypeError)
  const bad = optimize(sgd({ learningRate: () => Number.NaN }), [[1]])
  refused(() => bad.step(), 'sgd: the schedule of "learningRate" must give a finite number at least 0, got NaN at step 0')
  assert.is(bad.stepCount, 0)
})

test.run()
