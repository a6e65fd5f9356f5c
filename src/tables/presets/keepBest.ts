/** Keeps the weights of the best epoch; among equally good ones, the last. */
import type { Callback } from '../../training/callbacks/callback.ts'
import { largerIsBetter } from '../../training/callbacks/monitor.ts'

export function keepBest(monitor: string): Callback {
  const sign = largerIsBetter(monitor) ? 1 : -1
  let best = Number.NEGATIVE_INFINITY
  let weights: Float32Array | undefined
  return {
    onTrainBegin() {
      best = Number.NEGATIVE_INFINITY
      weights = undefined
    },
    onEpochEnd(_epoch, logs, { model }) {
      const value = sign * logs[monitor]
      if (!(value >= best)) return
      best = value
      weights = model.getWeights()
    },
    onTrainEnd({ model }) {
      if (weights) model.setWeights(weights)
      weights = undefined
    },
  }
}
