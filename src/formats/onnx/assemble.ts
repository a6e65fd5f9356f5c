/**
 * Assembles layers from items. Column-wise affine maps have no layer of their own: they are folded into an adjacent dense layer or
 * normalization, or become batch normalization with constant statistics. An activation is fused into the dense layer before it.
 */
import type { Activation } from '../../catalogue/activations.ts'
import { batchNorm, dense, groupNorm, layerNorm, rmsNorm } from '../../layers/layers.ts'
import { type Stage, stage } from '../network.ts'
import { add, type Columns, chain, columns, combine, multiply, offsetOf, spread } from './columns.ts'
import type { Context, DenseItem, Item, NormItem } from './flows.ts'

type Open = DenseItem | NormItem

/** The stages for the items in order, for rows of `inputs` values. */
export function assemble(items: readonly Item[], inputs: number, context: Context): Stage[] {
  const stages: Stage[] = []
  /** The last item, while later ones may still be folded into it. */
  let open: Open | undefined
  /** A pending affine map after it, or before everything. */
  let waiting: Columns | undefined
  let size = inputs
  const close = () => {
    if (open) stages.push(open.kind === 'dense' ? denseStage(open) : normStage(open, size))
    open = undefined
    if (waiting) stages.push(columnsStage(waiting, size, context))
    waiting = undefined
  }
  for (const item of items) {
    if (item.kind === 'columns') {
      const into: Open | undefined = open && !waiting ? scaleOutputs(open, item.columns, size, context) : undefined
      const { center, scale, shift } = item.columns
      if (into) open = into
      else if (center !== 0 || scale !== 1 || shift !== 0)
        waiting = waiting ? chain(waiting, item.columns) : item.columns
    } else if (item.kind === 'dense') {
      const moved: DenseItem | undefined = waiting && scaleInputs(item, waiting, size, context)
      if (moved) waiting = undefined
      close()
      open = moved ?? item
      size = item.units
    } else if (item.kind === 'norm') {
      close()
      open = item
    } else {
      const { layer } = item.stage
      if (open?.kind === 'dense' && !waiting && layer.kind === 'activation') {
        stages.push(denseStage(open, layer.activation))
        open = undefined
      } else {
        close()
        stages.push(item.stage)
      }
    }
  }
  close()
  return stages
}

const floats = (values: ArrayLike<number>): Float32Array =>
  values instanceof Float32Array ? values : Float32Array.from(values)

function denseStage({ kernel, bias, units }: DenseItem, activation?: Activation): Stage {
  const layer = dense(units, { ...(activation && { activation }), useBias: bias !== undefined })
  return stage(layer, { kernel: floats(kernel), ...(bias && { bias: floats(bias) }) })
}

function normStage({ layer, groups, channels, epsilon, gamma, beta }: NormItem, size: number): Stage {
  const run = (gamma?.length ?? channels) / channels
  const perChannel = (values: Float64Array) => Float32Array.from({ length: channels }, (_, i) => values[i * run])
  const options = { epsilon, affine: gamma !== undefined }
  if (layer === 'rmsNorm') return stage(rmsNorm(options), gamma && { gamma: perChannel(gamma) })
  const shift = beta ?? new Float64Array(gamma?.length ?? 0)
  const values = gamma && { gamma: perChannel(gamma), beta: perChannel(shift) }
  if (layer === 'layerNorm') return stage(layerNorm(options), values)
  return stage(groupNorm(groups, { ...options, ...(gamma && channels !== size && { channels }) }), values)
}

/** The item with its outputs scaled and shifted; undefined if that cannot be folded in. */
function scaleOutputs(open: Open, by: Columns, size: number, context: Context): Open | undefined {
  const { scale } = by
  const shift = offsetOf(by)
  if (open.kind === 'dense') {
    const { kernel, bias, units } = open
    const isScaled = scale !== 1
    if (isScaled) context.spend(kernel.length)
    const factors = spread(scale, units)
    const moved = spread(shift, units)
    const scaled = isScaled ? Float64Array.from(kernel, (value, i) => value * factors[i % units]) : kernel
    if (!bias && shift === 0) return { ...open, kernel: scaled }
    return { ...open, kernel: scaled, bias: Float64Array.from(moved, (b, u) => (bias?.[u] ?? 0) * factors[u] + b) }
  }
  if (open.layer === 'rmsNorm' && shift !== 0) return undefined
  context.spend(size)
  const { gamma = 1, beta = 0 } = open
  const scaled = { ...open, channels: size, gamma: spread(multiply(gamma, scale), size) }
  if (open.layer === 'rmsNorm') return scaled
  return { ...scaled, beta: spread(add(multiply(beta, scale), shift), size) }
}

/** Features whose center is far from 0 relative to their spread lose precision if the center is subtracted after the product. */
const FAR = 32

/** The dense item with its inputs scaled and shifted; undefined if that would lose precision. */
function scaleInputs(
  { kernel, bias, units }: DenseItem,
  by: Columns,
  inputs: number,
  context: Context,
): DenseItem | undefined {
  const shift = spread(offsetOf(by), inputs)
  if (by.center !== 0 && shift.some((value) => Math.abs(value) > FAR)) return undefined
  context.spend(kernel.length)
  const factors = spread(by.scale, inputs)
  const moved = Float64Array.from({ length: units }, (_, u) => bias?.[u] ?? 0)
  for (let i = 0; i < kernel.length; i++) moved[i % units] += shift[Math.floor(i / units)] * kernel[i]
  return {
    kind: 'dense',
    units,
    kernel: Float64Array.from(kernel, (value, i) => value * factors[Math.floor(i / units)]),
    ...((bias || shift.some((value) => value !== 0)) && { bias: moved }),
  }
}

/** Such that 1 - epsilon is exact in float32. */
const EPSILON = 2 ** -17

/** Batch normalization with constant statistics such that y = (x - center) scale + shift. */
function columnsStage(by: Columns, size: number, context: Context): Stage {
  const { center, scale, shift } = columns(by)
  context.spend(4 * size)
  const column = (value: number | Float64Array) => floats(spread(value, size))
  return stage(batchNorm({ epsilon: EPSILON }), {
    gamma: column(scale),
    beta: column(shift),
    runningMean: column(center),
    runningVariance: column(1 - EPSILON),
  })
}

/** A limit, since the scaler is stored in the model's metadata. */
const MOST_SCALED = 4096

/** The leading affine map of the features, if there is one: (x - offset) scale, one of each per column. */
export function scalerOf(items: readonly Item[], inputs: number): { offset: number[]; scale: number[] } | undefined {
  let all: Columns | undefined
  for (const item of items) {
    if (item.kind !== 'columns') break
    all = all ? chain(all, item.columns) : item.columns
  }
  if (!all || inputs > MOST_SCALED) return undefined
  const { center, scale, shift } = all
  const offset = combine(
    center,
    combine(shift, scale, (b, a) => (a === 0 ? 0 : b / a)),
    (c, moved) => c - moved,
  )
  return { offset: [...spread(offset, inputs)], scale: [...spread(scale, inputs)] }
}
