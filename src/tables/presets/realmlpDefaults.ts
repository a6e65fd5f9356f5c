/**
 * What both RealMLP networks share (Holzmüller, Grinsztajn and Steinwart 2024, arXiv:2407.04491): defaults meta-tuned on many
 * tables.
 *
 * Their (NTK) parametrization is y = x W / √inputs + b. Here the kernel is W / √inputs itself, so Adam's rate is 1/√inputs times
 * theirs and its epsilon √inputs times; so is a decay, which is multiplied by the rate.
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
/** With fewer validation rows, the last epoch is kept. */
const LEAST_VALIDATED = 5
export const EPSILON = 1e-8
export const BETAS = { beta1: 0.9, beta2: 0.95 }
/** Factor on the learning rate of the scale layer. */
export const SCALE_RATE = 6
export const BIAS_RATE = 0.1

export const isClassifier = ({ target }: Encoder): boolean => target.task === 'classification'

/** Number of training rows, as `validationSplit` rounds it. */
export const trained = (rows: number): number =>
  rows < LEAST_VALIDATED ? rows : Math.floor(rows * (1 - VALIDATION) + rows * 1e-12)

const batchOf = (rows: number): number => Math.min(BATCH, rows)

export const stepsOf = ({ epochs, rows }: Length): number => epochs * Math.floor(rows / batchOf(rows))

/** Four cycles, each twice as long as the previous one. */
export const wavesOf = (learningRate: number, length: Length): Schedule =>
  coslog({ learningRate, totalSteps: stepsOf(length) })

/** The output layer without its initializer. */
export const headOf = ({ target }: Encoder) =>
  target.task === 'classification'
    ? { units: target.classes.length, activation: 'softmax' as const }
    : { units: 1, activation: 'linear' as const }

/** Compiles with the loss and the metric that selects the epoch. */
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
