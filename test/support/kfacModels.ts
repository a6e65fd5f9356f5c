/** Models that K-FAC trains, and what all of them keep. */
import * as assert from 'uvu/assert'
import {
  batchNorm,
  dense,
  dropout,
  input,
  type KfacOptions,
  kfac,
  type Layer,
  l2,
  type Model,
  modelFromBytes,
  residual,
  sequential,
} from '../../src/entries/public.ts'

/** Dense layers of every form, and what is none between them; three classes. */
export const mixed = (features: number): Layer[] => [
  input(features),
  dense(9, { useBias: false }),
  batchNorm(),
  dense(9, { activation: 'elu', activityRegularizer: l2(1e-3) }),
  residual([dense(9, { activation: 'tanh', kernelRegularizer: l2(1e-3) }), dense(9, { weightNorm: true })]),
  dropout(0.2),
  dense(3, { activation: 'softmax' }),
]

export function compiled(layers: Layer[], options: KfacOptions = {}, threads = 1): Model {
  const model = sequential(layers, { seed: 3, threads })
  model.compile({ optimizer: kfac(options), loss: 'sparseCategoricalCrossentropy' })
  return model
}

/** Everything that a step may change. */
export const imageOf = (model: Model): Uint8Array => model.toBytes({ includeOptimizer: true })

/** Six steps; then model, file and clone go on with the same bits. */
export function goesOn(model: Model, x: Float32Array, y: ArrayLike<number>): void {
  const rows = Float32Array.from(y)
  for (let t = 0; t < 6; t++) model.trainStep(x, rows)
  const copy = modelFromBytes(imageOf(model), { custom: { kfac } })
  const clone = model.clone()
  for (let t = 0; t < 6; t++) {
    const losses = [model, copy, clone].map((each) => each.trainStep(x, rows))
    assert.equal(losses, [losses[0], losses[0], losses[0]])
  }
  assert.equal(imageOf(copy), imageOf(model))
  assert.equal(imageOf(clone), imageOf(model))
}
