/** Predictions for streams of rows. */
import { showData } from '../data/arrays.ts'
import type { Features } from '../data/features.ts'
import { paced } from '../training/paced.ts'

/** Streams of features, or of batches that contain them. */
export type FeatureSource =
  | Iterable<Features | { readonly x: Features }>
  | AsyncIterable<Features | { readonly x: Features }>

/** Whether it is a stream as opposed to rows; arrays are iterable, too. */
export const isFeatureSource = (x: unknown): x is FeatureSource =>
  typeof x === 'object' &&
  x !== null &&
  !Array.isArray(x) &&
  !ArrayBuffer.isView(x) &&
  (Symbol.asyncIterator in x || Symbol.iterator in x)

/** Outputs of all rows, concatenated. */
export async function predictBatches(
  source: FeatureSource,
  predict: (x: Features) => Float32Array,
): Promise<Float32Array> {
  const parts: Float32Array[] = []
  for await (const batch of paced(source)) {
    if (typeof batch !== 'object' || batch === null) {
      throw new TypeError(`predict: every batch must be features or an object { x }, got ${showData(batch)}`)
    }
    parts.push(predict('x' in batch ? batch.x : batch))
  }
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
