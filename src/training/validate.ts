/** Loss and metrics on validation rows, in chunks, yielding to the event loop. */
import { yieldToEventLoop } from '#runtime'
import { type Batches, type DataSet, isDataSet, sliceRows } from '../data/dataset.ts'
import type { Engine } from '../engine/engine.ts'
import { emptyTally } from '../engine/records.ts'
import type { Logs } from './callbacks/callbacks.ts'
import { paced } from './paced.ts'
import type { Scorer } from './scorer.ts'

/** Target time per chunk. */
const PIECE_MILLISECONDS = 10

/** What evaluates rows of a model. */
export interface Judges {
  readonly engine: Engine
  readonly scorer: Scorer
  readonly signal: AbortSignal | undefined
}

/** @throws what the stream throws, the signal's reason, or RangeError if there are no rows. */
export async function validate(
  where: string,
  { engine, scorer, signal }: Judges,
  data: DataSet | Batches,
): Promise<Logs> {
  const judge = scorer.fresh()
  const tally = emptyTally()
  for await (const part of isDataSet(data) ? piecesOf(data, engine.plan().rows) : received(data)) {
    signal?.throwIfAborted()
    const visit = (outputs: Float32Array, from: number, count: number) =>
      judge.update(outputs, sliceRows(part, from, count))
    engine.evaluate(part, judge.needsOutputs ? visit : undefined, false, tally)
  }
  if (tally.rows === 0) throw new RangeError(`${where}: the source of rows to judge has no batches`)
  return judge.logs(tally)
}

/** The rows in chunks that grow until they take long enough; yields to the event loop after each of those. */
async function* piecesOf(data: DataSet, rows: number): AsyncGenerator<DataSet> {
  for (let first = 0; first < data.rows; ) {
    const part = sliceRows(data, first, Math.min(rows, data.rows - first))
    const started = performance.now()
    yield part
    first += part.rows
    if (performance.now() - started > PIECE_MILLISECONDS) await yieldToEventLoop()
    else rows *= 2
  }
}

/** The batches of a stream. */
const received = (data: Batches): AsyncGenerator<DataSet> => {
  const batches = data.open()
  return paced({ [Symbol.asyncIterator]: () => batches })
}
