/** What a kind of layer promises, and what it may use while it is lowered to steps. */
import type { Activation } from '../catalogue/activations.ts'
import type { Initializer } from '../catalogue/initializers/initializers.ts'
import type { Regularizer } from '../catalogue/regularizers.ts'
import type { Foreign, Op, Values } from '../machine/ops/op.ts'
import type { Resolvers } from './resolvers.ts'

/** Rows of a batch in linear memory: `cols` floats a row, rows `stride` bytes apart, pads zero in gradients. */
export interface Matrix {
  readonly address: number
  readonly cols: number
  readonly stride: number
}

/** A matrix, and the activation derivative that its gradient must still be multiplied by on the way back. */
export interface Value extends Matrix {
  readonly activation?: Activation
  /** What the derivative is computed from. */
  readonly saved?: Matrix
}

/** A parameter tensor as its layer declares it. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** `panels`: a weight matrix [inputs, units] stored panel by panel; `row`: a vector. */
  readonly layout: 'panels' | 'row'
  readonly initializer: Initializer
  readonly regularizer?: Regularizer
  /** false: kept, saved and counted with the others, but never updated; running statistics are such. */
  readonly trainable?: false
  /** Initial values computed from those of another parameter of the layer. */
  readonly derived?: { readonly from: string; values(of: Float32Array): Float32Array }
}

/** What a layer may use while it is lowered to steps; made by the plan. */
export interface Builder {
  /** Whether a backward pass will follow. */
  readonly training: boolean
  /** Whether dropout and noise act. */
  readonly noise: boolean
  /** Whether the batch's own statistics are used, not the running ones. */
  readonly batchStatistics: boolean
  /** Says that the pass makes no sense with fewer rows. */
  requireRows(rows: number): void
  /** A new activation or gradient region for the plan's rows. */
  matrix(cols: number): Matrix
  /** A region that is free again after the step. */
  scratch(bytes: number): number
  /** A region of the layer's own. */
  region(bytes: number): number
  /** A number for a random stream of the layer's own, the same in every plan of the model. */
  stream(): number
  /** Addresses of one of this layer's parameters. */
  parameter(name: string): { readonly address: number; readonly gradient: number }
  /** Lowers a layer inside this one, whose parameters are declared under names that begin with `prefix`. */
  within<T>(prefix: string, lower: () => T): T
  emit<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
  /** Emits a step that belongs to the update: it does not run when only gradients are wanted. */
  defer<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
  /** Whether a gradient of `value` must still be multiplied by a derivative. */
  needsDerivative(value: Value): boolean
  /** to = gradient of `value` times the derivative it still needs; in place unless `to` is given. */
  applyDerivative(value: Value, gradient: Matrix, to?: Matrix): void
}

export interface Lowered {
  readonly y: Value
  /**
   * Emits the backward steps. `dy` is the gradient of y, already multiplied by y's own activation derivative; it must
   * stay as it is, for others may read it too.
   * Returns the gradient of x, multiplied by x's, or undefined when nobody below needs it.
   */
  backward(dy: Matrix, wanted: { parameters: boolean; input: boolean }): Matrix | undefined
}

/** One kind of layer: its width, what it owns, and its steps, forward beside backward. */
export interface LayerKind<L> {
  outputs(layer: L, inputs: number): number
  parameters(layer: L, inputs: number): readonly ParameterSpec[]
  /** The layer its JSON form stands for, checked as by its factory. */
  revive(spec: L, resolvers: Resolvers): L
  lower(layer: L, builder: Builder, x: Value): Lowered
}
