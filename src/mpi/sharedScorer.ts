/** Metrics over the rows of all ranks: sums are all-reduced; for other metrics the rows themselves are sent. */
import type { DataSet } from '../data/dataset.ts'
import type { Tally } from '../engine/records.ts'
import type { Logs } from '../training/callbacks/callbacks.ts'
import { type Measures, Scorer } from '../training/scorer.ts'
import { type Communicator, gatherSums } from './communicator.ts'

/** Rows per message. */
const CHUNK_ROWS = 4096

type Judged = Omit<DataSet, 'features'> & { readonly outputs: Float32Array }

export class SharedScorer extends Scorer {
  readonly #world: Communicator
  /** Whether `logs` covers all ranks. */
  readonly #whole: boolean
  #kept: Judged[] = []

  constructor(world: Communicator, measures: Measures, whole = false) {
    super(measures)
    this.#world = world
    this.#whole = whole
  }

  override fresh(): SharedScorer {
    return new SharedScorer(this.#world, this.measures, this.#whole)
  }

  /** A scorer whose `logs` is collective. */
  whole(): SharedScorer {
    return new SharedScorer(this.#world, this.measures, true)
  }

  override reset(): void {
    super.reset()
    this.#kept = []
  }

  override update(outputs: Float32Array, part: Omit<DataSet, 'features'>): void {
    if (!this.#whole) super.update(outputs, part)
    this.#kept.push({ ...part, outputs })
  }

  override logs(tally: Tally): Logs {
    return this.#whole ? this.wholeLogs(tally) : super.logs(tally)
  }

  /** Loss and metrics over the rows of all ranks, as if in rank order; collective. */
  wholeLogs({ loss, weight, correct, rows }: Tally): Logs {
    const sums = gatherSums(this.#world, Float64Array.of(loss, weight, correct, rows))
    const tally = { loss: sums[0], weight: sums[1], correct: sums[2], rows: sums[3] }
    if (!this.needsOutputs) return super.logs(tally)
    const judge = new Scorer(this.measures)
    this.#collect(judge)
    // all ranks report the results of rank 0
    const names = Object.keys(judge.logs(tally))
    const values = this.#world.gather(Float64Array.from(Object.values(judge.logs(tally))))
    return Object.fromEntries(names.map((name, i) => [name, values[i]]))
  }

  /** On rank 0, the scorer processes everybody's rows. */
  #collect(judge: Scorer): void {
    const { rank, size } = this.#world
    const { outputs: cols } = this.measures
    const { targets, targetColumns } = this.measures
    const width = targets === 'classes' ? 1 : targetColumns
    const counts = this.#world.gather(Float64Array.of(this.#kept.reduce((sum, { rows }) => sum + rows, 0)))
    if (rank === 0) for (const { outputs, ...part } of this.#kept) judge.update(outputs, part)
    for (let from = 1; from < size; from++) {
      if (rank !== 0 && rank !== from) continue
      const sent = rank === from ? pack(this.#kept, counts[rank], cols, width) : undefined
      for (let first = 0; first < counts[from]; first += CHUNK_ROWS) {
        const rows = Math.min(CHUNK_ROWS, counts[from] - first)
        // outputs, targets and row weights as 4-byte words, one array after another
        const pieces = [cols, width, 1].map((words, i) => {
          const bytes = rows * words * 4
          if (!sent) return this.#world.receive(from, bytes).buffer as ArrayBuffer
          this.#world.send(new Uint8Array(sent[i], first * words * 4, bytes))
          return new ArrayBuffer(0)
        })
        if (sent) continue
        judge.update(new Float32Array(pieces[0]), {
          rows,
          targets: targets === 'classes' ? new Int32Array(pieces[1]) : new Float32Array(pieces[1]),
          weights: new Float32Array(pieces[2]),
        })
      }
    }
  }
}

/** All rows concatenated: outputs, targets, weights. */
function pack(kept: readonly Judged[], rows: number, cols: number, width: number): ArrayBuffer[] {
  const outputs = new Float32Array(rows * cols)
  const targets = new Int32Array(rows * width)
  const weights = new Float32Array(rows).fill(1)
  let first = 0
  for (const part of kept) {
    outputs.set(part.outputs, first * cols)
    const { buffer, byteOffset, length } = part.targets
    targets.set(new Int32Array(buffer, byteOffset, length), first * width)
    if (part.weights) weights.set(part.weights, first)
    first += part.rows
  }
  return [outputs.buffer, targets.buffer, weights.buffer]
}
