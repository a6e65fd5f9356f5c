/** What optimizers know of the tensors that they work on. */
import type { Layout } from '../../machine/matrixLayout.ts'

/** A parameter tensor as optimizers see it: its place, the same in the blocks of parameters, gradients and state. */
export interface Tensor {
  readonly name: string
  /** Floats from the start of the block; a multiple of 16. */
  readonly offset: number
  /** Floats with padding; a multiple of 16. */
  readonly count: number
  readonly trainable: boolean
  /** Its sizes, padding excluded; undefined: it is `count` numbers in a row. */
  readonly shape?: readonly number[]
  /** How it is stored; undefined: in a row. */
  readonly layout?: Layout
  /** [inputs, units] of a weight matrix that lies in panels. */
  readonly matrix?: readonly [inputs: number, units: number]
  /** In a model, the index of its layer and its name there. */
  readonly layer?: number
  readonly role?: string
}

/** What a tensor's parameter group makes of its optimizer's settings. */
export interface TensorSettings {
  readonly rateScale: number
  /** Factor on the optimizer's own decay. */
  readonly decayScale: number
  /** Undefined: the optimizer's own. */
  readonly decay: number | undefined
  readonly epsilon: number | undefined
}
