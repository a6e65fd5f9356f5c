/** Models for tables without choices to make: layers, loss and optimizer follow from the encoder. */
import { checkInteger, checkOneOf, checkOptions, quote, show } from '../lib/check.ts'
import type { Model } from '../model/model.ts'
import type { ModelOptions } from '../model/untrained.ts'
import { Encoder } from './encoder.ts'
import { mlp } from './presets/mlp.ts'
import type { Length, PresetFit, PresetKind } from './presets/preset.ts'
import { realmlp } from './presets/realmlp.ts'
import { realmlpSmall } from './presets/realmlpSmall.ts'

export const PRESETS = ['realmlp', 'realmlp-small', 'mlp'] as const
export type Preset = (typeof PRESETS)[number]
export const DEFAULT_PRESET: Preset = 'realmlp-small'

const kinds: Readonly<Record<Preset, PresetKind>> = { realmlp, 'realmlp-small': realmlpSmall, mlp }

/** Whether a preset supports index columns, through embeddings. */
export const embeds = (preset: Preset): boolean => kinds[preset].embeds

export interface TabularOptions extends ModelOptions {
  readonly encoder: Encoder
  /** Default 'realmlp-small'. */
  readonly preset?: Preset
  /** Total number of epochs, on which the learning rate schedule depends; pass the same to `presetFit`. Default: the preset's. */
  readonly epochs?: number
  /** Training rows per epoch; pass the same to `presetFit`. Default: the encoder's rows minus the preset's validation rows. */
  readonly rows?: number
  /** Training rows, [rows, encoder.width]: required by realmlp, which initializes weights from them; unused by others. */
  readonly x?: Float32Array
}

/**
 * A compiled model for a table's encoder, which is saved in its file as `metadata.encoder` with the class names.
 *
 * realmlp-small: RealMLP-TD-S (Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491): one scale per column, three layers of 256
 * units with SELU (Mish for regression), weights and biases from N(0, 1) in NTK parametrization, a zero-initialized output layer; Adam
 * (0.9, 0.95) at 0.04 (0.07 for regression), times 6 for the scales and times 0.1 for biases, with the coslog schedule of four cycles;
 * label smoothing 0.1.
 *
 * realmlp: RealMLP-TD of the same authors, which adds: periodic embeddings of numbers (16 frequencies, 3 units), embeddings with 8
 * units for columns with more than 8 categories; parametric activations; dropout 0.15 and
 * decoupled weight decay 0.02, both constant for half of training and then decaying to 0; rate 0.2 for regression; data-dependent
 * initialization from the rows `x`: unit variance of every pre-activation, biases from random combinations of 5 rows.
 *
 * mlp: scikit-learn's default network (MLPClassifier, MLPRegressor): 100 units with ReLU; softmax, a single sigmoid for two classes,
 * or a linear output; Glorot-uniform weights and biases; Adam at 0.001; alpha 1e-4 / batch on the weights. Two differences:
 * in a smaller last batch scikit-learn raises the penalty, and epsilon is PyTorch's.
 * @throws TypeError or RangeError for an unknown preset, invalid rows, or index columns that the preset does not support.
 */
export function tabular(options: TabularOptions): Model {
  const where = 'tabular'
  checkOptions(where, options, ['encoder', 'preset', 'epochs', 'rows', 'x', 'seed', 'threads', 'deterministic'])
  const { encoder, preset = DEFAULT_PRESET, epochs, rows, x, ...network } = options
  const kind = kindOf(where, encoder, preset)
  const length = readLength(where, kind, encoder, { epochs, rows })
  if (x !== undefined || kind.start) checkExamples(where, preset, x, encoder.width)
  const model = kind.build(encoder, network, length)
  if (x) kind.start?.(model, x)
  const { target } = encoder
  if (target.task === 'classification') model.classNames = target.classes
  model.metadata = { encoder }
  return model
}

/**
 * The options of `fit` for a preset.
 *
 * realmlp-small: 256 epochs of batches of min(256, rows), skipping an incomplete last batch; a stratified fifth of the rows is held
 * out and selects the epoch whose weights are kept: the last with the best accuracy or root mean squared error.
 *
 * realmlp: the same.
 *
 * mlp: up to 200 epochs of batches of min(200, rows), until the loss has not fallen by 1e-4 for more than 10 epochs.
 * @throws TypeError or RangeError naming a bad argument or option.
 */
export function presetFit(encoder: Encoder, preset: Preset = DEFAULT_PRESET, options: Partial<Length> = {}): PresetFit {
  const where = 'presetFit'
  const kind = kindOf(where, encoder, preset)
  checkOptions(where, options, ['epochs', 'rows'])
  return kind.fit(encoder, readLength(where, kind, encoder, options))
}

function checkExamples(where: string, preset: Preset, x: unknown, width: number): void {
  if (x instanceof Float32Array && x.length > 0 && x.length % width === 0) return
  const why = x === undefined ? `, whose spread the first weights of preset "${preset}" depend on` : ''
  const shown = x instanceof Float32Array ? `${x.length} values` : show(x)
  throw new TypeError(
    `${where}: "x" must be a Float32Array of rows of ${width} values, as prepare gives it${why}; got ${shown}`,
  )
}

function readLength(
  where: string,
  kind: PresetKind,
  encoder: Encoder,
  given: { readonly [K in keyof Length]?: number | undefined },
): Length {
  const { epochs = kind.epochs, rows = kind.trained(encoder.rows) } = given
  return { epochs: checkInteger(where, 'epochs', epochs, 1), rows: checkInteger(where, 'rows', rows, 1) }
}

/** @throws TypeError or RangeError for an unknown preset, or one that does not fit this encoder. */
export function kindOf(where: string, encoder: unknown, preset: unknown): PresetKind {
  if (!(encoder instanceof Encoder)) {
    throw new TypeError(
      `${where}: "encoder" must be an encoder, as prepare or encoderFromJSON gives it, got ${show(encoder)}`,
    )
  }
  const name = checkOneOf(where, 'preset', preset, PRESETS)
  const kind = kinds[name]
  const indices = encoder.outputs.filter(({ kind: column }) => column === 'index')
  if (kind.embeds || indices.length === 0) return kind
  const most = Math.max(...indices.map(({ categories = 0 }) => categories))
  throw new RangeError(
    `${where}: preset "${name}" has no embedding for column ${quote(indices[0].name)}; prepare the table with oneHotLimit: ${most}`,
  )
}
