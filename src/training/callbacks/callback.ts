/** The interface of callbacks. */

import type { Features } from '../../data/features.ts'
import type { Targets } from '../../data/targets.ts'
import { checkFunction, show, suggest } from '../../lib/check.ts'

/** Metrics by name: `loss`, `accuracy`, `val_loss`, ... */
export type Logs = Record<string, number>

/** Training progress, reported at most about every 50 ms. */
export interface Progress {
  /** From 0. */
  readonly epoch: number
  readonly epochs: number
  /** Batches completed in this epoch. */
  readonly batch: number
  /** Batches per epoch; NaN for streams of unknown length. */
  readonly batches: number
  /** Rows trained on in this epoch. */
  readonly rows: number
  /** Means over the epoch so far. */
  readonly logs: Logs
}

/** How to save a model. */
export interface SaveOptions {
  /** Adds the optimizer's state, so that training resumes bit for bit. Default false. */
  includeOptimizer?: boolean
  /**
   * The metric for which the file is kept; stored in it.
   * @internal
   */
  score?: Score
}

/** A metric and its value. */
export interface Score {
  readonly monitor: string
  readonly value: number
}

/** The part of a model that callbacks may use. */
export interface CallbackModel {
  /** May be called between steps of a fit: it changes nothing. */
  predict(x: Features): Float32Array
  evaluate(x: Features, y: Targets, options?: { sampleWeight?: ArrayLike<number> }): Logs
  /** A snapshot for `setWeights`. */
  getWeights(): Float32Array
  setWeights(weights: Float32Array): void
  save(path: string, options?: SaveOptions): Promise<void>
}

/** The state of training, and its controls. */
export interface CallbackContext {
  readonly model: CallbackModel
  /** Number of epochs requested. */
  readonly epochs: number
  /** Rows trained on in this epoch so far. */
  readonly rows: number
  /** Epochs between validations; 0 if there are none. Other epochs have no `val_` metrics. */
  readonly validationFrequency: number
  /** The schedule's value at the last update (before any, at the first), times learningRateScale. */
  readonly learningRate: number
  /** Factor on all later learning rates. Starts at 1, except in `partialFit` and if an `initialEpoch` above 0 continues a training. */
  learningRateScale: number
  /** Why training stops early; undefined otherwise. */
  readonly stopReason: string | undefined
  /** Stops training after the current update; `onEpochEnd` and `onTrainEnd` are still called. */
  stop(reason: string): void
}

type Awaitable = void | Promise<void>

/** An object with any of these functions. Epochs and batches are counted from 0; promises are awaited. */
export interface Callback {
  /** In distributed training, whether only rank 0 calls it: for callbacks that write files or draw. Default false. */
  readonly firstOnly?: boolean
  onTrainBegin?(context: CallbackContext): Awaitable
  onEpochBegin?(epoch: number, context: CallbackContext): Awaitable
  /** After every update; causes one machine call per batch. `logs` are means over the epoch so far. */
  onBatchEnd?(batch: number, logs: Logs, context: CallbackContext): Awaitable
  /** At most about every 50 ms; no cost per batch. */
  onProgress?(progress: Progress, context: CallbackContext): Awaitable
  /**
   * Includes `val_` metrics if there is validation data. Numbers added to `logs` become metrics, too: in the history and for
   * later callbacks in the list.
   */
  onEpochEnd?(epoch: number, logs: Logs, context: CallbackContext): Awaitable
  onTrainEnd?(context: CallbackContext): Awaitable
}

export const CALLBACK_EVENTS = [
  'onTrainBegin',
  'onEpochBegin',
  'onBatchEnd',
  'onProgress',
  'onEpochEnd',
  'onTrainEnd',
] as const

/**
 * Validates a list of callbacks, including user-defined ones.
 * @throws TypeError unless each is an object with at least one event, all known, all functions.
 */
export function checkCallbacks(where: string, callbacks: unknown): readonly Callback[] {
  if (!Array.isArray(callbacks)) throw new TypeError(`${where}: "callbacks" must be an array, got ${show(callbacks)}`)
  for (const [i, callback] of callbacks.entries()) {
    const name = `callbacks[${i}]`
    if (typeof callback !== 'object' || callback === null) {
      const call = typeof callback === 'function' && callback.name ? `; call it: ${callback.name}()` : ''
      throw new TypeError(`${where}: "${name}" must be an object with event functions, got ${show(callback)}${call}`)
    }
    for (const key of Object.keys(callback)) {
      if (/^on[A-Z]/.test(key) && !CALLBACK_EVENTS.some((event) => event === key)) {
        throw new TypeError(`${where}: "${name}" has unknown event ${show(key)}${suggest(key, CALLBACK_EVENTS)}`)
      }
    }
    const events = CALLBACK_EVENTS.filter((event) => callback[event] !== undefined)
    for (const event of events) checkFunction(where, `${name}.${event}`, callback[event])
    if (events.length === 0) throw new TypeError(`${where}: "${name}" has none of ${CALLBACK_EVENTS.join(', ')}`)
  }
  return callbacks
}
