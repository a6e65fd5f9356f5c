// Compiled, not run: the package's types as an application sees them.
import { dense, input, Model, Parameter, sequential, sgd } from 'fourlane'
import { init } from 'fourlane/core'
import { type Predictor, predictorFromBytes } from 'fourlane/predict'

const model: Model = sequential([input(2), dense(1, { activation: 'sigmoid' })], { seed: 1 })
model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'binaryCrossentropy' })
const values: Float32Array = model.predict([[0, 1]])
const predictor: Predictor = predictorFromBytes(model.toBytes())
// @ts-expect-error an unknown activation
dense(1, { activation: 'nothing' })
// models are made by functions
// @ts-expect-error its constructor is private
new Model()
export const isModel = (value: unknown): value is Model => value instanceof Model
export const kernels = model.parameters.filter((one): one is Parameter => one instanceof Parameter && one.size > 1)
export const used = [values, predictor.inputs, init({ bytes: new Uint8Array() })] as const
