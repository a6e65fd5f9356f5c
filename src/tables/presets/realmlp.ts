/**
 * RealMLP, the networks of Holzmüller, Grinsztajn and Steinwart (2024, arXiv:2407.04491), tuned for tables once and for all.
 *
 * Their parametrization (NTK) is y = x W / √inputs + b with W, b ~ N(0, 1). Here the kernel is W / √inputs itself: then Adam's
 * rate is 1/√inputs times theirs, and its epsilon √inputs times.
 */
import { randomNormal } from '../../catalogue/initializers/initializers.ts'
import { sparseCategoricalCrossentropy } from '../../catalogue/losses.ts'
import { dense } from '../../layers/dense.ts'
import { input } from '../../layers/layers.ts'
import { scale } from '../../layers/scale.ts'
import { sequential } from '../../model/model.ts'
import { adam } from '../../optimizers/optimizers.ts'
import type { ParameterGroup } from '../../optimizers/rules/groups.ts'
import { coslog } from '../../optimizers/schedules/cycles.ts'
import { keepBest } from './keepBest.ts'
import type { Length, PresetKind } from './preset.ts'

const HIDDEN = [256, 256, 256]
const EPOCHS = 256
const BATCH = 256
const VALIDATION = 0.2
/** With fewer rows, the last epoch is kept. */
const LEAST_VALIDATED = 5
const EPSILON = 1e-8

/** Rows to train on, as `validationSplit` counts them. */
const trained = (rows: number): number =>
  rows < LEAST_VALIDATED ? rows : Math.floor(rows * (1 - VALIDATION) + rows * 1e-12)

const batchOf = (rows: number): number => Math.min(BATCH, rows)

const stepsOf = ({ epochs, rows }: Length): number => epochs * Math.floor(rows / batchOf(rows))

/** The settings of a kernel with so many inputs. */
const kernelGroup = (layer: string, inputs: number): ParameterGroup => ({
  match: `${layer}.kernel`,
  learningRateScale: 1 / Math.sqrt(inputs),
  epsilon: EPSILON * Math.sqrt(inputs),
})

/** "TD-S": what is simple to write down of the tuned defaults. */
export const realmlpSmall: PresetKind = {
  epochs: EPOCHS,
  embeds: false,
  trained,

  build(encoder, options, length) {
    const { target, width } = encoder
    const isClasses = target.task === 'classification'
    const sizes = [width, ...HIDDEN]
    const hidden = HIDDEN.map((units, i) =>
      dense(units, {
        activation: isClasses ? 'selu' : 'mish',
        kernelInitializer: randomNormal({ stddev: 1 / Math.sqrt(sizes[i]) }),
        biasInitializer: randomNormal({ stddev: 1 }),
        name: `hidden_${i + 1}`,
      }),
    )
    const head = dense(isClasses ? target.classes.length : 1, {
      activation: isClasses ? 'softmax' : 'linear',
      kernelInitializer: 'zeros',
      name: 'head',
    })
    const model = sequential([input(width), scale({ name: 'scale' }), ...hidden, head], options)
    const optimizer = adam({
      learningRate: coslog({ learningRate: isClasses ? 0.04 : 0.07, totalSteps: stepsOf(length) }),
      beta1: 0.9,
      beta2: 0.95,
      epsilon: EPSILON,
      parameterGroups: [
        { match: 'scale', learningRateScale: 6 },
        { match: 'bias', learningRateScale: 0.1 },
        ...sizes.map((inputs, i) => kernelGroup(i < HIDDEN.length ? `hidden_${i + 1}` : 'head', inputs)),
      ],
    })
    if (isClasses) {
      const loss = sparseCategoricalCrossentropy({ labelSmoothing: 0.1 })
      model.compile({ optimizer, loss, metrics: ['accuracy'] })
    } else model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['rootMeanSquaredError'] })
    return model
  },

  fit(encoder, { epochs, rows }) {
    const { task } = encoder.target
    const isClasses = task === 'classification'
    const validates = encoder.rows >= LEAST_VALIDATED
    return {
      epochs,
      batchSize: batchOf(rows),
      dropLast: true,
      callbacks: validates ? [keepBest(isClasses ? 'val_accuracy' : 'val_rootMeanSquaredError')] : [],
      ...(validates && { validationSplit: { fraction: VALIDATION, shuffle: true, stratify: isClasses } }),
    }
  },
}
