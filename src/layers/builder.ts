/** What a kind of layer promises, and what it may use while it is lowered to steps. */
import type { Activation } from '../catalogue/activations.ts'
import type { Initializer } from '../catalogue/initializers/initializers.ts'
import type { Regularizer } from '../catalogue/regularizers.ts'
import type { Door } from '../data/features.ts'
import type { Layout } from '../machine/matrixLayout.ts'
import type { Foreign, Op, Values } from '../machine/ops/op.ts'
import type { Schedule } from '../optimizers/schedules/named.ts'
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
  /** `panels`: a weight matrix [inputs, units] stored panel by panel; `row`: a vector; `table`: rows padded to whole panels. */
  readonly layout: Layout
  readonly initializer: Initializer
  readonly regularizer?: Regularizer
  /** false: kept, saved and counted with the others, but never updated; running statistics are such. */
  readonly trainable?: false
  /** Whether a batch changes only the rows that occur in it. */
  readonly sparse?: true
  /** Initial values computed from those of another parameter of the layer. */
  readonly derived?: { readonly from: string; values(of: Float32Array): Float32Array }
}

/** What `stepRows` takes of a layer: the rows of a table that occurred in a batch. In bytes, but for the counts. */
export interface RowVisit {
  readonly x: number
  readonly xStride: number
  readonly categories: number
  readonly y: number
  readonly yStride: number
  readonly units: number
  readonly table: number
  readonly gradient: number
}

/** What a layer may use while it is lowered to steps; made by the plan. */
export interface Builder {
  /** Rows of a batch, at most. */
  readonly rows: number
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
  /** A region that is free again after the step, or after the next step as well. */
  scratch(bytes: number, steps?: 1 | 2): number
  /** A region of the layer's own. */
  region(bytes: number): number
  /** A number for a random stream of the layer's own, the same in every plan of the model. */
  stream(): number
  /** The word of the record that holds what a schedule gives for each update; those described alike are one. */
  scheduled(described: object, schedule: Schedule): number
  /** Addresses of one of this layer's parameters. */
  parameter(name: string): { readonly address: number; readonly gradient: number }
  /**
   * The same of a table. With `visit`, the update that will follow visits only those of its rows that occurred in the batch, by the
   * steps that it emits; `scale` and `tiny` come from the optimizer.
   */
  table(name: string): {
    readonly address: number
    readonly gradient: number
    readonly visit: ((operands: RowVisit) => void) | undefined
  }
  /** A region of the layer's own that counts for nothing once others than its steps have written gradients: its first word is 0 then. */
  memory(bytes: number): number
  /** How a layer is lowered that is to be lowered otherwise than its kind says; undefined: as that. */
  instead?: ((layer: object, x: Value) => Lowered | undefined) | undefined
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

/** What of the model's input comes unchanged in each column. A rule, not a list: a short file may describe very wide rows. */
export interface Origins {
  readonly width: number
  /** The input's column, or undefined for what layers have computed. */
  of(column: number): number | undefined
}

/** What layers make of columns that only pass through, and what they ask of features. */
export interface Traced {
  readonly origins: Origins
  readonly doors: readonly Door[]
}

/** One of a model's outputs that have names: its columns among those of the last layer, and the activation it ends in. */
export interface Head {
  readonly name: string
  readonly first: number
  readonly columns: number
  readonly activation?: Activation
}

/** What a model hands out, and is handed, under the names of its outputs. */
export interface NamedOutputs {
  readonly heads: readonly Head[]
  /** The columns of a head, of packed rows. */
  take(head: Head, packed: Float32Array): Float32Array
  /** Those of every head. */
  split(packed: Float32Array): Readonly<Record<string, Float32Array>>
  /** The same into arrays that there are. */
  splitInto(packed: Float32Array, out: Readonly<Record<string, Float32Array>>): Readonly<Record<string, Float32Array>>
  /** @throws TypeError or RangeError unless there is an array of the right length for every head. */
  checkOut(where: string, out: unknown, rows: number): Readonly<Record<string, Float32Array>>
  /** @throws TypeError unless it is an object with every head, or with `optional` some of them, and nothing else. */
  each(what: string, value: unknown, optional?: boolean): Readonly<Record<string, unknown>>
}

/** One kind of layer: its width, what it owns, and its steps, forward beside backward. */
export interface LayerKind<L> {
  outputs(layer: L, inputs: number): number
  parameters(layer: L, inputs: number): readonly ParameterSpec[]
  /** The layer its JSON form stands for, checked as by its factory. */
  revive(spec: L, resolvers: Resolvers): L
  lower(layer: L, builder: Builder, x: Value): Lowered
  /**
   * Where the columns it hands on come from; absent: it computes them all.
   * @throws RangeError when one that it needs as it is in the input has been changed.
   */
  trace?(layer: L, origins: Origins): Traced
  /** Of kinds that only end a model: what its outputs are called. */
  named?(layer: L, inputs: number): NamedOutputs
}
