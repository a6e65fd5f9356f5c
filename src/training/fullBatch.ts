/** The rows that a solver sees, all of them every time: evaluated in parts, so that data of any size fit. */
import type { DataSet } from '../data/dataset.ts'
import type { Engine } from '../engine/engine.ts'
import { emptyTally, type Tally } from '../engine/records.ts'
import type { Evaluation, SolverSession } from '../optimizers/solvers/solver.ts'
import type { Scorer } from './scorer.ts'

/** What `fit` was asked for, as far as evaluations go. */
interface Request {
  readonly engine: Engine
  readonly scorer: Scorer
  readonly signal: AbortSignal | undefined
}

/** What all rows gave at one point. */
export interface FullEvaluation extends Evaluation {
  readonly tally: Tally
  readonly scorer: Scorer
}

/**
 * Loss, metrics and gradient at the parameters, over all rows.
 * @param takesStatistics whether running statistics take in the parts.
 * @param turn lets the event loop run when its turn has come.
 */
export async function evaluateAll(
  { engine, scorer, signal }: Request,
  session: SolverSession,
  parts: readonly DataSet[],
  takesStatistics: boolean,
  turn: () => Promise<void>,
): Promise<FullEvaluation> {
  const tally = emptyTally()
  const judge = scorer.fresh()
  for (const [i, part] of parts.entries()) {
    signal?.throwIfAborted()
    // before the gradient is there, which a turn's callbacks could overwrite
    await turn()
    const before = tally.weight
    engine.computeGradients(part, i, tally)
    if (judge.needsOutputs) judge.update(engine.trainedOutputs(part.rows), part)
    if (takesStatistics) engine.updateStatistics()
    if (parts.length > 1) session.addChunk(tally.weight - before, i === 0)
  }
  if (parts.length > 1) session.meanOfChunks(tally.weight)
  return { loss: tally.loss / tally.weight, tally, scorer: judge }
}
