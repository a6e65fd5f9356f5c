/** A compiled model's metrics: those the machine counts by itself, and those fed with every batch's outputs. */
import { CORRECT_BINARY, CORRECT_ONE_HOT, CORRECT_SPARSE } from '../abi/batches.ts'
import type { LoweredLoss } from '../catalogue/losses.ts'
import { createMetric, type Metric, type MetricStream } from '../catalogue/metrics/metrics.ts'
import type { Objective } from '../compiler/objective.ts'
import type { DataSet } from '../data/dataset.ts'
import type { Tally } from '../engine/records.ts'
import type { Logs } from './callbacks/callbacks.ts'

export class Scorer {
  /** What the loss takes as targets. */
  readonly loss: LoweredLoss
  /** How the machine is to count correct predictions; absent when no metric asks. */
  readonly correct: Objective['correct']
  readonly #metrics: readonly Metric[]
  readonly #outputs: number
  readonly #counted: Metric | undefined
  readonly #streams: readonly MetricStream[]

  /** @throws RangeError for a metric that does not suit the outputs and targets. */
  constructor(metrics: readonly Metric[], loss: LoweredLoss, outputs: number) {
    this.loss = loss
    this.#metrics = metrics
    this.#outputs = outputs
    this.#counted = metrics.find(({ kind }) => kind === 'accuracy' || kind === 'binaryAccuracy')
    this.correct = this.#counted && countingOf(this.#counted, loss, outputs)
    const streamed = metrics.filter((metric) => metric !== this.#counted)
    this.#streams = streamed.map((metric) => {
      if (metric.kind === 'confusionMatrix') {
        throw new RangeError(
          'compile: "confusionMatrix" is no number to follow; call confusionMatrix(yTrue, yPredicted) instead',
        )
      }
      return createMetric(metric, outputs, loss.targets, undefined, loss.logits)
    })
  }

  /** Whether `update` must be called with the outputs of every batch. */
  get needsOutputs(): boolean {
    return this.#streams.length > 0
  }

  /** Another scorer of the same metrics, with nothing counted yet. */
  fresh(): Scorer {
    return new Scorer(this.#metrics, this.loss, this.#outputs)
  }

  reset(): void {
    for (const stream of this.#streams) stream.reset()
  }

  /** Takes in a batch; like Keras' `metrics`, not weighted by sample or class weights. */
  update(outputs: Float32Array, { targets, rows }: Omit<DataSet, 'features'>): void {
    for (const stream of this.#streams) stream.update(outputs, targets, rows)
  }

  /** Loss and metrics of the rows so far. */
  logs(tally: Tally): Logs {
    const logs: Logs = { loss: tally.weight > 0 ? tally.loss / tally.weight : 0 }
    const judged = tally.rows * (this.correct?.mode === CORRECT_BINARY ? this.#outputs : 1)
    const times = new Map<string, number>()
    const add = (name: string, value: number) => {
      const time = (times.get(name) ?? 0) + 1
      times.set(name, time)
      // name_2, name_3, ... for more metrics of the same kind
      logs[time === 1 ? name : `${name}_${time}`] = value
    }
    if (this.#counted) add(this.#counted.kind, judged > 0 ? tally.correct / judged : 0)
    for (const stream of this.#streams) add(stream.name, Number(stream.result()))
    return logs
  }
}

function countingOf({ kind, threshold }: Metric, loss: LoweredLoss, outputs: number): Objective['correct'] {
  const independent = kind === 'binaryAccuracy' || outputs === 1 || threshold !== undefined
  if (loss.targets === 'classes' && kind === 'binaryAccuracy') {
    throw new RangeError(
      'compile: metric "binaryAccuracy" judges every output by itself, but the targets are classes; use "accuracy"',
    )
  }
  if (loss.targets === 'classes') return { mode: CORRECT_SPARSE, threshold: 0 }
  if (!independent) return { mode: CORRECT_ONE_HOT, threshold: 0 }
  return { mode: CORRECT_BINARY, threshold: threshold ?? (loss.logits ? 0 : 0.5) }
}
