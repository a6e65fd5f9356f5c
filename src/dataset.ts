/** Data sets as kernels read them, whole or arriving batch by batch. */
import type { Features, Targets } from './data.ts'

/** Packed rows: features, targets as the loss wants them, and row weights if any. */
export interface DataSet {
  readonly rows: number
  readonly features: Float32Array
  /** Int32Array: one class index a row. */
  readonly targets: Float32Array | Int32Array
  readonly weights?: Float32Array
}

/** Batches that arrive one by one, checked as they come. */
export interface Batches {
  open(): AsyncIterator<DataSet>
}

/** A batch of a data set that arrives piece by piece. */
export interface BatchInput {
  x: Features
  y: Targets
  sampleWeight?: ArrayLike<number>
}

export type BatchSource = Iterable<BatchInput> | AsyncIterable<BatchInput>

/** Rows [first, first + rows) of a data set, without copying. */
export function sliceRows({ features, targets, weights, ...data }: DataSet, first: number, rows: number): DataSet {
  const part = <T extends Float32Array | Int32Array>(values: T): T => {
    const cols = values.length / data.rows
    return values.subarray(first * cols, (first + rows) * cols) as T
  }
  return { rows, features: part(features), targets: part(targets), ...(weights && { weights: part(weights) }) }
}

export const isBatchSource = (value: Features | BatchSource): value is BatchSource =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !ArrayBuffer.isView(value) &&
  (Symbol.asyncIterator in value || Symbol.iterator in value)

/** Opens the source once per epoch, reading every batch through `read`. */
export function batchesOf(source: BatchSource, read: (batch: BatchInput) => DataSet): Batches {
  let opened: unknown
  return {
    open() {
      const batches = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
      if (batches === opened) {
        throw new TypeError(
          'fit: the batches can be read only once; for several epochs pass an object whose [Symbol.iterator] starts anew',
        )
      }
      opened = batches
      return {
        async next() {
          const next = await batches.next()
          return next.done ? { done: true, value: undefined } : { done: false, value: read(next.value) }
        },
        async return() {
          await batches.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
