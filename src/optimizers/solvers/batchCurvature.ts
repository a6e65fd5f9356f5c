/**
 * The seam between methods that look at every batch's curvature and the model that runs it: they put ranges of steps into the
 * model's plan, and run them between the batch's passes and its update.
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
  /** Floats. */
  readonly offset: number
  readonly stored: number
}

/** Rows of a batch in linear memory. */
export interface Rows {
  readonly address: number
  readonly cols: number
  readonly stride: number
}

/** A dense layer's gradient: dw = xᵀ dz, db the sums of dz's columns. */
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

/** A loss as the machine computes it: LOSS_*, and the last activation that it computes itself. */
export interface CurvatureLoss {
  readonly code: number
  readonly delta: number
  readonly deltas?: readonly number[]
  readonly fused: 'softmax' | 'sigmoid' | 'none'
}

/** A plan in the making. */
export interface CurvatureSite {
  readonly places: readonly BlockPlace[]
  /** Addresses of the blocks, and of the solver's room. */
  readonly parameters: number
  readonly gradients: number
  readonly states: readonly number[]
  readonly room: number
  /** Largest batch. */
  readonly rows: number
  /** What the loss is of; probabilities where the loss makes some itself. */
  readonly outputs: Rows
  /** f32 a row. */
  readonly weights: number
  readonly loss: CurvatureLoss
  /** Of the dense layers that train, on the way back of the batch. */
  readonly dense: readonly DenseGradient[]
  /** For what knows the compiler: how the model is lowered. */
  readonly lowering: object
  isTrainable(place: BlockPlace): boolean
  emit<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): void
  /** Adds a step made elsewhere. */
  push(step: Step): void
  range(emit: () => void): Range
  /** Rows of a batch; a region that is free again after the next step that is given one. */
  matrix(cols: number): Rows
  scratch(bytes: number): number
  /** A random stream of its own. */
  stream(): number
  /** Another way back through the model, from a gradient of `outputs`; `each` emits what takes the place of a dense layer's gradient. */
  back(from: Rows, each: (gradient: DenseGradient) => void): void
  /** A rule's pass over the given tensors. */
  update(rule: OptimizerOf, places: readonly BlockPlace[], gradients: number, states: readonly number[]): void
}

/** What a method has put into a plan: its ranges, and regions that it reads and writes between them. */
export interface BatchCurvature {
  readonly ranges: Readonly<Record<string, Range>>
  readonly regions?: Readonly<Record<string, Rows>>
}

/**
 * Ranges `values`: the outputs and their loss, without dropout and noise, and `along`: `tangent` = J p and `curved` = H J p / rows, with p
 * the block at `probe`, J the Jacobian of the outputs by those parameters that move, and H the Hessians of the rows' losses by the
 * outputs. The record's first scalar is 1.
 */
export type EmitTangents = (site: CurvatureSite, moves: (place: BlockPlace) => boolean) => BatchCurvature

/** The batch in hand. */
export interface BatchAccess {
  /** Loss and sum of weights, from the forward pass on. */
  readonly loss: number
  readonly weight: number
  readonly rows: number
  /** Outputs of the model. */
  readonly outputs: number
  /** What callbacks have made of the learning rate. */
  readonly rateScale: number
  region(name: string): Rows
  /** Runs a range on all threads; the record's first scalars are these. */
  run(range: string, ...scalars: number[]): void
  /** The same on this thread alone: for what changes in place what must survive the death of a thread. Returns the record's dot product. */
  change(range: string, ...scalars: number[]): number
  /** A range of update steps of a rule, in its step t = 1, 2, ... */
  update(range: string, rule: OptimizerOf, t: number): void
  /** Clips the gradient as the model was told to. */
  clip(): void
  /** The loss on the batch, penalties included, at the parameters as they are now, with the same noise. */
  evaluate(): number
}

/** A matrix of a session's state, as files keep it: row-major. */
export interface SessionMatrix {
  /** KIND.PARAMETER */
  readonly name: string
  readonly shape: readonly [number, number]
  read(first: number, out: Float32Array): void
  write(first: number, values: Float32Array): void
}
