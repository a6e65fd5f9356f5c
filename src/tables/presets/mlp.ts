/** scikit-learn's default network: MLPClassifier and MLPRegressor. */
import { randomUniform } from '../../catalogue/initializers/initializers.ts'
import { l2 } from '../../catalogue/regularizers.ts'
import { dense } from '../../layers/dense.ts'
import { input } from '../../layers/layers.ts'
import { sequential } from '../../model/model.ts'
import { adam } from '../../optimizers/optimizers.ts'
import type { Callback } from '../../training/callbacks/callback.ts'
import type { Encoder } from '../encoder.ts'
import type { PresetKind } from './preset.ts'

const UNITS = 100
const ALPHA = 1e-4
const BATCH = 200
const EPOCHS = 200
const TOLERANCE = 1e-4
const PATIENCE = 10

const batchOf = (rows: number): number => Math.min(BATCH, rows)

/** Ratio of this library's loss to scikit-learn's, whose squared error has a factor 1/2. */
const lossScale = ({ target }: Encoder): number => (target.task === 'regression' ? 2 : 1)

export const mlp: PresetKind = {
  epochs: EPOCHS,
  embeds: false,
  trained: (rows) => rows,

  build(encoder, options, { rows }) {
    const { target, width } = encoder
    const classes = target.task === 'classification' ? target.classes.length : 0
    const outputs = classes > 2 ? classes : 1
    const scale = lossScale(encoder)
    const kernelRegularizer = l2((scale * ALPHA) / batchOf(rows))
    const layer = (inputs: number, units: number, activation: 'relu' | 'softmax' | 'sigmoid' | 'linear') => {
      const bound = Math.sqrt(6 / (inputs + units))
      const biasInitializer = randomUniform({ minval: -bound, maxval: bound })
      return dense(units, { activation, kernelRegularizer, biasInitializer })
    }
    const last = classes > 2 ? 'softmax' : classes === 2 ? 'sigmoid' : 'linear'
    const model = sequential([input(width), layer(width, UNITS, 'relu'), layer(UNITS, outputs, last)], options)
    const optimizer = adam({ learningRate: 0.001, epsilon: scale * 1e-8 })
    if (target.task === 'classification') {
      const loss = classes > 2 ? 'sparseCategoricalCrossentropy' : 'binaryCrossentropy'
      model.compile({ optimizer, loss, metrics: ['accuracy'] })
    } else model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['r2Score'] })
    return model
  },

  fit(encoder, { epochs, rows }) {
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
    return { epochs, batchSize: batchOf(rows), callbacks: [stopping] }
  },
}
