/** Operands of layers' steps. The matrices of one step share one stride, except in dense layers. */

export const DENSE_X = 1
export const DENSE_X_STRIDE = 2
/** y in OP_DENSE, dz in backward steps. */
export const DENSE_Y = 3
export const DENSE_Y_STRIDE = 4
/** w, or dw in OP_DENSE_DW. */
export const DENSE_W = 5
/** b, or db in OP_DENSE_DW; 0 if there is none. */
export const DENSE_B = 6
export const DENSE_INPUTS = 7
export const DENSE_UNITS = 8
/** ACTIVATION_*: of y in OP_DENSE; of x in OP_DENSE_DX. */
export const DENSE_ACTIVATION = 9
/** f32: the activation's parameter. */
export const DENSE_ALPHA = 10
/** OP_DENSE: where to store pre-activations z (0: nowhere). OP_DENSE_DX: input of the derivative (x or its z). */
export const DENSE_SAVED = 11
/** OP_DENSE_DX: dx. */
export const DENSE_DX = 12
/** OP_DENSE_DX: scratch for wᵀ in panels: roundup(inputs, PANEL) x units floats. OP_DENSE_PACK, OP_DENSE_DW: packed x and dz, or 0. */
export const DENSE_SCRATCH = 13
export const DENSE_SAVED_STRIDE = 14
export const DENSE_DX_STRIDE = 15
/** OP_DENSE_PACK, OP_DENSE_DW: batches with fewer or with more rows are not packed. */
export const DENSE_LEAST_ROWS = 16
export const DENSE_MOST_ROWS = 17

/** x in OP_ACTIVATE, dy in OP_ACTIVATE_BACK. */
export const ACTIVATE_FROM = 1
/** y in OP_ACTIVATE, dx in OP_ACTIVATE_BACK. */
export const ACTIVATE_TO = 2
/** Input of the derivative: y or x, depending on the activation. */
export const ACTIVATE_SAVED = 3
/** Shared by all three. */
export const ACTIVATE_STRIDE = 4
export const ACTIVATE_COLS = 5
export const ACTIVATE_KIND = 6
/** f32 */
export const ACTIVATE_ALPHA = 7

export const BATCH_NORM_X = 1
/** y in OP_BATCH_NORM, dx in OP_BATCH_NORM_BACK. */
export const BATCH_NORM_TO = 2
export const BATCH_NORM_STRIDE = 3
export const BATCH_NORM_COLS = 4
/** One f32 per column, or 0. */
export const BATCH_NORM_GAMMA = 5
export const BATCH_NORM_BETA = 6
/** STATISTICS_ROWS rows of one f32 per column, BATCH_NORM_STATISTICS_STRIDE bytes apart. */
export const BATCH_NORM_STATISTICS = 7
export const BATCH_NORM_STATISTICS_STRIDE = 8
/** 0: zeros, if the statistics are constants. */
export const BATCH_NORM_RUNNING_MEAN = 9
/** Running variance, or batch renorm's running deviation. 0: zeros, if the statistics are constants. */
export const BATCH_NORM_RUNNING_SPREAD = 10
/** BATCH_NORM_MODE_BATCH, ... */
export const BATCH_NORM_MODE = 11
/** f32 */
export const BATCH_NORM_EPSILON = 12
/** f32 */
export const BATCH_NORM_R_MAX = 13
/** f32 */
export const BATCH_NORM_D_MAX = 14
/** f32: weight of the batch in the new running statistics; 0: they are the average over all batches */
export const BATCH_NORM_MOMENTUM = 15
/** One f32: number of batches seen; only without momentum. */
export const BATCH_NORM_BATCHES = 16
export const BATCH_NORM_DY = 17
export const BATCH_NORM_DGAMMA = 18
export const BATCH_NORM_DBETA = 19

// Source of the statistics.

/** Batch statistics. */
export const BATCH_NORM_MODE_BATCH = 0
/** Batch statistics, corrected towards the running ones by r and d. */
export const BATCH_NORM_MODE_RENORM = 1
/** Running mean and variance as constants. */
export const BATCH_NORM_MODE_CONSTANT_VARIANCE = 2
/** Running mean and deviation as constants. */
export const BATCH_NORM_MODE_CONSTANT_DEVIATION = 3
/** Backward: batch statistics whose sums of dy and dy * (x - mean) are already computed. */
export const BATCH_NORM_MODE_SUMMED = 4

// Rows of the statistics.

export const STATISTICS_MEAN = 0
/** Biased variance of the batch; sqrt(variance + epsilon) for batch renorm. */
export const STATISTICS_SPREAD = 1
/** Factor on x - mean before gamma, without r. */
export const STATISTICS_INVERSE = 2
export const STATISTICS_R = 3
export const STATISTICS_D = 4
/** Column sums of dy, and of dy * (x - mean). */
export const STATISTICS_SUM = 5
export const STATISTICS_DOT = 6
export const STATISTICS_ROWS = 7

/** x, or dy. */
export const ROW_NORM_FROM = 1
/** y, or dx. */
export const ROW_NORM_TO = 2
export const ROW_NORM_STRIDE = 3
export const ROW_NORM_COLS = 4
/** One f32 per column, or 0. */
export const ROW_NORM_GAMMA = 5
export const ROW_NORM_BETA = 6
/** Columns per group; divides the number of columns. */
export const ROW_NORM_GROUP = 7
/** Where to store n for the backward pass; 0: nowhere. */
export const ROW_NORM_NORMALIZED = 8
/** 1 / sqrt(variance + epsilon): one f32 per group of each row; 0: nowhere. */
export const ROW_NORM_INVERSE = 9
/** 1: subtract the mean; 0: root mean square norm. */
export const ROW_NORM_CENTERED = 10
/** f32 */
export const ROW_NORM_EPSILON = 11

export const COLUMN_SUMS_DY = 1
export const COLUMN_SUMS_N = 2
export const COLUMN_SUMS_STRIDE = 3
export const COLUMN_SUMS_COLS = 4
/** 0: not needed */
export const COLUMN_SUMS_DGAMMA = 5
/** 0: not needed */
export const COLUMN_SUMS_DBETA = 6

export const SPREAD_FROM = 1
export const SPREAD_TO = 2
/** Length of the longer side. */
export const SPREAD_COUNT = 3
export const SPREAD_RUN = 4

export const NOISE_FROM = 1
export const NOISE_TO = 2
export const NOISE_STRIDE = 3
export const NOISE_COLS = 4
/** Random stream: one per random layer of a model. */
export const NOISE_STREAM = 5
/** An element is dropped if its 32 random bits are below this number. */
export const NOISE_THRESHOLD = 6
/** f32: 1 / (1 - rate), or the standard deviation */
export const NOISE_SCALE = 7
/** Index of the record word with the rate, an f32; 0: threshold and scale give the rate. */
export const NOISE_RATE = 8

export const ADD_A = 1
export const ADD_B = 2
export const ADD_TO = 3
export const ADD_STRIDE = 4
export const ADD_COLS = 5

export const PRELU_X = 1
/** y, or dx. */
export const PRELU_TO = 2
export const PRELU_STRIDE = 3
export const PRELU_COLS = 4
export const PRELU_ALPHA = 5
export const PRELU_DY = 6
export const PRELU_DALPHA = 7

export const WEIGHT_NORM_V = 1
export const WEIGHT_NORM_G = 2
/** w, or dw. */
export const WEIGHT_NORM_W = 3
export const WEIGHT_NORM_INPUTS = 4
export const WEIGHT_NORM_UNITS = 5
/** 1 / |v| per unit, whole panels. */
export const WEIGHT_NORM_INVERSE = 6
export const WEIGHT_NORM_DV = 7
export const WEIGHT_NORM_DG = 8
