/** Every schedule against PyTorch's rates over 60 steps; joining, saving, refusing. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as make from '../../src/optimizers/schedules/schedules.ts'
import { assertClose, readGolden } from '../support/golden.ts'

interface Case {
  readonly id: string
  readonly schedule: string
  readonly config: Readonly<Record<string, unknown>>
  readonly expect: { readonly lr: readonly number[]; readonly momentum?: readonly number[] }
}
/** The factories, for options of any kind. */
const factories = make as unknown as Readonly<Record<string, (options: unknown) => make.NamedSchedule>>

/** The golden names of our schedules and options. */
const KINDS: Readonly<Record<string, make.ScheduleName>> = {
  constant: 'constant',
  step: 'stepDecay',
  multistep: 'multiStepDecay',
  piecewise_constant: 'piecewiseConstant',
  exponential: 'exponentialDecay',
  inverse_time: 'inverseTimeDecay',
  harmonic: 'harmonic',
  inverse_sqrt: 'inverseSqrt',
  inverse_sqrt_warmup: 'inverseSqrtWarmup',
  polynomial: 'polynomialDecay',
  polynomial_end: 'polynomialDecay',
  cosine: 'cosineDecay',
  cosine_restarts: 'cosineDecayRestarts',
  linear_warmup: 'linearWarmup',
  warmup_cosine: 'warmupCosine',
  one_cycle: 'oneCycle',
  cyclic: 'cyclic',
}
const OPTIONS: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  min_lr: 'minLearningRate',
  end_lr: 'endLearningRate',
  base_lr: 'baseLearningRate',
  max_lr: 'maxLearningRate',
  step_size: 'stepSize',
  total_steps: 'totalSteps',
  period_mult: 'periodMultiplier',
  start_factor: 'startFactor',
  end_factor: 'endFactor',
  pct_start: 'warmupFraction',
  div_factor: 'divFactor',
  final_div_factor: 'finalDivFactor',
  three_phase: 'threePhase',
  base_momentum: 'baseMomentum',
  max_momentum: 'maxMomentum',
  step_up: 'stepUp',
  step_down: 'stepDown',
}

const { cases } = readGolden<{ cases: readonly Case[] }>('schedules')
// reduce_on_plateau watches a metric: a callback, not a schedule
const ours = cases.filter(({ schedule }) => schedule !== 'reduce_on_plateau')

function fromGolden({ schedule, config }: Case): make.NamedSchedule {
  const options = Object.fromEntries(Object.entries(config).map(([name, value]) => [OPTIONS[name] ?? name, value]))
  if (schedule === 'one_cycle') options.cycleMomentum = true
  return factories[KINDS[schedule]](options)
}
const rates = (schedule: make.Schedule, count = 60) => Float64Array.from({ length: count }, (_, t) => schedule(t))
const refused = (
  run: () => unknown,
  message: string | RegExp,
  kind: typeof TypeError | typeof RangeError = RangeError,
) => {
  assert.throws(run, (error: Error) => {
    if (typeof message === 'string') assert.is(error.message, message)
    else assert.match(error.message, message)
    return error instanceof kind
  })
}

test('golden rates', () => {
  assert.is(ours.length, 21)
  for (const golden of ours) {
    assertClose(rates(fromGolden(golden)), golden.expect.lr, { absolute: 1e-12, relative: 1e-9 }, golden.id)
  }
})

test('golden momentum', () => {
  const cycled = ours.filter(({ expect }) => expect.momentum)
  assert.is(cycled.length, 2)
  for (const golden of cycled) {
    const { momentum } = fromGolden(golden)
    assert.ok(momentum)
    assertClose(rates(momentum), golden.expect.momentum ?? [], { absolute: 1e-12, relative: 1e-9 }, golden.id)
  }
})

test('every schedule has a golden case or a test of its own', () => {
  const covered = new Set(ours.map(({ schedule }) => KINDS[schedule]))
  assert.equal(
    make.SCHEDULE_NAMES.filter((kind) => !covered.has(kind)),
    ['coslog', 'flatCosine', 'joinSchedules'],
  )
})

test("exp_range is PyTorch's: gamma to the step, not to the cycle", () => {
  const schedule = make.cyclic({ baseLearningRate: 1, maxLearningRate: 2, stepUp: 2, mode: 'exp_range', gamma: 0.5 })
  assert.equal([...rates(schedule, 6)], [1, 1 + 0.5 * 0.5, 1 + 0.25, 1 + 0.5 * 0.125, 1, 1 + 0.5 * 0.5 ** 5])
})

test('defaults', () => {
  assert.equal(make.oneCycle({ maxLearningRate: 1, totalSteps: 10 }).options, {
    maxLearningRate: 1,
    totalSteps: 10,
    warmupFraction: 0.3,
    anneal: 'cos',
    divFactor: 25,
    finalDivFactor: 1e4,
    threePhase: false,
  })
  assert.equal(make.cyclic({ baseLearningRate: 0, maxLearningRate: 1 }).options, {
    baseLearningRate: 0,
    maxLearningRate: 1,
    stepUp: 2000,
    stepDown: 2000,
    mode: 'triangular',
    gamma: 1,
  })
  assert.is(make.cyclic({ baseLearningRate: 0, maxLearningRate: 1, stepUp: 5 }).options.stepDown, 5)
  assert.is(make.stepDecay({ learningRate: 1, stepSize: 1 }).options.gamma, 0.1)
  assert.is(make.linearWarmup({ learningRate: 1, warmup: 3 }).options.startFactor, 1 / 3)
  assert.equal(make.harmonic({ alpha: 1 }).options, { alpha: 1, period: 1, offset: 1 })
})

test('the momentum of one cycle: its bounds, and the end it keeps', () => {
  const given = { maxLearningRate: 1, totalSteps: 10 }
  assert.not('momentum' in make.oneCycle(given))
  const cycling = make.oneCycle({ ...given, cycleMomentum: true })
  const { baseMomentum, maxMomentum } = cycling.options
  assert.equal([baseMomentum, maxMomentum], [0.85, 0.95])
  assert.equal([cycling.momentum?.(0), cycling.momentum?.(2), cycling.momentum?.(99)], [0.95, 0.85, 0.95])
  const again = make.restoreSchedule(JSON.parse(JSON.stringify(make.describeSchedule(cycling)))) as make.NamedSchedule
  assert.is(again.momentum?.(4), cycling.momentum?.(4))
  refused(() => make.oneCycle({ ...given, baseMomentum: 0.8 }), 'oneCycle: "baseMomentum" needs "cycleMomentum": true')
  refused(() => make.oneCycle({ ...given, cycleMomentum: true, maxMomentum: 1 }), /"maxMomentum"/)
  refused(() => make.oneCycle({ ...given, cycleMomentum: true, baseMomentum: 0.96 }), /"baseMomentum"/)
  refused(() => make.joinSchedules([{ schedule: cycling }]), /"segments\[0\].schedule" cycles a momentum/)
})

test('schedules hold still past their end', () => {
  assert.is(make.oneCycle({ maxLearningRate: 1, totalSteps: 10 })(99), 1 / 25 / 1e4)
  assert.is(make.oneCycle({ maxLearningRate: 1, totalSteps: 1 })(0), 1 / 25 / 1e4)
  assert.is(make.cosineDecay({ learningRate: 1, minLearningRate: 0.25, totalSteps: 10 })(99), 0.25)
  assert.is(make.polynomialDecay({ learningRate: 1, endLearningRate: 0.25, totalSteps: 10 })(99), 0.25)
  assert.is(make.warmupCosine({ learningRate: 1, warmup: 2, totalSteps: 10 })(99), 0)
  assert.ok(rates(make.oneCycle({ maxLearningRate: 1, totalSteps: 10, warmupFraction: 0.1 })).every(Number.isFinite))
})

const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-12, `${a}, expected ${b}`)

test('coslog: waves from 0 and back, each twice as long as the one before', () => {
  const schedule = make.coslog({ learningRate: 0.5, totalSteps: 1500 })
  // 1 + 15 t is a power of two between waves, and half way up in the logarithm at their tops
  for (const [wave, end] of [1, 3, 7, 15].entries()) {
    near(schedule(end * 100), 0)
    const top = ((2 ** (wave + 0.5) - 1) / 15) * 1500
    near(schedule(top), 0.5)
  }
  near(schedule(40), (0.5 * (1 - Math.cos(2 * Math.PI * Math.log2(1 + (15 * 40) / 1500)))) / 2)
  near(schedule(9999), 0)
  near(make.coslog({ learningRate: 1, totalSteps: 10, cycles: 1 })(10), 0)
})

test('flatCosine: flat, then half a cosine', () => {
  const schedule = make.flatCosine({ learningRate: 0.2, minLearningRate: 0.1, totalSteps: 100 })
  assert.is(schedule(0), 0.2)
  assert.is(schedule(50), 0.2)
  near(schedule(75), 0.15)
  near(schedule(60), 0.1 + (0.1 * (1 + Math.cos(Math.PI * 0.2))) / 2)
  near(schedule(100), 0.1)
  near(schedule(1000), 0.1)
  near(make.flatCosine({ learningRate: 1, totalSteps: 10, flatFraction: 0 })(5), 0.5)
})

test('joined schedules count from 0 in each segment', () => {
  const decay = make.exponentialDecay({ learningRate: 8, gamma: 0.5 })
  const schedule = make.joinSchedules([
    { schedule: make.linearWarmup({ learningRate: 1, startFactor: 0, warmup: 2 }), until: 2 },
    { schedule: 3, until: 4 },
    { schedule: decay },
  ])
  assert.equal([...rates(schedule, 8)], [0, 0.5, 3, 3, 8, 4, 2, 1])
})

test('a schedule survives being saved', () => {
  const joined = make.joinSchedules([
    { schedule: make.linearWarmup({ learningRate: 1, warmup: 5 }), until: 5 },
    { schedule: 0.25 },
  ])
  for (const schedule of [...ours.map(fromGolden), joined]) {
    assert.ok(Object.isFrozen(schedule) && Object.isFrozen(schedule.options))
    const restored = make.restoreSchedule(JSON.parse(JSON.stringify(make.describeSchedule(schedule))))
    assert.type(restored, 'function')
    assert.equal(rates(restored as make.Schedule), rates(schedule), schedule.kind)
  }
  assert.is(make.restoreSchedule(make.describeSchedule(0.5)), 0.5)
  refused(
    () =>
      make.describeSchedule(function mine() {
        return 1
      }),
    'describeSchedule: function mine was not made by this library and cannot be saved',
    TypeError,
  )
  refused(() => make.restoreSchedule({ kind: 'cosine', options: {} }), /unknown kind "cosine"/)
  refused(
    () => make.restoreSchedule({ kind: 'constant', options: { learningRate: 'x' } }),
    /must be a number/,
    TypeError,
  )
  refused(() => make.restoreSchedule(undefined), /must be an object/, TypeError)
})

test('bad options are refused by name', () => {
  const any = factories
  refused(
    () => make.constant({ learningRate: -1 }),
    'constant: "learningRate" must be a finite number at least 0, got -1',
  )
  refused(() => any.constant({}), 'constant: "learningRate" must be a number, got undefined', TypeError)
  refused(
    () => any.stepDecay({ learningRate: 1, step: 3 }),
    'stepDecay: unknown option "step"; known: learningRate, stepSize, gamma',
    TypeError,
  )
  refused(
    () => make.stepDecay({ learningRate: 1, stepSize: 0 }),
    'stepDecay: "stepSize" must be a whole number at least 1, got 0',
  )
  refused(
    () => make.multiStepDecay({ learningRate: 1, milestones: [5, 5] }),
    'multiStepDecay: "milestones[1]" must be a whole number at least 6, got 5',
  )
  refused(
    () => make.piecewiseConstant({ boundaries: [1], values: [1] }),
    'piecewiseConstant: "values" must hold one rate more than the 1 boundaries, got 1',
  )
  refused(
    () => any.piecewiseConstant({ boundaries: 3, values: [1] }),
    'piecewiseConstant: "boundaries" must be an array of steps, got 3',
    TypeError,
  )
  refused(
    () => make.harmonic({ alpha: 1, offset: 0 }),
    'harmonic: "offset" must be a finite number greater than 0, got 0',
  )
  refused(
    () => make.warmupCosine({ learningRate: 1, warmup: 5, totalSteps: 5 }),
    'warmupCosine: "totalSteps" must be a whole number at least 6, got 5',
  )
  refused(
    () => any.coslog({ learningRate: 1, totalSteps: 5, cycles: 0 }),
    /coslog: "cycles" must be a whole number from 1 to 32/,
  )
  refused(() => any.flatCosine({ learningRate: 1, totalSteps: 5, flatFraction: 1 }), /flatCosine: "flatFraction"/)
  refused(() => any.oneCycle({ maxLearningRate: 1, totalSteps: 5, anneal: 'cosine' }), /unknown anneal "cosine"/)
  refused(
    () => any.cyclic({ baseLearningRate: 0, maxLearningRate: 1, mode: 'expRange' }),
    'cyclic: unknown mode "expRange"; did you mean "exp_range"?',
  )
  refused(
    () => make.joinSchedules([]),
    'joinSchedules: expected an array of segments { schedule, until }, got an array of 0',
    TypeError,
  )
  refused(
    () => make.joinSchedules([{ schedule: 1 }, { schedule: 2 }]),
    'joinSchedules: "segments[0].until" must be a whole number, got undefined',
    TypeError,
  )
  refused(
    () => make.joinSchedules([{ schedule: 1, until: 3 }]),
    'joinSchedules: the last segment must have no "until", got 3',
  )
  refused(
    () => make.joinSchedules([{ schedule: 1, until: 3 }, { schedule: 1, until: 3 }, { schedule: 1 }]),
    'joinSchedules: "segments[1].until" must be a whole number at least 4, got 3',
  )
})

test.run()
