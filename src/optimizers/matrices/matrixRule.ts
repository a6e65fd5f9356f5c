/**
 * The interface between rules that work on whole matrices, or on all parameters at once, and the code that lays out memory. Such a
 * rule updates some of the parameters and leaves the others to an elementwise rule. Its update is a list of steps that run together
 * with the model's; what must persist from update to update is state, which is saved in files.
 */
import type { Stored } from '../../machine/matrixLayout.ts'
import type { Step } from '../../machine/program.ts'
import type { Match } from '../rules/groups.ts'
import type { DecayForm, Optimizer, OptimizerOf, Rule } from '../rules/rule.ts'
import type { Tensor, TensorSettings } from '../rules/tensor.ts'

export const MATRIX_KINDS = ['muon', 'shampoo', 'soap', 'pathSgd'] as const
export type MatrixKind = (typeof MATRIX_KINDS)[number]

export const isMatrixKind = (kind: unknown): kind is MatrixKind => MATRIX_KINDS.some((known) => known === kind)

/** A state tensor that a rule keeps for one of the parameters; it starts at 0. */
export interface StateSpec extends Stored {
  readonly name: string
}

/** A state tensor and its place. */
export interface KeptTensor extends Stored {
  readonly state: string
  /** The parameter it belongs to. */
  readonly tensor: Tensor
  /** Name in files: `optimizer.STATE.PARAMETER`. */
  readonly path: string
  /** Offset in floats from the start of the block; a multiple of 16. */
  readonly offset: number
  /** Floats in the block, padding included. */
  readonly stored: number
}

/** Byte addresses. */
export interface MatrixBlocks {
  readonly parameters: number
  readonly gradients: number
  /** The block of state tensors. */
  readonly kept: number
  readonly scratch: number
}

/** From a rule to an update of all tensors, including its fallback's. */
export interface MatrixUpdates {
  /** All state tensors in memory order: tensors that are adjacent for the fallback are adjacent in each of its states. */
  readonly kept: (rule: MatrixRule, tensors: readonly Tensor[]) => readonly KeptTensor[]
  /** The fallback's states that do not start at 0. */
  readonly initial: (rule: MatrixRule, tensors: readonly Tensor[]) => { kept: KeptTensor; value: number }[]
  /** Bytes of scratch that `steps` needs. */
  readonly scratch: (rule: MatrixRule, tensors: readonly Tensor[]) => number
  /** The steps of one update: the rule's own, then its fallback's, which reads the record's second set of rates. */
  readonly steps: (rule: MatrixRule, tensors: readonly Tensor[], blocks: MatrixBlocks) => Step[]
}

/** A parameter that the rule updates, with the byte addresses of its blocks. */
export interface Taken {
  readonly tensor: Tensor
  readonly settings: TensorSettings
  readonly parameters: number
  readonly gradients: number
  /** Address of the state tensor of that name. */
  state(name: string): number
}

/** Allocator for data passed between steps of one update; `take` returns an address. */
export interface Scratch {
  take(bytes: number): number
  /** Makes all the space available again. */
  clear(): void
}

/** The fields of a layer that decide whether a rule suits it. */
export interface LayerLike {
  readonly kind: string
  readonly activation?: { readonly kind: string }
  readonly weightNorm?: boolean
}

/** A rule with all its options, as returned by `muon(...)`. It carries its algorithm, so only imported rules are bundled. */
export interface MatrixRule<Kind extends MatrixKind = MatrixKind> extends OptimizerOf<Kind> {
  /** Which matrices it updates; undefined: its default choice. */
  readonly match?: Match
  /** What updates the other parameters; undefined if the rule updates all. */
  readonly fallback?: Optimizer
  readonly decay: DecayForm
  /**
   * @throws RangeError naming a layer that the rule cannot train.
   * @internal
   */
  readonly checkLayers?: (layers: readonly LayerLike[]) => void
  /**
   * Which of the parameters it updates.
   * @throws RangeError if there are none.
   * @internal
   */
  readonly takes: (tensors: readonly Tensor[]) => readonly boolean[]
  /** @internal */
  readonly states: (tensor: Tensor) => readonly StateSpec[]
  /** @internal */
  readonly scalars?: Rule['scalars']
  /**
   * The steps of one update of its trainable parameters. No step may modify its inputs: see CONTRIBUTING.md.
   * @internal
   */
  readonly lower: (taken: readonly Taken[], scratch: Scratch) => Step[]
  /** @internal */
  readonly updates: MatrixUpdates
}

export const isMatrixRule = (value: unknown): value is MatrixRule =>
  typeof value === 'object' && value !== null && 'lower' in value && typeof value.lower === 'function'
