/** The rows that a solver sees, all of them every time: evaluated in chunks, so that data of any size fit. */
import type { Engine } from '../engine/engine.ts'
import { emptyTally, type Tally } from '../engine/records.ts'
import type { Evaluation, SolverSession } from '../optimizers/solvers/solver.ts'
import type { Passes } from './passes.ts'
import type { Scorer } from './scorer.ts'

/** What `fit` was asked for, as far as evaluations go. */
interface Request {
  readonly engine: Engine
  readonly scorer: Scorer
  /** Rows of a chunk. */
  readonly batchSize: number
  readonly signal: AbortSignal | undefined
}

/** What all rows gave at one point. */
export interface FullEvaluation extends Evaluation {
  readonly tally: Tally
  readonly scorer: Scorer
}

/**
 * Loss, metrics and gradient at the parameters, over all rows.
 * @param takesStatistics whether running statistics take in the chunks.
 * @param turn lets the event loop run when its turn has come.
 */
export async function evaluateAll(
  { engine, scorer, batchSize, signal }: Request,
  session: SolverSession,
  passes: Passes,
  takesStatistics: boolean,
  turn: () => Promise<void>,
): Promise<FullEvaluation> {
  const plan = engine.trainingPlan(batchSize)
  const tally = emptyTally()
  const judge = scorer.fresh()
  const { feed } = passes
  passes.begin()
  while (!passes.done) {
    signal?.throwIfAborted()
    const { first } = passes
    const { index, rows } = feed.ready(first)
    const count = Math.min(batchSize, rows)
    plan.bind(feed.source)
    const before = tally.weight
    engine.gatherLoss(plan, count, index, tally)
    if (takesStatistics) engine.takeStatistics(plan)
    if (judge.needsOutputs) judge.update(engine.read(plan.outputs, count), feed.rows(first, count))
    if (count < passes.rows) session.addChunk(tally.weight - before, first === 0)
    passes.first += count
    await turn()
  }
  if (batchSize < passes.rows) session.meanOfChunks(tally.weight)
  return { loss: tally.loss / tally.weight, tally, scorer: judge }
}
