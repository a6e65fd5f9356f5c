/** What a kind of layer promises, and what it may use while it is lowered to steps. */
import type { Activation } from '../activations.ts'
import type { Initializer } from '../initializers.ts'
import type { Regularizer } from '../regularizers.ts'

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
}

/** What a layer may use while it is lowered to steps; made by the plan. */
export interface Lowering {
  /** Whether a backward pass will follow. */
  readonly training: boolean
  /** A new activation or gradient region for the plan's rows. */
  matrix(cols: number): Matrix
  /** A region that is free again after the step. */
  scratch(bytes: number): number
  /** Addresses of one of this layer's parameters. */
  parameter(name: string): { readonly address: number; readonly gradient: number }
  emit(op: number, ints: Record<number, number>, floats?: Record<number, number>): void
  /** Multiplies a gradient of `value` by the derivative it still owes, in place. */
  settle(value: Value, gradient: Matrix): void
}

export interface Lowered {
  readonly y: Value
  /**
   * Emits the backward steps. `dy` is the gradient of y, already multiplied by y's own activation derivative.
   * Returns the gradient of x, multiplied by x's, or undefined when nobody below needs it.
   */
  backward(dy: Matrix, wanted: { parameters: boolean; input: boolean }): Matrix | undefined
}

/** One kind of layer: its width, what it owns, and its steps, forward beside backward. */
export interface LayerKind<L> {
  outputs(layer: L, inputs: number): number
  parameters(layer: L, inputs: number): readonly ParameterSpec[]
  /** The layer its JSON form stands for, checked as by its factory. */
  revive(spec: L): L
  lower(layer: L, lowering: Lowering, x: Value): Lowered
}
