/** Normalizations of single rows: identical in training and inference, independent of the batch size. */
import { PANEL } from '../abi/layout.ts'
import { checkBoolean, checkFloat, checkInteger, checkOptions, orDefault } from '../lib/check.ts'
import { roundUp } from '../machine/matrixLayout.ts'
import * as ops from '../machine/ops/layers.ts'
import { affineParameters } from './batchNorm.ts'
import type { Builder, LayerKind } from './builder.ts'
import { checkIdentity, IDENTITY_OPTIONS, type Identity } from './identity.ts'

interface RowNorm extends Identity {
  readonly epsilon: number
  readonly affine: boolean
}
export interface LayerNormLayer extends RowNorm {
  readonly kind: 'layerNorm'
}
export interface RmsNormLayer extends RowNorm {
  readonly kind: 'rmsNorm'
}
export interface GroupNormLayer extends RowNorm {
  readonly kind: 'groupNorm'
  readonly groups: number
  readonly channels?: number
}
export interface InstanceNormLayer extends RowNorm {
  readonly kind: 'instanceNorm'
  readonly channels: number
}

export interface RowNormOptions {
  epsilon?: number
  affine?: boolean
  trainable?: boolean
  name?: string
}

/** The checked fields that all four share. */
function rowNorm(
  where: string,
  options: RowNormOptions,
  epsilon: number,
  affine: boolean,
  more: readonly string[] = [],
): RowNorm {
  checkOptions(where, options, ['epsilon', 'affine', ...more, ...IDENTITY_OPTIONS])
  return {
    epsilon: checkFloat(where, 'epsilon', orDefault(options.epsilon, epsilon), { above: 0 }),
    affine: checkBoolean(where, 'affine', orDefault(options.affine, affine)),
    ...checkIdentity(where, options),
  }
}

/**
 * Normalizes each row over its columns: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the biased variance
 * (Ba, Kiros and Hinton 2016, arXiv:1607.06450). PyTorch's `LayerNorm`; Keras' `LayerNormalization` has epsilon 1e-3.
 * Defaults: epsilon 1e-5, `affine`: one gamma and beta per column, starting at 1 and 0.
 * @throws TypeError or RangeError naming the option.
 */
export function layerNorm(options: RowNormOptions = {}): LayerNormLayer {
  return Object.freeze({ kind: 'layerNorm', ...rowNorm('layerNorm', options, 1e-5, true) })
}

/**
 * Normalizes each row over its columns without centering: y = gamma x / sqrt(mean(x²) + epsilon) (Zhang and Sennrich 2019,
 * arXiv:1910.07467). PyTorch's `RMSNorm`; Keras' `RMSNormalization` has epsilon 1e-6.
 * Defaults: epsilon 2^-23 (PyTorch's for float32), `affine`: one gamma per column, starting at 1.
 * @throws TypeError or RangeError naming the option.
 */
export function rmsNorm(options: RowNormOptions = {}): RmsNormLayer {
  return Object.freeze({ kind: 'rmsNorm', ...rowNorm('rmsNorm', options, 2 ** -23, true) })
}

/**
 * Normalizes each row over `groups` groups of adjacent columns: y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 * (Wu and He 2018, arXiv:1803.08494). PyTorch's `GroupNorm`. With `channels`, a row is [channels, length], row-major,
 * and gamma and beta have one value per channel; by default every column is a channel.
 * Defaults: epsilon 1e-5, `affine`: gamma and beta that start at 1 and 0.
 * @throws TypeError or RangeError naming the option; `sequential` rejects groups that do not divide the channels.
 */
export function groupNorm(groups: number, options: RowNormOptions & { channels?: number } = {}): GroupNormLayer {
  checkInteger('groupNorm', 'groups', groups, 1)
  const common = rowNorm('groupNorm', options, 1e-5, true, ['channels'])
  const { channels } = options
  if (channels !== undefined) checkInteger('groupNorm', 'channels', channels, 1)
  return Object.freeze({ kind: 'groupNorm', groups, ...(channels !== undefined && { channels }), ...common })
}

/**
 * Normalizes each channel of each row: y = gamma (x - mean) / sqrt(variance + epsilon) + beta (Ulyanov, Vedaldi and
 * Lempitsky 2016, arXiv:1607.08022). A row is [channels, length], row-major. PyTorch's `InstanceNorm1d`.
 * Defaults: 1 channel (the whole row), epsilon 1e-5, no gamma and beta (`affine: false`, as in PyTorch).
 * @throws TypeError or RangeError naming the option; `sequential` rejects channels of a single column.
 */
export function instanceNorm(options: RowNormOptions & { channels?: number } = {}): InstanceNormLayer {
  const common = rowNorm('instanceNorm', options, 1e-5, false, ['channels'])
  const channels = checkInteger('instanceNorm', 'channels', orDefault(options.channels, 1), 1)
  return Object.freeze({ kind: 'instanceNorm', channels, ...common })
}

export type RowNormLayer = LayerNormLayer | RmsNormLayer | GroupNormLayer | InstanceNormLayer

/** The number of groups, which share statistics, and of channels, which share parameters. */
export function partition(layer: RowNormLayer, inputs: number): { groups: number; channels: number } {
  if (layer.kind === 'instanceNorm') return { groups: layer.channels, channels: layer.channels }
  if (layer.kind === 'groupNorm') return { groups: layer.groups, channels: layer.channels ?? inputs }
  return { groups: 1, channels: inputs }
}

/** @throws RangeError if the row cannot be partitioned as the layer says. */
function checkPartition(layer: RowNormLayer, inputs: number): number {
  const { kind } = layer
  const { groups, channels } = partition(layer, inputs)
  if (inputs % channels !== 0)
    throw new RangeError(`${kind}: "channels" must divide the ${inputs} columns it gets, got ${channels}`)
  if (channels % groups !== 0)
    throw new RangeError(`${kind}: "groups" must divide the ${channels} channels, got ${groups}`)
  if (kind === 'instanceNorm' && inputs === channels) {
    throw new RangeError(
      `instanceNorm: ${channels} channels of ${inputs} columns leave one column each, whose norm is always 0; use fewer channels`,
    )
  }
  return inputs
}

const kindOf = <L extends RowNormLayer>(revive: (spec: L) => L): LayerKind<L> => ({
  outputs: checkPartition,
  revive,
  parameters: (layer, inputs) =>
    affineParameters(
      partition(layer, inputs).channels,
      !layer.affine ? [] : layer.kind === 'rmsNorm' ? ['gamma'] : ['gamma', 'beta'],
    ),

  lower(layer, builder, x) {
    const { groups, channels } = partition(layer, x.cols)
    const gamma = layer.affine ? columnParameter(builder, 'gamma', x.cols, channels) : undefined
    const beta =
      layer.affine && layer.kind !== 'rmsNorm' ? columnParameter(builder, 'beta', x.cols, channels) : undefined
    const y = builder.matrix(x.cols)
    // without gamma and beta, the outputs are the normalized values
    const normalized = builder.training && gamma ? builder.matrix(x.cols) : y
    const words = {
      stride: x.stride,
      cols: x.cols,
      group: x.cols / groups,
      gamma: gamma?.address,
      centered: layer.kind === 'rmsNorm' ? 0 : 1,
    }
    const inverse = builder.training ? builder.matrix(groups).address : 0
    builder.emit(ops.rowNorm, {
      ...words,
      x: x.address,
      y: y.address,
      beta: beta?.address,
      normalized: normalized === y ? 0 : normalized.address,
      inverse,
      epsilon: layer.epsilon,
    })
    return {
      y,
      backward(dy, wanted) {
        if (wanted.parameters && gamma) {
          builder.emit(ops.columnSums, {
            dy: dy.address,
            n: normalized.address,
            stride: dy.stride,
            cols: dy.cols,
            dgamma: gamma.gradient,
            dbeta: beta?.gradient,
          })
          gamma.collect()
          beta?.collect()
        }
        if (!wanted.input) return undefined
        const dx = builder.matrix(x.cols)
        builder.emit(ops.rowNormBack, {
          ...words,
          dy: dy.address,
          dx: dx.address,
          normalized: normalized.address,
          inverse,
        })
        builder.applyDerivative(x, dx)
        return dx
      },
    }
  },
})

/** Expands a parameter with one value per channel to one per column, as the kernels read it. */
function columnParameter(builder: Builder, name: string, cols: number, channels: number) {
  const parameter = builder.parameter(name)
  if (channels === cols) return { ...parameter, collect: () => {} }
  const bytes = roundUp(cols, PANEL) * 4
  const wide = { address: builder.region(bytes), gradient: builder.region(bytes) }
  const words = (from: number, to: number) => ({ from, to, count: cols, run: cols / channels })
  builder.emit(ops.spread, words(parameter.address, wide.address))
  return { ...wide, collect: () => builder.emit(ops.collect, words(wide.gradient, parameter.gradient)) }
}

export const layerNormKind = kindOf<LayerNormLayer>(({ kind: _, ...options }) => layerNorm(options))
export const rmsNormKind = kindOf<RmsNormLayer>(({ kind: _, ...options }) => rmsNorm(options))
export const groupNormKind = kindOf<GroupNormLayer>(({ kind: _, groups, ...options }) => groupNorm(groups, options))
export const instanceNormKind = kindOf<InstanceNormLayer>(({ kind: _, ...options }) => instanceNorm(options))
