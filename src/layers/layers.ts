/** The catalogue of layers: what users write, what parameters each layer has, and the steps it lowers to. */
import { type Activation, resolveActivation } from '../catalogue/activations.ts'
import type { Door } from '../data/features.ts'
import { checkInteger, checkNoMore, checkOneOf, checkOptions, show } from '../lib/check.ts'
import { type ActivationLayer, activationKind } from './activation.ts'
import type { AlphaDropoutLayer } from './alphaDropout.ts'
import { type BatchNormLayer, type BatchRenormLayer, batchNormKind, batchRenormKind } from './batchNorm.ts'
import type { BlendLayer } from './blend.ts'
import type { Catalogue } from './branches.ts'
import type { Builder, LayerKind, Lowered, NamedOutputs, Origins, ParameterSpec, Traced, Value } from './builder.ts'
import { CARRIED_KINDS, type CarriedKind, carriedRow, carrying, isCarriedKind } from './carried.ts'
import { type ConcatenateLayer, concatenateKind, concatenateOf } from './concatenate.ts'
import { type DenseLayer, denseKind } from './dense.ts'
import type { EmbeddingLayer } from './embedding.ts'
import type { HeadsLayer } from './heads.ts'
import { type DropoutLayer, dropoutKind, type GaussianNoiseLayer, gaussianNoiseKind, isNoise } from './noise.ts'
import type { OneHotColumnsLayer } from './oneHotColumns.ts'
import type { PeriodicEmbeddingLayer } from './periodicEmbedding.ts'
import { type PreluLayer, preluKind } from './prelu.ts'
import { type ResidualLayer, residualKind, residualOf } from './residual.ts'
import type { Resolvers } from './resolvers.ts'
import {
  type GroupNormLayer,
  groupNormKind,
  type InstanceNormLayer,
  instanceNormKind,
  type LayerNormLayer,
  layerNormKind,
  type RmsNormLayer,
  rmsNormKind,
} from './rowNorm.ts'
import type { ScaleLayer } from './scale.ts'
import type { SelectLayer } from './select.ts'
import type { UnitNormLayer } from './unitNorm.ts'

export { type ActivationLayer, activation } from './activation.ts'
export { type AlphaDropoutLayer, alphaDropout } from './alphaDropout.ts'
export {
  type BatchNormLayer,
  type BatchNormOptions,
  type BatchRenormLayer,
  type BatchRenormOptions,
  batchNorm,
  batchRenorm,
} from './batchNorm.ts'
export { type BlendLayer, type BlendOptions, blend } from './blend.ts'
export { type DenseLayer, type DenseOptions, dense } from './dense.ts'
export {
  type EmbeddingLayer,
  type EmbeddingOptions,
  type EmbeddingTable,
  embedding,
} from './embedding.ts'
export { type DropoutLayer, dropout, type GaussianNoiseLayer, gaussianNoise } from './noise.ts'
export { type OneHotColumnsLayer, type OneHotColumnsOptions, oneHotColumns } from './oneHotColumns.ts'
export {
  type PeriodicEmbeddingLayer,
  type PeriodicEmbeddingOptions,
  periodicEmbedding,
} from './periodicEmbedding.ts'
export { type PreluLayer, prelu } from './prelu.ts'
export {
  type GroupNormLayer,
  groupNorm,
  type InstanceNormLayer,
  instanceNorm,
  type LayerNormLayer,
  layerNorm,
  type RmsNormLayer,
  type RowNormOptions,
  rmsNorm,
} from './rowNorm.ts'
export { type ScaleLayer, type ScaleOptions, scale } from './scale.ts'
export { type SelectLayer, type SelectOptions, select } from './select.ts'
export { type UnitNormLayer, unitNorm } from './unitNorm.ts'

export interface InputLayer {
  readonly kind: 'input'
  readonly size: number
}

/** A frozen, JSON-serializable description; files store this object. */
export type Layer = InputLayer | Lowerable

/** Every kind of layer except the input. */
export type Lowerable =
  | DenseLayer
  | ActivationLayer
  | BatchNormLayer
  | BatchRenormLayer
  | LayerNormLayer
  | GroupNormLayer
  | InstanceNormLayer
  | RmsNormLayer
  | DropoutLayer
  | GaussianNoiseLayer
  | PreluLayer
  | ResidualLayer<Lowerable>
  | ScaleLayer
  | BlendLayer
  | PeriodicEmbeddingLayer
  | SelectLayer
  | ConcatenateLayer<Lowerable>
  | HeadsLayer<Lowerable>
  | EmbeddingLayer
  | OneHotColumnsLayer
  | UnitNormLayer
  | AlphaDropoutLayer

/**
 * The model's first layer: rows of `size` features.
 * @throws TypeError or RangeError unless size is a positive integer.
 */
export function input(size: number, ...more: []): InputLayer {
  checkNoMore('input', more)
  return Object.freeze({ kind: 'input', size: checkInteger('input', 'size', size, 1) })
}

/**
 * y = f(x) + x, f the given layers in order (He et al. 2015, arXiv:1512.03385). The block's output must be as wide as its
 * input. A block that ends in `dense(n)`, followed by `activation('relu')`, is the original form; one that begins
 * with normalization and activation is the "pre-activation" form, which trains deeper networks. Blocks may be nested.
 * @throws TypeError unless layers is an array of layers; RangeError if it is empty, contains an input or is nested 100 deep.
 */
export function residual(layers: readonly Layer[], ...more: []): ResidualLayer<Lowerable> {
  checkNoMore('residual', more)
  return residualOf<Lowerable>(layers)
}

/** What nested layers call back into. */
export const catalogue: Catalogue<Lowerable> = { revive: reviveLayer, outputsOf, parametersOf, trace, lower }

/**
 * Applies every branch, a list of layers, to the same rows and concatenates the outputs in order. An empty list is the identity:
 * wide and deep models, dense skips, several inputs that are columns of one row.
 * @throws TypeError unless branches is an array of arrays of layers; RangeError if it is empty, contains an input or is nested 100 deep.
 */
export const concatenate: (branches: readonly (readonly Layer[])[], ...more: []) => ConcatenateLayer<Lowerable> =
  carrying('concatenate', concatenateKind<Lowerable>(catalogue), (branches, ...more) => {
    checkNoMore('concatenate', more)
    return concatenateOf<Lowerable>(branches)
  })

/** The kinds that are in every bundle, one row each; `input` only states the width. */
const layerKinds: {
  readonly [K in Exclude<Lowerable['kind'], CarriedKind>]: LayerKind<Extract<Lowerable, { kind: K }>>
} = {
  dense: denseKind,
  activation: activationKind,
  batchNorm: batchNormKind,
  batchRenorm: batchRenormKind,
  layerNorm: layerNormKind,
  groupNorm: groupNormKind,
  instanceNorm: instanceNormKind,
  rmsNorm: rmsNormKind,
  dropout: dropoutKind,
  gaussianNoise: gaussianNoiseKind,
  prelu: preluKind,
  residual: residualKind<Lowerable>(catalogue),
}

// The catalogue's only cast: a layer's kind selects the row for exactly that layer.
const kindOf = ({ kind }: Lowerable) =>
  (isCarriedKind(kind) ? carriedRow(kind) : layerKinds[kind]) as unknown as LayerKind<Lowerable>

/** Output width of a layer for rows of `inputs` features. */
export function outputsOf(layer: Lowerable, inputs: number): number {
  return kindOf(layer).outputs(layer, inputs)
}

/** The layer's parameters for rows of `inputs` features. */
export function parametersOf(layer: Lowerable, inputs: number): readonly ParameterSpec[] {
  return kindOf(layer).parameters(layer, inputs)
}

/** A layer from its JSON form, checked as by its factory, except for what the resolvers skip. */
export function reviveLayer(spec: Layer, resolvers: Resolvers): Layer {
  if (spec?.kind === 'input') {
    checkOptions('input', spec, ['kind', 'size'])
    return input(spec.size)
  }
  if (!isCarriedKind(spec?.kind)) {
    checkOneOf('layer', 'kind', spec?.kind, [...Object.keys(layerKinds), ...CARRIED_KINDS] as Lowerable['kind'][])
  } else if (!carriedRow(spec.kind)) {
    throw new TypeError(`layer: one of kind "${spec.kind}" is made by ${spec.kind}(...)`)
  }
  return kindOf(spec).revive(spec, resolvers)
}

/** Where the layers' output columns come from, and what they require of the features. */
function trace(layers: readonly Lowerable[], origins: Origins): Traced {
  const doors: Door[] = []
  let known = origins
  for (const layer of layers) {
    const width = outputsOf(layer, known.width)
    const traced = kindOf(layer).trace?.(layer, known)
    known = traced?.origins ?? { width, of: () => undefined }
    if (traced) doors.push(...traced.doors)
  }
  return { origins: known, doors }
}

/**
 * What a model's layers require of its features.
 * @throws RangeError if a layer reads indices that an earlier layer has changed.
 */
export function doorsOf([input, ...layers]: readonly Layer[]): readonly Door[] {
  const size = input.kind === 'input' ? input.size : 0
  const inner = layers.filter((layer) => layer.kind !== 'input')
  return trace(inner, { width: size, of: (column) => column }).doors
}

/** The names of a model's outputs, if its last layer has any. */
export function namedOutputsOf(layers: readonly Layer[], widths: readonly number[]): NamedOutputs | undefined {
  const last = layers[layers.length - 1]
  return last.kind === 'input' ? undefined : kindOf(last).named?.(last, widths[widths.length - 2])
}

/** Emits the layer's forward steps and returns its backward pass. */
export function lower(layer: Lowerable, builder: Builder, x: Value): Lowered {
  return builder.instead?.(layer, x) ?? kindOf(layer).lower(layer, builder, x)
}

/** The layer's own activation, if its kind has one. */
export const activationOf = (layer: Layer): Activation | undefined =>
  'activation' in layer ? layer.activation : undefined

/** The layer without its activation, for losses that include softmax or sigmoid. */
export const withoutActivation = <L extends Layer>(layer: L): L =>
  'activation' in layer ? { ...layer, activation: resolveActivation('', 'linear') } : layer

/** The warning for a model that ends in noise, which corrupts its outputs; a final activation does not help. */
export function noiseWarning(layers: readonly Layer[]): string | undefined {
  const last = layers.findLastIndex(({ kind }) => kind !== 'activation')
  const { kind } = layers[last] ?? {}
  if (!isNoise(kind)) return undefined
  return `layer ${last}, ${kind}, follows the logits: the loss will be taken of spoilt outputs; put it before the last dense layer`
}

/**
 * User-supplied layers, normalized by their factories: the fields may have been written by hand.
 * @throws TypeError or RangeError naming the layer by its index.
 */
export function reviveLayers(where: string, layers: unknown, resolvers: Resolvers): Layer[] {
  if (!Array.isArray(layers)) throw new TypeError(`${where}: "layers" must be an array of layers, got ${show(layers)}`)
  return Array.from(layers, (layer: unknown, i) => {
    if (typeof layer !== 'object' || layer === null || !('kind' in layer)) {
      throw new TypeError(
        `${where}: layer ${i} must be made by a layer function such as dense(...), got ${show(layer)}`,
      )
    }
    try {
      return reviveLayer(layer as Layer, resolvers)
    } catch (cause) {
      const kind = cause instanceof TypeError ? TypeError : RangeError
      throw new kind(`${where}: layer ${i}: ${(cause as Error).message}`, { cause })
    }
  })
}

/**
 * Checks a model's list of layers.
 * @returns the output width of every layer, starting with the input's.
 */
export function checkLayers(layers: unknown): number[] {
  if (!Array.isArray(layers))
    throw new TypeError(`sequential: "layers" must be an array of layers, got ${show(layers)}`)
  const [first, ...rest] = layers as readonly Layer[]
  if (first?.kind !== 'input')
    throw new TypeError(`sequential: the first layer must be input(n), got ${show(first?.kind ?? first)}`)
  if (rest.length === 0) throw new RangeError('sequential: at least one layer must follow the input')
  const widths = [first.size]
  for (const [i, layer] of rest.entries()) {
    if (typeof layer !== 'object' || layer === null || !('kind' in layer)) {
      throw new TypeError(
        `sequential: layer ${i + 1} must be made by a layer function such as dense(...), got ${show(layer)}`,
      )
    }
    if (layer.kind === 'input')
      throw new RangeError(`sequential: input() must be the first layer only, found again at ${i + 1}`)
    if (layer.kind === 'heads' && i < rest.length - 1)
      throw new RangeError(`sequential: heads must be the last layer, found at ${i + 1}`)
    widths.push(outputsOf(layer, widths[i]))
  }
  return widths
}
