/** Records the trajectory of training through parameter space. */
import { checkInteger, checkOptions } from '../lib/check.ts'
import type { Callback } from '../training/callbacks/callbacks.ts'

export interface TrajectoryOptions {
  /** Epochs between snapshots. Default 1. */
  every?: number
  /** Maximum number of snapshots, at least 2: above it every second is dropped, and `every` doubles. Default 256. */
  most?: number
}

/** A callback with its recordings. */
export interface Trajectory extends Callback {
  /** Snapshots for `setWeights`: before training, every `every` epochs, and at the end. */
  readonly snapshots: readonly Float32Array[]
  /** The number of epochs before each of them. */
  readonly epochs: readonly number[]
}

/**
 * Records parameter snapshots during `fit`, for `lossSurface({ directions: { pca } })` and `lossAlong`. A further `fit` continues
 * the recording. Memory: at most `most` times the model's parameters.
 * @throws TypeError or RangeError naming the option.
 */
export function recordTrajectory(options: TrajectoryOptions = {}): Trajectory {
  const where = 'recordTrajectory'
  checkOptions(where, options, ['every', 'most'])
  let every = checkInteger(where, 'every', options.every ?? 1, 1)
  const most = checkInteger(where, 'most', options.most ?? 256, 2)
  const snapshots: Float32Array[] = []
  const epochs: number[] = []
  let done = 0
  const keep = (weights: Float32Array) => {
    // another fit starts where the last one ended: that snapshot is replaced
    if (epochs[epochs.length - 1] === done) {
      snapshots.pop()
      epochs.pop()
    }
    if (snapshots.length === most) {
      every *= 2
      const first = epochs[0]
      const kept = epochs.flatMap((epoch, i) => ((epoch - first) % every === 0 ? [i] : []))
      // after skipping epochs, keep every second snapshot
      const chosen = kept.length < most ? kept : kept.filter((_, i) => i % 2 === 0)
      snapshots.splice(0, most, ...chosen.map((i) => snapshots[i]))
      epochs.splice(0, most, ...chosen.map((i) => epochs[i]))
    }
    snapshots.push(weights)
    epochs.push(done)
  }
  return {
    snapshots,
    epochs,
    onTrainBegin({ model }) {
      keep(model.getWeights())
    },
    onEpochEnd(_epoch, _logs, { model }) {
      done++
      if (done % every === 0) keep(model.getWeights())
    },
    onTrainEnd({ model }) {
      keep(model.getWeights())
    },
  }
}
