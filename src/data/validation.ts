/** Validation rows: given separately, or held out from the training rows. */
import { checkBoolean, checkNumber, checkOptions } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import { showData } from './arrays.ts'
import {
  type Batches,
  type BatchSource,
  batchesOf,
  type DataSet,
  type Intake,
  isBatchSource,
  readBatch,
  readDataSet,
  sliceRows,
  takeRowsOf,
} from './dataset.ts'
import type { Features } from './features.ts'
import { stratified } from './split.ts'
import type { Targets } from './targets.ts'
import { classOf } from './weights.ts'

/** Features, targets and optional row weights; or a stream of batches, restarted for every validation. */
export type ValidationData = readonly [x: Features, y: Targets, sampleWeight?: ArrayLike<number>] | BatchSource

/** A fraction of the rows: the last ones, or random ones with `shuffle`; with `stratify` stratified by class. */
export type ValidationSplit = number | { fraction: number; stratify?: boolean; shuffle?: boolean }

/** The validation options of `fit`. */
export interface Validation {
  readonly validationSplit?: ValidationSplit
  readonly validationData?: ValidationData
}

/** The data of `validationData`, if given. */
export function readValidation(intake: Intake, { validationData }: Validation): DataSet | Batches | undefined {
  if (validationData === undefined) return undefined
  const where = 'fit: validationData'
  if (isBatchSource(validationData as Features | BatchSource)) {
    return batchesOf(where, validationData as BatchSource, (batch) => readBatch(where, intake, batch))
  }
  if (!Array.isArray(validationData) || validationData.length < 2 || validationData.length > 3) {
    throw new TypeError(
      `fit: "validationData" must be [x, y], [x, y, sampleWeight] or a source of batches { x, y }, got ${showData(validationData)}`,
    )
  }
  const [x, y, sampleWeight] = validationData as unknown as readonly [Features, Targets, ArrayLike<number>?]
  return readDataSet(where, intake, x, y, sampleWeight)
}

/**
 * Training rows and validation rows.
 * @param seed of a random split: the same rows in every call, so that a training can be continued.
 */
export function splitDataSet(
  data: DataSet,
  intake: Intake,
  validation: Validation,
  seed: number,
): [DataSet, DataSet | Batches | undefined] {
  const given = readValidation(intake, validation)
  const { validationSplit } = validation
  if (validationSplit === undefined) return [data, given]
  if (given) throw new TypeError('fit: give either "validationSplit" or "validationData", not both')
  const { fraction, stratify, shuffle } = readSplit(validationSplit)
  const trained = splitRows('fit', data.rows, fraction)
  const parts =
    stratify || shuffle
      ? splitByRows(data, intake, trained, stratify, shuffle ? new Random(seed) : undefined)
      : ([sliceRows(data, 0, trained), sliceRows(data, trained, data.rows - trained)] as const)
  for (const [i, { weights }] of parts.entries()) {
    if (weights?.every((weight) => weight === 0)) {
      throw new RangeError(`fit: "sampleWeight" is 0 for all rows to ${i === 0 ? 'train on' : 'validate with'}`)
    }
  }
  warnOfMissingClass(parts, intake)
  return [...parts]
}

function readSplit(split: unknown): { fraction: unknown; stratify: boolean; shuffle: boolean } {
  if (typeof split !== 'object' || split === null) return { fraction: split, stratify: false, shuffle: false }
  checkOptions('fit: "validationSplit"', split, ['fraction', 'stratify', 'shuffle'])
  const {
    fraction,
    stratify = false,
    shuffle = false,
  }: { fraction?: unknown; stratify?: unknown; shuffle?: unknown } = split
  return {
    fraction,
    stratify: checkBoolean('fit', 'validationSplit.stratify', stratify),
    shuffle: checkBoolean('fit', 'validationSplit.shuffle', shuffle),
  }
}

/**
 * Number of training rows: all but a `fraction`, which is held out.
 * @throws TypeError or RangeError unless fraction is in (0, 1) and leaves rows on both sides.
 */
export function splitRows(where: string, rows: number, fraction: unknown): number {
  const share = checkNumber(where, 'validationSplit', fraction, { above: 0, below: 1 })
  // the summand compensates the rounding of 1 - share: 100 rows split at 0.9 are 10 and 90
  const trained = Math.floor(rows * (1 - share) + rows * 1e-12)
  if (trained === 0 || trained === rows) {
    throw new RangeError(
      `${where}: "validationSplit" ${share} of ${rows} rows leaves ${trained} to train on and ${rows - trained} to validate on`,
    )
  }
  return trained
}

function splitByRows(
  data: DataSet,
  intake: Intake,
  trained: number,
  stratify: boolean,
  random: Random | undefined,
): readonly [DataSet, DataSet] {
  const { rows, targets } = data
  if (stratify && !hasClasses(intake)) {
    throw new TypeError('fit: "validationSplit.stratify" needs one class a row, which these targets do not have')
  }
  // validation rows come first; without shuffling they are the last rows
  const order = Int32Array.from({ length: rows }, (_, i) => rows - 1 - i)
  random?.shuffle(order)
  const held = rows - trained
  const chosen = stratify
    ? stratified((row) => classOf(targets, intake.outputs, row), order, held)
    : new Set(order.subarray(0, held))
  const numbers = order.sort()
  return [
    takeRowsOf(
      data,
      numbers.filter((row) => !chosen.has(row)),
    ),
    takeRowsOf(
      data,
      numbers.filter((row) => chosen.has(row)),
    ),
  ]
}

/** Whether the loss treats every row as a member of one class. */
const hasClasses = ({ kind, outputs, rowClasses }: Intake): boolean =>
  kind === 'classes' || rowClasses === 'largest' || (rowClasses === 'label' && outputs === 1)

/** Warns about classes that only occur in the validation rows, usually because the rows are sorted by class. */
function warnOfMissingClass([train, held]: readonly DataSet[], intake: Intake): void {
  if (!hasClasses(intake)) return
  const classes = ({ rows, targets }: DataSet) => {
    const found = new Set<number>()
    for (let row = 0; row < rows; row++) found.add(classOf(targets, intake.outputs, row))
    return found
  }
  const trained = classes(train)
  const missing = [...classes(held)].filter((label) => !trained.has(label)).sort((a, b) => a - b)
  if (missing.length === 0) return
  const named = missing.length === 1 ? `class ${missing[0]} is` : `classes ${missing.slice(0, 8).join(', ')} are`
  console.warn(
    `fit: ${named} only among the rows that validationSplit holds out, so nothing is learned of ${missing.length === 1 ? 'it' : 'them'}; use validationSplit: { fraction, stratify: true }, or shuffle the rows first`,
  )
}
