/** Raw rows to predictions, by a model's file that keeps its encoder: nothing here trains. */
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

/** A model of a table that predicts raw rows: objects by column, arrays in the order of `encoder.columns`, or a table. */
export interface TablePredictor {
  readonly encoder: Encoder
  /**
   * Names of classes, or numbers no further out than those of training.
   * @throws TypeError or RangeError naming row and column that are wrong, as `encoder.transform` does.
   */
  predict(rows: readonly RawRow[] | Table): string[] | Float64Array
  /**
   * The probability of every class, rows x classes, row-major, in the order of `encoder.target.classes`.
   * @throws as `predict` does; RangeError for a regression, and for a model whose outputs are no probabilities.
   */
  probabilities(rows: readonly RawRow[] | Table): Float32Array
}

/** Factories of what models of tables are made of, which programs lack that do not name them. */
const LAYERS = { blend, concatenate, embedding, periodicEmbedding, scale, select }

/** How far from 1 the sum of a row's probabilities may be: they are rounded, and an average of several models. */
const ROUNDING = 1e-3

/** The encoder that a model's file keeps. @throws RangeError where there is none, or a damaged one. */
function encoderOf(where: string, user: unknown): Encoder {
  if (typeof user !== 'object' || user === null || !Object.hasOwn(user, 'encoder')) {
    throw new RangeError(
      `${where}: the model's file keeps no encoder, which reads rows; save one with model.metadata = { encoder }, as tabular does`,
    )
  }
  return readingFile(where, () => encoderFromJSON((user as { encoder: unknown }).encoder))
}

/** @throws RangeError for a model that does not fit its encoder. */
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
 * The probabilities of a model's outputs: as they are, but that a single one becomes those of both classes.
 * @throws RangeError for outputs that are none.
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
    // a server may be sent none
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
 * The model in a file's bytes, with the encoder that the file keeps, for predictions of raw rows.
 * @param options.verify false loads files without checksum or with a wrong one. Default true.
 * @param options.allowNonFinite true loads parameters that are NaN or infinite. Default false.
 * @throws TypeError or RangeError for bytes that are not an intact model file, or one without an encoder that fits it.
 */
export function tablePredictorFromBytes(bytes: Bytes, options: ReadOptions = {}): TablePredictor {
  const where = 'tablePredictorFromBytes'
  const { verify, allowNonFinite } = checkReadOptions(where, options, READ_OPTIONS)
  const source = inMemory(asBytes(where, 'bytes', bytes))
  return tablePredictorOf(where, decodeSnapshot(where, source, verify), allowNonFinite)
}

/**
 * The model saved at a path or URL, or in the given bytes or response, for predictions of raw rows.
 * @param options as those of `tablePredictorFromBytes`.
 * @throws the host's error when there is no such file; else as `tablePredictorFromBytes`.
 */
export async function loadTablePredictor(source: ModelSource, options: ReadOptions = {}): Promise<TablePredictor> {
  const where = 'loadTablePredictor'
  const { verify, allowNonFinite } = checkReadOptions(where, options, READ_OPTIONS)
  return withSource(where, source, (bytes) =>
    tablePredictorOf(where, decodeSnapshot(where, bytes, verify), allowNonFinite),
  )
}
