/** Operands of the ops of `solve`, on blocks of float32. */

export const DOT_X = 1
export const DOT_Y = 2
/** Floats in each block, a multiple of 4; pads are zero. */
export const DOT_COUNT = 3
/** Address of an f64 for every SUM_CHUNK floats of the blocks. */
export const DOT_PARTIALS = 4

export const DOT_SUM_PARTIALS = 1
export const DOT_SUM_COUNT = 2

export const AXPY_X = 1
export const AXPY_Y = 2
export const AXPY_TO = 3
/** Floats in each block, a multiple of 4. */
export const AXPY_COUNT = 4
/** Which of the record's scalars is the factor of x. */
export const AXPY_SCALAR = 5
