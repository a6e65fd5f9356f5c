/** The compiler: layers, a loss and an optimizer become a program of steps in linear memory. */
import type { Matrix } from '../layers/builder.ts'
import type { Layer } from '../layers/layers.ts'
import type { Range } from '../machine/program.ts'
import type { Schedule } from '../optimizers/schedules/named.ts'
import { batchRegions, type Objective, writeProgram } from './objective.ts'
import { type InputsPlan, type OpenPlan, planInputs, planOpen } from './openPlan.ts'
import { ProgramBuilder, type Site } from './programBuilder.ts'
import { planTraining, type TrainingPlan } from './trainingPlan.ts'

/** A compiled model: regions for one batch, and ranges of one program that work on them. */
export interface Plan {
  /** Maximum batch size. */
  readonly rows: number
  /** Address of the program. */
  readonly program: number
  readonly x: Matrix
  /** The outputs of `predict`. */
  readonly outputs: Matrix
  readonly predict: Range
  /** The forward pass in training mode, with batch statistics, dropout and noise, and its outputs. */
  readonly trial: Range
  readonly trialOutputs: Matrix
  /** Minimum rows of a training batch. */
  readonly minimumRows: number
  /** The schedules for a record's words from RECORD_SCHEDULED on. */
  readonly schedules: readonly Schedule[]
  readonly training?: TrainingPlan
  readonly open?: OpenPlan
  readonly inputs?: InputsPlan
  readonly openInputs?: InputsPlan
}

/** Optional parts: passes with a loss on the host, passes back to the inputs, or both. */
export type Part = 'open' | 'inputs' | 'openInputs'

/**
 * Lays out the regions from the arena's top and writes the program.
 * @param widths output width of every layer; entry 0 is the input's.
 * @throws RangeError if the memory cannot grow enough.
 */
export function compilePlan(
  site: Site,
  layers: readonly Layer[],
  widths: readonly number[],
  objective?: Objective,
  parts: ReadonlySet<Part> = new Set(),
): Plan {
  const { arena, rows } = site
  const builder = new ProgramBuilder(site)
  const from = arena.top
  const batch = batchRegions(builder, widths, objective?.loss)

  builder.overlay()
  let outputs: Matrix = batch.x
  const predict = builder.range(() => {
    outputs = builder.forward(layers, batch.x, 'inference').y
  })
  builder.overlay()
  let trialOutputs: Matrix = batch.x
  const trial = builder.range(() => {
    trialOutputs = builder.forward(layers, batch.x, 'trial').y
  })
  const loss = objective?.loss
  const trained = objective?.trained ?? layers
  const training = loss && planTraining(builder, layers, { ...objective, loss }, batch)
  const more = {
    ...(objective && parts.has('open') && { open: planOpen(builder, trained, objective, batch) }),
    ...(loss && parts.has('inputs') && { inputs: planInputs(builder, layers, batch, loss) }),
    ...(parts.has('openInputs') && { openInputs: planInputs(builder, trained, batch) }),
  }
  const program = writeProgram(builder, from, batch, loss)
  const { minimumRows, schedules } = builder
  const inference = { x: batch.x, outputs, predict, trial, trialOutputs }
  return {
    rows,
    program,
    minimumRows,
    schedules,
    ...inference,
    ...(training && { training: training(program) }),
    ...more,
  }
}
