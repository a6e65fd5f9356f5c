/** Data sets as kernels read them, complete or streamed. */

import { checkOptions } from '../lib/check.ts'
import { showData } from './arrays.ts'
import { type Door, type Features, readFeatures } from './features.ts'
import { readTargets, type TargetSpec, type Targets } from './targets.ts'
import { type ClassWeight, type RowClasses, readWeights, type WeightSpec } from './weights.ts'

/** Packed rows: features, targets in the loss's format, and row weights if any. */
export interface DataSet {
  readonly rows: number
  readonly features: Float32Array
  /** Int32Array: one class index per row. */
  readonly targets: Float32Array | Int32Array
  readonly weights?: Float32Array
}

/** A stream of batches, checked as they arrive. */
export interface Batches {
  open(): AsyncIterator<DataSet>
}

export const isDataSet = (data: DataSet | Batches): data is DataSet => 'rows' in data

/** A batch from a stream. */
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

/** The given rows of a data set, copied. */
export function takeRowsOf({ features, targets, weights, ...data }: DataSet, chosen: Int32Array): DataSet {
  const take = <T extends Float32Array | Int32Array>(values: T, into: T): T => {
    const cols = values.length / data.rows
    chosen.forEach((row, i) => {
      into.set(values.subarray(row * cols, (row + 1) * cols), i * cols)
    })
    return into
  }
  const room = (values: { length: number }) => (values.length / data.rows) * chosen.length
  return {
    rows: chosen.length,
    features: take(features, new Float32Array(room(features))),
    targets:
      targets instanceof Int32Array
        ? take(targets, new Int32Array(room(targets)))
        : take(targets, new Float32Array(room(targets))),
    ...(weights && { weights: take(weights, new Float32Array(room(weights))) }),
  }
}

const isBatch = (value: unknown): boolean => typeof value === 'object' && value !== null && 'x' in value && 'y' in value

export const isBatchSource = (value: Features | BatchSource): value is BatchSource =>
  typeof value === 'object' &&
  value !== null &&
  (!Array.isArray(value) || isBatch(value[0])) &&
  !ArrayBuffer.isView(value) &&
  (Symbol.asyncIterator in value || Symbol.iterator in value)

/** Opens the stream once per epoch, passing every batch through `read`. */
export function batchesOf(where: string, source: BatchSource, read: (batch: BatchInput) => DataSet): Batches {
  let opened: unknown
  return {
    open() {
      const batches = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
      if (batches === opened) {
        throw new TypeError(
          `${where}: the batches can be read only once; for several epochs pass an object whose [Symbol.iterator] starts anew`,
        )
      }
      opened = batches
      return {
        async next() {
          const next = await batches.next()
          if (next.done) return { done: true, value: undefined }
          if (!isBatch(next.value)) {
            throw new TypeError(
              `${where}: every batch must be an object { x, y, sampleWeight? }, got ${showData(next.value)}`,
            )
          }
          checkOptions(`${where}: batch`, next.value, ['x', 'y', 'sampleWeight'])
          return { done: false, value: read(next.value) }
        },
        async return() {
          await batches.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

/** What the model requires: the width of rows, and the loss's format of targets. */
export interface Intake extends Omit<TargetSpec, 'rows' | 'rowsOf'> {
  readonly inputs: number
  /** What layers require of the features. */
  readonly doors: readonly Door[]
  /** How a row of values determines its class. */
  readonly rowClasses: RowClasses
  /** Whether the rows are one batch of several, whose total weight may be 0. Default false. */
  readonly batch?: boolean
  /** Reads the targets of several outputs, row by row, and the weights that they share. */
  readonly several?: (
    where: string,
    y: unknown,
    sampleWeight: unknown,
    rows: number,
    batch: boolean,
  ) => { readonly targets: Float32Array; readonly sampleWeight: unknown }
}

/** @throws TypeError or RangeError naming the argument and the row. */
export function readDataSet(
  where: string,
  { inputs, doors, rowClasses: _, batch = false, several, ...spec }: Intake,
  x: Features,
  y: Targets,
  sampleWeight?: ArrayLike<number>,
): DataSet {
  const { values: features, rows } = readFeatures(where, 'x', x, inputs, doors, spec.areFinite)
  const { targets, sampleWeight: shared } = several?.(where, y, sampleWeight, rows, batch) ?? {
    targets: readTargets(where, 'y', y, { ...spec, rows }),
    sampleWeight,
  }
  const weights = readWeights(where, { sampleWeight: shared, targets, outputs: spec.outputs, rows, batch })
  return { rows, features, targets, ...(weights && { weights }) }
}

/** A batch of a stream, whose total weight may be 0. */
export const readBatch = (where: string, intake: Intake, { x, y, sampleWeight }: BatchInput): DataSet =>
  readDataSet(where, { ...intake, batch: true }, x, y, sampleWeight)

/**
 * The data set with class weights applied on top of its row weights.
 * @param sums turns class counts of these rows into those of all ranks' rows.
 */
export function withClassWeight(
  data: DataSet,
  { outputs, rowClasses, several }: Intake,
  classWeight: ClassWeight | undefined,
  sums?: WeightSpec['sums'],
): DataSet {
  const { rows, targets, weights: sampleWeight } = data
  if (classWeight !== undefined && several)
    throw new TypeError('fit: "classWeight" is for models of one output; give heads a "sampleWeight"')
  const weights = readWeights('fit', {
    sampleWeight,
    classWeight,
    targets,
    outputs,
    rows,
    rowClasses,
    ...(sums && { sums }),
  })
  return { ...data, ...(weights && { weights }) }
}

/** @throws RangeError if the last batch would be too small for a layer's batch statistics. */
export function checkBatches(where: string, rows: number, batchSize: number, minimumRows: number): void {
  const last = rows % batchSize || batchSize
  if (last >= minimumRows) return
  const batch =
    last === rows
      ? `a batch of ${rows} row`
      : `the last batch of ${rows} rows in batches of ${batchSize} has ${last} row`
  throw new RangeError(
    `${where}: ${batch}, but batch normalization needs ${minimumRows} rows for its statistics; choose another batchSize, or freezeStatistics()`,
  )
}
