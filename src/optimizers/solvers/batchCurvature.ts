/**
 * The interface between methods that need the curvature of every batch and the model that runs them: they add ranges of steps to the
 * model's plan, which run between the batch's passes and its update.
 */
import type { Layout } from '../../machine/matrixLayout.ts'
import type { Foreign, Op, Values } from '../../machine/ops/op.ts'
import type { Range, Step } from '../../machine/program.ts'
import type { OptimizerOf } from '../rules/rule.ts'

/** A parameter's place in every block. */
export interface BlockPlace {
  /** Public name. */
  readonly path: string
  /** Name within its layer. */
  readonly name: string
  readonly layer: number
  readonly shape: readonly number[]
  readonly layout: Layout
  /** In floats. */
  readonly offset: number
  readonly stored: number
}

/** The rows of a batch in linear memory. */
export interface Rows {
  readonly address: number
  readonly cols: number
  readonly stride: number
}

/** A dense layer's gradient: dw = xᵀ dz, db = the column sums of dz. */
export interface DenseGradient {
  readonly x: number
  readonly xStride: number
  readonly inputs: number
  readonly units: number
  readonly dz: number
  readonly dzStride: number
  /** Addresses in the gradient block. */
  readonly dw: number
  readonly db?: number | undefined
}

/** A loss as the machine computes it: LOSS_*, and the last activation if the loss includes it. */
export interface CurvatureLoss {
  readonly code: number
  readonly delta: number
  readonly deltas?: readonly number[]
  readonly fused: 'softmax' | 'sigmoid' | 'none'
}

/** A plan under construction. */
export interface CurvatureSite {
  readonly places: readonly BlockPlace[]
  /** Addresses of the blocks and of the solver's scratch. */
  readonly parameters: number
  readonly gradients: number
  readonly states: readonly number[]
  readonly room: number
  /** Maximum batch size. */
  readonly rows: number
  /** The input of the loss; probabilities if the loss includes softmax or sigmoid. */
  readonly outputs: Rows
  /** One f32 per row. */
  readonly weights: number
  readonly loss: CurvatureLoss
  /** The trainable dense layers, in the order of the backward pass. */
  readonly dense: readonly DenseGradient[]
  /** How the model is lowered, for code that knows the compiler. */
  readonly lowering: object
  isTrainable(place: BlockPlace): boolean
  emit<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
  /** Appends an existing step. */
  push(step: Step): void
  range(emit: () => void): Range
  /** A buffer for the rows of a batch. `scratch`: one that is only valid during the next step. */
  matrix(cols: number): Rows
  scratch(bytes: number): number
  /** The id of a new random stream. */
  stream(): number
  /** A second backward pass from a gradient of `outputs`; `each` emits what replaces a dense layer's gradient. */
  back(from: Rows, each: (gradient: DenseGradient) => void): void
  /** A rule's pass over the given tensors. */
  update(rule: OptimizerOf, places: readonly BlockPlace[], gradients: number, states: readonly number[]): void
}

/** What a method has added to a plan: its ranges, and the buffers that it accesses between them. */
export interface BatchCurvature {
  readonly ranges: Readonly<Record<string, Range>>
  readonly regions?: Readonly<Record<string, Rows>>
}

/**
 * Ranges `values`: the outputs and their loss without dropout and noise; and `along`: `tangent` = J p and `curved` = H J p / rows, p
 * the block at `probe`, J the Jacobian of the outputs with respect to the parameters for which `moves` holds, H the Hessians of the
 * rows' losses with respect to the outputs. The record's first scalar must be 1.
 */
export type EmitTangents = (site: CurvatureSite, moves: (place: BlockPlace) => boolean) => BatchCurvature

/** The current batch. */
export interface BatchAccess {
  /** Loss and sum of weights; valid after the forward pass. */
  readonly loss: number
  readonly weight: number
  readonly rows: number
  /** The model's number of outputs. */
  readonly outputs: number
  /** The factor that callbacks have applied to the learning rate. */
  readonly rateScale: number
  region(name: string): Rows
  /** Runs a range on all threads, with these as the record's first scalars. */
  run(range: string, ...scalars: number[]): void
  /** The same on this thread only, for in-place changes that must survive the death of a worker. Returns the record's dot product. */
  change(range: string, ...scalars: number[]): number
  /** Runs a range of a rule's update steps as its update t = 1, 2, ... */
  update(range: string, rule: OptimizerOf, t: number): void
  /** Clips the gradient as compiled. */
  clip(): void
  /** The loss on the batch at the current parameters, penalties included, with the same noise. */
  evaluate(): number
}

/** A matrix of a session's state as saved in files: row-major. */
export interface SessionMatrix {
  /** KIND.PARAMETER */
  readonly name: string
  readonly shape: readonly [number, number]
  read(first: number, out: Float32Array): void
  write(first: number, values: Float32Array): void
}
