/**
 * Layers along a direction in parameter space: each value gets a tangent, its derivative along the direction, and so does each
 * gradient (the R-operator of Pearlmutter 1994, forward over reverse). Each layer mirrors its forward and backward steps here;
 * separate files, because only curvature products need them.
 *
 *   forward   y = f(x, w)                 ty = f_x tx + f_w tw
 *   backward  dx = f_xᵀ dy, dw = f_wᵀ dy  tdx, tdw = their derivatives along the direction
 *
 * With the gradient omitted (taken as 0), tdx = f_xᵀ tdy and tdw = f_wᵀ tdy: the backward pass of Gauss-Newton products.
 */
import { add } from '../../machine/ops/layers.ts'
import type { Foreign, Op, Values } from '../../machine/ops/op.ts'
import type { Matrix } from '../builder.ts'

/** A value and its tangent; an omitted tangent is 0. */
export interface Dual {
  readonly value: Matrix
  readonly tangent: Matrix | undefined
}

/** A gradient and its tangent; an omitted value is 0. */
export interface DualGradient {
  readonly value: Matrix | undefined
  readonly tangent: Matrix
}

/** Addresses of a parameter, of its slice of the direction, and of its slice of the product. */
export interface DualParameter {
  readonly address: number
  /** 0: the parameter is held constant. */
  readonly tangent: number
  readonly product: number
}

/** Index of the record scalar that is 1. */
export const ONE = 0

/** What a layer emits its steps with. All value steps run before all tangent steps. */
export interface CurvedBuilder {
  /** The largest number of rows of a batch. */
  readonly rows: number
  /** Whether normalizations use batch statistics instead of running ones. */
  readonly batchStatistics: boolean
  /** Whether penalties are included. */
  readonly penalties: boolean
  /** Declares that the pass needs at least this many rows. */
  requireRows(rows: number): void
  matrix(cols: number): Matrix
  /** A buffer that is only valid during the step, or during the next one as well. */
  scratch(bytes: number, steps?: 1 | 2): number
  /** A buffer owned by the layer, initially zero. */
  region(bytes: number): number
  parameter(name: string): DualParameter
  within<T>(prefix: string, lower: () => T): T
  /** A step that computes values or gradients. */
  emit<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
  /** A step that computes tangents. */
  along<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
}

/** The forward result of a layer, and its backward pass. */
export interface Curved {
  readonly y: Dual
  /** `dy` is the gradient of y and read-only. Returns the gradient of x, or undefined when no layer below needs it. */
  backward(dy: DualGradient, wanted: { parameters: boolean; input: boolean }): DualGradient | undefined
}

/** The tangents of one kind of layer. */
export type CurvedKind<L> = (layer: L, builder: CurvedBuilder, x: Dual) => Curved

/** Weights as the products read them; the product is for W itself, however W is parametrized. */
export interface CurvedKernel extends DualParameter {
  /** Where to write the gradient of W, if it is needed. */
  readonly gradient?: number
  /** Emits what follows the product for W; `curved`: there is a gradient. */
  back?(curved: boolean): void
}

/** Operands shared by elementwise steps. */
export const shapeOf = ({ stride, cols }: Matrix): Pick<Matrix, 'stride' | 'cols'> => ({ stride, cols })

/** The sum of two gradients; both or neither have values. */
export function sumGradients(builder: CurvedBuilder, a: DualGradient, b: DualGradient): DualGradient {
  const tangent = sumAlong(builder, a.tangent, b.tangent) ?? a.tangent
  if (!a.value || !b.value) return { value: undefined, tangent }
  const to = builder.matrix(a.value.cols)
  builder.emit(add, { a: a.value.address, b: b.value.address, to: to.address, ...shapeOf(to) })
  return { value: to, tangent }
}

/** The sum of two tangents, either of which may be missing. */
export function sumAlong(builder: CurvedBuilder, a: Matrix | undefined, b: Matrix | undefined): Matrix | undefined {
  if (!a || !b) return a ?? b
  const to = builder.matrix(a.cols)
  builder.along(add, { a: a.address, b: b.address, to: to.address, ...shapeOf(to) })
  return to
}
