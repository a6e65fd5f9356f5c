/** From the network's outputs back to the update: loss, backward pass, penalties, clipping, optimizer. */
import { SUM_CHUNK } from '../abi/layout.ts'
import type { LoweredLoss } from '../catalogue/loweredLoss.ts'
import type { Lowered, Matrix, Value } from '../layers/builder.ts'
import { type Layer, withoutActivation } from '../layers/layers.ts'
import { roundUp, rowStride } from '../machine/matrixLayout.ts'
import * as ops from '../machine/ops/ops.ts'
import { isMatrixRule } from '../optimizers/matrices/matrixRule.ts'
import { type Optimizer, ruleOf } from '../optimizers/optimizers.ts'
import { sparseTables } from '../optimizers/passes.ts'
import type { AnyOptimizer } from '../optimizers/resolve.ts'
import { isSolver } from '../optimizers/solvers/solver.ts'
import type { ParameterPlace } from './parameterLayout.ts'
import type { ProgramBuilder } from './programBuilder.ts'
import { scratchBytes, type Tensor, updateSteps } from './updates.ts'

/** Gradient clipping, as given to `compile`. */
export interface Clipping {
  readonly clipNorm?: number
  readonly globalClipNorm?: number
  readonly clipValue?: number
  /** The norm used by clipNorm and globalClipNorm. */
  readonly clipNormOrder?: NormOrder
}

/** The sum of magnitudes, the Euclidean norm, or the largest magnitude. */
export type NormOrder = 1 | 2 | 'infinity'

/** What a model is trained for. */
export interface Objective extends Clipping {
  /** Undefined: the host computes it, between the passes of an open plan. */
  readonly loss: LoweredLoss | undefined
  /** The layers to train with a loss on the host, if that includes the last activation. */
  readonly trained?: readonly Layer[]
  readonly optimizer: AnyOptimizer
  /** How the machine counts correct predictions, if a metric needs it: CORRECT_* and the threshold of a binary output. */
  readonly correct?: { readonly mode: number; readonly threshold: number }
  /** Addresses of the optimizer's state blocks, of its other state tensors, and of a solver's scratch. */
  readonly states: readonly number[]
  readonly kept: number
  readonly room: number
  isTrainable(place: ParameterPlace): boolean
}

/** An objective whose loss the machine computes. */
export type Judged = Objective & { readonly loss: LoweredLoss }

/** Addresses of a batch's targets, weights and per-row losses. */
export interface Batch {
  readonly x: Matrix
  readonly targets: Matrix
  readonly weights: number
  readonly rowLosses: number
  /** For losses with a parameter per output; 0: none. */
  readonly deltas: number
}

/** Emits the loss of `y`, its gradient if there is a place for it, and the count of correct predictions. */
export function emitLoss(
  builder: ProgramBuilder,
  { loss, correct }: Pick<Judged, 'loss' | 'correct'>,
  y: Matrix,
  batch: Batch,
  gradient?: Matrix,
): void {
  const { targets, rowLosses, deltas } = batch
  const rows = { outputs: y.address, stride: y.stride, cols: y.cols }
  const wanted = { targets: targets.address, targetsStride: targets.stride }
  builder.emit(ops.loss, {
    kind: loss.code,
    ...rows,
    ...wanted,
    rowLosses,
    gradient: gradient?.address,
    probabilities: loss.fused === 'none' ? 0 : y.address,
    delta: loss.delta,
    deltas,
    smoothing: loss.smoothing,
  })
  builder.emit(ops.meanLoss, { rowLosses })
  if (correct) builder.emit(ops.correct, { ...correct, ...rows, ...wanted })
}

/** A forward pass, with the backward pass of each layer. */
export interface Passed {
  readonly y: Value
  readonly lowered: readonly (Lowered | undefined)[]
}

/**
 * Emits the backward pass from dy to the first layer with trainable parameters; returns each layer's dy.
 * @param passed called after each layer's steps.
 */
export function emitBackward(
  builder: ProgramBuilder,
  layers: readonly Layer[],
  { isTrainable }: Pick<Objective, 'isTrainable'>,
  { y, lowered }: Passed,
  dy: Matrix,
  passed?: (layer: number) => void,
): (Matrix | undefined)[] {
  const received: (Matrix | undefined)[] = layers.map(() => undefined)
  const owners = new Set(builder.site.places.filter(isTrainable).map(({ layer }) => layer))
  const trained = layers.map((_, index) => owners.has(index))
  const first = trained.indexOf(true)
  if (first < 0) return received
  builder.applyDerivative(y, dy)
  let gradient: Matrix | undefined = dy
  for (let i = layers.length - 1; i >= first && gradient; i--) {
    const layer = lowered[i]
    received[i] = gradient
    if (layer) gradient = layer.backward(gradient, { parameters: trained[i], input: i > first })
    passed?.(i)
  }
  return received
}

/** Emits the backward pass from dy to the model's inputs, without parameter gradients; returns the inputs' gradient. */
export function emitBackwardToInputs(builder: ProgramBuilder, { y, lowered }: Passed, dy: Matrix): Matrix {
  builder.applyDerivative(y, dy)
  return lowered.reduceRight((gradient: Matrix, layer) => {
    return layer?.backward(gradient, { parameters: false, input: true }) ?? gradient
  }, dy)
}

/** Number of partial sums of a block. */
const chunks = (floats: number): number => Math.ceil(floats / SUM_CHUNK)

/** Places, each with the address of its partial sums. */
function withPartials(
  builder: ProgramBuilder,
  places: readonly ParameterPlace[],
): { parts: (ParameterPlace & { partials: number })[]; count: number } {
  const count = places.reduce((sum, { stored }) => sum + chunks(stored), 0)
  let partials = builder.scratch(count * 8)
  const parts = places.map((place) => {
    const part = { ...place, partials }
    partials += chunks(place.stored) * 8
    return part
  })
  return { parts, count }
}

/** Emits the regularizers' terms, and their gradients unless `gradients` is 0. */
export function emitPenalties(
  builder: ProgramBuilder,
  gradients: number,
  isTrainable: (place: ParameterPlace) => boolean,
): void {
  const { places, parameters } = builder.site
  const regularized = places.filter(({ regularizer }) => regularizer)
  if (!regularized.length) return
  const { parts, count } = withPartials(builder, regularized)
  for (const { partials, ...place } of parts) {
    builder.emit(ops.penalty, {
      gradients: gradients && isTrainable(place) ? gradients + place.offset * 4 : 0,
      count: place.stored,
      partials,
      parameters: parameters + place.offset * 4,
      l1: place.regularizer?.l1 ?? 0,
      l2: place.regularizer?.l2 ?? 0,
    })
  }
  builder.emit(ops.penaltySum, { count, partials: parts[0].partials })
}

/** Clips by value, then per tensor, then globally. */
export function emitClipping(
  builder: ProgramBuilder,
  { clipNorm, globalClipNorm, clipValue, clipNormOrder = 2 }: Clipping,
): void {
  const { places, gradients } = builder.site
  const floats = places.reduce((end, place) => Math.max(end, place.offset + place.stored), 0)
  const order = clipNormOrder === 'infinity' ? 0 : clipNormOrder
  const whole = { gradients, count: floats }
  if (clipValue !== undefined) builder.emit(ops.clipValue, { ...whole, limit: clipValue })
  if (clipNorm !== undefined) {
    const norms = withPartials(builder, places).parts.map(({ offset, stored, partials }) => ({
      gradients: gradients + offset * 4,
      count: stored,
      partials,
      order,
    }))
    for (const norm of norms) builder.emit(ops.gradientSums, norm)
    for (const norm of norms) builder.emit(ops.clipNorm, { ...norm, limit: clipNorm })
  }
  if (globalClipNorm !== undefined) {
    const norm = { ...whole, partials: builder.scratch(chunks(floats) * 8), order }
    builder.emit(ops.gradientSums, norm)
    builder.emit(ops.clipNorm, { ...norm, limit: globalClipNorm })
  }
}

/** The parameters as optimizers see them. */
export const tensorsOf = (
  places: readonly ParameterPlace[],
  isTrainable: (place: ParameterPlace) => boolean,
): Tensor[] =>
  places.map((place) => ({
    name: place.path,
    offset: place.offset,
    count: place.stored,
    trainable: isTrainable(place),
    shape: place.shape,
    layout: place.layout,
    ...(place.layout === 'panels' && { matrix: [place.shape[0], place.shape[1]] as const }),
    layer: place.layer,
    role: place.name,
  }))

/** Whether every element's update depends on its own gradient only. */
export const isAlone = ({ optimizer, clipNorm, globalClipNorm, clipValue }: Objective): boolean =>
  (clipNorm ?? globalClipNorm ?? clipValue) === undefined &&
  !isSolver(optimizer) &&
  !isMatrixRule(optimizer) &&
  !ruleOf(optimizer).perTensor

/** Tables of which an update only reads and writes the looked-up rows. */
export function sparseOf({ site: { places } }: ProgramBuilder, objective: Objective): Record<number, number> {
  const { optimizer, isTrainable } = objective
  if (!isAlone(objective)) return {}
  const tables = places.filter(({ sparse }) => sparse)
  const tensors = tensorsOf(tables, isTrainable)
  return sparseTables(
    optimizer as Optimizer,
    tensors.map((tensor, i) => ({ ...tensor, penalized: tables[i].regularizer !== undefined })),
  )
}

/**
 * Emits one in-place pass per parameter group over the parallel blocks, or the steps of a rule on matrices.
 * @param partOf restricts a tensor to the part to update.
 */
export function emitUpdates(
  builder: ProgramBuilder,
  { optimizer, states, kept, isTrainable }: Objective,
  partOf: (tensor: Tensor) => Tensor = (tensor) => tensor,
): void {
  const { places, parameters, gradients } = builder.site
  const tensors = tensorsOf(places, isTrainable).map(partOf)
  const bytes = scratchBytes(optimizer, tensors)
  const blocks = { parameters, gradients, states, kept, ...(bytes > 0 && { scratch: builder.scratch(bytes) }) }
  builder.steps.push(...updateSteps(optimizer, tensors, blocks))
}

/** Emits gathering rows of a data set into a matrix; the plan's `bind` says which data set. */
export function emitGather(builder: ProgramBuilder, { address, cols, stride }: Matrix): void {
  builder.emit(ops.gather, { from: 0, order: 0, to: address, cols, toStride: stride })
}

/** Reserves space for a batch: features, targets in the loss's format, weights and losses of the rows; and the loss's parameters. */
export function batchRegions(builder: ProgramBuilder, widths: readonly number[], loss: LoweredLoss | undefined): Batch {
  const { arena, rows } = builder.site
  const x = builder.matrix(widths[0])
  const targets =
    loss?.targets === 'classes'
      ? { address: arena.reserve(rows * 4), cols: 1, stride: 4 }
      : builder.matrix(widths[widths.length - 1])
  return {
    x,
    targets,
    weights: arena.reserve(rows * 4),
    rowLosses: arena.reserve(roundUp(rows, 4) * 4),
    deltas: loss?.deltas ? builder.region(rowStride(loss.deltas.length)) : 0,
  }
}

/** Writes the program, then the loss's parameters, since that zeroes the regions. */
export function writeProgram(builder: ProgramBuilder, from: number, { deltas }: Batch, loss: LoweredLoss | undefined) {
  const program = builder.write(from)
  if (loss?.deltas) builder.site.arena.f32.set(loss.deltas, deltas / 4)
  return program
}

/** The layers below a loss: without the activation that it includes. */
export const below = (layers: readonly Layer[], { fused }: Judged['loss']): readonly Layer[] =>
  fused === 'none' ? layers : [...layers.slice(0, -1), withoutActivation(layers[layers.length - 1])]

/** What a pass leaves for a layer: outputs, and gradients of its pre-activations, as far as the backward pass goes. */
export interface Visible {
  readonly y: Matrix
  readonly dy?: Matrix
}

export const visibleOf = ({ lowered }: Passed, gradients: readonly (Matrix | undefined)[], x: Matrix): Visible[] =>
  lowered.map((layer, i) => ({ y: layer?.y ?? x, ...(gradients[i] && { dy: gradients[i] }) }))
