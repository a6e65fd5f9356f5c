/** Loss and metrics of rows that are not trained on, in pieces between which the event loop runs. */
import { yieldToEventLoop } from '#runtime'
import { type Batches, type DataSet, isDataSet, sliceRows } from '../data/dataset.ts'
import type { Engine } from '../engine/engine.ts'
import { emptyTally } from '../engine/records.ts'
import type { Logs } from './callbacks/callbacks.ts'
import { paced } from './paced.ts'
import type { Scorer } from './scorer.ts'

/** A piece takes about this long. */
const PIECE_MILLISECONDS = 10

/** Who judges rows of a model. */
export interface Judges {
  readonly engine: Engine
  readonly scorer: Scorer
  readonly signal: AbortSignal | undefined
}

/** @throws what the source of batches throws, the signal's reason, or RangeError when there are no rows. */
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

/** The rows in pieces that grow until they take long enough; the event loop runs after each that does. */
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

/** A source's batches as they come. */
const received = (data: Batches): AsyncGenerator<DataSet> => {
  const batches = data.open()
  return paced({ [Symbol.asyncIterator]: () => batches })
}
