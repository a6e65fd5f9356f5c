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
export const ABI_VERSION = 2

/** Regions start on cache lines. */
export const ALIGN = 64
/** Columns of a weight panel; every matrix's row is padded with zeros to a multiple of it. */
export const PANEL = 8
/** Bytes below this address belong to the machine: its table of vector constants. */
export const MACHINE_BYTES = 6144

// ---- threads: machine bytes that the threads of a shared memory talk through

/** Most threads on one memory. */
export const MAX_THREADS = 32
/** What all threads run: JOB_* words, written by the main thread. */
export const THREADS_JOB = 1536
export const JOB_PROGRAM = 0
export const JOB_FROM = 1
export const JOB_TO = 2
export const JOB_RECORD = 3
export const JOB_RECORDS = 4
export const JOB_THREADS = 5
/** TILE_* */
export const JOB_TILE = 6
/** Barriers passed before the job. */
export const JOB_ARRIVALS = 7
/** Address of the journals, JOURNAL_BYTES for each thread but the main one. */
export const JOB_JOURNAL = 8
/** Where the main thread stands when it has given up waiting: addresses of step and record, and records left. */
export const JOB_STEP = 9
export const JOB_AT = 10
export const JOB_LEFT = 11
/** i64: steps shared out before the job. */
export const JOB_SHARES = 12
/** i64: the same where the main thread stands when it has given up waiting. */
export const JOB_SHARES_NOW = 14
/** A line for each thread: LINE_* words. */
export const THREADS_LINES = 2048
export const LINE_BYTES = 64
/** Barriers the thread has come to. */
export const LINE_ARRIVED = 0
/** Threads asleep until it comes to its next one. */
export const LINE_SLEEPERS = 1
/** Number of the job it is to do; below 0: it is to stop. */
export const LINE_GO = 2
/** LINE_SENT until a worker has come, LINE_THERE while it waits for jobs or does one, 0 without one. */
export const LINE_READY = 3
export const LINE_SENT = 2
export const LINE_THERE = 1
/** i64: the lower half of a step's number among those shared out, and how far the thread is in that update. */
export const LINE_PROGRESS = 4
/** An i64 for each slot of the step that is being shared out: see assembly/share.ts. */
export const THREADS_SLOTS = 4096
/** Slots there are. */
export const MOST_SLOTS = 256
/** Slots a thread starts with, unless that makes too many: a step ends with all threads about one slot's work apart. */
export const THREAD_SLOTS = 96
/** Old values of the block of an update that a thread is at: of parameters and five states, or long chunks of two. */
export const JOURNAL_BYTES = 32768
/** Bytes of such a block. */
export const JOURNAL_BLOCK = 4096

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

/** Does nothing: the place of a step that is not needed for now. */
export const OP_NONE = 0

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

// Shapes of matrix tiles (rows x columns of the result held in registers), for setTile: the same bits at other speeds.
/** The default where multiply-add is fused; needs 15 vector registers. */
export const TILE_6X8 = 0
/** For engines that leave fewer. */
export const TILE_4X8 = 1
/** The default where multiply-add is two instructions. */
export const TILE_2X16 = 2
/** For engines that join pairs of vectors into wider ones. */
export const TILE_4X16 = 3
export const TILE_5X16 = 4

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

// Steps on the gradient block between the backward pass and the update.

/** Norms and penalties are summed in float64 chunk by chunk, so that the bits do not depend on who sums which chunk. */
export const NORM_CHUNK = 4096

/** gradients += l1 * sign(w) + l2 * w (unless BLOCK_GRADIENTS is 0); partials = l1 * sum|w| + l2 / 2 * sum w². */
export const OP_PENALTY = 16
/** record.penalty += sum of BLOCK_COUNT partials. */
export const OP_PENALTY_SUM = 21
/** to = dy + (l1 * sign(y) + l2 * y) / rows; or, when ACTIVITY_DY is 0, record.penalty += the mean row's penalty. */
export const OP_ACTIVITY = 20
/** partials = sums of |g|^p, or the largest |g|, by NORM_ORDER. */
export const OP_GRADIENT_SUMS = 17
/** record.gradientNorm = the block's norm from its partials; gradients *= min(1, limit / (norm + 1e-6)) */
export const OP_CLIP_NORM = 18
/** gradients = clamp(gradients, -limit, limit) */
export const OP_CLIP_VALUE = 19
export const BLOCK_GRADIENTS = 1
/** Floats in the block, a multiple of 4; pads are zero. */
export const BLOCK_COUNT = 2
/** Address of an f64 for every NORM_CHUNK floats of the block. */
export const BLOCK_PARTIALS = 8
/** OP_PENALTY: the weights. */
export const PENALTY_PARAMETERS = 3
/** f32 */
export const PENALTY_L1 = 4
/** f32 */
export const PENALTY_L2 = 5
/** f32 */
export const CLIP_LIMIT = 6
/** OP_ACTIVITY: dy, and y, to and dy share one stride. */
export const ACTIVITY_DY = 1
export const ACTIVITY_Y = 2
export const ACTIVITY_TO = 3
export const ACTIVITY_STRIDE = 6
export const ACTIVITY_COLS = 7
/** 2: Euclidean, 1: sum of sizes, 0: the largest size (order infinity). */
export const NORM_ORDER = 7

// Optimizer steps, ops 32 to 63: one in-place pass over parallel blocks. Rates and decays of a step:
// rate = record.learningRate * OPT_RATE_SCALE, decay = record.weightDecay * OPT_DECAY_SCALE + OPT_DECAY.
export const OPT_PARAMETERS = 1
export const OPT_GRADIENTS = 2
/** Address of the first state slot's block, 0 where the rule does without it; slot i is OPT_STATE + i. */
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
/** f32: added and subtracted, it swallows gradients whose squares would be denormal. */
export const OPT_TINY = 22
/** f32: the same for averages of squares. */
export const OPT_TINY_SQUARE = 23
/** Rules with norms per tensor: address of two f64 for every NORM_CHUNK floats of the tensor. */
export const OPT_PARTIALS = 24

// In the words below a BETA or RHO is followed by its REST: 1 - beta, rounded to float32 once.
export const OP_SGD = 32
/** f32 x 3: velocity = momentum * velocity + scalar * g; parameters -= rate * (GRADIENT * g + VELOCITY * velocity) */
export const SGD_MOMENTUM = 12
export const SGD_GRADIENT = 13
export const SGD_VELOCITY = 14
/** record scalar: 1 in the first step, then 1 - dampening */
export const SGD_SCALAR_GRADIENT = 0

/** Adam and AdamW; with a third slot AMSGrad. */
export const OP_ADAM = 33
export const OP_ADAMAX = 34
export const OP_NADAM = 35
export const OP_RADAM = 36
export const OP_YOGI = 37
export const OP_ADABELIEF = 38
export const OP_LION = 39
/** f32: words of all rules with two moments */
export const MOMENT_BETA1 = 12
export const MOMENT_REST1 = 13
export const MOMENT_BETA2 = 14
export const MOMENT_REST2 = 15
export const MOMENT_EPSILON = 16
/** 1: decay the parameters (AdamW), 0: add the decay to the gradient (L2) */
export const MOMENT_DECOUPLED = 17
/** AdaBelief's, LAMB's and NovoGrad's second epsilon, inside the root. */
export const MOMENT_EPSILON_ROOT = 18
/** record scalars: 1 / (1 - beta1^t) and 1 / sqrt(1 - beta2^t); NAdam's first is the moment's weight */
export const MOMENT_SCALAR_FIRST = 0
export const MOMENT_SCALAR_SECOND = 1
/** record scalar: NAdam's weight of the gradient itself */
export const NADAM_SCALAR_GRADIENT = 2
/** record scalar: 1 while RAdam's variance cannot be rectified and the step is the plain moment, else 0 */
export const RADAM_SCALAR_PLAIN = 2

/** partials = sums of p² and u² per chunk, after the moments have moved */
export const OP_LAMB_NORMS = 40
/** parameters -= rate * |p| / |u| * u */
export const OP_LAMB = 41
/** partials = sums of g² per chunk */
export const OP_NOVOGRAD_NORMS = 42
/** The tensor's second moment: the first float of its share of slot 1. */
export const OP_NOVOGRAD_MOMENT = 43
export const OP_NOVOGRAD = 44
/** record scalars: weights of the old second moment and of |g|² */
export const NOVOGRAD_SCALAR_KEPT = 0
export const NOVOGRAD_SCALAR_NORM = 1

export const OP_ADAGRAD = 45
/** f32 */
export const ADAGRAD_EPSILON = 12
/** record scalar: factor on the rate, also ASGD's */
export const SCALAR_RATE = 0

export const OP_ADADELTA = 46
/** f32 x 3 */
export const ADADELTA_RHO = 12
export const ADADELTA_REST = 13
export const ADADELTA_EPSILON = 14

/** Slots: second moment, velocity (momentum), first moment (centered). */
export const OP_RMSPROP = 47
/** f32 x 4 */
export const RMSPROP_RHO = 12
export const RMSPROP_REST = 13
export const RMSPROP_EPSILON = 14
export const RMSPROP_MOMENTUM = 15

export const OP_RPROP = 48
/** f32 x 4: the step's factors where the sign flips and where it stays, its bounds */
export const RPROP_SHRINK = 12
export const RPROP_GROW = 13
export const RPROP_SMALLEST = 14
export const RPROP_LARGEST = 15

export const OP_ASGD = 49
/** f32 */
export const ASGD_LAMBDA = 12
/** record scalar: weight of the new parameters in their average */
export const ASGD_SCALAR_AVERAGE = 1

// ---- layers beyond dense: ops 64 to 95. Matrices of one step have the same columns and share one stride.

/** Batch statistics, then y = gamma * (r * (x - mean) / spread + d) + beta; r = 1 and d = 0 but for batch renorm. */
export const OP_BATCH_NORM = 64
/** dx, dgamma and dbeta from dy, x and what OP_BATCH_NORM left in the statistics. */
export const OP_BATCH_NORM_BACK = 65
/** The running statistics move towards the batch's. */
export const OP_RUNNING_STATISTICS = 66
export const NORM_FROM = 1
/** y in OP_BATCH_NORM, dx in OP_BATCH_NORM_BACK. */
export const NORM_TO = 2
export const NORM_STRIDE = 3
export const NORM_COLS = 4
/** One f32 a column, or 0. */
export const NORM_GAMMA = 5
export const NORM_BETA = 6
/** STATISTICS_ROWS rows of one f32 a column, NORM_STATISTICS_STRIDE bytes apart. */
export const NORM_STATISTICS = 7
export const NORM_STATISTICS_STRIDE = 8
export const NORM_RUNNING_MEAN = 9
/** Running variance, or the running deviation of batch renorm. */
export const NORM_RUNNING_SPREAD = 10
/** NORM_BATCH, ... */
export const NORM_MODE = 11
/** f32 */
export const NORM_EPSILON = 12
/** f32 */
export const NORM_R_MAX = 13
/** f32 */
export const NORM_D_MAX = 14
/** f32: share of the batch in the new running statistics; 0: they are the mean over all batches */
export const NORM_MOMENTUM = 15
/** One f32: batches seen; only without momentum. */
export const NORM_BATCHES = 16
export const NORM_DY = 17
export const NORM_DGAMMA = 18
export const NORM_DBETA = 19

/** Statistics of the batch. */
export const NORM_BATCH = 0
/** The same, corrected towards the running statistics by r and d. */
export const NORM_RENORM = 1
/** Running mean and variance as constants. */
export const NORM_CONSTANT_VARIANCE = 2
/** Running mean and deviation as constants. */
export const NORM_CONSTANT_DEVIATION = 3

export const STATISTICS_MEAN = 0
/** Biased variance of the batch; sqrt(variance + epsilon) for batch renorm. */
export const STATISTICS_SPREAD = 1
/** What x - mean is multiplied by before gamma, without r. */
export const STATISTICS_INVERSE = 2
export const STATISTICS_R = 3
export const STATISTICS_D = 4
/** Sums of dy, and of dy * (x - mean). */
export const STATISTICS_SUM = 5
export const STATISTICS_DOT = 6
export const STATISTICS_ROWS = 7

/** y = gamma * n + beta, n = (x - mean) / sqrt(variance + epsilon) of each group of a row's columns. */
export const OP_ROW_NORM = 67
/** dx from dy and n. */
export const OP_ROW_NORM_BACK = 68
/** x, or dy. */
export const ROW_NORM_FROM = 1
/** y, or dx. */
export const ROW_NORM_TO = 2
export const ROW_NORM_STRIDE = 3
export const ROW_NORM_COLS = 4
/** One f32 a column, or 0. */
export const ROW_NORM_GAMMA = 5
export const ROW_NORM_BETA = 6
/** Columns of a group; it divides the columns. */
export const ROW_NORM_GROUP = 7
/** Where n is kept for the way back; 0: nowhere. */
export const ROW_NORM_NORMALIZED = 8
/** 1 / sqrt(variance + epsilon): one f32 for each group of each row; 0: nowhere. */
export const ROW_NORM_INVERSE = 9
/** 1: subtract the mean; 0: root mean square norm. */
export const ROW_NORM_CENTERED = 10
/** f32 */
export const ROW_NORM_EPSILON = 11

/** dgamma = column sums of dy * n, dbeta = column sums of dy. */
export const OP_COLUMN_SUMS = 69
export const COLUMN_SUMS_DY = 1
export const COLUMN_SUMS_N = 2
export const COLUMN_SUMS_STRIDE = 3
export const COLUMN_SUMS_COLS = 4
/** 0: not wanted */
export const COLUMN_SUMS_DGAMMA = 5
/** 0: not wanted */
export const COLUMN_SUMS_DBETA = 6

/** to[i] = from[i / SPREAD_RUN]: one value a channel becomes one a column. */
export const OP_SPREAD = 70
/** to[i] = sum of the SPREAD_RUN values of from that belong to i. */
export const OP_COLLECT = 71
export const SPREAD_FROM = 1
export const SPREAD_TO = 2
/** Values of the longer side. */
export const SPREAD_COUNT = 3
export const SPREAD_RUN = 4

/** to = from * mask / (1 - rate), the way forward and the way back alike. */
export const OP_DROPOUT = 72
/** to = from + stddev * N(0, 1) */
export const OP_NOISE = 73
/** to = from + NOISE_OTHER */
export const OP_ADD = 74
export const NOISE_FROM = 1
export const NOISE_TO = 2
export const NOISE_STRIDE = 3
export const NOISE_COLS = 4
/** Number of the stream: one for each random layer of a model. */
export const NOISE_STREAM = 5
/** An element is dropped when its 32 random bits are below this number. */
export const NOISE_THRESHOLD = 6
/** f32: 1 / (1 - rate), or the standard deviation */
export const NOISE_SCALE = 7
/** OP_ADD */
export const NOISE_OTHER = 8

/** y = x where x > 0, else alpha * x with one alpha a column. */
export const OP_PRELU = 75
/** dx and dalpha from dy and x. */
export const OP_PRELU_BACK = 76
export const PRELU_X = 1
/** y, or dx. */
export const PRELU_TO = 2
export const PRELU_STRIDE = 3
export const PRELU_COLS = 4
export const PRELU_ALPHA = 5
export const PRELU_DY = 6
export const PRELU_DALPHA = 7

/** w = g * v / |v| for each unit; w and v in panels. */
export const OP_WEIGHT_NORM = 77
/** dv and dg from dw. */
export const OP_WEIGHT_NORM_BACK = 78
export const WEIGHT_NORM_V = 1
export const WEIGHT_NORM_G = 2
/** w, or dw. */
export const WEIGHT_NORM_W = 3
export const WEIGHT_NORM_INPUTS = 4
export const WEIGHT_NORM_UNITS = 5
/** 1 / |v| of each unit, whole panels. */
export const WEIGHT_NORM_INVERSE = 6
export const WEIGHT_NORM_DV = 7
export const WEIGHT_NORM_DG = 8
