/**
 * Layers along a direction in the space of parameters: beside each value its tangent, the value's derivative along the
 * direction, and beside each gradient its own (the R-operator of Pearlmutter 1994, forward over reverse). What a layer says
 * here mirrors its forward and backward steps; it is apart from them because only curvature products need it.
 *
 *   forward   y = f(x, w)                 ty = f_x tx + f_w tw
 *   backward  dx = f_xᵀ dy, dw = f_wᵀ dy  tdx, tdw = their derivatives along the direction
 *
 * Where the gradient is left out, as if it were 0, tdx = f_xᵀ tdy and tdw = f_wᵀ tdy: the way back of Gauss-Newton products.
 */
import { add } from '../../machine/ops/layers.ts'
import type { Foreign, Op, Values } from '../../machine/ops/op.ts'
import type { Matrix } from '../builder.ts'

/** A value and its tangent; without one it does not move along the direction. */
export interface Dual {
  readonly value: Matrix
  readonly tangent: Matrix | undefined
}

/** A gradient and its tangent; without a value it counts as 0. */
export interface DualGradient {
  readonly value: Matrix | undefined
  readonly tangent: Matrix
}

/** Addresses of a parameter, of its part of the direction, and of its part of the product. */
export interface DualParameter {
  readonly address: number
  /** 0: it is held fixed. */
  readonly tangent: number
  readonly product: number
}

/** Which of the record's scalars is 1. */
export const ONE = 0

/** What a layer may use. Steps of values come before all steps of tangents: what moves is computed at a point that stays. */
export interface CurvedBuilder {
  /** Most rows of a batch. */
  readonly rows: number
  /** Whether the batch's own statistics are used, not the running ones. */
  readonly batchStatistics: boolean
  /** Whether penalties count. */
  readonly penalties: boolean
  /** Says that the pass makes no sense with fewer rows. */
  requireRows(rows: number): void
  matrix(cols: number): Matrix
  /** A region that is free again after the step, or after the next step as well. */
  scratch(bytes: number, steps?: 1 | 2): number
  /** A region of the layer's own, zeros at first. */
  region(bytes: number): number
  parameter(name: string): DualParameter
  within<T>(prefix: string, lower: () => T): T
  /** A step that computes values or gradients. */
  emit<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
  /** A step that computes tangents. */
  along<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
}

/** The way back through a layer. */
export interface Curved {
  readonly y: Dual
  /** `dy` is the gradient of y, and must stay as it is. Returns that of x, or undefined when nobody below needs it. */
  backward(dy: DualGradient, wanted: { parameters: boolean; input: boolean }): DualGradient | undefined
}

/** A kind of layer along a direction. */
export type CurvedKind<L> = (layer: L, builder: CurvedBuilder, x: Dual) => Curved

/** Weights as the products read them; the product is that of W itself, whatever W is made of. */
export interface CurvedKernel extends DualParameter {
  /** Where the gradient of W goes, unless nobody asks for it. */
  readonly gradient?: number
  /** Emits what comes after the product of W; `curved`: there is a gradient. */
  back?(curved: boolean): void
}

/** Operands that elementwise steps share. */
export const shapeOf = ({ stride, cols }: Matrix): Pick<Matrix, 'stride' | 'cols'> => ({ stride, cols })

/** The sum of two gradients, of which both or neither have values. */
export function sumGradients(builder: CurvedBuilder, a: DualGradient, b: DualGradient): DualGradient {
  const tangent = sumAlong(builder, a.tangent, b.tangent) ?? a.tangent
  if (!a.value || !b.value) return { value: undefined, tangent }
  const to = builder.matrix(a.value.cols)
  builder.emit(add, { a: a.value.address, b: b.value.address, to: to.address, ...shapeOf(to) })
  return { value: to, tangent }
}

/** The sum of two tangents, of which either may be missing. */
export function sumAlong(builder: CurvedBuilder, a: Matrix | undefined, b: Matrix | undefined): Matrix | undefined {
  if (!a || !b) return a ?? b
  const to = builder.matrix(a.cols)
  builder.along(add, { a: a.address, b: b.address, to: to.address, ...shapeOf(to) })
  return to
}
