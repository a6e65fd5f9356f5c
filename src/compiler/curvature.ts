/** Curvature products as a separate program: value steps, and tangent steps along a direction. */
import { SUM_CHUNK } from '../abi/layout.ts'
import { LOSS_SIGMOID_CROSSENTROPY, LOSS_SOFTMAX_CROSSENTROPY, LOSS_SOFTMAX_SPARSE } from '../abi/losses.ts'
import type { Matrix } from '../layers/builder.ts'
import {
  type Curved,
  type CurvedBuilder,
  type Dual,
  type DualGradient,
  type DualParameter,
  ONE,
} from '../layers/curved/curved.ts'
import { curve } from '../layers/curved/layers.ts'
import type { Layer } from '../layers/layers.ts'
import { lossCurve } from '../machine/ops/curvature.ts'
import type { Foreign, Op, Values } from '../machine/ops/op.ts'
import * as ops from '../machine/ops/ops.ts'
import { axpy } from '../machine/ops/solve.ts'
import { type Range, type Step, step } from '../machine/program.ts'
import { type Batch, batchRegions, below, type Judged, writeProgram } from './objective.ts'
import { blockFloats } from './parameterLayout.ts'
import { ProgramBuilder, type Site } from './programBuilder.ts'

/** The Hessian, or the Gauss-Newton matrix, which omits the model's own second derivatives. */
export type CurvatureKind = 'hessian' | 'gaussNewton'

export interface CurvatureGoal extends Pick<Judged, 'loss' | 'isTrainable'> {
  readonly curvature: CurvatureKind
  /** Whether regularizers are included. */
  readonly penalties: boolean
}

export { ONE }
/** Index of the record scalar with the share of these rows in the total. */
export const SHARE = 1

export interface CurvaturePlan extends Batch {
  /** Maximum rows per run. */
  readonly rows: number
  readonly program: number
  /** The part that does not depend on the direction: forward, loss and backward. */
  readonly values: Range
  /** Along the direction, forward and backward; then total += SHARE * product. */
  readonly along: Range
  /** total += the regularizers' product. */
  readonly penalized: Range
  /** Addresses of blocks laid out like the parameters: the direction, and the sum over all rows. */
  readonly direction: number
  readonly total: number
}

/**
 * Lays out blocks and regions from the arena's top and writes the program.
 * @throws RangeError if the memory cannot grow enough.
 */
export function compileCurvature(
  site: Omit<Site, 'gradients'>,
  layers: readonly Layer[],
  widths: readonly number[],
  goal: CurvatureGoal,
): CurvaturePlan {
  const { arena, places, rows } = site
  const from = arena.top
  const floats = blockFloats(places)
  const direction = arena.reserve(floats * 4)
  const product = arena.reserve(floats * 4)
  const total = arena.reserve(floats * 4)
  const builder = new ProgramBuilder({ ...site, gradients: product })
  const batch = batchRegions(builder, widths, goal.loss)
  const dual = new DualBuilder(builder, goal, direction)
  const values = builder.range(() => emitProduct(dual, below(layers, goal.loss), goal, batch))
  const along = builder.range(() => {
    builder.steps.push(...dual.steps)
    builder.emit(axpy, { x: product, y: total, to: total, count: floats, scalar: SHARE })
  })
  const penalized = builder.range(() => {
    if (goal.penalties) emitPenalties(dual, total)
  })
  const program = writeProgram(builder, from, batch, goal.loss)
  return { ...batch, rows, program, values, along, penalized, direction, total }
}

/** The builder that layers are lowered with along a direction. */
export class DualBuilder implements CurvedBuilder {
  readonly penalties: boolean
  /** The tangent steps. */
  readonly steps: Step[] = []
  readonly builder: ProgramBuilder
  readonly direction: number
  /** Addresses of the parameters that are not held constant. */
  readonly #moving: ReadonlySet<number>

  constructor(
    builder: ProgramBuilder,
    { penalties, isTrainable }: Pick<CurvatureGoal, 'penalties' | 'isTrainable'>,
    direction: number,
  ) {
    const { places, parameters } = builder.site
    this.builder = builder
    this.penalties = penalties
    this.direction = direction
    this.#moving = new Set(places.filter(isTrainable).map(({ offset }) => parameters + offset * 4))
  }

  get batchStatistics(): boolean {
    return this.builder.batchStatistics
  }

  requireRows(rows: number): void {
    this.builder.requireRows(rows)
  }

  matrix(cols: number): Matrix {
    return this.builder.matrix(cols)
  }

  get rows(): number {
    return this.builder.rows
  }

  scratch(bytes: number, steps?: 1 | 2): number {
    return this.builder.scratch(bytes, steps)
  }

  region(bytes: number): number {
    return this.builder.region(bytes)
  }

  parameter(name: string): DualParameter {
    const { address, gradient } = this.builder.parameter(name)
    const tangent = this.#moving.has(address) ? address - this.builder.site.parameters + this.direction : 0
    return { address, tangent, product: gradient }
  }

  within<T>(prefix: string, lower: () => T): T {
    return this.builder.within(prefix, lower)
  }

  emit<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void {
    this.builder.emit(op, operands)
  }

  along<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void {
    this.steps.push(step(op, operands))
  }
}

/** Forward, through the loss, and backward to the first layer with trainable parameters. */
function emitProduct(builder: DualBuilder, layers: readonly Layer[], goal: CurvatureGoal, batch: Batch): void {
  const { site } = builder.builder
  const owners = new Set(site.places.filter(goal.isTrainable).map(({ layer }) => layer))
  const trained = layers.map((_, index) => owners.has(index))
  const first = trained.indexOf(true)
  const { y, lowered } = emitForward(builder, layers, batch.x)
  let gradient = first < 0 ? undefined : emitLoss(builder, y, goal, batch)
  for (let i = layers.length - 1; i >= first && gradient; i--) {
    const layer = lowered[i]
    if (layer) gradient = layer.backward(gradient, { parameters: trained[i], input: i > first })
  }
}

export function emitForward(
  builder: DualBuilder,
  layers: readonly Layer[],
  x: Matrix,
): { y: Dual; lowered: (Curved | undefined)[] } {
  let y: Dual = { value: x, tangent: undefined }
  const lowered = layers.map((layer, index): Curved | undefined => {
    if (layer.kind === 'input') return undefined
    builder.builder.enter(index, 'smooth')
    const curved = curve(layer, builder, y)
    y = curved.y
    return curved
  })
  return { y, lowered }
}

/** Losses that include softmax or sigmoid; their derivatives are with respect to the logits. */
const LOGITS = [LOSS_SOFTMAX_SPARSE, LOSS_SOFTMAX_CROSSENTROPY, LOSS_SIGMOID_CROSSENTROPY]

/** The loss's gradient dy and its tangent H ty, H the Hessian with respect to the outputs. */
export function emitLoss(
  builder: DualBuilder,
  { value: y, tangent }: Dual,
  { loss, curvature }: Pick<CurvatureGoal, 'loss' | 'curvature'>,
  { targets, weights, rowLosses, deltas }: Batch,
): DualGradient | undefined {
  if (!tangent) return undefined
  const value = builder.matrix(y.cols)
  const seen = LOGITS.includes(loss.code) ? builder.matrix(y.cols) : y
  const words = {
    kind: loss.code,
    stride: y.stride,
    cols: y.cols,
    targets: targets.address,
    targetsStride: targets.stride,
    weights,
    delta: loss.delta,
    deltas,
    smoothing: loss.smoothing,
  }
  const probabilities = seen === y ? 0 : seen.address
  builder.emit(ops.loss, { ...words, outputs: y.address, rowLosses, gradient: value.address, probabilities })
  const to = builder.matrix(y.cols)
  builder.along(lossCurve, { ...words, outputs: seen.address, tangent: tangent.address, to: to.address })
  return { value: curvature === 'hessian' ? value : undefined, tangent: to }
}

/** to += l2 * direction; the l1 penalty has no curvature. */
function emitPenalties({ builder, direction }: DualBuilder, to: number): void {
  for (const { offset, stored, regularizer } of builder.site.places) {
    const l2 = regularizer?.l2 ?? 0
    if (l2 === 0) continue
    builder.emit(ops.penalty, {
      parameters: direction + offset * 4,
      gradients: to + offset * 4,
      count: stored,
      partials: builder.scratch(Math.ceil(stored / SUM_CHUNK) * 8),
      l1: 0,
      l2,
    })
  }
}
