/** Normalizations over batches and rows. */
import { batchNorm, dropout } from '../../layers/layers.ts'
import { stage } from '../network.ts'
import { columns } from './columns.ts'
import {
  type Context,
  constantOf,
  type Item,
  int,
  type NormItem,
  type Reader,
  type Rows,
  rows,
  rowsOf,
  sizeOf,
  type Value,
} from './flows.ts'
import type { Call } from './graph.ts'
import { axisOf } from './shapes.ts'
import { tidy } from './tidy.ts'

const float = ({ attributes }: Call, name: string, otherwise: number): number =>
  tidy(attributes.get(name)?.float ?? otherwise)

const step = (call: Call, { flow, dims }: Rows, item: Item, context: Context): Value[] => [
  rows(context.flow({ call, from: [flow], size: flow.size, item }), dims),
]

/** Expands a constant with one value per channel to one per column; a channel is `run` columns wide. */
function perChannel(
  call: Call,
  operand: Value | undefined,
  what: string,
  channels: number,
  run: number,
  context: Context,
): Float64Array {
  const { data } = constantOf(call, operand, what, context)
  if (data.length !== channels) throw context.fail(call, `its ${what} has ${data.length} values, expected ${channels}`)
  context.spend(channels * run)
  return Float64Array.from({ length: channels * run }, (_, i) => data[Math.floor(i / run)])
}

/** Columns per channel; channels are the first axis of a row. */
function runOf(call: Call, { dims, flow }: Rows, context: Context): number {
  if (dims.length === 0) throw context.fail(call, 'its rows have no channels')
  return flow.size / dims[0]
}

const batchNormalization: Reader = (call, [x, ...parameters], context) => {
  const from = rowsOf(call, x, context)
  const [scale, bias, mean, variance] = parameters
  if (int(call, 'training_mode', 0) !== 0)
    throw context.fail(call, 'it is in training mode; export the model in evaluation mode')
  const run = runOf(call, from, context)
  const read = (operand: Value | undefined, what: string) =>
    perChannel(call, operand, what, from.flow.size / run, run, context)
  const [gamma, beta] = [read(scale, 'scale'), read(bias, 'bias')]
  const [runningMean, runningVariance] = [read(mean, 'mean'), read(variance, 'variance')]
  const epsilon = float(call, 'epsilon', 1e-5)
  const bad = runningVariance.findIndex((value) => !(value + epsilon > 0 && value + epsilon < Number.POSITIVE_INFINITY))
  if (bad >= 0)
    throw context.fail(
      call,
      `variance ${bad} plus epsilon is ${runningVariance[bad] + epsilon}, not above 0 and finite`,
    )
  // layers require a positive epsilon
  if (!(epsilon > 0)) {
    const factor = gamma.map((value, i) => value / Math.sqrt(runningVariance[i]))
    return step(
      call,
      from,
      { kind: 'columns', columns: columns({ center: runningMean, scale: factor, shift: beta }) },
      context,
    )
  }
  const share = tidy(1 - float(call, 'momentum', 0.9))
  const layer = batchNorm({ epsilon, ...(share > 0 && share <= 1 && { momentum: share }) })
  const values = { gamma, beta, runningMean, runningVariance }
  const stored = Object.fromEntries(Object.entries(values).map(([name, data]) => [name, Float32Array.from(data)]))
  return step(call, from, { kind: 'stage', stage: stage(layer, stored) }, context)
}

/** LayerNormalization and RMSNormalization over a whole row; the former also over equal groups of it. */
const rowNorm =
  (layer: 'layerNorm' | 'rmsNorm'): Reader =>
  (call, [x, scale, bias], context) => {
    const from = rowsOf(call, x, context)
    const axis = axisOf(call, int(call, 'axis', -1), from.dims.length + 1, context)
    const { size } = from.flow
    const groups = sizeOf(from.dims.slice(0, axis - 1))
    if (axis === 0 || (groups > 1 && layer === 'rmsNorm'))
      throw context.fail(call, `it normalizes from axis ${axis} on, which is not all of a row`)
    const gamma = perColumn(call, scale, 'scale', size, groups, context)
    const beta = bias && perColumn(call, bias, 'bias', size, groups, context)
    const item: NormItem = {
      kind: 'norm',
      layer: groups > 1 ? 'groupNorm' : layer,
      groups,
      channels: size,
      epsilon: epsilonOf(call, context),
      ...((bias || gamma.some((value) => value !== 1)) && { gamma }),
      ...(beta && { beta }),
    }
    return step(call, from, item, context)
  }

function epsilonOf(call: Call, context: Context): number {
  const epsilon = float(call, 'epsilon', 1e-5)
  if (!(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY))
    throw context.fail(call, `its epsilon is ${epsilon}, not above 0 and finite`)
  return epsilon
}

/** Expands a constant with one value per column of a group to one per column. */
function perColumn(
  call: Call,
  operand: Value | undefined,
  what: string,
  size: number,
  groups: number,
  context: Context,
): Float64Array {
  const { data } = constantOf(call, operand, what, context)
  if (data.length !== size / groups && data.length !== 1)
    throw context.fail(call, `its ${what} has ${data.length} values, expected ${size / groups}`)
  context.spend(size)
  return Float64Array.from({ length: size }, (_, i) => data[i % data.length])
}

/** GroupNormalization; InstanceNormalization has as many groups as channels. */
const groupNormalization: Reader = (call, [x, scale, bias], context) => {
  const from = rowsOf(call, x, context)
  const run = runOf(call, from, context)
  const { size } = from.flow
  const groups = call.op === 'GroupNormalization' ? int(call, 'num_groups', 0) : size / run
  // before opset 21 there was one scale and bias per group
  const channels = call.op === 'GroupNormalization' && call.opset < 21 ? groups : size / run
  if (!(groups >= 1) || !Number.isInteger(size / run / groups))
    throw context.fail(call, `${groups} groups do not divide ${size / run} channels`)
  const read = (operand: Value | undefined, what: string) =>
    perChannel(call, operand, what, channels, size / channels, context)
  const [gamma, beta] = [read(scale, 'scale'), read(bias, 'bias')]
  const isPlain = gamma.every((value) => value === 1) && beta.every((value) => value === 0)
  const epsilon = epsilonOf(call, context)
  const item: NormItem = {
    kind: 'norm',
    layer: 'groupNorm',
    groups,
    channels,
    epsilon,
    ...(!isPlain && { gamma, beta }),
  }
  return step(call, from, item, context)
}

/** Identity in inference; the rate is kept for further training. */
const dropped: Reader = (call, [x, ratio, training], context) => {
  if (x?.kind === 'labels') return [x]
  const from = rowsOf(call, x, context)
  if (training && constantOf(call, training, 'training_mode', context).data[0] !== 0)
    throw context.fail(call, 'it is in training mode; export the model in evaluation mode')
  const rate = tidy(
    ratio ? (constantOf(call, ratio, 'ratio', context).data[0] ?? Number.NaN) : float(call, 'ratio', 0.5),
  )
  if (!(rate >= 0 && rate < 1)) throw context.fail(call, `its ratio is ${rate}, expected one from 0 to 1`)
  return step(call, from, { kind: 'stage', stage: stage(dropout(rate)) }, context)
}

export const normReaders: Readonly<Record<string, Reader>> = {
  BatchNormalization: batchNormalization,
  Dropout: dropped,
  GroupNormalization: groupNormalization,
  InstanceNormalization: groupNormalization,
  LayerNormalization: rowNorm('layerNorm'),
  RMSNormalization: rowNorm('rmsNorm'),
}
