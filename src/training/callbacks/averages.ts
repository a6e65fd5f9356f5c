/** Callbacks that average the weights during training, and use the average at the end. */
import { checkInteger, checkNumber, readOptions } from '../../lib/check.ts'
import type { Callback, CallbackModel } from './callback.ts'

/** Moves an average towards the weights by a fraction. */
function approach(average: Float32Array, weights: Float32Array, part: number): void {
  for (let i = 0; i < average.length; i++) average[i] += part * (weights[i] - average[i])
}

export interface EmaOptions {
  decay?: number
}

/** Default options. */
export const EMA = { decay: 0.999 } as const

/**
 * Exponential moving average of the weights: after every update average ← decay · average + (1 - decay) · weights, starting with the
 * weights after the first; when training ends, also if stopped by a callback, the average replaces the weights. Running statistics are
 * averaged, too. Metrics and checkpoints during training use the weights themselves. PyTorch's AveragedModel with
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
 * Stochastic weight averaging (Izmailov et al. 2018, arXiv:1803.05407): the mean of the weights at the end of every epoch from
 * `from` (counted from 0) on, which replaces the weights when training ends. Running statistics are averaged, too. For constant or
 * cyclic learning rates. PyTorch's AveragedModel with use_buffers=True.
 * @throws TypeError or RangeError unless from is an integer >= 0.
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
