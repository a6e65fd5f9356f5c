/** Merges layers for inference: affine maps of columns are folded into adjacent dense layers. */

import { branchPrefix } from '../layers/branches.ts'
import { activation, dense, type Layer, type Lowerable, outputsOf, parametersOf } from '../layers/layers.ts'
import { isNoise } from '../layers/noise.ts'
import { blockPrefixes } from '../layers/residual.ts'
import { columnLengths } from '../layers/weightNorm.ts'

/** Reads a layer's parameter by its name within the layer. */
type Read = (name: string) => Float32Array

export interface Folded {
  readonly layers: readonly Layer[]
  /** The new model's parameters, in order. */
  readonly values: readonly Float32Array[]
}

type Branches = Extract<Lowerable, { kind: 'concatenate' | 'heads' }>
type Dense = Extract<Lowerable, { kind: 'dense' }>

/** A dense layer that may still absorb its neighbours; float64, the kernel [inputs, units]. */
interface Equation {
  readonly layer: Dense
  readonly kernel: Float64Array
  readonly bias: Float64Array
}

/** A layer that is kept, with its parameters. */
interface Settled {
  readonly layer: Lowerable
  readonly values: readonly Float32Array[]
}

/** y = scale · x + shift, column by column. */
interface Columns {
  readonly scale: Float64Array
  readonly shift: Float64Array
}

/**
 * Layers and values of an equivalent model: batch normalization and scales are folded into the preceding linear dense layer, or
 * otherwise into the following dense layer; weight normalization is resolved; an activation is fused into the preceding linear
 * dense layer; dropout and noise are removed. Everything else is kept.
 */
export function foldLayers(layers: readonly Layer[], read: (layer: number, name: string) => Float32Array): Folded {
  const [first, ...rest] = layers
  if (first.kind !== 'input') throw new Error('fold: the first layer must be the input')
  const stack = rest.filter((layer) => layer.kind !== 'input')
  const folded = foldStack(stack, first.size, (i) => (name) => read(i + 1, name))
  const kept = folded.length > 0 ? folded : [{ layer: activation('linear'), values: [] }]
  return { layers: [first, ...kept.map(({ layer }) => layer)], values: kept.flatMap(({ values }) => values) }
}

function foldStack(layers: readonly Lowerable[], inputs: number, readOf: (index: number) => Read): Settled[] {
  const items: (Equation | Settled)[] = []
  let waiting: { columns: Columns; layers: Settled[] } | undefined
  let width = inputs
  /** The linear dense layer at the end so far, if nothing is pending after it. */
  const open = (): Equation | undefined => {
    const last = items[items.length - 1]
    return !waiting && last && 'kernel' in last && last.layer.activation.kind === 'linear' ? last : undefined
  }
  const settle = (...more: (Equation | Settled)[]) => {
    items.push(...(waiting?.layers ?? []), ...more)
    waiting = undefined
  }
  for (const [i, layer] of layers.entries()) {
    const read = readOf(i)
    const same: Settled = { layer, values: parametersOf(layer, width).map(({ name }) => read(name)) }
    const last = open()
    if (layer.kind === 'batchNorm' || layer.kind === 'batchRenorm' || layer.kind === 'scale') {
      const columns = columnsOf(layer, read, width)
      if (last) items[items.length - 1] = scaleOutputs(last, columns)
      else
        waiting = {
          columns: waiting ? chain(waiting.columns, columns) : columns,
          layers: [...(waiting?.layers ?? []), same],
        }
    } else if (layer.kind === 'dense') {
      const equation = equationOf(layer, read)
      if (waiting) items.push(scaleInputs(equation, waiting.columns))
      else items.push(equation)
      waiting = undefined
    } else if (layer.kind === 'activation' && last) {
      items[items.length - 1] = { ...last, layer: { ...last.layer, activation: layer.activation } }
    } else if (layer.kind === 'concatenate' || layer.kind === 'heads') {
      settle(foldBranches(layer, width, read))
    } else if (layer.kind === 'residual') {
      settle(foldBlock(layer, width, read) ?? same)
    } else if (!isNoise(layer.kind)) {
      settle(same)
    }
    width = outputsOf(layer, width)
  }
  settle()
  return items.map((item) => ('kernel' in item ? finish(item) : item))
}

/** The block with its layers folded; undefined if it becomes empty. */
function foldBlock(block: Extract<Lowerable, { kind: 'residual' }>, width: number, read: Read): Settled | undefined {
  const prefixes = blockPrefixes(block.layers)
  const inner = foldStack(block.layers, width, (i) => (name) => read(prefixes[i] + name))
  if (inner.length === 0) return undefined
  return {
    layer: Object.freeze({ ...block, layers: Object.freeze(inner.map(({ layer }) => layer)) }),
    values: inner.flatMap(({ values }) => values),
  }
}

/** The branches with their layers folded; an empty one is the identity. */
function foldBranches(layer: Branches, width: number, read: Read): Settled {
  const { branches } = layer
  const names = 'names' in layer ? layer.names : undefined
  const folded = branches.map((branch, b) => {
    const prefixes = blockPrefixes(branch)
    return foldStack(branch, width, (i) => (name) => read(branchPrefix(b, names) + prefixes[i] + name))
  })
  return {
    // not by its factory, which would bundle the kind into programs without it
    layer: Object.freeze({
      ...layer,
      branches: Object.freeze(folded.map((branch) => Object.freeze(branch.map((inner) => inner.layer)))),
    }),
    values: folded.flat().flatMap(({ values }) => values),
  }
}

function columnsOf(
  layer: Extract<Lowerable, { kind: 'batchNorm' | 'batchRenorm' | 'scale' }>,
  read: Read,
  width: number,
): Columns {
  if (layer.kind === 'scale') return { scale: Float64Array.from(read('scale')), shift: new Float64Array(width) }
  const mean = read('runningMean')
  const spread =
    layer.kind === 'batchNorm'
      ? Float64Array.from(read('runningVariance'), (variance) => Math.sqrt(variance + layer.epsilon))
      : Float64Array.from(read('runningDeviation'))
  const gamma = layer.affine ? read('gamma') : new Float32Array(width).fill(1)
  const beta = layer.affine ? read('beta') : new Float32Array(width)
  const scale = spread.map((value, c) => (value === 0 ? 0 : gamma[c] / value))
  return { scale, shift: scale.map((factor, c) => beta[c] - mean[c] * factor) }
}

/** a, then b. */
const chain = (a: Columns, b: Columns): Columns => ({
  scale: a.scale.map((factor, c) => factor * b.scale[c]),
  shift: a.shift.map((offset, c) => offset * b.scale[c] + b.shift[c]),
})

function equationOf(layer: Dense, read: Read): Equation {
  const { units } = layer
  const bias = layer.useBias ? Float64Array.from(read('bias')) : new Float64Array(units)
  if (!layer.weightNorm) return { layer, kernel: Float64Array.from(read('kernel')), bias }
  const direction = read('direction')
  const lengths = columnLengths(direction, units)
  const factors = Float64Array.from(read('scale'), (scale, u) => (lengths[u] === 0 ? 0 : scale / lengths[u]))
  return { layer, kernel: Float64Array.from(direction, (value, i) => value * factors[i % units]), bias }
}

/** scale · (x · W + b) + shift */
function scaleOutputs({ layer, kernel, bias }: Equation, { scale, shift }: Columns): Equation {
  return {
    layer,
    kernel: kernel.map((value, i) => value * scale[i % layer.units]),
    bias: bias.map((value, u) => value * scale[u] + shift[u]),
  }
}

/** (scale · x + shift) · W + b */
function scaleInputs({ layer, kernel, bias }: Equation, { scale, shift }: Columns): Equation {
  const { units } = layer
  const moved = bias.slice()
  kernel.forEach((value, i) => {
    moved[i % units] += shift[Math.floor(i / units)] * value
  })
  return { layer, kernel: kernel.map((value, i) => value * scale[Math.floor(i / units)]), bias: moved }
}

function finish({ layer, kernel, bias }: Equation): Settled {
  const { units, activation, name } = layer
  const useBias = layer.useBias || bias.some((value) => value !== 0)
  return {
    layer: dense(units, { activation, useBias, ...(name !== undefined && { name }) }),
    values: [Float32Array.from(kernel), ...(useBias ? [Float32Array.from(bias)] : [])],
  }
}
