/** Operands of the ops of `features`; activations have those of OP_ACTIVATE. */

export const BLEND_X = 1
/** f(x) */
export const BLEND_F = 2
/** y, or dx. */
export const BLEND_TO = 3
/** One stride for all matrices. */
export const BLEND_STRIDE = 4
export const BLEND_COLS = 5
/** One f32 a column. */
export const BLEND_ALPHA = 6
export const BLEND_DY = 7
/** 0: not wanted, as dx. */
export const BLEND_DF = 8
/** 0: not wanted */
export const BLEND_DALPHA = 9

export const PERIODIC_X = 1
export const PERIODIC_X_STRIDE = 2
/** y [rows, features * (1 + units)], or dy: of each feature x, then its units. */
export const PERIODIC_Y = 3
export const PERIODIC_Y_STRIDE = 4
/** Features: columns of x. */
export const PERIODIC_COLS = 5
/** Of a feature. */
export const PERIODIC_FREQUENCIES = 6
export const PERIODIC_UNITS = 7
/** Tables: [features][frequencies], rows padded to whole panels. */
export const PERIODIC_W = 8
export const PERIODIC_B = 9
/** A table: [features * units][frequencies]. */
export const PERIODIC_KERNEL = 10
/** A table: [features][units]. */
export const PERIODIC_BIAS = 11
/** 0: not wanted */
export const PERIODIC_DX = 12
/** 0: not wanted, as the other three. */
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
/** Floats after them that become 0: the row's padding. */
export const COLUMNS_PAD = 6

/** Where the indices are: a column of whole numbers, below 0 for missing. */
export const TABLE_X = 1
export const TABLE_X_STRIDE = 2
/** Where a row's block of columns begins: of y, or of dy. */
export const TABLE_Y = 3
export const TABLE_Y_STRIDE = 4
/** The table, [categories][units], its rows padded to whole panels; its gradient where only that is written. */
export const TABLE_ROWS = 5
export const TABLE_CATEGORIES = 6
export const TABLE_UNITS = 7
/** As COLUMNS_PAD. */
export const TABLE_PAD = 8
export const TABLE_GRADIENT = 9
/**
 * How many rows of the gradient may be other than 0, and which: one i32 each. 0 rows: nobody knows, all may be. The word itself 0: there is no
 * such list, and all are cleared.
 */
export const TABLE_LIST = 10
/** Rows that the list has room for. */
export const TABLE_ROOM = 11
/** f32 */
export const TABLE_RATE_SCALE = 12
/** f32, see OPT_TINY. */
export const TABLE_TINY = 13

/** f32, after the words of OP_DROPOUT: added to what is kept. */
export const ALPHA_DROPOUT_SHIFT = 9
/** f32: what becomes of what is dropped. */
export const ALPHA_DROPOUT_FLOOR = 10
