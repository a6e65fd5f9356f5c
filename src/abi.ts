/**
 * The contract between the compiler (src/) and the machine (assembly/): numbers only.
 * Both sides import this file, so it imports nothing and holds nothing but integer constants.
 *
 * A program is a list of steps. A step is STEP_WORDS 32-bit words: word 0 is the op, then operands at the indices
 * named here; an operand is an i32 unless its comment says f32. Addresses are byte addresses, strides are in bytes.
 * What changes from one run of the program to the next (rows, learning rate, ...) is not in the steps but in a
 * record; what a run reports (loss, correct rows, ...) is written back into the same record.
 */

/** Raised with every change of this file's meaning; a stale module is refused at load. */
export const ABI_VERSION = 1

/** Regions start on cache lines. */
export const ALIGN = 64
/** Columns of a weight panel; every matrix's row is padded with zeros to a multiple of it. */
export const PANEL = 8
/** Bytes below this address belong to the machine: its table of vector constants. */
export const MACHINE_BYTES = 4096

// ---- record: the dynamic words of one run of a program

export const RECORD_WORDS = 32
/** Rows of this batch. */
export const RECORD_ROWS = 0
/** Index of this batch's first entry in the order table that gather steps read. */
export const RECORD_FIRST = 1
/** Updates done including this one: t = 1, 2, ... */
export const RECORD_STEP = 2
/** Seed of the counter-based random stream. */
export const RECORD_SEED = 3
/** f32 */
export const RECORD_LEARNING_RATE = 4
/** f32 */
export const RECORD_WEIGHT_DECAY = 5
/** f32 x RECORD_SCALARS: what an optimizer computes once a step in float64, such as bias corrections. */
export const RECORD_SCALAR = 6
export const RECORD_SCALARS = 6
/** f64 out: weighted mean of the rows' losses. */
export const RECORD_LOSS = 12
/** f64 out: sum of the rows' weights (the number of rows when they have none). */
export const RECORD_WEIGHT = 14
/** f64 out: regularization terms. */
export const RECORD_PENALTY = 16
/** f64 out: rows (or outputs, for independent binary outputs) predicted correctly. */
export const RECORD_CORRECT = 18
/** f64 out: norm of the whole gradient before clipping. */
export const RECORD_GRADIENT_NORM = 20

// ---- steps

export const STEP_WORDS = 32
export const OP = 0

/** to[r] = from[order[first + r]] for the batch's rows; elements are 32-bit words of any kind. */
export const OP_GATHER = 1
export const GATHER_FROM = 1
export const GATHER_TO = 2
export const GATHER_ORDER = 3
/** Words of a source row; source rows are packed. */
export const GATHER_COLS = 4
export const GATHER_TO_STRIDE = 5

/** y = activation(x · w + b), with w in panels: [ceil(units / PANEL)][inputs][PANEL]. */
export const OP_DENSE = 2
/** dw = xᵀ · dz, in w's panel layout; db = column sums of dz (skipped when DENSE_B is 0). */
export const OP_DENSE_DW = 3
/** dx = dz · wᵀ, times the derivative of the activation that made x. */
export const OP_DENSE_DX = 4
export const DENSE_X = 1
export const DENSE_X_STRIDE = 2
/** y in OP_DENSE, dz in the backward steps. */
export const DENSE_Y = 3
export const DENSE_Y_STRIDE = 4
/** w, or dw in OP_DENSE_DW. */
export const DENSE_W = 5
/** b, or db in OP_DENSE_DW; 0 when there is none. */
export const DENSE_B = 6
export const DENSE_INPUTS = 7
export const DENSE_UNITS = 8
/** ACTIVATION_*: of y in OP_DENSE; of x in OP_DENSE_DX. */
export const DENSE_ACTIVATION = 9
/** f32: the activation's parameter. */
export const DENSE_ALPHA = 10
/** OP_DENSE: where to keep pre-activations z (0: nowhere). OP_DENSE_DX: what the derivative is computed from (x or its z). */
export const DENSE_SAVED = 11
/** OP_DENSE_DX: dx. */
export const DENSE_DX = 12
/** OP_DENSE_DX: room for wᵀ in panels: roundup(inputs, PANEL) x units floats. */
export const DENSE_SCRATCH = 13
export const DENSE_SAVED_STRIDE = 14
export const DENSE_DX_STRIDE = 15

/** y = activation(x), element by element or row by row; y may be x. */
export const OP_ACTIVATE = 5
/** dx = dy * activation'(saved); dx may be dy. */
export const OP_ACTIVATE_BACK = 6
/** x in OP_ACTIVATE, dy in OP_ACTIVATE_BACK. */
export const ACTIVATE_FROM = 1
/** y in OP_ACTIVATE, dx in OP_ACTIVATE_BACK. */
export const ACTIVATE_TO = 2
/** What the derivative is computed from: y or x, by the activation's kind. */
export const ACTIVATE_SAVED = 3
/** One stride for all three. */
export const ACTIVATE_STRIDE = 4
export const ACTIVATE_COLS = 5
export const ACTIVATE_KIND = 6
/** f32 */
export const ACTIVATE_ALPHA = 7

// Kinds of activation. Those before ACTIVATION_SOFTMAX work element by element; the others on rows.
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

/** Row losses and, when LOSS_GRADIENT is not 0, the gradient of their weighted mean. */
export const OP_LOSS = 7
export const LOSS_KIND = 1
/** What the network put out: logits for the fused kinds, values for the others. */
export const LOSS_OUTPUTS = 2
/** Outputs, probabilities and gradient share one stride. */
export const LOSS_STRIDE = 3
export const LOSS_COLS = 4
/** i32 class indices (one a row) for the sparse kinds, else f32 rows. */
export const LOSS_TARGETS = 5
export const LOSS_TARGETS_STRIDE = 6
/** f32 a row, or 0 */
export const LOSS_WEIGHTS = 7
/** f32 a row, out */
export const LOSS_ROW_LOSSES = 8
/** 0: evaluation only */
export const LOSS_GRADIENT = 9
/** Where the fused kinds put softmax or sigmoid of the logits; may be LOSS_OUTPUTS; 0: nowhere. */
export const LOSS_PROBABILITIES = 10
/** f32: huber's delta, ... */
export const LOSS_DELTA = 11
/** f32: label smoothing */
export const LOSS_SMOOTHING = 12

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

/** record.loss = weighted mean of the row losses; record.weight = sum of the weights. */
export const OP_MEAN_LOSS = 8
export const MEAN_LOSS_ROWS = 1
/** f32 a row, or 0 */
export const MEAN_LOSS_WEIGHTS = 2

/** record.correct = rows whose largest output is the target's class, or outputs on the target's side of a threshold. */
export const OP_CORRECT = 9
export const CORRECT_MODE = 1
export const CORRECT_OUTPUTS = 2
export const CORRECT_STRIDE = 3
export const CORRECT_COLS = 4
export const CORRECT_TARGETS = 5
export const CORRECT_TARGETS_STRIDE = 6
/** f32: for CORRECT_BINARY */
export const CORRECT_THRESHOLD = 7
export const CORRECT_SPARSE = 0
export const CORRECT_ONE_HOT = 1
export const CORRECT_BINARY = 2

// Optimizer steps: one in-place pass over parallel blocks. Rates and decays of a step:
// rate = record.learningRate * OPT_RATE_SCALE, decay = record.weightDecay * OPT_DECAY_SCALE + OPT_DECAY.
export const OPT_PARAMETERS = 1
export const OPT_GRADIENTS = 2
/** Address of the first state slot's block; slot i is OPT_STATE + i. */
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
/** f32 x OPT_HYPERS: the rule's own constants, named below. */
export const OPT_HYPER = 12
export const OPT_HYPERS = 10

export const OP_SGD = 32
export const SGD_MOMENTUM = 12
export const SGD_DAMPENING = 13
/** 1 or 0, f32 */
export const SGD_NESTEROV = 14

export const OP_ADAM = 33
/** f32 x 3, as beta1, beta2, epsilon */
export const ADAM_BETA1 = 12
export const ADAM_BETA2 = 13
export const ADAM_EPSILON = 14
/** 1: decay the parameters (AdamW), 0: add the decay to the gradient (L2); f32 */
export const ADAM_DECOUPLED = 15
/** record scalars: 1 / (1 - beta1^t) and 1 / sqrt(1 - beta2^t) */
export const ADAM_SCALAR_FIRST = 0
export const ADAM_SCALAR_SECOND = 1
