/** Backward passes down to a model's inputs. */
import type { InputsPlan } from '../compiler/openPlan.ts'
import type { DataSet } from '../data/dataset.ts'
import { type Judge, judgeOf } from './hostLoss.ts'
import type { Propagation } from './propagation.ts'
import { emptyTally } from './records.ts'
import { loadRows } from './rows.ts'

/** Rows, with targets if the loss has any. */
type InputRows = Omit<DataSet, 'targets'> & Partial<Pick<DataSet, 'targets'>>

/**
 * Loss on the given rows and its gradient with respect to their features, packed. In inference mode.
 * @param judge computes the loss; absent: the compiled loss of the targets.
 */
export function gradientsOfInputs(
  engine: Propagation,
  data: InputRows,
  judge: Judge | undefined = ownJudge(engine, data),
): { loss: number; gradient: Float32Array } {
  const { arena, planner, records } = engine
  engine.begin()
  const { rows, features } = data
  const plan = planner.with(judge ? 'openInputs' : 'inputs', rows)
  const part = (judge ? plan.openInputs : plan.inputs) as InputsPlan
  engine.loadFeatures(plan.x, features, 0, rows)
  if (!judge && plan.training && data.targets) loadRows(arena, plan.training.targets, data.targets, 0, rows)
  records.prepare(0, rows, 0, engine.steps + 1)
  engine.run(part.forward, rows)
  const loss = judge ? engine.judge(part.outputs, rows, judge, part.gradient) : records.collect(0, emptyTally())
  engine.run(part.backward, rows)
  return { loss, gradient: engine.read(part.inputGradient, rows) }
}

/** A custom loss with targets. */
function ownJudge({ planner }: Propagation, { targets, ...data }: InputRows): Judge | undefined {
  const { compute } = planner.goal ?? {}
  return compute && targets ? judgeOf(compute, { ...data, targets }) : undefined
}
