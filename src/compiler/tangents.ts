/** Tangents of a model's outputs along a direction of its parameters, on the current batch of a training plan. */
import { uncurved } from '../layers/curved/layers.ts'
import type { EmitTangents } from '../optimizers/solvers/batchCurvature.ts'
import { Lowering } from './batchCurvature.ts'
import { DualBuilder, emitForward, emitLoss } from './curvature.ts'
import { blockFloats } from './parameterLayout.ts'

/** @throws RangeError for a model with a layer without exact tangents. */
export const emitTangents: EmitTangents = ({ places, lowering, range }, moves) => {
  if (!(lowering instanceof Lowering)) throw new Error('tangents: the plan is none of a model')
  const { builder, layers, objective, batch } = lowering
  const kind = uncurved(layers)
  if (kind) {
    throw new RangeError(
      `kfac: 'adaptive' rates look along directions, which the layer "${kind}" cannot; give learningRate and momentum as numbers`,
    )
  }
  const floats = blockFloats(builder.site.places)
  const probe = builder.region(floats * 4)
  const moving = new Set(places.filter(moves).map(({ offset }) => offset))
  const isTrainable = ({ offset }: { readonly offset: number }) => moving.has(offset)
  const dual = new DualBuilder(builder, { penalties: false, isTrainable }, probe)
  let along: readonly ReturnType<typeof builder.matrix>[] = []
  const values = range(() => {
    const { y } = emitForward(dual, layers, batch.x)
    const curved = emitLoss(dual, y, { loss: objective.loss, curvature: 'gaussNewton' }, batch)
    along = y.tangent && curved ? [y.tangent, curved.tangent] : []
  })
  const [tangent, curved] = along
  if (!tangent) return { ranges: {} }
  return {
    ranges: { values, along: range(() => builder.steps.push(...dual.steps)) },
    regions: { probe: { address: probe, cols: floats, stride: floats * 4 }, tangent, curved },
  }
}
