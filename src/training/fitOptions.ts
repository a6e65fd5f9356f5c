/** What `fit` takes, checked. */

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
  /** Passes over the data; those before `initialEpoch` are not made again. Default 1. */
  epochs?: number
  /** Rows of an update. Default 32. */
  batchSize?: number
  /** Whether every epoch takes the rows in a new order. Default true. */
  shuffle?: boolean
  /**
   * Fraction of the rows that is only validated on: the last ones, before any shuffling, as in Keras. With
   * `{ fraction, shuffle: true }` rows at random, the same in every call; with `stratify: true` the same share of every class.
   */
  validationSplit?: ValidationSplit
  /** Rows that are only validated on. */
  validationData?: ValidationData
  /** Factors on the losses of classes. */
  classWeight?: ClassWeight
  /** A factor on the loss of each row. */
  sampleWeight?: ArrayLike<number>
  /** Batches that make one update by the mean of their gradients: as if `batchSize` were as many times larger, in the memory of one. Default 1. */
  accumulate?: number
  /** Whether rows at the end of a pass that do not fill a batch are left out. Default false. */
  dropLast?: boolean
  /** Validates after every so many epochs only. Default 1. */
  validationFrequency?: number
  /** Milliseconds after which the event loop gets its turn. Default 40. */
  yieldEvery?: number
  /** The epoch to begin with, where training goes on. Default 0. */
  initialEpoch?: number
  /**
   * Updates of an epoch, in the place of one pass over the data: the next epoch goes on where this one stopped, and rows
   * that have all been seen come again in a new order. A source of batches that ends ends the epoch.
   */
  stepsPerEpoch?: number
  /** Updates after which training ends, whatever the epoch. */
  maxSteps?: number
  callbacks?: readonly Callback[]
  /** Ends training with its reason; updates that are done stay. */
  signal?: AbortSignal
  /**
   * Processes that train the model together, each on rows of its own: what `connect` of `fourlane/mpi` gives. `batchSize` is that
   * of each. Default: this one alone.
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

/** `partialFit` is one epoch. */
export const PARTIAL_FIT_OPTIONS = FIT_OPTIONS.filter((name) => name !== 'epochs' && name !== 'initialEpoch')

/** Options about the rows of arrays: batches that arrive one by one bring their own. */
const ARRAY_OPTIONS = ['batchSize', 'shuffle', 'dropLast', 'validationSplit', 'classWeight', 'sampleWeight'] as const

/** The event loop gets its turn this often, unless `yieldEvery` says otherwise. */
const TURN_MILLISECONDS = 40

/** Rows that a solver's evaluations take at once at most. */
const CHUNK_ROWS = 1024

/** What makes no sense where an epoch is one iteration over all rows, and why. */
const NOT_FOR_SOLVERS = {
  batchSize: 'it compares losses of all rows',
  dropLast: 'it takes all rows at once',
  accumulate: 'it takes all rows at once',
  stepsPerEpoch: 'an epoch is one iteration over all rows',
  maxIterations: 'an epoch is one iteration; say how many with "epochs"',
} as const

/** @throws TypeError for options that a solver has no use for. */
function refuseForSolver(solver: string, options: object): void {
  for (const [name, reason] of Object.entries(NOT_FOR_SOLVERS)) {
    if (Object(options)[name] !== undefined) {
      throw new TypeError(`fit: "${name}" is not for the solver ${solver}: ${reason}`)
    }
  }
}

/** @throws TypeError for updates by several batches where a solver looks at one. */
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

/** Features, targets and options, or batches and options. */
export type FitArguments = [first: Features | BatchSource, second?: Targets | FitOptions, third?: FitOptions]

/** A call of `fit`: what to train on and to validate with, and the course of it. */
export interface FitCall extends Course {
  readonly data: DataSet | Batches
  readonly validation: DataSet | Batches | undefined
  readonly parallel: Parallel | undefined
}

/** What the model asks of the call. */
interface FitLimits {
  /** The solver that trains it, if one does. */
  readonly solver: string | undefined
  /** The solver whose steps are by one batch each. */
  readonly oneBatch: string | undefined
  /** Refuses rows that leave a batch too small for the model. */
  checkRows(rows: number, batchSize?: number): void
}

/**
 * @param seed of a split at random.
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
