/** Values while a graph is evaluated symbolically: constants, and functions of the model's input rows. */
import type { Stage } from '../network.ts'
import type { Columns } from './columns.ts'
import type { Constant } from './constants.ts'
import type { Call } from './graph.ts'
import type { OnnxTensor } from './schema.ts'

/** One step of the computation on rows. A reshape keeps the flow. */
export interface Flow {
  /** Steps are numbered in order. */
  readonly id: number
  /** The node that computes it; undefined for the model's input. */
  readonly call: Call | undefined
  readonly from: readonly Flow[]
  /** Values per row. */
  readonly size: number
  /** What the step is on its own, if recognized. */
  readonly item?: Item
  /** The step as a function of sample rows; undefined if columns are treated differently. */
  readonly sample?: Sample
  /** Number of groups of a row that the step works on separately, unless it is elementwise. */
  readonly groups?: number
  /** Constants in the step. */
  readonly scalars?: readonly number[]
  /** The role of a step that takes several nodes. */
  readonly role?: Role
}

export type Role = 'part' | 'sum' | 'join' | 'logistic' | 'softmax'

/** Maps sample matrices to one of the same size; a per-row value is repeated in all columns. */
export type Sample = (x: readonly Float64Array[]) => Float64Array

/** A part of a network before adjacent ones are merged. */
export type Item = DenseItem | NormItem | { readonly kind: 'columns'; readonly columns: Columns } | StageItem

export interface DenseItem {
  readonly kind: 'dense'
  /** [inputs, units], row-major. */
  readonly kernel: ArrayLike<number>
  readonly bias?: ArrayLike<number>
  readonly units: number
}

/** A row normalization with the affine map that follows it. */
export interface NormItem {
  readonly kind: 'norm'
  readonly layer: 'layerNorm' | 'rmsNorm' | 'groupNorm'
  readonly groups: number
  readonly epsilon: number
  /** Number of channels, each with its own parameters. */
  readonly channels: number
  readonly gamma?: Float64Array
  readonly beta?: Float64Array
}

export interface StageItem {
  readonly kind: 'stage'
  readonly stage: Stage
}

/** Rows with the shape of what a row holds, usually [features]. */
export interface Rows {
  readonly kind: 'rows'
  readonly flow: Flow
  readonly dims: readonly number[]
  /** Names of the columns, if the graph has them. */
  readonly names?: readonly string[]
}

/** The class of a row, by argmax of some scores or in a way that does not matter. */
export interface Labels {
  readonly kind: 'labels'
  readonly scores?: Rows
  readonly names?: readonly string[]
}

export type Value = Constant | Rows | Labels

/** What the readers of nodes share. */
export interface Context {
  /** Adds a step. */
  flow(step: Omit<Flow, 'id'>): Flow
  /** The error for an unsupported node. */
  fail(call: Call, reason: string): Error
  /** The constant value of a tensor. */
  read(tensor: OnnxTensor): Constant
  /** Charges for created values: a file may only produce a few times its own size. */
  spend(values: number): void
}

/** Evaluates a node: from its operands (undefined if omitted) to its outputs. */
export type Reader = (call: Call, operands: readonly (Value | undefined)[], context: Context) => readonly Value[]

export const rows = (flow: Flow, dims: readonly number[] = [flow.size]): Rows => ({ kind: 'rows', flow, dims })

export const sizeOf = (dims: readonly number[]): number => dims.reduce((product, size) => product * size, 1)

export const int = ({ attributes }: Call, name: string, otherwise: number): number =>
  attributes.get(name)?.int ?? otherwise

/** @throws unless the operand is rows. */
export function rowsOf(call: Call, operand: Value | undefined, context: Context): Rows {
  if (operand?.kind === 'rows') return operand
  throw context.fail(call, 'its first input must depend on the rows')
}

/** @throws unless the operand is a numeric constant. */
export function constantOf(call: Call, operand: Value | undefined, what: string, context: Context): Constant {
  if (operand?.kind === 'constant' && !operand.texts) return operand
  throw context.fail(call, `its ${what} must be a constant`)
}
