/** The catalogue of layers: what the user writes, what each layer owns, and the steps it lowers to. */
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

/** A frozen, JSON-able description; the same object is what a file stores. */
export type Layer = InputLayer | Lowerable

/** Every kind of layer but the input. */
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

/** The model's first layer: rows of `size` features. */
export function input(size: number, ...more: []): InputLayer {
  checkNoMore('input', more)
  return Object.freeze({ kind: 'input', size: checkInteger('input', 'size', size, 1) })
}

/**
 * y = f(x) + x, f the given layers in order (He et al. 2015, arXiv:1512.03385). The block must give as many units as it
 * gets. A block that ends in `dense(n)` and is followed by `activation('relu')` is the original form; one that begins
 * with normalization and activation is the "pre-activation" form, which trains deeper. Blocks may hold blocks.
 * @throws TypeError unless layers is an array of layers, RangeError when it is empty, holds an input or blocks 100 deep.
 */
export function residual(layers: readonly Layer[], ...more: []): ResidualLayer<Lowerable> {
  checkNoMore('residual', more)
  return residualOf<Lowerable>(layers)
}

/** What layers with layers in them need of the catalogue that they are part of. */
export const catalogue: Catalogue<Lowerable> = { revive: reviveLayer, outputsOf, parametersOf, trace, lower }

/**
 * Every branch, a list of layers, sees the same rows; their outputs come side by side, in order. An empty list hands on the rows
 * themselves: wide and deep models, dense skips, several inputs that are columns of one row.
 * @throws TypeError unless branches is an array of arrays of layers, RangeError when it is empty, holds an input or is nested 100 deep.
 */
export const concatenate: (branches: readonly (readonly Layer[])[], ...more: []) => ConcatenateLayer<Lowerable> =
  carrying('concatenate', concatenateKind<Lowerable>(catalogue), (branches, ...more) => {
    checkNoMore('concatenate', more)
    return concatenateOf<Lowerable>(branches)
  })

/** One row per kind of layer that every program holds; `input` only names the width. */
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

// The one cast of the catalogue: a layer's kind selects the row made for exactly that layer.
const kindOf = ({ kind }: Lowerable) =>
  (isCarriedKind(kind) ? carriedRow(kind) : layerKinds[kind]) as unknown as LayerKind<Lowerable>

/** Width of the layer's output for rows of `inputs` features. */
export function outputsOf(layer: Lowerable, inputs: number): number {
  return kindOf(layer).outputs(layer, inputs)
}

/** The parameters the layer owns for rows of `inputs` features. */
export function parametersOf(layer: Lowerable, inputs: number): readonly ParameterSpec[] {
  return kindOf(layer).parameters(layer, inputs)
}

/** A layer from its JSON form, checked as its factory checks, but for what the resolvers leave out. */
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

/** Where the columns come from that the layers hand on, and what they ask of features. */
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
 * What the layers of a model ask of features.
 * @throws RangeError where a layer takes indices that others before it have changed.
 */
export function doorsOf([input, ...layers]: readonly Layer[]): readonly Door[] {
  const size = input.kind === 'input' ? input.size : 0
  const inner = layers.filter((layer) => layer.kind !== 'input')
  return trace(inner, { width: size, of: (column) => column }).doors
}

/** What a model's outputs are called, if its last layer gives them names. */
export function namedOutputsOf(layers: readonly Layer[], widths: readonly number[]): NamedOutputs | undefined {
  const last = layers[layers.length - 1]
  return last.kind === 'input' ? undefined : kindOf(last).named?.(last, widths[widths.length - 2])
}

/** Emits the layer's forward steps and returns how to go back. */
export function lower(layer: Lowerable, builder: Builder, x: Value): Lowered {
  return builder.instead?.(layer, x) ?? kindOf(layer).lower(layer, builder, x)
}

/** The layer's own activation, if its kind has one. */
export const activationOf = (layer: Layer): Activation | undefined =>
  'activation' in layer ? layer.activation : undefined

/** The layer without its activation: what a loss that brings its own softmax or sigmoid wants below it. */
export const withoutActivation = <L extends Layer>(layer: L): L =>
  'activation' in layer ? { ...layer, activation: resolveActivation('', 'linear') } : layer

/** What is wrong with noise on the model's very outputs, should it end in some; an activation after it does not help. */
export function noiseWarning(layers: readonly Layer[]): string | undefined {
  const last = layers.findLastIndex(({ kind }) => kind !== 'activation')
  const { kind } = layers[last] ?? {}
  if (!isNoise(kind)) return undefined
  return `layer ${last}, ${kind}, follows the logits: the loss will be taken of spoilt outputs; put it before the last dense layer`
}

/**
 * Layers as their factories make them, of what users give, who may have written the fields by hand.
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
 * @returns the output width of every layer; entry 0 is the input's.
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
