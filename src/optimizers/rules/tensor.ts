/** The description of tensors that optimizers work with. */
import type { Layout } from '../../machine/matrixLayout.ts'

/** A parameter tensor as optimizers see it; its offset is the same in the blocks of parameters, gradients and state. */
export interface Tensor {
  readonly name: string
  /** Offset in floats from the start of the block; a multiple of 16. */
  readonly offset: number
  /** Floats including padding; a multiple of 16. */
  readonly count: number
  readonly trainable: boolean
  /** Shape without padding; undefined: [count]. */
  readonly shape?: readonly number[]
  /** Memory layout; undefined: contiguous. */
  readonly layout?: Layout
  /** [inputs, units] of a weight matrix stored in panels. */
  readonly matrix?: readonly [inputs: number, units: number]
  /** In a model: the index of its layer, and its name in the layer. */
  readonly layer?: number
  readonly role?: string
}

/** An optimizer's settings for a tensor after applying its parameter group. */
export interface TensorSettings {
  readonly rateScale: number
  /** Factor on the optimizer's decay. */
  readonly decayScale: number
  /** Undefined: the optimizer's. */
  readonly decay: number | undefined
  readonly epsilon: number | undefined
}
