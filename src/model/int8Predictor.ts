/** Saved quantized models: `fourlane/predict/int8` on hosts with access to wasm files. */
import { type Features, takeFeatures } from '../data/features.ts'
import { learnKinds } from '../layers/carried.ts'
import { asBytes, type Bytes, inMemory } from '../lib/bytes.ts'
import { checkOptions, show } from '../lib/check.ts'
import { decodeInt8, type Int8Snapshot } from './int8File.ts'
import { Int8Forward } from './int8Forward.ts'
import { checkPredictorOptions, type Predictor, type PredictorOptions } from './predictor.ts'
import { type ModelSource, withSource } from './source.ts'

/** Checks the arguments of `predict`, and predicts. */
export function predictInt8(forward: Int8Forward, x: Features, options: { out?: Float32Array } = {}): Float32Array {
  checkOptions('predict', options, ['out'])
  const { values, rows } = takeFeatures('predict', 'x', x, forward.inputs, forward.doors)
  const size = rows * forward.outputs
  const out = options.out ?? new Float32Array(size)
  if (!(out instanceof Float32Array) || out.length !== size) {
    throw new RangeError(`predict: "out" must be a Float32Array of ${size} values, got ${show(out)}`)
  }
  forward.predict(values, rows, out, out === options.out)
  return out
}

function predictorOf(
  where: string,
  snapshot: Int8Snapshot,
  { allowNonFinite, custom }: ReturnType<typeof checkPredictorOptions>,
): Predictor {
  learnKinds(where, snapshot.layers, custom)
  const forward = new Int8Forward(where, snapshot, { allowNonFinite })
  const { inputs, outputs } = forward
  return Object.freeze({
    inputs,
    outputs,
    predict: (x, options) => predictInt8(forward, x, options),
  } satisfies Predictor)
}

/**
 * A predictor from the bytes of a quantized model's file, as returned by `quantize(model).toBytes()`.
 * @param options as for `fourlane/predict`.
 * @throws TypeError or RangeError unless the bytes are an intact file of a quantized model.
 */
export function predictorFromBytes(bytes: Bytes, options: PredictorOptions = {}): Predictor {
  const where = 'predictorFromBytes'
  const checked = checkPredictorOptions(where, options)
  const source = inMemory(asBytes(where, 'bytes', bytes))
  return predictorOf(where, decodeInt8(where, source, checked.verify), checked)
}

/**
 * A predictor for the quantized model saved at a path or URL, or in the given bytes or response.
 * @param options as for `predictorFromBytes`.
 * @throws the host's error if the file does not exist; TypeError or RangeError unless it is an intact file of a quantized model.
 */
export async function loadPredictor(source: ModelSource, options: PredictorOptions = {}): Promise<Predictor> {
  const where = 'loadPredictor'
  const checked = checkPredictorOptions(where, options)
  return withSource(where, source, (bytes) => predictorOf(where, decodeInt8(where, bytes, checked.verify), checked))
}
