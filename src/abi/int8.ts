/**
 * Operands of ops in `int8`. Activations q are in 0..MOST, so that the sum of two products fits 16 bits; the real value is
 * (q - zero) * scale of the row. Weights are in -MOST..MOST; the real value is w * scale of the unit.
 */

/** The largest 8-bit activation, and the largest magnitude of a weight. */
export const MOST = 127
/** Inputs per group: rows of 8-bit activations consist of whole groups. */
export const GROUP = 8
/** With more inputs, a sum of products could overflow 32 bits. */
export const MOST_INPUTS = 131072

/** Parameters of a row of 8-bit activations: an f32 scale and an i32 zero. */
export const ROW_BYTES = 8
export const ROW_SCALE = 0
export const ROW_ZERO = 1

export const QUANTIZE_ROWS_FROM = 1
export const QUANTIZE_ROWS_STRIDE = 2
export const QUANTIZE_ROWS_COLS = 3
export const QUANTIZE_ROWS_TO = 4
export const QUANTIZE_ROWS_TO_STRIDE = 5
/** ROW_BYTES per row. */
export const QUANTIZE_ROWS_ROWS = 6
/** f32; 0: dynamic, each row gets a scale and zero for the range of its values and 0. */
export const QUANTIZE_ROWS_SCALE = 7
/** f32, an integer value. */
export const QUANTIZE_ROWS_ZERO = 8

export const DENSE_INT8_X = 1
export const DENSE_INT8_X_STRIDE = 2
/** ROW_BYTES per row of x. */
export const DENSE_INT8_X_ROWS = 3
/** [ceil(units / PANEL)][ceil(inputs / GROUP)][2][PANEL][4] bytes: four inputs of a unit are adjacent. */
export const DENSE_INT8_W = 4
/** i32 per unit: minus the sum of its weights. */
export const DENSE_INT8_SUMS = 5
/** f32 per unit. */
export const DENSE_INT8_SCALES = 6
/** f32 per unit. */
export const DENSE_INT8_B = 7
export const DENSE_INT8_INPUTS = 8
export const DENSE_INT8_UNITS = 9
export const DENSE_INT8_Y = 10
export const DENSE_INT8_Y_STRIDE = 11
/** An elementwise ACTIVATION_*. */
export const DENSE_INT8_ACTIVATION = 12
/** f32 */
export const DENSE_INT8_ALPHA = 13
/** Where to write y as 8-bit activations as well, and ROW_BYTES per row of them; 0: nowhere. */
export const DENSE_INT8_TO = 14
export const DENSE_INT8_TO_STRIDE = 15
export const DENSE_INT8_TO_ROWS = 16
/** f32 */
export const DENSE_INT8_TO_SCALE = 17
/** f32, an integer value. */
export const DENSE_INT8_TO_ZERO = 18
