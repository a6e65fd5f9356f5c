/** Full-batch evaluations for solvers, in chunks, so that data of any size fits. */
import type { DataSet } from '../data/dataset.ts'
import type { Engine } from '../engine/engine.ts'
import { emptyTally, type Tally } from '../engine/records.ts'
import type { Evaluation, SolverSession } from '../optimizers/solvers/solver.ts'
import type { Scorer } from './scorer.ts'

/** The parts of `fit`'s arguments that evaluations need. */
interface Request {
  readonly engine: Engine
  readonly scorer: Scorer
  readonly signal: AbortSignal | undefined
}

/** An evaluation over all rows. */
export interface FullEvaluation extends Evaluation {
  readonly tally: Tally
  readonly scorer: Scorer
}

/**
 * Loss, metrics and gradient at the current parameters, over all rows.
 * @param takesStatistics whether to update the running statistics.
 * @param turn yields to the event loop when it is time.
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
    // before the gradient is final, since callbacks could overwrite it
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
