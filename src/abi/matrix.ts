/**
 * Operands of the ops on matrices. By rows: rows a stride apart, padded with zeros to whole panels, as activations lie. In panels:
 * [ceil(columns / PANEL)][rows][PANEL], as weights lie.
 */

/** Of all of them: 0, or the first update that they are for. */
export const WHEN_SINCE = 29
/** Of all of them: 0, or they are for updates 1, 1 + EVERY, 1 + 2 EVERY, ... alone. */
export const WHEN_EVERY = 30

export const PRODUCT_A = 1
export const PRODUCT_A_STRIDE = 2
export const PRODUCT_B = 3
export const PRODUCT_C = 4
export const PRODUCT_C_STRIDE = 5
export const PRODUCT_ROWS = 6
export const PRODUCT_DEPTH = 7
export const PRODUCT_COLS = 8
/** 0: nothing is added. */
export const PRODUCT_BIAS = 9
/** 1: c is symmetric, and only its upper triangle is wanted, in blocks of PANEL x PANEL. */
export const PRODUCT_UPPER = 10
/** OP_COLUMN_PRODUCT alone. */
export const PRODUCT_B_STRIDE = 11

/** Rows and columns of a symmetric matrix in panels. */
export const MIRROR_MATRIX = 1
export const MIRROR_SIZE = 2

/** Of both conversions. */
export const CONVERT_FROM = 1
export const CONVERT_TO = 2
/** Bytes between the rows of what lies by rows. */
export const CONVERT_STRIDE = 3
/** Of what lies in panels. */
export const CONVERT_ROWS = 4
export const CONVERT_COLS = 5
/** f32 */
export const CONVERT_SCALE = 6
/** f32: added to the diagonal. */
export const CONVERT_SHIFT = 7
/** 1: `from` is symmetric, and its upper triangle is there. */
export const CONVERT_UPPER = 8
/** 1: what lies by rows is the transpose of what lies in panels. */
export const CONVERT_TRANSPOSED = 9
/** Unless 0, the scale is over max(norm, epsilon), the norm's square being the sum of so many f64. */
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
/** 1: x is the transpose of what is taken off. */
export const DESCEND_TRANSPOSED = 7
/** f32: rate = record.learningRate * DESCEND_RATE * DESCEND_FACTOR. */
export const DESCEND_RATE = 8
/** f32 */
export const DESCEND_FACTOR = 9
/** f32: off w goes record.learningRate * DESCEND_RATE * (record.weightDecay * DESCEND_DECAY_SCALE + DESCEND_DECAY) of it. */
export const DESCEND_DECAY_SCALE = 10
/** f32 */
export const DESCEND_DECAY = 11

/** Of the ops on paths: w in panels, s and r a row each, 0 for a row of ones. */
export const PATH_W = 1
export const PATH_S = 2
export const PATH_R = 3
export const PATH_TO = 4
export const PATH_ROWS = 5
export const PATH_COLS = 6
/** 0: there is none. */
export const PATH_B = 7
export const PATH_G = 8
/** f32: rate = record.learningRate * PATH_RATE. */
export const PATH_RATE = 9

/** In panels; its upper triangle is read. */
export const EIGEN_FROM = 1
export const EIGEN_SIZE = 2
/** By rows. */
export const EIGEN_TO = 3
export const EIGEN_STRIDE = 4
/** Room for f64: SIZE * SIZE and 2 * SIZE. */
export const EIGEN_SCRATCH = 5
/** Eigenvectors are over the 2^ROOTS-th root of max(eigenvalue, 0) + SHIFT; 0: they have length 1. */
export const EIGEN_ROOTS = 6
/** f32 */
export const EIGEN_SHIFT = 7

/** Blocks of ADAPT_COUNT floats: moments, a gradient, the next second moment and what is wanted. */
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
