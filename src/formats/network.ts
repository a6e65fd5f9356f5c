/**
 * A model as a plain value for formats: importers return it, exporters take it. Independent of `Model`; `src/exchange` converts
 * between the two.
 */

import { branchPrefix } from '../layers/branches.ts'
import { headsFrom } from '../layers/heads.ts'
import { activation, type Lowerable, outputsOf, parametersOf, residual } from '../layers/layers.ts'
import { blockPrefixes } from '../layers/residual.ts'
import { quote } from '../lib/check.ts'
import { countOf } from './shapes.ts'

export interface Network {
  /** Features per row. */
  readonly inputs: number
  readonly stages: readonly Stage[]
  /** Names of the outputs, in order. */
  readonly classNames?: readonly string[]
  /** Other information in the file, such as a scaler in front of the model: JSON, which becomes the model's metadata. */
  readonly metadata?: unknown
}

/**
 * A layer with its parameters: all that `parametersOf` lists, by their names within the layer, row-major, kernels
 * [inputs, units]. Parameters of nested layers have prefixes, as in `dense_1.kernel`; see `block` and `inside`.
 */
export interface Stage {
  readonly layer: Lowerable
  readonly values: Readonly<Record<string, Float32Array>>
}

/** A stage and its place in the stack. */
export interface PlacedStage extends Stage {
  /** Input width. */
  readonly inputs: number
  /** Output width. */
  readonly outputs: number
}

/** Makes a stage; layers without parameters need no values. */
export const stage = (layer: Lowerable, values: Stage['values'] = {}): Stage => ({ layer, values })

/** f(x) + x as one stage, f the given stages in order; their parameters get the block's prefixes. */
export function block(stages: readonly Stage[]): Stage {
  const layer = residual(stages.map((inner) => inner.layer))
  const prefixes = blockPrefixes(stages.map((inner) => inner.layer))
  const named = stages.flatMap(({ values }, i) =>
    Object.entries(values).map(([name, data]) => [prefixes[i] + name, data] as const),
  )
  return { layer, values: Object.fromEntries(named) }
}

/** Named outputs as one stage, the last: each head applies its own stages to the same rows. @throws RangeError for invalid names. */
export function headsStage(names: readonly string[], branches: readonly (readonly Stage[])[]): Stage {
  const layer = headsFrom<Lowerable>(
    names,
    branches.map((stages) => stages.map((inner) => inner.layer)),
  )
  const named = branches.flatMap((stages, b) => {
    const prefixes = blockPrefixes(layer.branches[b])
    return stages.flatMap(({ values }, i) =>
      Object.entries(values).map(([name, data]) => [branchPrefix(b, names) + prefixes[i] + name, data] as const),
    )
  })
  return { layer, values: Object.fromEntries(named) }
}

/** A nested layer and the prefix of its parameters' names. */
export interface InnerLayer {
  readonly layer: Lowerable
  /** Such as `dense_1.`. */
  readonly prefix: string
}

/** The layers in a residual block; undefined for other kinds. */
export const innerLayers = (layer: Lowerable): InnerLayer[] | undefined =>
  layer.kind === 'residual' ? prefixed(layer.layers) : undefined

function prefixed(layers: readonly Lowerable[], outer = ''): InnerLayer[] {
  const prefixes = blockPrefixes(layers)
  return layers.map((layer, i) => ({ layer, prefix: outer + prefixes[i] }))
}

/** The stages in a residual block, as passed to `block`; undefined for other kinds. */
export function inside({ layer, values }: Stage): Stage[] | undefined {
  return innerLayers(layer)?.map((inner) => innerStage(inner, values))
}

/** The stages of each branch. */
export function branchStages(
  layer: Extract<Lowerable, { kind: 'concatenate' | 'heads' }>,
  values: Stage['values'],
): Stage[][] {
  const names = 'names' in layer ? layer.names : undefined
  return layer.branches.map((branch, b) =>
    prefixed(branch, branchPrefix(b, names)).map((inner) => innerStage(inner, values)),
  )
}

const innerStage = ({ layer, prefix }: InnerLayer, values: Stage['values']): Stage => ({
  layer,
  values: Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, data]) => [name.slice(prefix.length), data]),
  ),
})

/**
 * The stages with their input and output widths.
 * @throws RangeError as `sequential` does for an invalid stack.
 */
export function placed(stages: readonly Stage[], inputs: number): PlacedStage[] {
  let width = inputs
  return stages.map(({ layer, values }) => {
    const before = width
    width = outputsOf(layer, before)
    return { layer, values, inputs: before, outputs: width }
  })
}

/** The stages to make a model of: an empty stack becomes a linear activation. */
export const stagesOf = ({ stages }: Network): readonly Stage[] =>
  stages.length > 0 ? stages : [stage(activation('linear'))]

/**
 * Parameters of a stage in the layer's order.
 * @throws RangeError for one that is missing, superfluous, of another length, or not finite.
 */
export function valuesOf({ layer, values, inputs }: PlacedStage): Float32Array[] {
  const where = layer.kind
  const specs = parametersOf(layer, inputs)
  const known = new Set(specs.map(({ name }) => name))
  const other = Object.keys(values).find((name) => !known.has(name))
  if (other !== undefined) throw new RangeError(`${where}: there is no parameter ${quote(other)}`)
  return specs.map(({ name, shape }) => {
    if (!Object.hasOwn(values, name)) throw new RangeError(`${where}: the parameter ${quote(name)} is missing`)
    const data = values[name]
    const size = countOf(shape)
    if (data.length !== size)
      throw new RangeError(
        `${where}: ${quote(name)} has ${data.length} values, expected ${size} (${shape.join(' x ')})`,
      )
    const bad = data.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0)
      throw new RangeError(`${where}: value ${bad} of ${quote(name)} is ${data[bad]}, expected a finite one`)
    return data
  })
}
