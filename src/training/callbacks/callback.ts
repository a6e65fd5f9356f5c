/** What callbacks are given and what they may do. */

import type { Features } from '../../data/features.ts'
import type { Targets } from '../../data/targets.ts'
import { checkFunction, show, suggest } from '../../lib/check.ts'

/** Metrics by name: `loss`, `accuracy`, `val_loss`, ... */
export type Logs = Record<string, number>

/** How far training is, at most every 50 ms or so. */
export interface Progress {
  /** From 0. */
  readonly epoch: number
  readonly epochs: number
  /** Batches done in this epoch. */
  readonly batch: number
  /** Batches of this epoch; NaN when they arrive one by one and nobody knows. */
  readonly batches: number
  /** Rows trained on in this epoch. */
  readonly rows: number
  /** Means over the epoch so far. */
  readonly logs: Logs
}

/** How a model is saved. */
export interface SaveOptions {
  /** Adds the optimizer's state, so that training resumes bit for bit. Default false. */
  includeOptimizer?: boolean
  /**
   * The metric that the file is kept for, which the file keeps too.
   * @internal
   */
  score?: Score
}

/** A metric and its value. */
export interface Score {
  readonly monitor: string
  readonly value: number
}

/** The model as callbacks use it. */
export interface CallbackModel {
  /** Between steps of a fit too: it changes nothing. */
  predict(x: Features): Float32Array
  evaluate(x: Features, y: Targets, options?: { sampleWeight?: ArrayLike<number> }): Logs
  /** A snapshot for `setWeights`. */
  getWeights(): Float32Array
  setWeights(weights: Float32Array): void
  save(path: string, options?: SaveOptions): Promise<void>
}

/** Training as callbacks see and steer it. */
export interface CallbackContext {
  readonly model: CallbackModel
  /** Epochs asked for. */
  readonly epochs: number
  /** Rows trained on in this epoch so far. */
  readonly rows: number
  /** Epochs from one validation to the next; 0 when there is none. Others have no `val_` metrics. */
  readonly validationFrequency: number
  /** The schedule's value at the last update (before any: at the first), times learningRateScale. */
  readonly learningRate: number
  /** Factor on every learning rate from now on. 1 when `fit` begins, but for one that goes on from an `initialEpoch` above 0, and `partialFit`. */
  learningRateScale: number
  /** Why training ends early; undefined while it goes on. */
  readonly stopReason: string | undefined
  /** Ends training after the current update; the epoch's end and `onTrainEnd` still come. */
  stop(reason: string): void
}

type Awaitable = void | Promise<void>

/** An object with any of these functions. Epochs and batches count from 0; promises are awaited. */
export interface Callback {
  /** Whether, where several processes train, only the first calls it: for what writes files or draws. Default false. */
  readonly firstOnly?: boolean
  onTrainBegin?(context: CallbackContext): Awaitable
  onEpochBegin?(epoch: number, context: CallbackContext): Awaitable
  /** After every update: having it costs a crossing into the machine per batch. `logs` are means over the epoch so far. */
  onBatchEnd?(batch: number, logs: Logs, context: CallbackContext): Awaitable
  /** At most every 50 ms or so: costs nothing per batch. */
  onProgress?(progress: Progress, context: CallbackContext): Awaitable
  /**
   * With `val_` metrics, when there is validation data. Numbers added to `logs` are metrics too: they reach the history and
   * the callbacks that come later in the list.
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
 * Checks a list of callbacks, own ones included.
 * @throws TypeError for what is no callback: not an object, no event at all, a misspelt event, an event that is no function.
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
