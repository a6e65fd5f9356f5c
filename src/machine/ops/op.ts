/** A row of the list of ops, and the types derived from it. */
import { MODULE_TRAIN } from '../../abi/modules.ts'

declare const traits: unique symbol

/**
 * An operand: the index of its word in the step (see src/abi). Its meaning exists in the types only, so that rows are
 * plain numbers.
 */
export type Operand<Kind extends string = string, Optional extends boolean = boolean> = number & {
  readonly [traits]?: { readonly kind: Kind; readonly optional: Optional }
}

/** A byte address. */
export type Address = Operand<'address', false>
/** Bytes between rows. */
export type Stride = Operand<'stride', false>
/** A number of rows, columns or floats. */
export type Count = Operand<'count', false>
/** A code, a flag, or another integer that is not a count. */
export type Int = Operand<'int', false>
/** The only kind of operand that is an f32. */
export type Float = Operand<'float', false>
/** An operand that may be omitted: its word is then 0. */
export type Optional<O extends Operand> = O extends Operand<infer Kind> ? Operand<Kind, true> : never

/**
 * The unit of work that threads claim. `none`: the main thread runs the whole step. `rows`: of the batch. `panels`: of
 * columns, over all rows of the batch. `grid`: rows and panels of a matrix product. `vectors`, `lines`, `chunks`: 4, 16
 * and SUM_CHUNK floats of a block.
 */
export type Split = 'none' | 'rows' | 'panels' | 'grid' | 'vectors' | 'lines' | 'chunks'

interface Facts<Name> {
  /** Its wasm module, MODULE_*. Default: MODULE_TRAIN. */
  readonly module?: number
  /**
   * Codes of ops that may directly follow this step without a barrier; `any` if nothing later in the
   * list reads its output. Default: none.
   */
  readonly overlaps?: readonly number[] | 'any'
  /**
   * Address operands that the step both reads and writes, so that it is not idempotent. For updates, what a
   * thread's journal saves, so that another thread can finish the step if it dies.
   */
  readonly inPlace?: readonly Name[]
}

type Ints = Readonly<Record<string, Operand<'address' | 'stride' | 'count' | 'int'>>>
type Floats = Readonly<Record<string, Operand<'float'>>>

/** A row of the list: how a step of this op is encoded, split among threads and recovered. */
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

/** Names that are not operands of the op must not occur: this also checks spread objects. */
export type Foreign<O extends Op, V> = { readonly [Name in Exclude<keyof V, keyof OperandsOf<O>>]: never }
