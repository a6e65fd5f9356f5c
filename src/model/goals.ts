/** What models of several outputs are compiled for, as all models see it: what it does comes along with `heads`. */
import type { Loss } from '../catalogue/losses.ts'
import type { Metric } from '../catalogue/metrics/metrics.ts'
import type { Intake } from '../data/dataset.ts'
import type { Goal } from '../engine/planner.ts'
import type { NamedOutputs } from '../layers/builder.ts'
import { carriedRow } from '../layers/carried.ts'
import type { Layer } from '../layers/layers.ts'
import type { Measures } from '../training/scorer.ts'
import { judgeBy, type LossCallback } from './callbackLoss.ts'
import { readClassNames } from './classes.ts'
import type { ClassNames, CompiledHeads, HeadsCompileOptions } from './compileOptions.ts'
import type { Custom, Named } from './custom.ts'

/** As a file has it. */
export interface SavedHeads {
  readonly loss: Readonly<Record<string, Loss | Named>>
  readonly lossWeights?: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, readonly (Metric | Named)[]>>
  readonly weightedMetrics?: Readonly<Record<string, readonly (Metric | Named)[]>>
}

/** What the heads of a model are trained for. */
export interface HeadsTask {
  readonly compiled: CompiledHeads
  readonly goal: Pick<Goal, 'compute' | 'trained'>
  readonly measures: Measures
  readonly intake: Pick<Intake, 'outputs' | 'kind' | 'several'>
}

export interface Goals {
  /** Undefined when there is no loss. @throws TypeError or RangeError naming the head. */
  resolve(options: HeadsCompileOptions, layers: readonly Layer[], named: NamedOutputs): HeadsTask | undefined
  /** A loss of the user's own on all heads. */
  judgeBy(where: string, callback: unknown, named: NamedOutputs, task: HeadsTask | undefined): LossCallback
  /** Of every head whose outputs are classes. @throws RangeError where none are. */
  classesOf(
    where: string,
    outputs: Readonly<Record<string, Float32Array>>,
    named: NamedOutputs,
    task: HeadsTask | undefined,
  ): Readonly<Record<string, Int32Array>>
  readClassNames(where: string, names: unknown, named: NamedOutputs): Readonly<Record<string, readonly string[]>>
  describe(heads: CompiledHeads): SavedHeads
  /** What `compile` is to be given for what a file has. */
  bring(where: string, heads: SavedHeads, custom: Custom): HeadsCompileOptions
}

/** Of the last layer's kind; undefined where a model has one output, or nobody has brought them along. */
export const goalsOf = (layers: readonly Layer[]): Goals | undefined =>
  (carriedRow(layers[layers.length - 1].kind) as { readonly goals?: Goals } | undefined)?.goals

/** A loss of the user's own, checked: of the outputs, or of the heads. */
export function judgeOfCallback(
  where: string,
  callback: LossCallback,
  { layers, outputs, named }: { layers: readonly Layer[]; outputs: number; named: NamedOutputs | undefined },
  task: HeadsTask | undefined,
): LossCallback {
  const goals = named && goalsOf(layers)
  return goals ? goals.judgeBy(where, callback, named, task) : judgeBy(where, callback, outputs)
}

/**
 * Names of classes as a model keeps them.
 * @throws TypeError or RangeError as `readClassNames`, for heads naming the head.
 */
export function classNamesFor(
  where: string,
  names: unknown,
  { layers, outputs, named }: { layers: readonly Layer[]; outputs: number; named: NamedOutputs | undefined },
): ClassNames {
  const read = named && goalsOf(layers)?.readClassNames
  return read ? read(where, names, named) : readClassNames(where, names, outputs)
}
