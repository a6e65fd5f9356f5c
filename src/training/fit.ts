/** The training loop: epochs, validation, events, stopping. */
import { isDataSet } from '../data/dataset.ts'
import { emptyTally } from '../engine/records.ts'
import type { Logs } from './callbacks/callbacks.ts'
import { groupsOf } from './groups.ts'
import { emptyHistory, type History, record, validationName } from './history.ts'
import type { Parallel, Training } from './parallel.ts'
import { passesOver } from './passes.ts'
import { Run } from './run.ts'
import { validate } from './validate.ts'

/** Validation in a single process. */
const alone = { validate }

/** A training, and the ranks that share it, if any. */
export interface FitRequest extends Training {
  readonly parallel: Parallel | undefined
}

export async function fit(request: FitRequest): Promise<History> {
  const crew = request.parallel?.join(request)
  const training = crew?.training ?? request
  const { engine, callbacks, epochs, initialEpoch, data, validation, validationFrequency } = training
  const history = emptyHistory(Object.keys(training.scorer.fresh().logs(emptyTally())), validation !== undefined)
  const run = new Run(training)
  const { context } = run
  // stochastic solvers step on every batch, like rules
  const session = engine.session?.solver.stochastic ? undefined : engine.session
  const groups = crew || isDataSet(data) ? undefined : groupsOf(data, training)
  const passes = isDataSet(data) && !crew && !session ? passesOver(data, training, training.random) : undefined
  session?.forget()

  for (const callback of callbacks) await callback.onTrainBegin?.(context)
  for (let epoch = initialEpoch; epoch < epochs && !run.stopped; epoch++) {
    for (const callback of callbacks) await callback.onEpochBegin?.(epoch, context)
    run.begin(epoch)
    if (crew) await crew.train(run)
    else if (groups) await run.trainBatches(groups)
    else if (passes) await run.trainArrays(passes)
    else if (session && isDataSet(data)) await run.solve(session, data)
    // an epoch stopped before its first batch does not count
    if (run.untrained) break
    const judged = (epoch + 1) % validationFrequency === 0 ? validation : undefined
    const logs = {
      ...(crew ? crew.logs(run) : run.logs()),
      ...(judged && validated(await (crew ?? alone).validate('fit', training, judged))),
    }
    for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, context)
    record(history, epoch, logs)
    run.warnOfLoss()
    crew?.agree(run)
    training.signal?.throwIfAborted()
  }
  for (const callback of callbacks) await callback.onTrainEnd?.(context)
  crew?.end()
  return history
}

/** Metrics under their validation names. */
const validated = (logs: Logs): Logs =>
  Object.fromEntries(Object.entries(logs).map(([name, value]) => [validationName(name), value]))
