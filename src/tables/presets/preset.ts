/** What a preset is: a network for an encoder's columns, and how it is trained. */
import type { Model } from '../../model/model.ts'
import type { ModelOptions } from '../../model/untrained.ts'
import type { Callback } from '../../training/callbacks/callback.ts'
import type { Encoder } from '../encoder.ts'

/** What `fit` is to be given with a preset. */
export interface PresetFit {
  readonly epochs: number
  readonly batchSize: number
  readonly callbacks: Callback[]
  /** Whether rows that do not fill a batch are left out. */
  readonly dropLast?: boolean
  /** The rows that choose the epoch, of presets that keep the best one. */
  readonly validationSplit?: { readonly fraction: number; readonly shuffle: boolean; readonly stratify: boolean }
}

/** How long training is. */
export interface Length {
  readonly epochs: number
  /** Rows that an epoch trains on. */
  readonly rows: number
}

/** A row of the list of presets. */
export interface PresetKind {
  /** Unless others are asked for. */
  readonly epochs: number
  /** Whether it takes indices for embeddings. */
  readonly embeds: boolean
  /** The rows, of so many, that an epoch trains on: the others choose the epoch. */
  trained(rows: number): number
  /** The model, compiled, but for what all presets have: names of classes, metadata. */
  build(encoder: Encoder, options: ModelOptions, length: Length): Model
  /** Gives it first weights that depend on rows of training, [rows, encoder.width], of presets that have such. */
  readonly start?: (model: Model, x: Float32Array) => void
  fit(encoder: Encoder, length: Length): PresetFit
}
