/**
 * Operands of dense linear algebra in `solve`. Square matrices are row-major, rows `stride` bytes apart and zero-padded to
 * whole panels; of symmetric ones only the diagonal and above are used.
 */

/** Rows per block of factors and solutions: a multiple of two panels. */
export const LINEAR_BLOCK = 48

export const GRAM_X = 1
export const GRAM_X_STRIDE = 2
/** Rows of x; 0: the batch's. */
export const GRAM_ROWS = 3
/** Columns of x. */
export const GRAM_N = 4
export const GRAM_TO = 5
/** Strides in bytes between rows of the result, and between groups of 8 columns: row-major, or in panels. */
export const GRAM_TO_ROW = 6
export const GRAM_TO_PANEL = 7
/** 1: x is lower triangular. */
export const GRAM_LOWER = 8
/** 1: accumulate, unless the record's first scalar is 0. */
export const GRAM_ADDS = 9

export const DAMP_FROM = 1
export const DAMP_TO = 2
export const DAMP_STRIDE = 3
export const DAMP_N = 4
/** Index of the record scalar to add to the diagonal. */
export const DAMP_SCALAR = 5
/** One f32 per row, out: the sums. */
export const DAMP_DIAGONAL = 6

export const CHOLESKY_U = 1
export const CHOLESKY_STRIDE = 2
export const CHOLESKY_N = 3
/** The block's first row, a multiple of LINEAR_BLOCK. */
export const CHOLESKY_FIRST = 4
/** One f32 per row, out: the reciprocal of U's diagonal. */
export const CHOLESKY_INVERSE = 5
/**
 * An i32, out: the 1-based first row whose pivot is not finite or at most 2^-20 of A's diagonal, that is, possibly all
 * rounding error; unchanged if there is none.
 */
export const CHOLESKY_STATUS = 6
/** One f32 per row: A's diagonal. */
export const CHOLESKY_DIAGONAL = 7

export const TRIANGLE_U = 1
export const TRIANGLE_STRIDE = 2
export const TRIANGLE_N = 3
export const TRIANGLE_FIRST = 4
export const TRIANGLE_INVERSE = 5
/** Minus the remaining right-hand sides, then the solutions: rows FIRST to FIRST + LINEAR_BLOCK. May be U. */
export const TRIANGLE_X = 6
export const TRIANGLE_X_STRIDE = 7
/** Columns [begin, end) of x to solve for, from a panel's start; `end` may be inside a panel. */
export const TRIANGLE_BEGIN = 8
export const TRIANGLE_END = 9
/** SOLVE_* */
export const TRIANGLE_KIND = 10

/** Uᵀ x = b, first block first. */
export const SOLVE_TRANSPOSED = 0
/** U x = b, last block first. */
export const SOLVE_PLAIN = 1
/** Uᵀ x = I, first block first: x is lower triangular, and need not be initialized. */
export const SOLVE_IDENTITY = 2

export const STRIDED_A = 1
export const STRIDED_A_STRIDE = 2
export const STRIDED_B = 3
/** Strides in bytes between rows of b, and between groups of 8 columns. */
export const STRIDED_B_ROW = 4
export const STRIDED_B_PANEL = 5
/** One more row of b, groups of 8 columns 32 bytes apart, or 0. */
export const STRIDED_B_LAST = 6
export const STRIDED_TO = 7
export const STRIDED_TO_ROW = 8
export const STRIDED_TO_PANEL = 9
/** Where to write one more row of the result, groups of 8 columns 32 bytes apart, or 0. */
export const STRIDED_TO_LAST = 10
/** Not counting the extra row. */
export const STRIDED_ROWS = 11
export const STRIDED_DEPTH = 12
export const STRIDED_COLS = 13

export const COMBINE_X = 1
export const COMBINE_Y = 2
export const COMBINE_TO = 3
/** Floats, a multiple of 4. */
export const COMBINE_COUNT = 4
