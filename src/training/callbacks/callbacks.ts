/** The catalogue of callbacks: what to do while `fit` runs. */

import { checkOptions } from '../../lib/check.ts'
import { CALLBACK_EVENTS, type Callback, checkCallbacks } from './callback.ts'
import { type CallbackDoc, DOCS } from './docs.ts'

export {
  CALLBACK_EVENTS,
  type Callback,
  type CallbackContext,
  type CallbackModel,
  checkCallbacks,
  type Logs,
  type Progress,
} from './callback.ts'
export {
  type CsvLoggerOptions,
  csvLogger,
  type ModelCheckpointOptions,
  modelCheckpoint,
  type TensorBoardOptions,
  tensorBoard,
} from './files.ts'
export type { MonitorMode } from './monitor.ts'
export { type ProgressOutput, progressBar } from './progress.ts'
export {
  type EarlyStoppingOptions,
  earlyStopping,
  type ReduceLearningRateOnPlateauOptions,
  reduceLearningRateOnPlateau,
  terminateOnNaN,
} from './steering.ts'

export type CallbackName = keyof typeof DOCS

/** Every callback with what its reference page says. */
export const CALLBACKS: Readonly<Record<CallbackName, CallbackDoc>> = DOCS

/**
 * A callback from functions, one per event. Keras' LambdaCallback.
 * @throws TypeError for an unknown event, naming the nearest, or one that is no function.
 */
export function lambdaCallback(events: Callback): Callback {
  checkOptions('lambdaCallback', events, CALLBACK_EVENTS)
  const [callback] = checkCallbacks('lambdaCallback', [{ ...events }])
  return Object.freeze(callback)
}
