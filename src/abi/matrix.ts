/**
 * Operands of ops on matrices. Row-major: rows `stride` bytes apart, zero-padded to whole panels, like activations. In panels:
 * [ceil(columns / PANEL)][rows][PANEL], like weights.
 */

/** For all of them: 0, or the first update in which the step runs. */
export const WHEN_SINCE = 29
/** For all of them: 0, or the step only runs in updates 1, 1 + EVERY, 1 + 2 EVERY, ... */
export const WHEN_EVERY = 30

export const PRODUCT_A = 1
export const PRODUCT_A_STRIDE = 2
export const PRODUCT_B = 3
export const PRODUCT_C = 4
export const PRODUCT_C_STRIDE = 5
export const PRODUCT_ROWS = 6
export const PRODUCT_DEPTH = 7
export const PRODUCT_COLS = 8
/** 0: none. */
export const PRODUCT_BIAS = 9
/** 1: c is symmetric, and only its upper triangle is computed, in blocks of PANEL x PANEL. */
export const PRODUCT_UPPER = 10
/** OP_COLUMN_PRODUCT only. */
export const PRODUCT_B_STRIDE = 11

/** A symmetric matrix in panels, and its size. */
export const MIRROR_MATRIX = 1
export const MIRROR_SIZE = 2

/** For both conversions. */
export const CONVERT_FROM = 1
export const CONVERT_TO = 2
/** Bytes between rows of the row-major matrix. */
export const CONVERT_STRIDE = 3
/** Of the matrix in panels. */
export const CONVERT_ROWS = 4
export const CONVERT_COLS = 5
/** f32 */
export const CONVERT_SCALE = 6
/** f32: added to the diagonal. */
export const CONVERT_SHIFT = 7
/** 1: `from` is symmetric, and only its upper triangle is valid. */
export const CONVERT_UPPER = 8
/** 1: the row-major matrix is the transpose of the one in panels. */
export const CONVERT_TRANSPOSED = 9
/** Unless 0: divides the scale by max(norm, epsilon), the squared norm given as this many f64 partial sums. */
export const CONVERT_PARTIALS = 10
export const CONVERT_PARTIAL_COUNT = 11
/** f32 */
export const CONVERT_EPSILON = 12

export const BLEND_X = 1
export const BLEND_Y = 2
export const BLEND_TO = 3
/** Floats in each block, a multiple of 4; also OP_COPY's. */
export const BLEND_COUNT = 4
/** f32 */
export const BLEND_ALPHA = 5
/** f32 */
export const BLEND_BETA = 6

export const DESCEND_W = 1
export const DESCEND_X = 2
export const DESCEND_X_STRIDE = 3
export const DESCEND_TO = 4
/** Of w. */
export const DESCEND_ROWS = 5
export const DESCEND_COLS = 6
/** 1: x is the transpose of what is subtracted. */
export const DESCEND_TRANSPOSED = 7
/** f32: rate = record.learningRate * DESCEND_RATE * DESCEND_FACTOR. */
export const DESCEND_RATE = 8
/** f32 */
export const DESCEND_FACTOR = 9
/** f32: w is multiplied by 1 - record.learningRate * DESCEND_RATE * (record.weightDecay * DESCEND_DECAY_SCALE + DESCEND_DECAY). */
export const DESCEND_DECAY_SCALE = 10
/** f32 */
export const DESCEND_DECAY = 11

/** For ops on paths: w in panels, s and r one row each, 0 for a row of ones. */
export const PATH_W = 1
export const PATH_S = 2
export const PATH_R = 3
export const PATH_TO = 4
export const PATH_ROWS = 5
export const PATH_COLS = 6
/** 0: none. */
export const PATH_B = 7
export const PATH_G = 8
/** f32: rate = record.learningRate * PATH_RATE. */
export const PATH_RATE = 9

/** In panels; only the upper triangle is read. */
export const EIGEN_FROM = 1
export const EIGEN_SIZE = 2
/** Row-major. */
export const EIGEN_TO = 3
export const EIGEN_STRIDE = 4
/** Scratch for f64: SIZE * SIZE and 2 * SIZE. */
export const EIGEN_SCRATCH = 5
/** Eigenvectors are divided by the 2^ROOTS-th root of max(eigenvalue, 0) + SHIFT; 0: they have length 1. */
export const EIGEN_ROOTS = 6
/** f32 */
export const EIGEN_SHIFT = 7

/** Blocks of ADAPT_COUNT floats: moments, gradient, next second moment and result. */
export const ADAPT_FIRST = 1
export const ADAPT_SECOND = 2
export const ADAPT_G = 3
export const ADAPT_NEXT = 4
export const ADAPT_TO = 5
/** A multiple of 4. */
export const ADAPT_COUNT = 6
/** f32; the record's scalars are Adam's. */
export const ADAPT_BETA = 7
/** f32 */
export const ADAPT_REST = 8
/** f32 */
export const ADAPT_EPSILON = 9
