/** Kinds of loss: LOSS_KIND of batches.ts. */

export const LOSS_SOFTMAX_SPARSE = 0
export const LOSS_SOFTMAX_CROSSENTROPY = 1
export const LOSS_SIGMOID_CROSSENTROPY = 2
export const LOSS_BINARY_CROSSENTROPY = 3
export const LOSS_SQUARED_ERROR = 4
export const LOSS_ABSOLUTE_ERROR = 5
export const LOSS_HUBER = 6
export const LOSS_LOG_COSH = 7
export const LOSS_KL_DIVERGENCE = 8
export const LOSS_POISSON = 9
export const LOSS_HINGE = 10
export const LOSS_SQUARED_HINGE = 11
export const LOSS_CATEGORICAL_HINGE = 12
export const LOSS_PERCENTAGE_ERROR = 13
