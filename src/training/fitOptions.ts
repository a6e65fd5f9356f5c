/** The options of `fit`, validated. */

import {
  type Batches,
  type BatchInput,
  type BatchSource,
  batchesOf,
  type DataSet,
  type Intake,
  isBatchSource,
  readBatch,
  readDataSet,
  withClassWeight,
} from '../data/dataset.ts'
import type { Features } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { readValidation, splitDataSet, type ValidationData, type ValidationSplit } from '../data/validation.ts'
import type { ClassWeight } from '../data/weights.ts'
import { checkBoolean, checkInteger, checkNumber, checkOptions, isA, orDefault, show } from '../lib/check.ts'
import { type Callback, checkCallbacks } from './callbacks/callbacks.ts'
import type { Course } from './course.ts'
import type { Parallel } from './parallel.ts'

export interface FitOptions {
  /** Passes over the data, including those before `initialEpoch`, which are skipped. Default 1. */
  epochs?: number
  /** Rows per update. Default 32. */
  batchSize?: number
  /** Whether to shuffle the rows in every epoch. Default true. */
  shuffle?: boolean
  /**
   * Fraction of the rows held out for validation: the last ones, before any shuffling, as in Keras. With
   * `{ fraction, shuffle: true }` random rows, the same in every call; with `stratify: true` stratified by class.
   */
  validationSplit?: ValidationSplit
  /** Rows for validation. */
  validationData?: ValidationData
  /** Weights of the classes' losses. */
  classWeight?: ClassWeight
  /** Weight of each row's loss. */
  sampleWeight?: ArrayLike<number>
  /** Gradient accumulation: batches per update, as if `batchSize` were this many times larger, in the memory of one batch. Default 1. */
  accumulate?: number
  /** Whether to skip rows at the end of a pass that do not fill a batch. Default false. */
  dropLast?: boolean
  /** Epochs between validations. Default 1. */
  validationFrequency?: number
  /** Milliseconds between yields to the event loop. Default 40. */
  yieldEvery?: number
  /** The first epoch, to continue a training. Default 0. */
  initialEpoch?: number
  /**
   * Updates per epoch, instead of one pass over the data: the next epoch continues where this one stopped, and after
   * all rows have been used they are reshuffled. If a stream of batches ends, so does the epoch.
   */
  stepsPerEpoch?: number
  /** Updates after which training ends, regardless of the epoch. */
  maxSteps?: number
  callbacks?: readonly Callback[]
  /** Aborts training with its reason; completed updates are kept. */
  signal?: AbortSignal
  /**
   * Ranks that train the model together, each on its own rows: the result of `connect` from `fourlane/mpi`. `batchSize` is per
   * rank. Default: a single process.
   */
  parallel?: Parallel
}

const FIT_OPTIONS = [
  'epochs',
  'batchSize',
  'shuffle',
  'validationSplit',
  'validationData',
  'classWeight',
  'sampleWeight',
  'accumulate',
  'dropLast',
  'validationFrequency',
  'yieldEvery',
  'initialEpoch',
  'stepsPerEpoch',
  'maxSteps',
  'callbacks',
  'signal',
  'parallel',
] as const

/** `partialFit` runs one epoch. */
export const PARTIAL_FIT_OPTIONS = FIT_OPTIONS.filter((name) => name !== 'epochs' && name !== 'initialEpoch')

/** Options for arrays only: streams provide their own batches. */
const ARRAY_OPTIONS = ['batchSize', 'shuffle', 'dropLast', 'validationSplit', 'classWeight', 'sampleWeight'] as const

/** Default of `yieldEvery`. */
const TURN_MILLISECONDS = 40

/** Maximum rows per chunk in a solver's evaluations. */
const CHUNK_ROWS = 1024

/** Options that make no sense if an epoch is one iteration over all rows, with the reason. */
const NOT_FOR_SOLVERS = {
  batchSize: 'it compares losses of all rows',
  dropLast: 'it takes all rows at once',
  accumulate: 'it takes all rows at once',
  stepsPerEpoch: 'an epoch is one iteration over all rows',
  maxIterations: 'an epoch is one iteration; say how many with "epochs"',
} as const

/** @throws TypeError for options that do not apply to a solver. */
function refuseForSolver(solver: string, options: object): void {
  for (const [name, reason] of Object.entries(NOT_FOR_SOLVERS)) {
    if (Object(options)[name] !== undefined) {
      throw new TypeError(`fit: "${name}" is not for the solver ${solver}: ${reason}`)
    }
  }
}

/** @throws TypeError for gradient accumulation with a solver that steps on single batches. */
function refuseSeveral(solver: string | undefined, options: object): void {
  const { accumulate = 1, parallel } = Object(options)
  if (solver === undefined) return
  if (parallel !== undefined) {
    throw new TypeError(`fit: "parallel" is not for ${solver}, which looks at the curvature of batches in one process`)
  }
  if (accumulate === 1) return
  throw new TypeError(
    `fit: "accumulate" is not for ${solver}, which looks at the curvature of one batch; raise batchSize`,
  )
}

/** @throws TypeError or RangeError naming the option. */
function readCourse(options: FitOptions, streamed: boolean): Course {
  checkOptions('fit', options, FIT_OPTIONS)
  for (const name of ARRAY_OPTIONS) {
    if (streamed && options[name] !== undefined) {
      throw new TypeError(`fit: "${name}" is for arrays; a source of batches decides that itself`)
    }
  }
  const { epochs = 1, batchSize = 32, shuffle = true, initialEpoch = 0, callbacks = [], signal } = options
  const { accumulate = 1, dropLast = false, validationFrequency = 1, yieldEvery = TURN_MILLISECONDS } = options
  const atMost = (name: 'stepsPerEpoch' | 'maxSteps') =>
    options[name] === undefined ? Number.POSITIVE_INFINITY : checkInteger('fit', name, options[name], 1)
  return {
    epochs: checkInteger('fit', 'epochs', epochs),
    batchSize: checkInteger('fit', 'batchSize', batchSize, 1),
    shuffle: checkBoolean('fit', 'shuffle', shuffle),
    accumulate: checkInteger('fit', 'accumulate', accumulate, 1),
    dropLast: checkBoolean('fit', 'dropLast', dropLast),
    validationFrequency: checkInteger('fit', 'validationFrequency', validationFrequency, 1),
    yieldEvery: checkNumber('fit', 'yieldEvery', yieldEvery, { minimum: 0 }),
    initialEpoch: checkInteger('fit', 'initialEpoch', initialEpoch),
    stepsPerEpoch: atMost('stepsPerEpoch'),
    maxSteps: atMost('maxSteps'),
    callbacks: checkCallbacks('fit', callbacks),
    signal: checkSignal(signal),
  }
}

/** Features, targets and options, or a stream and options. */
export type FitArguments = [first: Features | BatchSource, second?: Targets | FitOptions, third?: FitOptions]

/** A validated call of `fit`: training and validation data, and options. */
export interface FitCall extends Course {
  readonly data: DataSet | Batches
  readonly validation: DataSet | Batches | undefined
  readonly parallel: Parallel | undefined
}

/** Constraints from the model. */
interface FitLimits {
  /** The full-batch solver, if it is trained by one. */
  readonly solver: string | undefined
  /** The stochastic solver, if it is trained by one. */
  readonly oneBatch: string | undefined
  /** Rejects row counts that leave a batch too small for the model. */
  checkRows(rows: number, batchSize?: number): void
}

/**
 * @param seed of a random split.
 * @throws TypeError or RangeError naming the argument.
 */
export function readFit(
  [first, second, third = {}]: FitArguments,
  intake: Intake,
  seed: number,
  { solver, oneBatch, checkRows }: FitLimits,
): FitCall {
  if (isBatchSource(first)) {
    if (solver !== undefined) {
      throw new TypeError(
        `fit: the solver ${solver} evaluates the same rows many times; give arrays, or trainStep one batch after the other`,
      )
    }
    const options = orDefault(second, {}) as FitOptions
    refuseSeveral(oneBatch, options)
    const course = readCourse(options, true)
    const read = (input: BatchInput) => {
      const batch = readBatch('fit: batch', intake, input)
      checkRows(batch.rows)
      return batch
    }
    const data = batchesOf('fit', first, read)
    return { ...course, data, validation: readValidation(intake, options), parallel: checkParallel(options.parallel) }
  }
  if (solver !== undefined) refuseForSolver(solver, third)
  refuseSeveral(oneBatch, third)
  const course = readCourse(third, false)
  const parallel = checkParallel(third.parallel)
  const given = readDataSet('fit', intake, first, second as Targets, third.sampleWeight)
  const [rows, validation] = splitDataSet(given, intake, third, seed)
  const data = withClassWeight(rows, intake, third.classWeight, parallel?.sums)
  if (course.dropLast && course.batchSize > data.rows) {
    throw new RangeError(
      `fit: "dropLast" leaves out all of ${data.rows} rows, which do not fill a batch of ${course.batchSize}`,
    )
  }
  const chunks = Math.ceil(data.rows / CHUNK_ROWS)
  const batchSize = solver === undefined ? Math.min(course.batchSize, data.rows) : Math.ceil(data.rows / chunks)
  checkRows(course.dropLast ? batchSize : data.rows, batchSize)
  return { ...course, batchSize, data, validation, parallel }
}

function checkParallel(parallel: Parallel | undefined): Parallel | undefined {
  if (parallel === undefined || typeof Object(parallel).join === 'function') return parallel
  throw new TypeError(`fit: "parallel" must be what connect() of fourlane/mpi gives, got ${show(parallel)}`)
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || isA(signal, 'AbortSignal')) return signal
  const fix = signal instanceof AbortController ? '; pass controller.signal' : ''
  throw new TypeError(`fit: "signal" must be an AbortSignal, got ${show(signal)}${fix}`)
}
