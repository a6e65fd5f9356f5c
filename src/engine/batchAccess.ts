/** Access to the current batch for solvers that use its curvature. */
import { RECORD_DOT, RECORD_LOSS, RECORD_ROWS, RECORD_SCALAR, RECORD_WEIGHT } from '../abi/records.ts'
import type { TrainingPlan } from '../compiler/trainingPlan.ts'
import { type StepClock, stepClock } from '../compiler/updates.ts'
import type { Arena } from '../machine/arena.ts'
import type { Range } from '../machine/program.ts'
import type { Runner } from '../machine/runner.ts'
import type { Optimizer } from '../optimizers/optimizers.ts'
import type { BatchAccess, BatchCurvature } from '../optimizers/solvers/batchCurvature.ts'
import type { Records } from './records.ts'

/** What it needs from an engine. */
export interface Batching {
  readonly arena: Arena
  readonly runner: Runner
  readonly outputs: number
  readonly steps: number
  readonly learningRateScale: number
  /** The batch's plan. */
  plan(): { readonly program: number; readonly training?: TrainingPlan }
}

export function accessOf(engine: Batching, records: Records): BatchAccess {
  const clocks = new WeakMap<Optimizer, StepClock>()
  const word = (index: number) => engine.arena.f64[(records.address / 4 + index) / 2]
  const ranges = (): TrainingPlan => {
    const { training } = engine.plan()
    if (!training) throw new Error('the model is not compiled with a loss')
    return training
  }
  const planned = (): BatchCurvature => {
    const { curvature } = ranges()
    if (!curvature) throw new Error('the solver has put nothing into the plan')
    return curvature
  }
  const rows = () => engine.arena.i32[records.address / 4 + RECORD_ROWS]
  const alone = (range: Range) => {
    engine.runner.run(engine.plan().program, range, records.address)
  }
  const together = (range: Range) => {
    const job = { program: engine.plan().program, range, records: records.address, count: 1 }
    if (!engine.runner.start('inference', job, false)) engine.runner.finish(job, () => {})
  }
  const find = (name: string, scalars: readonly number[]): Range => {
    const { f32 } = engine.arena
    f32.set(scalars, records.address / 4 + RECORD_SCALAR)
    return planned().ranges[name]
  }
  return {
    get loss() {
      return word(RECORD_LOSS)
    },
    get weight() {
      return word(RECORD_WEIGHT)
    },
    get rows() {
      return rows()
    },
    get outputs() {
      return engine.outputs
    },
    get rateScale() {
      return engine.learningRateScale
    },
    region(name) {
      const region = planned().regions?.[name]
      if (!region) throw new Error(`the solver has no region "${name}" in the plan`)
      return region
    },
    run: (name, ...scalars) => together(find(name, scalars)),
    change(name, ...scalars) {
      alone(find(name, scalars))
      return word(RECORD_DOT)
    },
    update(name, given, t) {
      const rule = given as Optimizer
      const clock = clocks.get(rule) ?? stepClock(rule)
      clocks.set(rule, clock)
      records.prepareUpdate(0, rows(), 0, t, clock, engine.learningRateScale)
      alone(planned().ranges[name])
    },
    clip() {
      const { update, statistics } = ranges()
      if (update[0] < statistics[0]) alone([update[0], statistics[0], update[2]])
    },
    evaluate() {
      const { penalty, evaluateTrial } = ranges()
      records.prepare(0, rows(), 0, engine.steps + 1)
      alone(penalty)
      together(evaluateTrial)
      return word(RECORD_LOSS) + records.penalty
    },
  }
}
