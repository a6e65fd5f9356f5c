/** Converts networks, the plain values of importers and exporters, to models and back. */
import { layoutParameters } from '../compiler/parameterLayout.ts'
import { type Network, placed, type Stage, stagesOf, valuesOf } from '../formats/network.ts'
import { checkLayers, input } from '../layers/layers.ts'
import { show } from '../lib/check.ts'
import { type AnyModel, Model } from '../model/model.ts'
import { Parameter } from '../model/parameters.ts'
import type { ModelOptions } from '../model/untrained.ts'

/** Options of the imported model. */
export type ImportOptions = Pick<ModelOptions, 'seed' | 'deterministic' | 'threads'>

export const IMPORT_OPTIONS = ['seed', 'deterministic', 'threads'] as const

/**
 * The model of a network, not compiled. Everything is checked before memory is allocated.
 * @param where the importer, for messages.
 * @throws RangeError for layers that do not fit together, or parameters that are missing, superfluous, of another length or not
 * finite; TypeError or RangeError naming the option.
 */
export function modelOf(where: string, network: Network, options: ImportOptions = {}): Model {
  const stages = stagesOf(network)
  const { layers, values } = describing(where, () => {
    const layers = [input(network.inputs), ...stages.map(({ layer }) => layer)]
    // fails as `sequential` would
    layoutParameters(layers, checkLayers(layers))
    return { layers, values: placed(stages, network.inputs).flatMap(valuesOf) }
  })
  const model = Model.make(layers, options, true)
  for (const [i, parameter] of model.parameters.entries()) parameter.set(values[i])
  describing(where, () => {
    model.classNames = network.classNames
    model.metadata = network.metadata
  })
  return model
}

/** Turns errors of layers into errors about the file. */
function describing<T>(where: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    throw new RangeError(`${where}: the file describes no model that can be made: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** @throws TypeError unless it is a model, also one from another copy of this library. */
export function checkModel(where: string, model: unknown): asserts model is AnyModel {
  const { layers, engine } = (model ?? {}) as Partial<Model>
  if (!Array.isArray(layers) || !Array.isArray(engine?.places))
    throw new TypeError(`${where}: "model" must be a model, got ${show(model)}`)
}

/** A model's layers with copies of their parameters, its class names and metadata. */
export function networkOf({ layers, engine, classNames, metadata }: AnyModel): Network {
  const values: Record<string, Float32Array>[] = layers.map(() => ({}))
  for (const place of engine.places) values[place.layer][place.name] = Parameter.at(place, engine).get()
  let inputs = 0
  const stages: Stage[] = []
  for (const [i, layer] of layers.entries()) {
    if (layer.kind === 'input') inputs = layer.size
    else stages.push({ layer, values: values[i] })
  }
  return {
    inputs,
    stages,
    ...(Array.isArray(classNames) && { classNames: classNames as readonly string[] }),
    ...(metadata !== undefined && { metadata }),
  }
}
