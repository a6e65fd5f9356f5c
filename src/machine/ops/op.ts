/** What a row of the list of ops says, and the types that follow from it. */
import { MODULE_TRAIN } from '../../abi/modules.ts'

declare const traits: unique symbol

/**
 * An operand: the index of its word in the step (see src/abi). What it holds is known to the types alone, so that rows are
 * nothing but numbers.
 */
export type Operand<Kind extends string = string, Optional extends boolean = boolean> = number & {
  readonly [traits]?: { readonly kind: Kind; readonly optional: Optional }
}

/** A byte address. */
export type Address = Operand<'address', false>
/** Bytes from one row to the next. */
export type Stride = Operand<'stride', false>
/** Rows, columns, floats: how many there are of something. */
export type Count = Operand<'count', false>
/** A code, a flag, a number that is not an amount. */
export type Int = Operand<'int', false>
/** The only kind of operand that is an f32. */
export type Float = Operand<'float', false>
/** An operand that may be left out: the word is 0 then. */
export type Optional<O extends Operand> = O extends Operand<infer Kind> ? Operand<Kind, true> : never

/**
 * What of a step one thread takes at a time. `none`: the main thread does all of it. `rows`: of the batch. `panels`: of
 * columns, whole columns of the batch each. `grid`: rows and panels of a matrix product. `vectors`, `lines`, `chunks`: 4, 16
 * and SUM_CHUNK floats of a block.
 */
export type Split = 'none' | 'rows' | 'panels' | 'grid' | 'vectors' | 'lines' | 'chunks'

interface Facts<Name> {
  /** The wasm module it is in, MODULE_*. Default: MODULE_TRAIN. */
  readonly module?: number
  /**
   * Ops (codes) that other threads may begin before this step is done everywhere, when they come next; `any` where nothing
   * later in the list reads what it wrote. Default: none, threads meet at a barrier first.
   */
  readonly overlaps?: readonly number[] | 'any'
  /**
   * Addresses of what the step both reads and changes: running it twice is not running it once. Of an update, what a
   * thread's journal keeps, so that another can finish when it dies.
   */
  readonly inPlace?: readonly Name[]
}

type Ints = Readonly<Record<string, Operand<'address' | 'stride' | 'count' | 'int'>>>
type Floats = Readonly<Record<string, Operand<'float'>>>

/** A row of the list: how a step of this op is written, shared among threads and taken up again. */
export interface Op<I extends Ints = Ints, F extends Floats = Floats> extends Required<Facts<string>> {
  readonly code: number
  readonly split: Split
  readonly ints: I
  readonly floats: F
}

export const op = <I extends Ints, F extends Floats>(
  code: number,
  split: Split,
  ints: I,
  floats: F,
  { module = MODULE_TRAIN, overlaps = [], inPlace = [] }: Facts<NoInfer<keyof I & string>> = {},
): Op<I, F> => ({ code, split, ints, floats, module, overlaps, inPlace })

type OperandsOf<O extends Op> = O['ints'] & O['floats']

type OptionalNames<Operands> = {
  [Name in keyof Operands]: Operands[Name] extends { [traits]?: { optional: true } } ? Name : never
}[keyof Operands]

/** Values of an op's operands, by name. */
export type Values<O extends Op> = {
  readonly [Name in Exclude<keyof OperandsOf<O>, OptionalNames<OperandsOf<O>>>]: number
} & { readonly [Name in OptionalNames<OperandsOf<O>>]?: number | undefined }

/** Names that are no operands of the op, which no value has: spread objects are checked like written ones. */
export type Foreign<O extends Op, V> = { readonly [Name in Exclude<keyof V, keyof OperandsOf<O>>]: never }
