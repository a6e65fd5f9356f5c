/** A parameter tensor as optimizers see it: its place, the same in the blocks of parameters, gradients and state. */
export interface Tensor {
  readonly name: string
  /** Floats from the start of the block; a multiple of 16. */
  readonly offset: number
  /** Floats with padding; a multiple of 16. */
  readonly count: number
  readonly trainable: boolean
}

/** What a tensor's parameter group makes of its optimizer's settings. */
export interface TensorSettings {
  readonly rateScale: number
  /** Undefined: the optimizer's own. */
  readonly decay: number | undefined
  readonly epsilon: number | undefined
}
