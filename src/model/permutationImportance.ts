/** Permutation importance of a model's features. */
import { type Features, readFeatures } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { checkInteger, readOptions, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import { largerIsBetter } from '../training/callbacks/monitor.ts'
import type { AnyTargets } from './compileOptions.ts'
import type { AnyModel, Model } from './model.ts'

export interface ImportanceOptions {
  /** The metric of `evaluate` to compare. Default 'loss'. */
  metric?: string
  /** Shuffles per feature. Default 5. */
  repeats?: number
  /** Seed of the shuffles. Default 0. */
  seed?: number
  sampleWeight?: ArrayLike<number>
}

export interface Importance {
  /** The metric on the unmodified rows. */
  readonly baseline: number
  /** By feature: mean deterioration of the metric when the feature's values are shuffled among the rows. */
  readonly mean: readonly number[]
  /** By feature: standard deviation over the shuffles. */
  readonly standardDeviation: readonly number[]
  /** By feature and shuffle. */
  readonly importances: readonly (readonly number[])[]
}

/**
 * Permutation importance (Breiman 2001; Fisher et al. 2019, arXiv:1801.01489): how much worse the metric on these rows gets when a
 * feature's values are shuffled. Correlated features share their importance. scikit-learn's `permutation_importance`. Takes
 * `repeats` evaluations per feature.
 * @throws TypeError or RangeError naming the argument; Error unless the model is compiled with a loss.
 */
export function permutationImportance(
  model: AnyModel,
  x: Features,
  y: AnyTargets,
  options: ImportanceOptions = {},
): Importance {
  const where = 'permutationImportance'
  const defaults = { metric: 'loss', repeats: 5, seed: 0, sampleWeight: undefined } as const
  const { metric, repeats, seed, sampleWeight } = readOptions(where, options, defaults)
  checkInteger(where, 'repeats', repeats, 1)
  const random = new Random(checkInteger(where, 'seed', seed, 0, 2 ** 32 - 1))
  const columns = model.engine.inputs
  const { values, rows } = readFeatures(where, 'x', x, columns)
  const given = sampleWeight === undefined ? {} : { sampleWeight }
  const measure = (features: Float32Array): number => {
    const logs = (model as Model).evaluate(features, y as Targets, given)
    if (Object.hasOwn(logs, metric)) return logs[metric]
    throw new RangeError(
      `${where}: "metric" must be one that the model is compiled with (${Object.keys(logs).join(', ')}), got ${show(metric)}`,
    )
  }
  const baseline = measure(values)
  const sign = largerIsBetter(metric) ? -1 : 1
  const shuffled = values.slice()
  const order = Int32Array.from({ length: rows }, (_, row) => row)
  const importances = Array.from({ length: columns }, (_, column) => {
    const worse = Array.from({ length: repeats }, () => {
      random.shuffle(order)
      for (let row = 0; row < rows; row++) shuffled[row * columns + column] = values[order[row] * columns + column]
      return sign * (measure(shuffled) - baseline)
    })
    for (let row = 0; row < rows; row++) shuffled[row * columns + column] = values[row * columns + column]
    return worse
  })
  const mean = importances.map((list) => list.reduce((sum, value) => sum + value, 0) / repeats)
  const standardDeviation = importances.map((list, i) =>
    Math.sqrt(list.reduce((sum, value) => sum + (value - mean[i]) ** 2, 0) / repeats),
  )
  return { baseline, mean, standardDeviation, importances }
}
