/** What `fit` takes, checked. */
import { type Callback, checkCallbacks } from './callbacks.ts'
import { checkBoolean, checkInteger, checkOptions } from './check.ts'
import type { ClassWeight, Features, Targets } from './data.ts'

export interface FitOptions {
  epochs?: number
  batchSize?: number
  shuffle?: boolean
  /** Fraction of the rows, taken from the end before any shuffling, that is only validated on. */
  validationSplit?: number
  validationData?: readonly [x: Features, y: Targets]
  classWeight?: ClassWeight
  sampleWeight?: ArrayLike<number>
  initialEpoch?: number
  stepsPerEpoch?: number
  maxSteps?: number
  callbacks?: readonly Callback[]
  signal?: AbortSignal
}

const FIT_OPTIONS = [
  'epochs',
  'batchSize',
  'shuffle',
  'validationSplit',
  'validationData',
  'classWeight',
  'sampleWeight',
  'initialEpoch',
  'stepsPerEpoch',
  'maxSteps',
  'callbacks',
  'signal',
] as const

/** The options that steer the loop, with their defaults. */
export interface Course {
  readonly epochs: number
  readonly batchSize: number
  readonly shuffle: boolean
  readonly initialEpoch: number
  readonly stepsPerEpoch: number
  readonly maxSteps: number
  readonly callbacks: readonly Callback[]
  readonly signal: AbortSignal | undefined
}

/** @throws TypeError or RangeError naming the option. */
export function readFitOptions(options: FitOptions): Course {
  checkOptions('fit', options, FIT_OPTIONS)
  const { epochs = 1, batchSize = 32, shuffle = true, initialEpoch = 0, callbacks = [], signal } = options
  const atMost = (name: 'stepsPerEpoch' | 'maxSteps') =>
    options[name] === undefined ? Number.POSITIVE_INFINITY : checkInteger('fit', name, options[name], 1)
  return {
    epochs: checkInteger('fit', 'epochs', epochs),
    batchSize: checkInteger('fit', 'batchSize', batchSize, 1),
    shuffle: checkBoolean('fit', 'shuffle', shuffle),
    initialEpoch: checkInteger('fit', 'initialEpoch', initialEpoch),
    stepsPerEpoch: atMost('stepsPerEpoch'),
    maxSteps: atMost('maxSteps'),
    callbacks: checkCallbacks('fit', callbacks),
    signal,
  }
}
