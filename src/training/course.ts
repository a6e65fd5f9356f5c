/** The validated options of a training. */
import type { Callback } from './callbacks/callbacks.ts'

export interface Course {
  readonly epochs: number
  readonly batchSize: number
  readonly shuffle: boolean
  /** Batches per update. */
  readonly accumulate: number
  readonly dropLast: boolean
  readonly validationFrequency: number
  /** Milliseconds between yields to the event loop, and between calls of `onProgress`. */
  readonly yieldEvery: number
  readonly initialEpoch: number
  readonly stepsPerEpoch: number
  /** Updates after which training ends, regardless of the epoch. */
  readonly maxSteps: number
  readonly callbacks: readonly Callback[]
  readonly signal: AbortSignal | undefined
}
