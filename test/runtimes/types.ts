// Compiled, not run: the package's types as an application sees them.
import { dense, input, type Model, sequential, sgd } from 'fourlane'
import { init } from 'fourlane/core'
import { type Predictor, predictorFromBytes } from 'fourlane/predict'

const model: Model = sequential([input(2), dense(1, { activation: 'sigmoid' })], { seed: 1 })
model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'binaryCrossentropy' })
const values: Float32Array = model.predict([[0, 1]])
const predictor: Predictor = predictorFromBytes(model.toBytes())
// @ts-expect-error an unknown activation
dense(1, { activation: 'nothing' })
export const used = [values, predictor.inputs, init({ bytes: new Uint8Array() })] as const
