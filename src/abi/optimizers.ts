/**
 * Operands of updates: one in-place pass over parallel blocks. A step's rate and decay:
 * rate = record.learningRate * OPT_RATE_SCALE, decay = record.weightDecay * OPT_DECAY_SCALE + OPT_DECAY.
 */

export const OPT_PARAMETERS = 1
export const OPT_GRADIENTS = 2
/** Address of the first state block, 0 if the rule does not need it; state i is OPT_STATE + i. */
export const OPT_STATE = 3
export const OPT_STATES = 5
/** Floats in the pass, a multiple of 16. */
export const OPT_COUNT = 8
/** f32 */
export const OPT_RATE_SCALE = 9
/** f32 */
export const OPT_DECAY_SCALE = 10
/** f32 */
export const OPT_DECAY = 11
/** f32: added and subtracted to flush gradients whose squares would be denormal. */
export const OPT_TINY = 22
/** f32: likewise for averages of squares. */
export const OPT_TINY_SQUARE = 23
/** Rules with norms per tensor: address of two f64 per SUM_CHUNK floats of the tensor. */
export const OPT_PARTIALS = 24
/** Blocks that the step changes in place, as a bit mask: bit w for the block whose address is in word w. */
export const OPT_JOURNAL = 25

// The rules' own constants, f32, and the record scalars they read. A BETA or RHO is followed by its
// REST: 1 - beta, rounded to float32 once.

/** velocity = momentum * velocity + scalar * g; parameters -= rate * (GRADIENT * g + share * velocity) */
export const SGD_GRADIENT = 12
/** Record scalars: 1 in the first step, then 1 - dampening; the momentum, which a schedule may cycle, and the velocity's share */
export const SGD_SCALAR_GRADIENT = 0
export const SGD_SCALAR_MOMENTUM = 1
export const SGD_SCALAR_VELOCITY = 2

/** For all rules with two moments; Adam's beta1, which a schedule may cycle, is in the record. */
export const MOMENT_BETA1 = 12
export const MOMENT_REST1 = 13
export const MOMENT_BETA2 = 14
export const MOMENT_REST2 = 15
export const MOMENT_EPSILON = 16
/** 1: decay the parameters (AdamW), 0: add the decay to the gradient (L2) */
export const MOMENT_DECOUPLED = 17
/** AdaBelief's, LAMB's and NovoGrad's second epsilon, inside the root. */
export const MOMENT_EPSILON_ROOT = 18
/** Record scalars: 1 / (1 - beta1^t) and 1 / sqrt(1 - beta2^t); NAdam's first is the moment's weight */
export const MOMENT_SCALAR_FIRST = 0
export const MOMENT_SCALAR_SECOND = 1
/** Record scalars of Adam and NAdam: beta1 and its rest */
export const ADAM_SCALAR_BETA1 = 2
export const ADAM_SCALAR_REST1 = 3
/** Record scalar: NAdam's weight of the gradient itself */
export const NADAM_SCALAR_GRADIENT = 4
/** Record scalar: 1 while RAdam's variance is intractable and the step uses momentum only, else 0 */
export const RADAM_SCALAR_PLAIN = 2
/** Record scalars: weights of the old second moment and of |g|² */
export const NOVOGRAD_SCALAR_KEPT = 0
export const NOVOGRAD_SCALAR_NORM = 1

export const ADAGRAD_EPSILON = 12
/** Record scalar: factor on the rate, also ASGD's */
export const SCALAR_RATE = 0

export const ADADELTA_RHO = 12
export const ADADELTA_REST = 13
export const ADADELTA_EPSILON = 14

export const RMSPROP_RHO = 12
export const RMSPROP_REST = 13
export const RMSPROP_EPSILON = 14
export const RMSPROP_MOMENTUM = 15

/** Factors on the step size if the sign flips and if it stays, and its bounds */
export const RPROP_SHRINK = 12
export const RPROP_GROW = 13
export const RPROP_SMALLEST = 14
export const RPROP_LARGEST = 15

export const ASGD_LAMBDA = 12
/** Record scalar: weight of the new parameters in their average */
export const ASGD_SCALAR_AVERAGE = 1
