/**
 * What RealMLP's two networks have in common (Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491), tuned for tables once
 * and for all.
 *
 * Their parametrization (NTK) is y = x W / √inputs + b. Here the kernel is W / √inputs itself: then Adam's rate is 1/√inputs times
 * theirs, its epsilon √inputs times, and so is a decay, which takes the rate as its factor.
 */
import { sparseCategoricalCrossentropy } from '../../catalogue/losses.ts'
import type { Model } from '../../model/model.ts'
import type { Optimizer } from '../../optimizers/optimizers.ts'
import { coslog } from '../../optimizers/schedules/cycles.ts'
import type { Schedule } from '../../optimizers/schedules/schedules.ts'
import type { Encoder } from '../encoder.ts'
import { keepBest } from './keepBest.ts'
import type { Length, PresetFit } from './preset.ts'

export const HIDDEN = [256, 256, 256]
export const EPOCHS = 256
const BATCH = 256
const VALIDATION = 0.2
/** With fewer rows, the last epoch is kept. */
const LEAST_VALIDATED = 5
export const EPSILON = 1e-8
export const BETAS = { beta1: 0.9, beta2: 0.95 }
/** Times the learning rate. */
export const SCALE_RATE = 6
export const BIAS_RATE = 0.1

export const isClassifier = ({ target }: Encoder): boolean => target.task === 'classification'

/** Rows to train on, as `validationSplit` counts them. */
export const trained = (rows: number): number =>
  rows < LEAST_VALIDATED ? rows : Math.floor(rows * (1 - VALIDATION) + rows * 1e-12)

const batchOf = (rows: number): number => Math.min(BATCH, rows)

export const stepsOf = ({ epochs, rows }: Length): number => epochs * Math.floor(rows / batchOf(rows))

/** Four waves, each twice as long as the one before. */
export const wavesOf = (learningRate: number, length: Length): Schedule =>
  coslog({ learningRate, totalSteps: stepsOf(length) })

/** The layer of the output, but for what it begins with. */
export const headOf = ({ target }: Encoder) =>
  target.task === 'classification'
    ? { units: target.classes.length, activation: 'softmax' as const }
    : { units: 1, activation: 'linear' as const }

/** Compiles with the loss and the metric that chooses the epoch. */
export function compile(model: Model, encoder: Encoder, optimizer: Optimizer): Model {
  if (isClassifier(encoder)) {
    model.compile({ optimizer, loss: sparseCategoricalCrossentropy({ labelSmoothing: 0.1 }), metrics: ['accuracy'] })
  } else model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['rootMeanSquaredError'] })
  return model
}

export function fit(encoder: Encoder, { epochs, rows }: Length): PresetFit {
  const isClasses = isClassifier(encoder)
  const validates = encoder.rows >= LEAST_VALIDATED
  return {
    epochs,
    batchSize: batchOf(rows),
    dropLast: true,
    callbacks: validates ? [keepBest(isClasses ? 'val_accuracy' : 'val_rootMeanSquaredError')] : [],
    ...(validates && { validationSplit: { fraction: VALIDATION, shuffle: true, stratify: isClasses } }),
  }
}
