/** What a layer kind implements, and the builder it emits its steps with. */
import type { Activation } from '../catalogue/activations.ts'
import type { Initializer } from '../catalogue/initializers/initializers.ts'
import type { Regularizer } from '../catalogue/regularizers.ts'
import type { Door } from '../data/features.ts'
import type { Layout } from '../machine/matrixLayout.ts'
import type { Foreign, Op, Values } from '../machine/ops/op.ts'
import type { Schedule } from '../optimizers/schedules/named.ts'
import type { Resolvers } from './resolvers.ts'

/** The rows of a batch in linear memory: `cols` floats per row, `stride` bytes between rows; padding is zero in gradients. */
export interface Matrix {
  readonly address: number
  readonly cols: number
  readonly stride: number
}

/** A matrix, and the activation derivative that its gradient still has to be multiplied by in the backward pass. */
export interface Value extends Matrix {
  readonly activation?: Activation
  /** The input of that derivative. */
  readonly saved?: Matrix
}

/** A parameter tensor, as declared by its layer. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** `panels`: a weight matrix [inputs, units] stored in panels; `row`: a vector; `table`: rows padded to whole panels. */
  readonly layout: Layout
  readonly initializer: Initializer
  readonly regularizer?: Regularizer
  /** false: saved and counted like the others but never updated, such as running statistics. */
  readonly trainable?: false
  /** Whether a batch's gradient is nonzero only in the rows it looks up. */
  readonly sparse?: true
  /** Initial values derived from those of another parameter of the layer. */
  readonly derived?: { readonly from: string; values(of: Float32Array): Float32Array }
}

/** The operands of `stepRows` that come from the layer: the table rows looked up by a batch. Sizes in bytes, except counts. */
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

/** What a layer emits its steps with; implemented by the plan. */
export interface Builder {
  /** Maximum rows per batch. */
  readonly rows: number
  /** Whether a backward pass will follow. */
  readonly training: boolean
  /** Whether dropout and noise are active. */
  readonly noise: boolean
  /** Whether normalizations use batch statistics instead of running ones. */
  readonly batchStatistics: boolean
  /** Declares that the pass needs at least this many rows. */
  requireRows(rows: number): void
  /** A new activation or gradient buffer for the plan's rows. */
  matrix(cols: number): Matrix
  /** A buffer that is only valid during the step, or during the next one as well. */
  scratch(bytes: number, steps?: 1 | 2): number
  /** A buffer owned by the layer. */
  region(bytes: number): number
  /** The id of a random stream of this layer, the same in every plan of the model. */
  stream(): number
  /** The record word that holds a schedule's value for each update; equal descriptions share a word. */
  scheduled(described: object, schedule: Schedule): number
  /** Addresses of one of this layer's parameters. */
  parameter(name: string): { readonly address: number; readonly gradient: number }
  /**
   * Likewise for a table. With `visit`, the steps it emits restrict the following update to the rows that the batch looked up;
   * `scale` and `tiny` come from the optimizer.
   */
  table(name: string): {
    readonly address: number
    readonly gradient: number
    readonly visit: ((operands: RowVisit) => void) | undefined
  }
  /** A layer-owned buffer whose first word is reset to 0 whenever other code has written the gradients, which makes it stale. */
  memory(bytes: number): number
  /** Overrides how a layer is lowered; undefined: the default of its kind. */
  instead?: ((layer: object, x: Value) => Lowered | undefined) | undefined
  /** Lowers a nested layer whose parameters are declared with the name prefix `prefix`. */
  within<T>(prefix: string, lower: () => T): T
  emit<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
  /** Emits a step that belongs to the update: it is skipped when only gradients are computed. */
  defer<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
  /** Whether the gradient of `value` still has to be multiplied by an activation derivative. */
  needsDerivative(value: Value): boolean
  /** to = gradient of `value` times its pending derivative; in place unless `to` is given. */
  applyDerivative(value: Value, gradient: Matrix, to?: Matrix): void
}

export interface Lowered {
  readonly y: Value
  /**
   * Emits the backward steps. `dy` is the gradient of y, already multiplied by y's activation derivative; it is
   * read-only, since others may read it too.
   * Returns the gradient of x, multiplied by x's pending derivative, or undefined when no layer below needs it.
   */
  backward(dy: Matrix, wanted: { parameters: boolean; input: boolean }): Matrix | undefined
}

/** Which input column each column is an unchanged copy of. A function, not a list: a small file may declare very wide rows. */
export interface Origins {
  readonly width: number
  /** The index of the input column, or undefined for a computed column. */
  of(column: number): number | undefined
}

/** Where a layer's output columns come from, and what it requires of the features. */
export interface Traced {
  readonly origins: Origins
  readonly doors: readonly Door[]
}

/** One named output of a model: its columns in the last layer's output, and its final activation. */
export interface Head {
  readonly name: string
  readonly first: number
  readonly columns: number
  readonly activation?: Activation
}

/** Splits and checks values keyed by output name. */
export interface NamedOutputs {
  readonly heads: readonly Head[]
  /** The columns of one head, from packed rows. */
  take(head: Head, packed: Float32Array): Float32Array
  /** The columns of every head. */
  split(packed: Float32Array): Readonly<Record<string, Float32Array>>
  /** Likewise into existing arrays. */
  splitInto(packed: Float32Array, out: Readonly<Record<string, Float32Array>>): Readonly<Record<string, Float32Array>>
  /** @throws TypeError or RangeError unless `out` has an array of the right length for every head. */
  checkOut(where: string, out: unknown, rows: number): Readonly<Record<string, Float32Array>>
  /** @throws TypeError unless `value` is an object whose keys are exactly the heads (with `optional`, some of them). */
  each(what: string, value: unknown, optional?: boolean): Readonly<Record<string, unknown>>
}

/** One kind of layer: its output width, its parameters, and its steps, forward beside backward. */
export interface LayerKind<L> {
  outputs(layer: L, inputs: number): number
  parameters(layer: L, inputs: number): readonly ParameterSpec[]
  /** The layer for a JSON description, checked as by its factory. */
  revive(spec: L, resolvers: Resolvers): L
  lower(layer: L, builder: Builder, x: Value): Lowered
  /**
   * Where its output columns come from; absent: all are computed.
   * @throws RangeError when a column that it needs unchanged from the input is computed.
   */
  trace?(layer: L, origins: Origins): Traced
  /** Only for kinds that end a model: the names of its outputs. */
  named?(layer: L, inputs: number): NamedOutputs
}
