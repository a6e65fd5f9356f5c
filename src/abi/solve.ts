/** Operands of ops in `solve`, on blocks of float32. */

export const DOT_X = 1
export const DOT_Y = 2
/** Floats in each block, a multiple of 4; padding is zero. */
export const DOT_COUNT = 3
/** Address of one f64 per SUM_CHUNK floats of the blocks. */
export const DOT_PARTIALS = 4

export const DOT_SUM_PARTIALS = 1
export const DOT_SUM_COUNT = 2

export const AXPY_X = 1
export const AXPY_Y = 2
export const AXPY_TO = 3
/** Floats in each block, a multiple of 4. */
export const AXPY_COUNT = 4
/** Index of the record scalar that multiplies x. */
export const AXPY_SCALAR = 5
