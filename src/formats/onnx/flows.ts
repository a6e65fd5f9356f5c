/** Values while a graph is read: constants, and what becomes of the rows that the model is given. */
import type { Stage } from '../network.ts'
import type { Columns } from './columns.ts'
import type { Constant } from './constants.ts'
import type { Call } from './graph.ts'
import type { OnnxTensor } from './schema.ts'

/** What one step makes of rows. Rows that are only shaped anew are the same flow. */
export interface Flow {
  /** Steps are numbered in their order. */
  readonly id: number
  /** The node that makes it; undefined for the model's input. */
  readonly call: Call | undefined
  readonly from: readonly Flow[]
  /** Values in a row. */
  readonly size: number
  /** What the step is by itself, as far as that is anything. */
  readonly item?: Item
  /** What the step makes of sample rows; undefined where columns differ in it. */
  readonly sample?: Sample
  /** Parts of a row that the step looks at one by one, where it looks at more than single values. */
  readonly groups?: number
  /** Constants in the step. */
  readonly scalars?: readonly number[]
  /** What a step is called whose node is more than one. */
  readonly role?: Role
}

export type Role = 'part' | 'sum' | 'join' | 'logistic' | 'softmax'

/** Matrices of samples to one of the same size; what a row has only one of stands in all its columns. */
export type Sample = (x: readonly Float64Array[]) => Float64Array

/** A piece of a network before neighbours are merged. */
export type Item = DenseItem | NormItem | { readonly kind: 'columns'; readonly columns: Columns } | StageItem

export interface DenseItem {
  readonly kind: 'dense'
  /** [inputs, units], row-major. */
  readonly kernel: ArrayLike<number>
  readonly bias?: ArrayLike<number>
  readonly units: number
}

/** A normalization of rows, with whatever scales and shifts its columns afterwards. */
export interface NormItem {
  readonly kind: 'norm'
  readonly layer: 'layerNorm' | 'rmsNorm' | 'groupNorm'
  readonly groups: number
  readonly epsilon: number
  /** Channels with parameters of their own. */
  readonly channels: number
  readonly gamma?: Float64Array
  readonly beta?: Float64Array
}

export interface StageItem {
  readonly kind: 'stage'
  readonly stage: Stage
}

/** Rows, shaped: the sizes of what a row holds, [features] as a rule. */
export interface Rows {
  readonly kind: 'rows'
  readonly flow: Flow
  readonly dims: readonly number[]
  /** What the columns stand for, where the graph says so. */
  readonly names?: readonly string[]
}

/** The class of a row, chosen by the largest of some scores, or by something that is of no interest. */
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
  /** The error that a node is refused with. */
  fail(call: Call, reason: string): Error
  /** The constant that a tensor is. */
  read(tensor: OnnxTensor): Constant
  /** Accounts for as many values as are made: a file is not worth more than a few times its size. */
  spend(values: number): void
}

/** Makes the values of a node's outputs, of its operands: undefined where one is left out. */
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

/** @throws unless the operand is a constant of numbers. */
export function constantOf(call: Call, operand: Value | undefined, what: string, context: Context): Constant {
  if (operand?.kind === 'constant' && !operand.texts) return operand
  throw context.fail(call, `its ${what} must be a constant`)
}
