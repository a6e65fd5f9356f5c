/** The catalogue of callbacks. */

import { checkOptions } from '../../lib/check.ts'
import { EMA, SWA } from './averages.ts'
import { CALLBACK_EVENTS, type Callback, checkCallbacks } from './callback.ts'
import { CSV_LOGGER, MODEL_CHECKPOINT, TENSOR_BOARD } from './files.ts'
import { EARLY_STOPPING, REDUCE_LEARNING_RATE } from './steering.ts'

export { type EmaOptions, ema, type SwaOptions, swa } from './averages.ts'
export {
  CALLBACK_EVENTS,
  type Callback,
  type CallbackContext,
  type CallbackModel,
  checkCallbacks,
  type Logs,
  type Progress,
  type SaveOptions,
  type Score,
} from './callback.ts'
export {
  type CsvLoggerOptions,
  csvLogger,
  type ModelCheckpointOptions,
  modelCheckpoint,
  type TensorBoardOptions,
  tensorBoard,
} from './files.ts'
export type { MonitorMode, ThresholdMode } from './monitor.ts'
export { type ProgressOutput, progressBar } from './progress.ts'
export {
  type EarlyStoppingOptions,
  earlyStopping,
  learningRateScheduler,
  type ReduceLearningRateOnPlateauOptions,
  reduceLearningRateOnPlateau,
  terminateOnNaN,
} from './steering.ts'

/** Every callback with its default options; undefined if there are none. */
export const CALLBACKS = {
  earlyStopping: EARLY_STOPPING,
  reduceLearningRateOnPlateau: REDUCE_LEARNING_RATE,
  learningRateScheduler: {},
  ema: EMA,
  swa: SWA,
  modelCheckpoint: MODEL_CHECKPOINT,
  csvLogger: CSV_LOGGER,
  tensorBoard: TENSOR_BOARD,
  progressBar: { output: undefined },
  terminateOnNaN: {},
  lambdaCallback: {},
} as const
export type CallbackName = keyof typeof CALLBACKS

/**
 * A callback from one function per event. Keras' LambdaCallback.
 * @throws TypeError for an unknown event, suggesting the nearest, or a value that is not a function.
 */
export function lambdaCallback(events: Callback): Callback {
  checkOptions('lambdaCallback', events, CALLBACK_EVENTS)
  const [callback] = checkCallbacks('lambdaCallback', [{ ...events }])
  return Object.freeze(callback)
}
