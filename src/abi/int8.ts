/**
 * Operands of the ops of `int8`. Rows of 8-bit activations q are 0..MOST, so that a pair of products fits 16 bits; a real value is
 * (q - zero) * scale of its row. Weights are -MOST..MOST, a real one is w * scale of its unit.
 */

/** The largest 8-bit activation, and the largest magnitude of a weight. */
export const MOST = 127
/** Inputs of a group: a row of 8-bit activations is whole groups long. */
export const GROUP = 8
/** Inputs beyond this many could take a sum of products out of 32 bits. */
export const MOST_INPUTS = 131072

/** What belongs to a row of 8-bit activations: an f32, its scale, and an i32, its zero. */
export const ROW_BYTES = 8
export const ROW_SCALE = 0
export const ROW_ZERO = 1

export const QUANTIZE_ROWS_FROM = 1
export const QUANTIZE_ROWS_STRIDE = 2
export const QUANTIZE_ROWS_COLS = 3
export const QUANTIZE_ROWS_TO = 4
export const QUANTIZE_ROWS_TO_STRIDE = 5
/** ROW_BYTES for every row. */
export const QUANTIZE_ROWS_ROWS = 6
/** f32; 0: each row has a scale and a zero of its own, of the range that holds its values and 0. */
export const QUANTIZE_ROWS_SCALE = 7
/** f32, a whole number. */
export const QUANTIZE_ROWS_ZERO = 8

export const DENSE_INT8_X = 1
export const DENSE_INT8_X_STRIDE = 2
/** ROW_BYTES for every row of x. */
export const DENSE_INT8_X_ROWS = 3
/** [ceil(units / PANEL)][ceil(inputs / GROUP)][2][PANEL][4] bytes: four inputs of a unit lie together. */
export const DENSE_INT8_W = 4
/** i32 for every unit: minus the sum of its weights. */
export const DENSE_INT8_SUMS = 5
/** f32 for every unit. */
export const DENSE_INT8_SCALES = 6
/** f32 for every unit. */
export const DENSE_INT8_B = 7
export const DENSE_INT8_INPUTS = 8
export const DENSE_INT8_UNITS = 9
export const DENSE_INT8_Y = 10
export const DENSE_INT8_Y_STRIDE = 11
/** ACTIVATION_* that works element by element. */
export const DENSE_INT8_ACTIVATION = 12
/** f32 */
export const DENSE_INT8_ALPHA = 13
/** Where y goes as 8-bit activations, too, and ROW_BYTES for every row of them; 0: nowhere. */
export const DENSE_INT8_TO = 14
export const DENSE_INT8_TO_STRIDE = 15
export const DENSE_INT8_TO_ROWS = 16
/** f32 */
export const DENSE_INT8_TO_SCALE = 17
/** f32, a whole number. */
export const DENSE_INT8_TO_ZERO = 18
