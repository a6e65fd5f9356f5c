/** Predictions from raw rows with a model file that contains its encoder; without any training code. */
import type { Table } from '../data/table/table.ts'
import { blend } from '../layers/blend.ts'
import { embedding } from '../layers/embedding.ts'
import { activationOf, concatenate, type Layer, reviveLayer } from '../layers/layers.ts'
import { periodicEmbedding } from '../layers/periodicEmbedding.ts'
import { forPredicting } from '../layers/resolvers.ts'
import { scale } from '../layers/scale.ts'
import { select } from '../layers/select.ts'
import { asBytes, type Bytes, inMemory } from '../lib/bytes.ts'
import { show } from '../lib/check.ts'
import { classesOf, decisionOf } from '../model/classes.ts'
import { type Predictor, predictorOf } from '../model/predictor.ts'
import { readingFile } from '../model/settings.ts'
import { checkReadOptions, decodeSnapshot, READ_OPTIONS, type ReadOptions, type Snapshot } from '../model/snapshot.ts'
import { type ModelSource, withSource } from '../model/source.ts'
import { type Encoder, encoderFromJSON } from './encoder.ts'
import type { RawRow } from './rows.ts'

/** A table model that predicts from raw rows: objects by column, arrays in the order of `encoder.columns`, or a table. */
export interface TablePredictor {
  readonly encoder: Encoder
  /**
   * Class names, or numbers clamped to the range of the training rows.
   * @throws TypeError or RangeError naming the row and column at fault, as `encoder.transform` does.
   */
  predict(rows: readonly RawRow[] | Table): string[] | Float64Array
  /**
   * The probability of every class, [rows, classes], row-major, in the order of `encoder.target.classes`.
   * @throws as `predict` does; RangeError for a regression, and for a model whose outputs are not probabilities.
   */
  probabilities(rows: readonly RawRow[] | Table): Float32Array
}

/** The layer factories that table models may need and programs may not import themselves. */
const LAYERS = { blend, concatenate, embedding, periodicEmbedding, scale, select }

/** Tolerance for the sum of a row's probabilities: they are rounded, and may be an average of several models. */
const ROUNDING = 1e-3

/** The encoder in a model file's metadata. @throws RangeError if there is none or it is damaged. */
function encoderOf(where: string, user: unknown): Encoder {
  if (typeof user !== 'object' || user === null || !Object.hasOwn(user, 'encoder')) {
    throw new RangeError(
      `${where}: the model's file keeps no encoder, which reads rows; save one with model.metadata = { encoder }, as tabular does`,
    )
  }
  return readingFile(where, () => encoderFromJSON((user as { encoder: unknown }).encoder))
}

/** @throws RangeError for a model that does not match its encoder. */
function checkFit(where: string, { inputs, outputs }: Predictor, layers: readonly Layer[], encoder: Encoder): void {
  const { width, target } = encoder
  if (inputs !== width) {
    throw new RangeError(`${where}: the file's encoder gives ${width} columns, but its model takes ${inputs}`)
  }
  const classes = target.task === 'classification' ? target.classes.length : 1
  if (outputs !== classes && !(classes === 2 && outputs === 1)) {
    const wanted = target.task === 'classification' ? `${classes} classes` : 'a number'
    throw new RangeError(`${where}: the file's encoder is for ${wanted}, but its model has ${outputs} outputs`)
  }
  if (classes !== 2 || outputs !== 1) return
  const last = activationOf(reviveLayer(layers[layers.length - 1], forPredicting))
  decisionOf(where, last?.kind ?? 'linear', outputs, undefined)
}

/**
 * A model's outputs as probabilities; a single output is expanded to both classes.
 * @throws RangeError for outputs that are not probabilities.
 */
export function probabilitiesOf(where: string, outputs: Float32Array, columns: number): Float32Array {
  if (columns === 1) {
    const both = new Float32Array(outputs.length * 2)
    for (const [row, second] of outputs.entries()) both.set([1 - second, second], row * 2)
    return both
  }
  for (let first = 0; first < outputs.length; first += columns) {
    let sum = 0
    for (let c = 0; c < columns; c++) sum += outputs[first + c] >= 0 ? outputs[first + c] : Number.NaN
    if (Math.abs(sum - 1) <= ROUNDING) continue
    throw new RangeError(
      `${where}: the outputs of row ${first / columns}, ${show(outputs[first])} and so on, are no probabilities; end the model with activation "softmax"`,
    )
  }
  return outputs
}

function tablePredictorOf(where: string, snapshot: Snapshot, allowNonFinite: boolean): TablePredictor {
  const encoder = encoderOf(where, snapshot.user)
  const predictor = predictorOf(where, snapshot, { allowNonFinite, custom: LAYERS })
  checkFit(where, predictor, snapshot.layers, encoder)
  const { target } = encoder
  const { outputs } = predictor
  const outputsOf = (rows: readonly RawRow[] | Table): Float32Array => {
    const x = encoder.transform(rows)
    // a server may receive an empty list
    return x.length === 0 ? x : predictor.predict(x)
  }
  return Object.freeze({
    encoder,
    predict(rows: readonly RawRow[] | Table) {
      const values = outputsOf(rows)
      if (target.task === 'regression') return encoder.decode(values)
      return encoder.decode(classesOf('predict', values, outputs, outputs === 1 ? 0.5 : undefined))
    },
    probabilities(rows: readonly RawRow[] | Table) {
      if (target.task === 'regression') {
        throw new RangeError('probabilities: the model predicts numbers, not classes; use predict')
      }
      return probabilitiesOf('probabilities', outputsOf(rows), outputs)
    },
  })
}

/**
 * A predictor for raw rows from the bytes of a model file that contains an encoder.
 * @param options.verify false accepts files with a missing or wrong checksum. Default true.
 * @param options.allowNonFinite true accepts NaN and infinite parameters. Default false.
 * @throws TypeError or RangeError unless the bytes are an intact model file with a matching encoder.
 */
export function tablePredictorFromBytes(bytes: Bytes, options: ReadOptions = {}): TablePredictor {
  const where = 'tablePredictorFromBytes'
  const { verify, allowNonFinite } = checkReadOptions(where, options, READ_OPTIONS)
  const source = inMemory(asBytes(where, 'bytes', bytes))
  return tablePredictorOf(where, decodeSnapshot(where, source, verify), allowNonFinite)
}

/**
 * A predictor for raw rows from a path, URL, bytes or response.
 * @param options as for `tablePredictorFromBytes`.
 * @throws the host's error if the file does not exist; otherwise as `tablePredictorFromBytes`.
 */
export async function loadTablePredictor(source: ModelSource, options: ReadOptions = {}): Promise<TablePredictor> {
  const where = 'loadTablePredictor'
  const { verify, allowNonFinite } = checkReadOptions(where, options, READ_OPTIONS)
  return withSource(where, source, (bytes) =>
    tablePredictorOf(where, decodeSnapshot(where, bytes, verify), allowNonFinite),
  )
}
