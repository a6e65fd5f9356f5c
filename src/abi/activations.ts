/** Kinds of activation. Those before ACTIVATION_SOFTMAX are elementwise; softmax and logSoftmax work by row. */

export const ACTIVATION_LINEAR = 0
export const ACTIVATION_RELU = 1
export const ACTIVATION_LEAKY_RELU = 2
export const ACTIVATION_ELU = 3
export const ACTIVATION_SELU = 4
export const ACTIVATION_GELU = 5
export const ACTIVATION_GELU_TANH = 6
export const ACTIVATION_SIGMOID = 7
export const ACTIVATION_HARD_SIGMOID = 8
export const ACTIVATION_TANH = 9
export const ACTIVATION_SILU = 10
export const ACTIVATION_HARD_SWISH = 11
export const ACTIVATION_SOFTPLUS = 12
export const ACTIVATION_SOFTSIGN = 13
export const ACTIVATION_MISH = 14
export const ACTIVATION_RELU6 = 15
export const ACTIVATION_SOFTMAX = 16
export const ACTIVATION_LOG_SOFTMAX = 17
/** From here on in the extension `features`, elementwise. */
export const ACTIVATION_EXPONENTIAL = 18
export const ACTIVATION_COS = 19
export const ACTIVATION_SIN = 20
