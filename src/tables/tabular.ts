/** Models of tables that need no choosing: layers, loss and optimizer follow from the encoder. */
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

/** Whether a preset takes indices of categories, for embeddings. */
export const embeds = (preset: Preset): boolean => kinds[preset].embeds

export interface TabularOptions extends ModelOptions {
  readonly encoder: Encoder
  /** Default 'realmlp-small'. */
  readonly preset?: Preset
  /** Epochs to come, on which the learning rate depends; give `presetFit` the same. Default: the preset's. */
  readonly epochs?: number
  /** Rows that an epoch trains on; the same. Default: those of the encoder, but for what the preset validates with. */
  readonly rows?: number
  /** Rows of training, [rows, encoder.width]: realmlp scales its first weights by them and needs them; others do not. */
  readonly x?: Float32Array
}

/**
 * A compiled model for a table's encoder, which its file keeps as `metadata.encoder`, and the names of the classes.
 *
 * realmlp-small: RealMLP-TD-S (Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491): a factor a column, three layers of 256
 * units with SELU, for numbers Mish, weights and biases from N(0, 1) in NTK parametrization, an output layer from 0; Adam
 * (0.9, 0.95) at 0.04, for numbers 0.07, 6 times that for the factors and 0.1 times for biases, in four waves; label smoothing 0.1.
 *
 * realmlp: RealMLP-TD of the same authors, which adds: for every number three trained sums of 16 cosines beside itself, 8 trained
 * values for every category where there are more than 8; activations of which each unit has a trained share; dropout 0.15 and a
 * decoupled decay of 0.02, both until half of training and then down to 0; 0.2 as the rate for numbers; first weights for which
 * every unit's sum varies by 1 among the rows `x`, biases from random combinations of 5 rows, and an output layer of the same kind.
 *
 * mlp: scikit-learn's default network (MLPClassifier, MLPRegressor): 100 units with ReLU; softmax, for two classes a single sigmoid,
 * or a linear output; Glorot-uniform weights and biases; Adam at 0.001; alpha 1e-4 / batch on the weights. Two things are not the
 * same: a last, shorter batch carries the penalty of the others, where scikit-learn raises it, and epsilon is PyTorch's.
 * @throws TypeError or RangeError for an unknown preset, rows that are none, or indices for an embedding that the preset lacks.
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
 * Options of `fit` that belong to a preset.
 *
 * realmlp-small: 256 epochs of batches of min(256, rows), without what does not fill one; a fifth of the rows, by class, is not
 * trained on and chooses the epoch whose weights are kept, the last of those with the best accuracy or root mean squared error.
 *
 * realmlp: the same.
 *
 * mlp: up to 200 epochs of batches of min(200, rows), until the loss has not fallen by 1e-4 for more than 10 epochs.
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

/** @throws TypeError or RangeError for what is no preset, or one that this encoder is not for. */
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
