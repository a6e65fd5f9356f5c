/** Gradient accumulation: one update from several batches, as if they were one. */
import { type DataSet, sliceRows } from '../data/dataset.ts'
import type { Engine } from './engine.ts'
import { weightOf } from './hostLoss.ts'
import { emptyTally, type Tally } from './records.ts'

/** Splits the rows into batches of `size`, without copying. */
export function partsOf(data: DataSet, size: number): DataSet[] {
  return Array.from({ length: Math.ceil(data.rows / size) }, (_, i) =>
    sliceRows(data, i * size, Math.min(size, data.rows - i * size)),
  )
}

/**
 * One update with the mean gradient over all rows, weighted like the loss; returns the loss before it. Every part has its own dropout
 * and noise, and updates the running statistics like a step of its own.
 * @param visit receives the outputs of each part.
 */
export function trainParts(
  engine: Engine,
  parts: readonly DataSet[],
  tally: Tally = emptyTally(),
  visit?: (outputs: Float32Array, part: DataSet) => void,
): number {
  const [only, ...others] = parts
  if (others.length === 0) {
    const loss = engine.trainBatch(only, tally)
    visit?.(engine.trainedOutputs(only.rows), only)
    return loss
  }
  const weights = parts.map(weightOf)
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  // parts without weight do not contribute; if there is no weight at all, only penalties remain
  const shares = weights.map((weight) => (all > 0 ? weight / all : 1 / parts.length))
  const loss = addGradients(engine, parts, shares, tally, visit)
  engine.applyUpdate()
  return loss
}

/**
 * Leaves Σ share · gradient of the parts in the gradient block, for `applyUpdate`; returns Σ share · loss.
 * @param begin called before each part.
 */
export function addGradients(
  engine: Engine,
  parts: readonly DataSet[],
  shares: readonly number[],
  tally: Tally,
  visit?: (outputs: Float32Array, part: DataSet) => void,
  begin?: (index: number) => void,
): number {
  const { storage } = engine
  const sum = new Float32Array(storage.bytes / 4)
  let loss = 0
  for (const [i, part] of parts.entries()) {
    const share = shares[i]
    begin?.(i)
    const own = engine.computeGradients(part, i, tally)
    loss += own * share
    visit?.(engine.trainedOutputs(part.rows), part)
    if (i < parts.length - 1) engine.updateStatistics()
    if (storage.gradients === undefined) continue
    const gradients = storage.view(storage.gradients)
    for (let p = 0; p < sum.length; p++) sum[p] += share * gradients[p]
  }
  if (storage.gradients !== undefined) storage.view(storage.gradients).set(sum)
  return loss
}
