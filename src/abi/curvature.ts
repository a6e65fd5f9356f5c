/** Operands of steps for curvature products. The matrices of one step share one stride. */

export const CURVE_DY = 1
export const CURVE_DY_TANGENT = 2
/** Input of the derivatives: y or x, depending on the activation. */
export const CURVE_SAVED = 3
/** Tangent of the activation's input; of its output for kinds that work by row. */
export const CURVE_TANGENT = 4
export const CURVE_TO = 5
export const CURVE_STRIDE = 6
export const CURVE_COLS = 7
export const CURVE_KIND = 8
/** f32 */
export const CURVE_ALPHA = 9

export const LOG_SOFTMAX_Y = 1
export const LOG_SOFTMAX_TANGENT = 2
export const LOG_SOFTMAX_TO = 3
export const LOG_SOFTMAX_STRIDE = 4
export const LOG_SOFTMAX_COLS = 5

/** LOSS_* of losses.ts. */
export const LOSS_CURVE_KIND = 1
/** Inputs of the loss; softmax or sigmoid of them for kinds that take logits. */
export const LOSS_CURVE_OUTPUTS = 2
export const LOSS_CURVE_TANGENT = 3
export const LOSS_CURVE_TO = 4
export const LOSS_CURVE_STRIDE = 5
export const LOSS_CURVE_COLS = 6
/** i32 class indices (one per row) for sparse kinds, else f32 rows. */
export const LOSS_CURVE_TARGETS = 7
export const LOSS_CURVE_TARGETS_STRIDE = 8
/** One f32 per row, or 0 */
export const LOSS_CURVE_WEIGHTS = 9
/** f32 */
export const LOSS_CURVE_DELTA = 10
/** f32 */
export const LOSS_CURVE_SMOOTHING = 11
/** LOSS_DELTAS */
export const LOSS_CURVE_DELTAS = 12

export const NORM_X = 1
/** 0: x is constant. */
export const NORM_X_TANGENT = 2
/** Tangent of y, or of dx; 0: not needed. */
export const NORM_TO = 3
export const NORM_STRIDE = 4
export const NORM_COLS = 5
/** One f32 per column, or 0. */
export const NORM_GAMMA = 6
/** Likewise; 0: gamma is constant. */
export const NORM_GAMMA_TANGENT = 7
export const NORM_BETA_TANGENT = 8
/** Where to store n's tangent. */
export const NORM_NORMALIZED_TANGENT = 9
export const NORM_DY = 10
export const NORM_DY_TANGENT = 11

// Over the batch.

/** 1: batch statistics, 0: constants */
export const BATCH_CURVE_LIVE = 12
export const BATCH_CURVE_STATISTICS = 13
/** Bytes between rows of the statistics, and of the sums. */
export const BATCH_CURVE_STATISTICS_STRIDE = 14
/** SUMS_ROWS rows of one f32 per column. */
export const BATCH_CURVE_SUMS = 15
export const BATCH_CURVE_DGAMMA = 16
export const BATCH_CURVE_DBETA = 17

/** Column sums of tx, and of tx * (x - mean). */
export const SUMS_TANGENT = 0
export const SUMS_TANGENT_DOT = 1
/** Column sums of tdy, of tdy * (x - mean), and of dy * tn. */
export const SUMS_DY = 2
export const SUMS_DY_DOT = 3
export const SUMS_CROSSED = 4
export const SUMS_ROWS = 5

// Over groups of a row's columns.

export const ROW_CURVE_GROUP = 12
/** n, as stored by OP_ROW_NORM. */
export const ROW_CURVE_NORMALIZED = 13
/** 1 / sqrt(variance + epsilon): one f32 per group of each row. */
export const ROW_CURVE_INVERSE = 14
/** mean of n * tx, per group of each row. */
export const ROW_CURVE_MOVED = 15
/** 1: the mean is subtracted */
export const ROW_CURVE_CENTERED = 16

export const PRELU_CURVE_X = 1
/** 0: x is constant. */
export const PRELU_CURVE_X_TANGENT = 2
/** Tangent of y, or of dx; 0: not needed. */
export const PRELU_CURVE_TO = 3
export const PRELU_CURVE_STRIDE = 4
export const PRELU_CURVE_COLS = 5
export const PRELU_CURVE_ALPHA = 6
/** 0: alpha is constant. */
export const PRELU_CURVE_ALPHA_TANGENT = 7
export const PRELU_CURVE_DY = 8
export const PRELU_CURVE_DY_TANGENT = 9
/** 0: not needed */
export const PRELU_CURVE_DALPHA = 10

export const WEIGHT_CURVE_V = 1
export const WEIGHT_CURVE_V_TANGENT = 2
export const WEIGHT_CURVE_G = 3
export const WEIGHT_CURVE_G_TANGENT = 4
/** 1 / |v| per unit, whole panels. */
export const WEIGHT_CURVE_INVERSE = 5
export const WEIGHT_CURVE_INPUTS = 6
export const WEIGHT_CURVE_UNITS = 7
/** One f32 per unit, whole panels, WEIGHT_CURVE_SUMS_ROWS times. */
export const WEIGHT_CURVE_SUMS = 8
export const WEIGHT_CURVE_SUMS_ROWS = 4
/** The tangent of w. */
export const WEIGHT_CURVE_TO = 9
export const WEIGHT_CURVE_DW = 10
export const WEIGHT_CURVE_DW_TANGENT = 11
/** The tangents of dv and dg. */
export const WEIGHT_CURVE_DV = 12
export const WEIGHT_CURVE_DG = 13
