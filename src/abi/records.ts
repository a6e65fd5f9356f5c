/**
 * A record: the dynamic words of one run of a program. What changes from run to run (rows, learning rate, ...) is
 * not in the steps but here; what a run reports (loss, correct rows, ...) is written back to the same record.
 */

export const RECORD_WORDS = 44
/** Rows of this batch. */
export const RECORD_ROWS = 0
/** Index of this batch's first entry in the order table that gather steps read. */
export const RECORD_FIRST = 1
/** Number of this update: t = 1, 2, ... */
export const RECORD_STEP = 2
/** Seed of the counter-based random stream. */
export const RECORD_SEED = 3
/** f32 */
export const RECORD_LEARNING_RATE = 4
/** f32 */
export const RECORD_WEIGHT_DECAY = 5
/** f32 x RECORD_SCALARS: values that an optimizer computes once per step in float64, such as bias corrections. */
export const RECORD_SCALAR = 6
export const RECORD_SCALARS = 6
/** f64 out: weighted mean of the rows' losses. */
export const RECORD_LOSS = 12
/** f64 out: sum of the row weights (the number of rows if there are none). */
export const RECORD_WEIGHT = 14
/** f64 out: regularization terms. */
export const RECORD_PENALTY = 16
/** f64 out: number of rows (or outputs, for independent binary outputs) predicted correctly. */
export const RECORD_CORRECT = 18
/** f64 out: norm of the whole gradient before clipping. */
export const RECORD_GRADIENT_NORM = 20
/** f64 out: the last dot product. */
export const RECORD_DOT = 22
/** For updates by two rules: RECORD_RULE words like those from RECORD_LEARNING_RATE on, for the second rule. */
export const RECORD_SECOND = 24
export const RECORD_RULE = 8

// A batch may be part of a larger one shared by several ranks; otherwise these are 0.

/** Rows of the larger batch before this part: noise is indexed from there. */
export const RECORD_ROWS_BEFORE = 32
/** Rows of the larger batch. */
export const RECORD_ALL_ROWS = 33
/** f64: sum of the weights of its rows. */
export const RECORD_ALL_WEIGHT = 34

/** f32 x RECORD_SCHEDULES: values of layers' schedules for this update. */
export const RECORD_SCHEDULED = 36
export const RECORD_SCHEDULES = 8
