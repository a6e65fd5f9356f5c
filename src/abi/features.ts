/** Operands of ops in `features`; activations have those of OP_ACTIVATE. */

export const BLEND_X = 1
/** f(x) */
export const BLEND_F = 2
/** y, or dx. */
export const BLEND_TO = 3
/** Shared by all matrices. */
export const BLEND_STRIDE = 4
export const BLEND_COLS = 5
/** One f32 per column. */
export const BLEND_ALPHA = 6
export const BLEND_DY = 7
/** 0: not needed, like dx. */
export const BLEND_DF = 8
/** 0: not needed */
export const BLEND_DALPHA = 9

export const PERIODIC_X = 1
export const PERIODIC_X_STRIDE = 2
/** y [rows, features * (1 + units)], or dy: for each feature x, then its units. */
export const PERIODIC_Y = 3
export const PERIODIC_Y_STRIDE = 4
/** Number of features, the columns of x. */
export const PERIODIC_COLS = 5
/** Per feature. */
export const PERIODIC_FREQUENCIES = 6
export const PERIODIC_UNITS = 7
/** Tables: [features][frequencies], rows padded to whole panels. */
export const PERIODIC_W = 8
export const PERIODIC_B = 9
/** A table: [features * units][frequencies]. */
export const PERIODIC_KERNEL = 10
/** A table: [features][units]. */
export const PERIODIC_BIAS = 11
/** 0: not needed */
export const PERIODIC_DX = 12
/** 0: not needed, like the other three. */
export const PERIODIC_DW = 13
export const PERIODIC_DB = 14
export const PERIODIC_DKERNEL = 15
export const PERIODIC_DBIAS = 16

/** 0: zeros. */
export const COLUMNS_FROM = 1
export const COLUMNS_FROM_STRIDE = 2
export const COLUMNS_TO = 3
export const COLUMNS_TO_STRIDE = 4
export const COLUMNS_COUNT = 5
/** Floats after them to zero: the row's padding. */
export const COLUMNS_PAD = 6

/** Address of the index column: integers, negative for missing. */
export const TABLE_X = 1
export const TABLE_X_STRIDE = 2
/** Address of the first row's block of columns in y or dy. */
export const TABLE_Y = 3
export const TABLE_Y_STRIDE = 4
/** The table, [categories][units], rows padded to whole panels; or its gradient in steps that only write that. */
export const TABLE_ROWS = 5
export const TABLE_CATEGORIES = 6
export const TABLE_UNITS = 7
/** Like COLUMNS_PAD. */
export const TABLE_PAD = 8
export const TABLE_GRADIENT = 9
/**
 * A list of the gradient rows that may be nonzero: their count, then one i32 each. Count 0: unknown, all may be. Word 0: there is no
 * list, and the whole gradient is cleared.
 */
export const TABLE_LIST = 10
/** Capacity of the list. */
export const TABLE_ROOM = 11
/** f32 */
export const TABLE_RATE_SCALE = 12
/** f32, see OPT_TINY. */
export const TABLE_TINY = 13

/** f32, after the operands of OP_DROPOUT: added to kept elements. */
export const ALPHA_DROPOUT_SHIFT = 9
/** f32: the value of dropped elements. */
export const ALPHA_DROPOUT_FLOOR = 10
