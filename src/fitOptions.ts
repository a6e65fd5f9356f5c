/** What `fit` takes, checked. */
import { type Callback, checkCallbacks } from './callbacks.ts'
import { checkBoolean, checkInteger, checkOptions, isA, show } from './check.ts'
import type { ClassWeight } from './data.ts'
import type { ValidationData } from './dataset.ts'

export interface FitOptions {
  epochs?: number
  batchSize?: number
  shuffle?: boolean
  /** Fraction of the rows, taken from the end before any shuffling, that is only validated on. */
  validationSplit?: number
  /** Rows that are only validated on. */
  validationData?: ValidationData
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

/** `partialFit` is one epoch. */
export const PARTIAL_FIT_OPTIONS = FIT_OPTIONS.filter((name) => name !== 'epochs' && name !== 'initialEpoch')

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

/** Options about the rows of arrays: batches that arrive one by one bring their own. */
const ARRAY_OPTIONS = ['batchSize', 'shuffle', 'validationSplit', 'classWeight', 'sampleWeight'] as const

/** @throws TypeError or RangeError naming the option. */
export function readFitOptions(options: FitOptions, streamed: boolean): Course {
  checkOptions('fit', options, FIT_OPTIONS)
  for (const name of ARRAY_OPTIONS) {
    if (streamed && options[name] !== undefined) {
      throw new TypeError(`fit: "${name}" is for arrays; a source of batches decides that itself`)
    }
  }
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
    signal: checkSignal(signal),
  }
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || isA(signal, 'AbortSignal')) return signal
  const fix = signal instanceof AbortController ? '; pass controller.signal' : ''
  throw new TypeError(`fit: "signal" must be an AbortSignal, got ${show(signal)}${fix}`)
}
