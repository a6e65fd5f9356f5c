/** What a model's file says of the model, its tensors apart: JSON in the metadata. */

import type { Loss } from '../catalogue/losses.ts'
import type { Metric } from '../catalogue/metrics/metrics.ts'
import type { Clipping } from '../compiler/objective.ts'
import type { SafetensorsFile } from '../formats/safetensors.ts'
import type { Layer } from '../layers/layers.ts'
import { show } from '../lib/check.ts'
import type { RandomState } from '../lib/random.ts'
import type { OptimizerName } from '../optimizers/optimizers.ts'

export const FORMAT = 'fourlane/1'

/** What the metadata's `settings` holds. */
export interface Settings {
  readonly seed: number
  readonly deterministic: boolean
  readonly layers: readonly Layer[]
  readonly compiled?: {
    readonly optimizer: { readonly kind: OptimizerName; readonly options: Readonly<Record<string, unknown>> }
    readonly loss: Loss
    readonly metrics: readonly Metric[]
    readonly clipping: Clipping
  }
  /** Layers frozen by index, and whether running statistics are. */
  readonly frozen?: readonly number[]
  readonly statisticsFrozen?: boolean
  /** With the optimizer's state: where training stood. */
  readonly progress?: { readonly steps: number; readonly learningRateScale: number; readonly random: RandomState }
}

/**
 * What a model's file says of it, parameters apart.
 * @throws RangeError when the bytes' metadata are not those of a model.
 */
export function readSettings({ metadata }: SafetensorsFile): Settings {
  if (metadata.format !== FORMAT || metadata.settings === undefined) {
    throw new RangeError(
      `modelFromBytes: not a fourlane model: its metadata has format ${show(metadata.format)}, expected "${FORMAT}"`,
    )
  }
  let settings: unknown
  try {
    settings = JSON.parse(metadata.settings)
  } catch (cause) {
    throw new RangeError('modelFromBytes: the settings in the metadata are not JSON; the file is damaged', { cause })
  }
  if (typeof settings !== 'object' || settings === null || !('layers' in settings) || !Array.isArray(settings.layers)) {
    throw new RangeError('modelFromBytes: the settings in the metadata name no layers; the file is damaged')
  }
  return settings as unknown as Settings
}
