import type { Callback, CallbackContext, Logs } from '../../src/training/callbacks/callbacks.ts'

/** A training without a model: weights are the number of the epoch that made them. */
export class Training implements CallbackContext {
  weights: Float32Array = new Float32Array(1)
  readonly saved: [path: string, options: unknown, weights: number][] = []
  epochs = 0
  validationFrequency = 1
  rows = 320
  baseRate: number
  learningRateScale = 1
  stopReason: string | undefined
  readonly model = {
    predict: () => this.weights,
    evaluate: () => ({ loss: this.weights[0] }),
    getWeights: () => this.weights.slice(),
    setWeights: (weights: Float32Array) => {
      this.weights = weights
    },
    save: async (path: string, options?: object) => {
      this.saved.push([path, options, this.weights[0]])
    },
  }

  constructor(baseRate = 0.1) {
    this.baseRate = baseRate
  }

  get learningRate(): number {
    return this.baseRate * this.learningRateScale
  }

  stop(reason: string): void {
    this.stopReason = reason
  }

  /** Runs epochs with the given logs until stopped; returns how many ran. */
  async run(callback: Callback, epochs: Logs[], each?: () => void): Promise<number> {
    this.epochs = epochs.length
    this.stopReason = undefined
    await callback.onTrainBegin?.(this)
    let epoch = 0
    while (epoch < epochs.length && this.stopReason === undefined) {
      await callback.onEpochBegin?.(epoch, this)
      each?.()
      this.weights = Float32Array.of(epoch)
      await callback.onEpochEnd?.(epoch, epochs[epoch], this)
      epoch++
    }
    await callback.onTrainEnd?.(this)
    return epoch
  }
}

export const losses = (...values: number[]): Logs[] => values.map((val_loss) => ({ loss: 1, val_loss }))
