/** Kinds of loss: LOSS_KIND of batches.ts. */

export const LOSS_SOFTMAX_SPARSE = 0
export const LOSS_SOFTMAX_CROSSENTROPY = 1
export const LOSS_SIGMOID_CROSSENTROPY = 2
export const LOSS_SPARSE_CROSSENTROPY = 3
export const LOSS_CROSSENTROPY = 4
export const LOSS_BINARY_CROSSENTROPY = 5
export const LOSS_SQUARED_ERROR = 6
export const LOSS_ABSOLUTE_ERROR = 7
export const LOSS_HUBER = 8
export const LOSS_LOG_COSH = 9
export const LOSS_KL_DIVERGENCE = 10
export const LOSS_POISSON = 11
export const LOSS_HINGE = 12
export const LOSS_SQUARED_HINGE = 13
export const LOSS_CATEGORICAL_HINGE = 14
