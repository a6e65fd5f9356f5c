/** The interface to losses and metrics of models with several outputs, whose implementation is carried by `heads`. */
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

/** As stored in files. */
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
  /** Undefined if there is no loss. @throws TypeError or RangeError naming the head. */
  resolve(options: HeadsCompileOptions, layers: readonly Layer[], named: NamedOutputs): HeadsTask | undefined
  /** Wraps a custom loss of all heads. */
  judgeBy(where: string, callback: unknown, named: NamedOutputs, task: HeadsTask | undefined): LossCallback
  /** For every head whose outputs are classes. @throws RangeError if there is none. */
  classesOf(
    where: string,
    outputs: Readonly<Record<string, Float32Array>>,
    named: NamedOutputs,
    task: HeadsTask | undefined,
  ): Readonly<Record<string, Int32Array>>
  readClassNames(where: string, names: unknown, named: NamedOutputs): Readonly<Record<string, readonly string[]>>
  describe(heads: CompiledHeads): SavedHeads
  /** The options of `compile` for what a file contains. */
  bring(where: string, heads: SavedHeads, custom: Custom): HeadsCompileOptions
}

/** From the last layer's kind; undefined for models with one output, or if `heads` was not imported. */
export const goalsOf = (layers: readonly Layer[]): Goals | undefined =>
  (carriedRow(layers[layers.length - 1].kind) as { readonly goals?: Goals } | undefined)?.goals

/** Wraps a custom loss, of the outputs or of the heads, with checks. */
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
 * Class names in canonical form.
 * @throws TypeError or RangeError as `readClassNames`, naming the head if there are heads.
 */
export function classNamesFor(
  where: string,
  names: unknown,
  { layers, outputs, named }: { layers: readonly Layer[]; outputs: number; named: NamedOutputs | undefined },
): ClassNames {
  const read = named && goalsOf(layers)?.readClassNames
  return read ? read(where, names, named) : readClassNames(where, names, outputs)
}
