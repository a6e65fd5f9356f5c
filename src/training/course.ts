/** The options that steer a training, checked. */
import type { Callback } from './callbacks/callbacks.ts'

export interface Course {
  readonly epochs: number
  readonly batchSize: number
  readonly shuffle: boolean
  /** Batches of an update. */
  readonly accumulate: number
  readonly dropLast: boolean
  readonly validationFrequency: number
  /** Milliseconds between turns of the event loop, and of `onProgress`. */
  readonly yieldEvery: number
  readonly initialEpoch: number
  readonly stepsPerEpoch: number
  /** Updates after which training ends, whatever the epoch. */
  readonly maxSteps: number
  readonly callbacks: readonly Callback[]
  readonly signal: AbortSignal | undefined
}
