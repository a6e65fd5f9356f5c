/**
 * Class labels: scalers, linear models and final labels as exported by scikit-learn's converter. Labels are not computed, but they
 * name the scores.
 */
import { quote } from '../../lib/check.ts'
import { columns, type PerColumn } from './columns.ts'
import type { Constant } from './constants.ts'
import { elementwise } from './elementwise.ts'
import { type Context, type Flow, int, type Labels, type Reader, type Rows, rows, rowsOf } from './flows.ts'
import type { Call } from './graph.ts'
import { linear } from './products.ts'
import { ofRow, softmax } from './rowwise.ts'
import { axisOf } from './shapes.ts'

const labels = (scores: Rows | undefined, names?: readonly string[]): Labels => ({
  kind: 'labels',
  ...(scores && { scores }),
  ...(names && { names }),
})

/** Class names from a constant or from attributes. */
const namesOf = ({ texts, data }: Constant): readonly string[] => texts ?? [...data].map(String)

function namesIn({ attributes }: Call, ...keys: readonly string[]): readonly string[] | undefined {
  for (const key of keys) {
    const attribute = attributes.get(key)
    if (attribute && attribute.texts.length > 0) return attribute.texts
    if (attribute && attribute.ints.length > 0) return [...attribute.ints].map(String)
  }
  return undefined
}

const argMax: Reader = (call, [x], context) => {
  const from = rowsOf(call, x, context)
  const axis = axisOf(call, int(call, 'axis', 0), from.dims.length + 1, context)
  if (axis === 0) throw context.fail(call, 'it looks for the greatest of all rows, not of each')
  return [labels(from)]
}

/** Labels selected by index: `Gather`, `ArrayFeatureExtractor`. */
const pick: Reader = (call, [list, index], context) => {
  if (list?.kind === 'constant' && index?.kind === 'labels') return [{ ...index, names: namesOf(list) }]
  if (list?.kind === 'labels') return [list]
  throw context.fail(call, 'it takes columns out of rows, which needs the layer select, not there yet')
}

/** Mapping of labels to other labels. */
const encode: Reader = (call, [x], context) => {
  if (x?.kind !== 'labels') throw context.fail(call, 'it encodes what are no labels')
  const keys = namesIn(call, 'keys_int64s', 'keys_strings')
  const values = namesIn(call, 'values_strings', 'values_int64s')
  if (!keys || !values || keys.length !== values.length) return [labels(x.scores)]
  const table = new Map(keys.map((key, i) => [key, values[i]]))
  const names = x.names ?? keys.map((_, i) => String(i))
  return [{ ...x, names: names.map((name) => table.get(name) ?? name) }]
}

/** Scores keyed by class name: the same scores, with names. */
const zipMap: Reader = (call, [x], context) => {
  const names = namesIn(call, 'classlabels_strings', 'classlabels_int64s')
  return [{ ...rowsOf(call, x, context), ...(names && { names }) }]
}

const scaler: Reader = (call, [x], context) => {
  const from = rowsOf(call, x, context)
  const { size } = from.flow
  const read = (name: string, otherwise: number): PerColumn => {
    const values = call.attributes.get(name)?.floats ?? new Float64Array(0)
    if (values.length <= 1) return values[0] ?? otherwise
    if (values.length !== size) throw context.fail(call, `its ${name} has ${values.length} values, expected ${size}`)
    return values
  }
  const item = { kind: 'columns', columns: columns({ center: read('offset', 0), scale: read('scale', 1) }) } as const
  return [rows(context.flow({ call, from: [from.flow], size, item }), from.dims)]
}

/** The final transformation of scores. */
function transformed(call: Call, scores: Rows, context: Context): Rows {
  const transform = call.attributes.get('post_transform')?.text ?? 'NONE'
  if (transform === 'NONE') return scores
  if (transform === 'SOFTMAX') return rowsOf(call, ofRow(call, scores, softmax, context, 'softmax'), context)
  if (transform !== 'LOGISTIC') throw context.fail(call, `its post_transform is ${quote(transform)}`)
  const [{ ...value }] = elementwise({ ...call, domain: '', op: 'Sigmoid', attributes: new Map() }, [scores], context)
  return rowsOf(call, value, context)
}

const regressor: Reader = (call, [x], context) => [
  transformed(call, rowsOf(call, linear(call, x, context), context), context),
]

const classifier: Reader = (call, [x], context) => {
  const scores = transformed(call, rowsOf(call, linear(call, x, context), context), context)
  const names = namesIn(call, 'classlabels_strings', 'classlabels_ints')
  if (names && names.length !== scores.flow.size)
    throw context.fail(call, `it has ${names.length} classes, but ${scores.flow.size} scores`)
  return [labels(scores, names), { ...scores, ...(names && { names }) }]
}

/** Normalization of scores that already sum to 1; others are not supported. */
const normalizer: Reader = (call, [x], context) => {
  const from = rowsOf(call, x, context)
  const norm = call.attributes.get('norm')?.text ?? 'MAX'
  if (norm === 'L1' && isDistribution(from.flow)) return [from]
  throw context.fail(call, `it divides rows by their ${norm} norm, for which there is no layer`)
}

/** Whether the values of a row are positive and sum to 1: softmax, or the logistic function of two opposite logits. */
function isDistribution({ role, call, from: [below] }: Flow): boolean {
  if (role === 'softmax') return true
  const item = below?.item
  if (call?.op !== 'Sigmoid' || item?.kind !== 'dense' || item.units !== 2) return false
  const { kernel, bias = [0, 0] } = item
  for (let i = 0; i < kernel.length; i += 2) if (kernel[i] !== -kernel[i + 1]) return false
  return bias[0] === -bias[1]
}

/** Binarized outputs: labels without names. */
const binarizer: Reader = (call, [x], context) => [labels(rowsOf(call, x, context))]

/** By domain and name. */
export const classReaders: Readonly<Record<string, Reader>> = {
  ArgMax: argMax,
  Gather: pick,
  'ai.onnx.ml.ArrayFeatureExtractor': pick,
  'ai.onnx.ml.Binarizer': binarizer,
  'ai.onnx.ml.LabelEncoder': encode,
  'ai.onnx.ml.LinearClassifier': classifier,
  'ai.onnx.ml.LinearRegressor': regressor,
  'ai.onnx.ml.Normalizer': normalizer,
  'ai.onnx.ml.Scaler': scaler,
  'ai.onnx.ml.ZipMap': zipMap,
}
