/**
 * The seam between rules that see whole matrices, or all parameters at once, and whoever lays out the memory. Such a rule takes
 * some of the parameters and leaves the others to an elementwise rule. All of its update is steps, which run with those of a model in
 * one list; what it must keep from step to step is state, which files hold.
 */
import type { Stored } from '../../machine/matrixLayout.ts'
import type { Step } from '../../machine/program.ts'
import type { Match } from '../rules/groups.ts'
import type { DecayForm, Optimizer, OptimizerOf, Rule } from '../rules/rule.ts'
import type { Tensor, TensorSettings } from '../rules/tensor.ts'

export const MATRIX_KINDS = ['muon', 'shampoo', 'soap', 'pathSgd'] as const
export type MatrixKind = (typeof MATRIX_KINDS)[number]

export const isMatrixKind = (kind: unknown): kind is MatrixKind => MATRIX_KINDS.some((known) => known === kind)

/** A tensor that a rule keeps for one of the parameters; it starts from 0. */
export interface StateSpec extends Stored {
  readonly name: string
}

/** A tensor of state. */
export interface KeptTensor extends Stored {
  readonly state: string
  /** The parameter that it is kept for. */
  readonly tensor: Tensor
  /** In files: `optimizer.STATE.PARAMETER`. */
  readonly path: string
  /** Floats from the start of the block; a multiple of 16. */
  readonly offset: number
  /** Floats it takes in the block, padding included. */
  readonly stored: number
}

/** Byte addresses. */
export interface MatrixBlocks {
  readonly parameters: number
  readonly gradients: number
  /** Of the tensors that are kept. */
  readonly kept: number
  readonly scratch: number
}

/** From a rule to an update of all tensors, those of its fallback included. */
export interface MatrixUpdates {
  /** All state, in the order in which it lies: neighbours that the fallback takes are neighbours in each of its states. */
  readonly kept: (rule: MatrixRule, tensors: readonly Tensor[]) => readonly KeptTensor[]
  /** Where a state of the fallback does not start from 0. */
  readonly initial: (rule: MatrixRule, tensors: readonly Tensor[]) => { kept: KeptTensor; value: number }[]
  /** Bytes of scratch that `steps` needs. */
  readonly scratch: (rule: MatrixRule, tensors: readonly Tensor[]) => number
  /** The steps of one update: the rule's own, then those of its fallback with the record's second rates. */
  readonly steps: (rule: MatrixRule, tensors: readonly Tensor[], blocks: MatrixBlocks) => Step[]
}

/** A parameter that the rule takes, and where it finds what belongs to it: byte addresses. */
export interface Taken {
  readonly tensor: Tensor
  readonly settings: TensorSettings
  readonly parameters: number
  readonly gradients: number
  /** Of the state of that name. */
  state(name: string): number
}

/** Room for what a step leaves to a later one of the same update; `take` gives the address of some of it. */
export interface Scratch {
  take(bytes: number): number
  /** All that was taken may be taken again. */
  clear(): void
}

/** What of a layer says whether a rule suits it. */
export interface LayerLike {
  readonly kind: string
  readonly activation?: { readonly kind: string }
  readonly weightNorm?: boolean
}

/** A rule with all its options: what `muon(...)` returns. It brings its algorithm along: what is not imported is not bundled. */
export interface MatrixRule<Kind extends MatrixKind = MatrixKind> extends OptimizerOf<Kind> {
  /** Which matrices it takes; undefined: its own choice. */
  readonly match?: Match
  /** What updates the other parameters; undefined where it takes all. */
  readonly fallback?: Optimizer
  readonly decay: DecayForm
  /**
   * @throws RangeError naming the layer that the rule cannot train.
   * @internal
   */
  readonly checkLayers?: (layers: readonly LayerLike[]) => void
  /**
   * Which of the parameters it takes.
   * @throws RangeError when there are none.
   * @internal
   */
  readonly takes: (tensors: readonly Tensor[]) => readonly boolean[]
  /** @internal */
  readonly states: (tensor: Tensor) => readonly StateSpec[]
  /** @internal */
  readonly scalars?: Rule['scalars']
  /**
   * The steps of one update of those of all it takes that train. No step may change what it reads: see CONTRIBUTING.md.
   * @internal
   */
  readonly lower: (taken: readonly Taken[], scratch: Scratch) => Step[]
  /** @internal */
  readonly updates: MatrixUpdates
}

export const isMatrixRule = (value: unknown): value is MatrixRule =>
  typeof value === 'object' && value !== null && 'lower' in value && typeof value.lower === 'function'
