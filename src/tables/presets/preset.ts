/** The parts of a preset: a network for an encoder's columns, and how to train it. */
import type { Model } from '../../model/model.ts'
import type { ModelOptions } from '../../model/untrained.ts'
import type { Callback } from '../../training/callbacks/callback.ts'
import type { Encoder } from '../encoder.ts'

/** The options of `fit` for a preset. */
export interface PresetFit {
  readonly epochs: number
  readonly batchSize: number
  readonly callbacks: Callback[]
  /** Whether to skip rows that do not fill a batch. */
  readonly dropLast?: boolean
  /** The validation rows that select the epoch, for presets that keep the best one. */
  readonly validationSplit?: { readonly fraction: number; readonly shuffle: boolean; readonly stratify: boolean }
}

/** The length of training. */
export interface Length {
  readonly epochs: number
  /** Training rows per epoch. */
  readonly rows: number
}

/** A row of the list of presets. */
export interface PresetKind {
  /** Default number of epochs. */
  readonly epochs: number
  /** Whether it supports index columns, through embeddings. */
  readonly embeds: boolean
  /** The number of training rows per epoch out of `rows`; the others select the epoch. */
  trained(rows: number): number
  /** The compiled model, without what all presets share: class names, metadata. */
  build(encoder: Encoder, options: ModelOptions, length: Length): Model
  /** Initializes weights from training rows, [rows, encoder.width]; only for presets that do so. */
  readonly start?: (model: Model, x: Float32Array) => void
  fit(encoder: Encoder, length: Length): PresetFit
}
