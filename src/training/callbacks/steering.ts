/** Callbacks that stop training or change its learning rate. */
import {
  checkBoolean,
  checkFloat,
  checkFunction,
  checkInteger,
  checkNoMore,
  checkNumber,
  readOptions,
} from '../../lib/check.ts'
import type { Callback, CallbackContext, Logs } from './callback.ts'
import { formatMetric, Monitor, type MonitorMode, type ThresholdMode } from './monitor.ts'

export interface EarlyStoppingOptions {
  monitor?: string
  minDelta?: number
  patience?: number
  mode?: MonitorMode
  baseline?: number
  startFromEpoch?: number
  restoreBestWeights?: boolean
}

/** Default options. */
export const EARLY_STOPPING = {
  monitor: 'val_loss',
  minDelta: 0,
  patience: 0,
  mode: 'auto',
  baseline: undefined,
  startFromEpoch: 0,
  restoreBestWeights: false,
} as const

/**
 * Stops when the monitored metric has not improved by more than minDelta for `patience` epochs. Keras' EarlyStopping.
 * Defaults: monitor 'val_loss', minDelta 0, patience 0, mode 'auto' (from the metric's name), no baseline,
 * startFromEpoch 0, restoreBestWeights false. With a baseline, the patience is only reset by values that beat it as well.
 * With restoreBestWeights, the weights of the best epoch are restored when training ends, also if stopped by a callback, but not if
 * aborted.
 * @throws TypeError or RangeError for bad options; at the end of the first epoch if the metric does not exist.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const where = 'earlyStopping'
  const {
    monitor: name,
    minDelta,
    patience,
    mode,
    baseline,
    startFromEpoch,
    restoreBestWeights,
  } = readOptions(where, options, EARLY_STOPPING)
  const monitor = new Monitor(where, name, mode, minDelta)
  checkInteger(where, 'patience', patience)
  if (baseline !== undefined) checkNumber(where, 'baseline', baseline)
  checkInteger(where, 'startFromEpoch', startFromEpoch)
  checkBoolean(where, 'restoreBestWeights', restoreBestWeights)
  let wait = 0
  let bestEpoch = -1
  let bestWeights: Float32Array | undefined

  return {
    onTrainBegin() {
      monitor.reset()
      wait = 0
      bestEpoch = -1
      bestWeights = undefined
    },
    onEpochEnd(epoch, logs, context) {
      const value = monitor.read(logs, context)
      if (value === undefined || epoch < startFromEpoch) return
      wait++
      if (monitor.isBetter(value)) {
        monitor.best = value
        bestEpoch = epoch
        if (restoreBestWeights) bestWeights = context.model.getWeights()
        if (baseline === undefined || monitor.isBetter(value, baseline)) wait = 0
        return
      }
      if (wait < patience) return
      const best = bestEpoch < 0 ? '' : ` (best ${formatMetric(monitor.best)} in epoch ${bestEpoch + 1})`
      context.stop(`${monitor.name} has not improved for ${wait} epoch${wait === 1 ? '' : 's'}${best}`)
    },
    onTrainEnd({ model }) {
      if (bestWeights) model.setWeights(bestWeights)
      bestWeights = undefined
    },
  }
}

export interface ReduceLearningRateOnPlateauOptions {
  monitor?: string
  factor?: number
  patience?: number
  minDelta?: number
  mode?: MonitorMode
  thresholdMode?: ThresholdMode
  cooldown?: number
  minLearningRate?: number
}

export const REDUCE_LEARNING_RATE = {
  monitor: 'val_loss',
  factor: 0.1,
  patience: 10,
  minDelta: 1e-4,
  mode: 'auto',
  thresholdMode: 'absolute',
  cooldown: 0,
  minLearningRate: 0,
} as const

/**
 * Multiplies the learning rate by `factor` when the monitored metric has not improved by more than minDelta for `patience`
 * epochs; then ignores `cooldown` epochs. Keras' ReduceLROnPlateau, whose cooldown ends one epoch
 * earlier; PyTorch's waits one epoch longer (its patience p is p + 1 here) and uses a relative threshold,
 * `thresholdMode: 'relative'`: better by more than minDelta · |best|.
 * Defaults: monitor 'val_loss', factor 0.1, patience 10, minDelta 1e-4, mode 'auto', thresholdMode 'absolute', cooldown 0,
 * minLearningRate 0. For validation metrics, epochs without validation do not count.
 * Can be combined with any schedule.
 * @throws TypeError or RangeError for bad options; at the end of the first epoch if the metric does not exist.
 */
export function reduceLearningRateOnPlateau(options: ReduceLearningRateOnPlateauOptions = {}): Callback {
  const where = 'reduceLearningRateOnPlateau'
  const {
    monitor: name,
    factor,
    patience,
    minDelta,
    mode,
    thresholdMode,
    cooldown,
    minLearningRate,
  } = readOptions(where, options, REDUCE_LEARNING_RATE)
  const monitor = new Monitor(where, name, mode, minDelta, thresholdMode)
  checkNumber(where, 'factor', factor, { above: 0, below: 1 })
  checkInteger(where, 'patience', patience)
  checkInteger(where, 'cooldown', cooldown)
  checkNumber(where, 'minLearningRate', minLearningRate, { minimum: 0 })
  let wait = 0
  let cooling = 0

  const reduce = (context: CallbackContext) => {
    const rate = context.learningRate
    if (rate > minLearningRate) context.learningRateScale *= Math.max(factor, minLearningRate / rate)
  }
  return {
    onTrainBegin() {
      monitor.reset()
      wait = 0
      cooling = 0
    },
    onEpochEnd(_epoch, logs, context) {
      const value = monitor.read(logs, context)
      if (value === undefined) return
      const cooled = cooling === 0
      if (!cooled) cooling--
      if (monitor.isBetter(value)) {
        monitor.best = value
        wait = 0
      } else if (cooled && ++wait >= patience) {
        reduce(context)
        cooling = cooldown
        wait = 0
      }
    },
  }
}

/**
 * Sets the learning rate at the beginning of every epoch to the result of `rateOf(epoch, rate)`, with the current `rate`. An
 * optimizer's schedule continues relative to it. Keras' LearningRateScheduler.
 * @throws TypeError unless rateOf is a function; at the beginning of an epoch unless it returns a finite number >= 0.
 */
export function learningRateScheduler(rateOf: (epoch: number, rate: number) => number, ...more: []): Callback {
  const where = 'learningRateScheduler'
  checkFunction(where, 'rateOf', rateOf)
  checkNoMore(where, more)
  /** The last known rate at scale 1, which cannot be recovered from a scale of 0. */
  let base = 0
  return {
    onEpochBegin(epoch, context) {
      const rate = context.learningRate
      if (context.learningRateScale > 0) base = rate / context.learningRateScale
      const wanted = checkFloat(where, 'rateOf', rateOf(epoch, rate), { minimum: 0 })
      if (wanted === rate) return
      if (base === 0)
        throw new RangeError(`${where}: the optimizer's learning rate is 0, which no factor makes ${wanted}`)
      context.learningRateScale = wanted / base
    },
  }
}

/**
 * Stops when the training loss is NaN or infinite, within about 50 ms. Keras' TerminateOnNaN, which
 * checks after every batch.
 */
export function terminateOnNaN(...more: []): Callback {
  checkNoMore('terminateOnNaN', more)
  const check = ({ loss }: Logs, epoch: number, context: CallbackContext) => {
    if (loss !== undefined && !Number.isFinite(loss) && context.stopReason === undefined) {
      context.stop(`the loss is ${loss} in epoch ${epoch + 1}; try a smaller learningRate or clipNorm`)
    }
  }
  return {
    onProgress: ({ epoch, logs }, context) => check(logs, epoch, context),
    onEpochEnd: (epoch, logs, context) => check(logs, epoch, context),
  }
}
