/** Callbacks that train on, and leave the average of the weights in the end. */
import { checkInteger, checkNumber, readOptions } from '../../lib/check.ts'
import type { Callback, CallbackModel } from './callback.ts'

/** Moves an average by a part of its way to the weights. */
function approach(average: Float32Array, weights: Float32Array, part: number): void {
  for (let i = 0; i < average.length; i++) average[i] += part * (weights[i] - average[i])
}

export interface EmaOptions {
  decay?: number
}

/** Its options at their defaults, as of the other callbacks. */
export const EMA = { decay: 0.999 } as const

/**
 * Exponential moving average of the weights: after every update average ← decay · average + (1 - decay) · weights, from those after
 * the first; when training ends, by itself or stopped by a callback, the average takes the place of the weights. Running statistics are averaged
 * too. Metrics and checkpoints of the epochs are those of the weights themselves. PyTorch's AveragedModel with
 * get_ema_multi_avg_fn(decay) and use_buffers=True; Keras' use_ema. Default: decay 0.999.
 * @throws TypeError or RangeError unless decay is a number in [0, 1).
 */
export function ema(options: EmaOptions = {}): Callback {
  const { decay } = readOptions('ema', options, EMA)
  checkNumber('ema', 'decay', decay, { minimum: 0, below: 1 })
  let average: Float32Array | undefined
  return {
    onTrainBegin() {
      average = undefined
    },
    onBatchEnd(_batch, _logs, { model }) {
      const weights = model.getWeights()
      if (average) approach(average, weights, 1 - decay)
      else average = weights
    },
    onTrainEnd({ model }) {
      leave(model, average)
      average = undefined
    },
  }
}

export interface SwaOptions {
  from: number
}

export const SWA = { from: undefined } as const

/**
 * Stochastic weight averaging (Izmailov et al. 2018, arXiv:1803.05407): the plain mean of the weights at the end of every epoch from
 * `from` on, counted from 0, which takes the place of the weights when training ends. Running statistics are averaged too. Goes with a constant or
 * cyclic learning rate. PyTorch's AveragedModel with use_buffers=True.
 * @throws TypeError or RangeError unless from is a whole number of at least 0.
 */
export function swa(options: SwaOptions): Callback {
  const from = checkInteger('swa', 'from', readOptions('swa', options, SWA).from)
  let average: Float32Array | undefined
  let count = 0
  return {
    onTrainBegin() {
      average = undefined
      count = 0
    },
    onEpochEnd(epoch, _logs, { model }) {
      if (epoch < from) return
      const weights = model.getWeights()
      count++
      if (average) approach(average, weights, 1 / count)
      else average = weights
    },
    onTrainEnd({ model }) {
      leave(model, average)
      average = undefined
    },
  }
}

function leave(model: CallbackModel, average: Float32Array | undefined): void {
  if (average) model.setWeights(average)
}
