/** The first layers of a model as a separate model. */
import { findLayer } from './layerNames.ts'
import { type AnyModel, Model } from './model.ts'
import { endow, inherited } from './relatives.ts'

/**
 * The layers up to and including `lastLayer`, given by its index in `model.layers` or its name, as a new, independent model, not compiled,
 * that returns that layer's outputs: intermediate activations, the encoder of an autoencoder, embeddings.
 * Metadata is copied. Keras' `Model(model.inputs, layer.output)`.
 * @throws TypeError or RangeError unless the model has such a layer after its input.
 */
export function submodel(model: AnyModel, lastLayer: number | string): Model {
  const last = findLayer('submodel', 'lastLayer', model, lastLayer, 1)
  const { places } = model.engine
  const made = Model.make(model.layers.slice(0, last + 1), { ...inherited(model), seed: model.seed }, true)
  if (last === model.layers.length - 1) made.classNames = (model as Model).classNames
  const own = model.parameters.filter((_, i) => places[i].layer <= last)
  return endow(
    made,
    model,
    own.map((parameter) => parameter.get()),
  )
}
