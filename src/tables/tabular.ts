/** Models of tables that need no choosing: layers, loss and optimizer follow from the encoder. */
import { randomUniform } from '../catalogue/initializers/initializers.ts'
import { l2 } from '../catalogue/regularizers.ts'
import { dense } from '../layers/dense.ts'
import { input } from '../layers/layers.ts'
import { checkOneOf, checkOptions, quote, show } from '../lib/check.ts'
import { type Model, sequential } from '../model/model.ts'
import type { ModelOptions } from '../model/untrained.ts'
import { adam } from '../optimizers/optimizers.ts'
import type { Callback } from '../training/callbacks/callback.ts'
import { Encoder } from './encoder.ts'

export const PRESETS = ['mlp'] as const
export type Preset = (typeof PRESETS)[number]

export interface TabularOptions extends ModelOptions {
  readonly encoder: Encoder
  readonly preset: Preset
}

/** What `fit` is to be given with a preset. */
export interface PresetFit {
  readonly epochs: number
  readonly batchSize: number
  readonly callbacks: Callback[]
}

// scikit-learn's MLPClassifier and MLPRegressor
const UNITS = 100
const ALPHA = 1e-4
const BATCH = 200
const EPOCHS = 200
const TOLERANCE = 1e-4
const PATIENCE = 10

const batchOf = ({ rows }: Encoder): number => Math.min(BATCH, rows)

/** How many times scikit-learn's loss ours is: its squared error has a half. */
const lossScale = ({ target }: Encoder): number => (target.task === 'regression' ? 2 : 1)

/**
 * A compiled model for a table's encoder, which its file keeps as `metadata.encoder`, and the names of the classes.
 *
 * mlp: scikit-learn's default network (MLPClassifier, MLPRegressor): 100 units with ReLU; softmax, for two classes a single sigmoid,
 * or a linear output; Glorot-uniform weights and biases; Adam at 0.001; alpha 1e-4 / batch on the weights. Two things are not the
 * same: a last, shorter batch carries the penalty of the others, where scikit-learn raises it, and epsilon is PyTorch's.
 * @throws TypeError or RangeError for an unknown preset, or an encoder that gives indices for an embedding.
 */
export function tabular(options: TabularOptions): Model {
  checkOptions('tabular', options, ['encoder', 'preset', 'seed', 'threads', 'deterministic'])
  const { encoder, preset, ...network } = options
  checkPreset('tabular', encoder, preset)
  const { target, width } = encoder
  const classes = target.task === 'classification' ? target.classes.length : 0
  const outputs = classes > 2 ? classes : 1
  const scale = lossScale(encoder)
  const kernelRegularizer = l2((scale * ALPHA) / batchOf(encoder))
  const layer = (inputs: number, units: number, activation: 'relu' | 'softmax' | 'sigmoid' | 'linear') => {
    const bound = Math.sqrt(6 / (inputs + units))
    const biasInitializer = randomUniform({ minval: -bound, maxval: bound })
    return dense(units, { activation, kernelRegularizer, biasInitializer })
  }
  const last = classes > 2 ? 'softmax' : classes === 2 ? 'sigmoid' : 'linear'
  const model = sequential([input(width), layer(width, UNITS, 'relu'), layer(UNITS, outputs, last)], network)
  const optimizer = adam({ learningRate: 0.001, epsilon: scale * 1e-8 })
  if (target.task === 'classification') {
    const loss = classes > 2 ? 'sparseCategoricalCrossentropy' : 'binaryCrossentropy'
    model.compile({ optimizer, loss, metrics: ['accuracy'] })
    model.classNames = target.classes
  } else model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['r2Score'] })
  model.metadata = { encoder }
  return model
}

/**
 * Options of `fit` that belong to a preset.
 *
 * mlp: up to 200 epochs of batches of min(200, rows), until the loss has not fallen by 1e-4 for more than 10 epochs.
 */
export function presetFit(encoder: Encoder, preset: Preset): PresetFit {
  checkPreset('presetFit', encoder, preset)
  const tolerance = TOLERANCE * lossScale(encoder)
  let best = Number.POSITIVE_INFINITY
  let waited = 0
  const stopping: Callback = {
    onTrainBegin() {
      best = Number.POSITIVE_INFINITY
      waited = 0
    },
    onEpochEnd(_epoch, { loss }, context) {
      waited = loss > best - tolerance ? waited + 1 : 0
      best = Math.min(best, loss)
      if (waited > PATIENCE) context.stop(`the loss has not fallen by ${tolerance} for ${waited} epochs`)
    },
  }
  return { epochs: EPOCHS, batchSize: batchOf(encoder), callbacks: [stopping] }
}

function checkPreset(where: string, encoder: unknown, preset: unknown): void {
  if (!(encoder instanceof Encoder)) {
    throw new TypeError(
      `${where}: "encoder" must be an encoder, as prepare or encoderFromJSON gives it, got ${show(encoder)}`,
    )
  }
  checkOneOf(where, 'preset', preset, PRESETS)
  const indices = encoder.outputs.filter(({ kind }) => kind === 'index')
  if (indices.length === 0) return
  const most = Math.max(...indices.map(({ categories = 0 }) => categories))
  throw new RangeError(
    `${where}: preset "mlp" has no embedding for column ${quote(indices[0].name)}; prepare the table with oneHotLimit: ${most}`,
  )
}
