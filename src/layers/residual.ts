/** Blocks with a shortcut connection. */
import { checkOptions, show } from '../lib/check.ts'
import * as ops from '../machine/ops/layers.ts'
import type { Builder, LayerKind, Lowered, Matrix, Origins, ParameterSpec, Traced, Value } from './builder.ts'
import type { Resolvers } from './resolvers.ts'

/** What a block needs to know about the layers in it; declared here because the catalogue also contains blocks. */
export interface Inner {
  readonly kind: string
  readonly name?: string
  readonly trainable?: boolean
  readonly layers?: readonly Inner[]
  readonly branches?: readonly (readonly Inner[])[]
}
export interface Input {
  readonly kind: 'input'
}

export interface ResidualLayer<Layer> {
  readonly kind: 'residual'
  readonly layers: readonly Layer[]
}

/** @throws TypeError unless layers is an array of layers; RangeError if it is empty, contains an input or is nested 100 deep. */
export function residualOf<Layer extends Inner>(layers: readonly (Layer | Input)[]): ResidualLayer<Layer> {
  const inner = checkInner<Layer>('residual', layers)
  if (inner.length === 0)
    throw new RangeError('residual: "layers" must hold at least one layer: nothing around x would be 2x')
  return Object.freeze({ kind: 'residual', layers: Object.freeze(inner) })
}

/**
 * Layers to nest inside another, copied to a new list.
 * @throws TypeError unless they are an array of layers; RangeError if it contains an input or is nested 100 deep.
 */
export function checkInner<Layer extends Inner>(where: string, layers: readonly (Layer | Input)[]): Layer[] {
  if (!Array.isArray(layers)) throw new TypeError(`${where}: "layers" must be an array of layers, got ${show(layers)}`)
  const isInput = (layer: Layer | Input): layer is Input => layer.kind === 'input'
  const inner: Layer[] = []
  for (const [i, layer] of (layers as readonly (Layer | Input)[]).entries()) {
    if (typeof layer !== 'object' || layer === null || !('kind' in layer)) {
      throw new TypeError(
        `${where}: layer ${i} must be made by a layer function such as dense(...), got ${show(layer)}`,
      )
    }
    if (isInput(layer))
      throw new RangeError(`${where}: layer ${i} is an input(); a block takes its width from the layer before it`)
    if (layer.kind === 'heads') throw new RangeError(`${where}: heads must be the last layer of a model`)
    inner.push(layer)
  }
  checkNesting(where, inner)
  return inner
}

/** Nested blocks are handled by recursion, whose depth must be bounded. */
const DEEPEST = 100

function checkNesting(where: string, layers: readonly Inner[]): void {
  let level = layers
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === DEEPEST) throw new RangeError(`${where}: blocks are nested more than ${DEEPEST} deep`)
    level = level.flatMap((layer) => layer.layers ?? layer.branches?.flat() ?? [])
  }
}

/** The part of the layer catalogue that a nested layer calls back into. */
interface Catalogue<Layer> {
  revive(spec: Layer, resolvers: Resolvers): Layer | Input
  outputsOf(layer: Layer, inputs: number): number
  parametersOf(layer: Layer, inputs: number): readonly ParameterSpec[]
  trace(layers: readonly Layer[], origins: Origins): Traced
  lower(layer: Layer, builder: Builder, x: Value): Lowered
}

export const residualKind = <Layer extends Inner>(catalogue: Catalogue<Layer>): LayerKind<ResidualLayer<Layer>> => {
  /** Widths before each layer, and after the last. */
  const widthsOf = ({ layers }: ResidualLayer<Layer>, inputs: number): number[] => {
    const widths = [inputs]
    for (const [i, layer] of layers.entries()) widths.push(catalogue.outputsOf(layer, widths[i]))
    return widths
  }

  return {
    outputs(layer, inputs) {
      const widths = widthsOf(layer, inputs)
      const outputs = widths[widths.length - 1]
      if (outputs !== inputs) {
        throw new RangeError(
          `residual: the block maps ${inputs} to ${outputs} units, so x cannot be added; end it with dense(${inputs}), or put a dense(${outputs}) before it`,
        )
      }
      return outputs
    },

    revive({ kind, layers, ...rest }, resolvers) {
      checkOptions(kind, rest, [])
      if (!Array.isArray(layers)) throw new TypeError(`${kind}: "layers" must be an array, got ${show(layers)}`)
      return residualOf(layers.map((layer) => catalogue.revive(layer, resolvers)))
    },

    parameters(block, inputs) {
      const widths = widthsOf(block, inputs)
      const prefixes = blockPrefixes(block.layers)
      return block.layers.flatMap((layer, i) =>
        catalogue.parametersOf(layer, widths[i]).map((spec) => ({
          ...spec,
          name: prefixes[i] + spec.name,
          ...(spec.derived && { derived: { ...spec.derived, from: prefixes[i] + spec.derived.from } }),
          ...(layer.trainable === false && { trainable: false as const }),
        })),
      )
    },

    trace: ({ layers }, origins) => ({
      ...catalogue.trace(layers, origins),
      origins: { width: origins.width, of: () => undefined },
    }),

    lower(block, builder, x) {
      const prefixes = blockPrefixes(block.layers)
      // x's pending derivative is applied once, to the sum of both paths
      let inner: Value = { address: x.address, cols: x.cols, stride: x.stride }
      const lowered = block.layers.map((layer, i) => {
        const step = builder.within(prefixes[i], () => catalogue.lower(layer, builder, inner))
        inner = step.y
        return step
      })
      const y = builder.matrix(x.cols)
      emitSum(builder, inner, x, y)
      return {
        y,
        backward(dy, wanted) {
          let gradient: Matrix | undefined = dy
          if (builder.needsDerivative(inner)) {
            gradient = builder.matrix(dy.cols)
            builder.applyDerivative(inner, dy, gradient)
          }
          const trained = block.layers.map((layer) => wanted.parameters && owns(layer))
          const first = trained.indexOf(true)
          for (let i = lowered.length - 1; i >= 0 && gradient && (wanted.input || (first >= 0 && i >= first)); i--) {
            gradient = lowered[i].backward(gradient, { parameters: trained[i], input: wanted.input || i > first })
          }
          if (!wanted.input || !gradient) return undefined
          const dx = builder.matrix(x.cols)
          emitSum(builder, gradient, dy, dx)
          builder.applyDerivative(x, dx)
          return dx
        },
      }
    },
  }
}

/** Whether a layer may have parameters that training updates. */
export function owns({ layers, branches, trainable = false }: Inner): boolean {
  const inner = layers ?? branches?.flat()
  return inner ? inner.some(owns) : trainable
}

/** `dense_1.`, ...: numbered per block. */
export function blockPrefixes(layers: readonly Inner[]): string[] {
  const seen: Record<string, number> = {}
  return layers.map((layer) => {
    seen[layer.kind] = (seen[layer.kind] ?? 0) + 1
    return `${layer.name || `${layer.kind}_${seen[layer.kind]}`}.`
  })
}

function emitSum(builder: Builder, a: Matrix, b: Matrix, to: Matrix): void {
  builder.emit(ops.add, { a: a.address, b: b.address, to: to.address, stride: to.stride, cols: to.cols })
}
