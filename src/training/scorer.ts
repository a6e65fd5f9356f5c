/** A compiled model's metrics: those counted in the machine, and those fed with every batch's outputs. */
import { CORRECT_BINARY, CORRECT_ONE_HOT, CORRECT_SPARSE } from '../abi/batches.ts'
import type { Judgement } from '../catalogue/judgement.ts'
import type { LoweredLoss } from '../catalogue/loweredLoss.ts'
import { type CustomMetric, customStream } from '../catalogue/metrics/customMetric.ts'
import { measuresDistance, ranksRows } from '../catalogue/metrics/metric.ts'
import { createMetric, type Metric, type MetricStream } from '../catalogue/metrics/metrics.ts'
import type { Objective } from '../compiler/objective.ts'
import type { DataSet } from '../data/dataset.ts'
import type { ClassTargets } from '../data/targets.ts'
import type { RowClasses } from '../data/weights.ts'
import type { Tally } from '../engine/records.ts'
import type { Logs } from './callbacks/callbacks.ts'

/** Built-in or custom. */
type AnyMetric = Metric | CustomMetric

/** What a compiled model reports, and how its loss interprets outputs and targets. */
export interface Measures {
  readonly metrics: readonly AnyMetric[]
  /** Weighted by sample and class weights, like the loss. */
  readonly weightedMetrics: readonly AnyMetric[]
  /** Absent if the host computes it. */
  readonly loss?: LoweredLoss
  readonly judgement: Judgement
  readonly outputs: number
  readonly targets: LoweredLoss['targets']
  /** Numbers per row, if targets are values. */
  readonly targetColumns: number
  /** Additional metrics, created for every scorer. */
  readonly followed?: () => readonly Followed[]
}

/** A metric fed with outputs, and its name in logs. */
export interface Followed {
  readonly name: string
  readonly stream: Omit<MetricStream, 'name'>
  readonly weighted: boolean
}

export class Scorer {
  /** How the machine counts correct predictions; absent if no metric needs it. */
  readonly correct: Objective['correct']
  /** What the metrics require of targets, beyond the loss. */
  readonly classTargets: ClassTargets | undefined
  readonly measures: Measures
  readonly #counted: Metric | undefined
  readonly #followed: readonly Followed[]

  /** @throws RangeError for a metric that does not apply to the outputs and targets. */
  constructor(measures: Measures) {
    this.measures = measures
    const { metrics, weightedMetrics } = measures
    refuseOtherTargets(measures)
    this.#counted = measures.loss && metrics.find(isCounted)
    this.correct = this.#counted && countingOf(this.#counted, measures)
    this.classTargets = classTargetsOf([...metrics, ...weightedMetrics].filter(isOurs), measures)
    const names = new Names()
    names.take('loss')
    if (this.#counted) names.take(this.#counted.kind)
    const follow = (metric: AnyMetric, weighted: boolean): Followed => {
      const own = nameOf(metric)
      const name = weighted && names.has(own) ? `weighted_${own}` : own
      const stream = isOurs(metric) ? streamOf(metric, measures) : customStream(metric, measures.outputs)
      return { name: names.take(name), stream, weighted }
    }
    this.#followed = [
      ...(measures.followed?.() ?? []),
      ...metrics.filter((metric) => metric !== this.#counted).map((metric) => follow(metric, false)),
      ...weightedMetrics.map((metric) => follow(metric, true)),
    ]
  }

  /** The loss, if the machine computes it. */
  get loss(): LoweredLoss | undefined {
    return this.measures.loss
  }

  /** The format of targets for the loss. */
  get targets(): Pick<Measures, 'targets' | 'targetColumns'> {
    return this.measures
  }

  /** How a row of values determines its class. */
  get rowClasses(): RowClasses {
    const { classifies, independent } = this.measures.judgement
    return classifies ? (independent ? 'label' : 'largest') : 'none'
  }

  /** Whether `update` must be called with the outputs of every batch. */
  get needsOutputs(): boolean {
    return this.#followed.length > 0
  }

  /** A reset copy of this scorer. */
  fresh(): Scorer {
    return new Scorer(this.measures)
  }

  reset(): void {
    for (const { stream } of this.#followed) stream.reset()
  }

  /** Adds a batch. As in Keras, sample and class weights only apply to `weightedMetrics`. */
  update(outputs: Float32Array, { targets, rows, weights }: Omit<DataSet, 'features'>): void {
    for (const { stream, weighted } of this.#followed) {
      stream.update(outputs, targets, rows, weighted ? weights : undefined)
    }
  }

  /** Loss and metrics of the rows so far. */
  logs(tally: Tally): Logs {
    const logs: Logs = { loss: tally.weight > 0 ? tally.loss / tally.weight : 0 }
    const judged = tally.rows * (this.correct?.mode === CORRECT_BINARY ? this.measures.outputs : 1)
    if (this.#counted) {
      // a NaN loss implies a NaN output, which makes the count meaningless
      const share = judged > 0 ? tally.correct / judged : 0
      logs[this.#counted.kind] = Number.isNaN(logs.loss) ? Number.NaN : share
    }
    for (const { name, stream } of this.#followed) logs[name] = Number(stream.result())
    return logs
  }
}

const isOurs = (metric: AnyMetric): metric is Metric => metric.kind !== 'custom'
const isCounted = (metric: AnyMetric): metric is Metric =>
  metric.kind === 'accuracy' || metric.kind === 'binaryAccuracy'
const nameOf = (metric: AnyMetric): string => (isOurs(metric) ? metric.kind : metric.name)

/** @throws RangeError for metrics if targets do not correspond to outputs one to one. */
function refuseOtherTargets({ metrics, weightedMetrics, outputs, targetColumns }: Measures): void {
  const [metric] = [...metrics, ...weightedMetrics].filter(isOurs)
  if (targetColumns === outputs || !metric) return
  throw new RangeError(
    `compile: metric "${metric.kind}" compares ${outputs} outputs with as many targets, but the loss takes ${targetColumns} a row`,
  )
}

function streamOf(metric: Metric, { targets, judgement, outputs }: Measures): MetricStream {
  const where = `compile: metric "${metric.kind}"`
  if (metric.kind === 'confusionMatrix') {
    throw new RangeError(
      'compile: "confusionMatrix" is no number to follow; call confusionMatrix(yTrue, yPredicted) instead',
    )
  }
  if (metric.kind === 'logLoss' && !judgement.probabilities) {
    throw new RangeError(
      `${where} needs probabilities, which these outputs are not; use a last layer with activation "sigmoid" or "softmax"`,
    )
  }
  const { independent, threshold, logits } = judgement
  return createMetric(metric, {
    outputs,
    targets,
    independent: independent || metric.threshold !== undefined,
    threshold,
    logits,
  })
}

function countingOf(metric: Metric, measures: Measures): Objective['correct'] {
  // throws if the metric does not apply
  streamOf(metric, measures)
  const { targets, judgement, outputs } = measures
  if (targets === 'classes') return { mode: CORRECT_SPARSE, threshold: 0 }
  const { kind, threshold = judgement.threshold } = metric
  const independent =
    kind === 'binaryAccuracy' || outputs === 1 || judgement.independent || metric.threshold !== undefined
  return independent ? { mode: CORRECT_BINARY, threshold } : { mode: CORRECT_ONE_HOT, threshold: 0 }
}

/** For losses on quantities, metrics of classes require one-hot rows, those of labels zeros and ones. */
function classTargetsOf(
  metrics: readonly Metric[],
  { targets, judgement, outputs }: Measures,
): ClassTargets | undefined {
  if (targets === 'classes') return undefined
  const { independent, classifies } = judgement
  let labels: ClassTargets | undefined
  for (const metric of metrics) {
    const { kind, threshold } = metric
    if (measuresDistance(metric)) continue
    const ofLabels = kind === 'binaryAccuracy' || ranksRows(metric) || threshold !== undefined || independent
    if (outputs > 1 && (kind === 'topKAccuracy' ? independent || !classifies : !ofLabels && !classifies)) {
      return { metric: kind, oneHot: true }
    }
    if (!classifies) labels ??= { metric: kind, oneHot: false }
  }
  return labels
}

/** Assigns unique names to metrics in linear time: name, name_2, name_3, ... for the same kind. */
class Names {
  readonly #times = new Map<string, number>()

  take(name: string): string {
    const time = (this.#times.get(name) ?? 0) + 1
    this.#times.set(name, time)
    return time === 1 ? name : `${name}_${time}`
  }

  has(name: string): boolean {
    return this.#times.has(name)
  }
}
