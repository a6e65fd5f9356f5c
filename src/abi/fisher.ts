/** Operands of what K-FAC does to a batch's rows. The factor of row r is sqrt(w_r / sum of w), w the rows' weights. */

/** to = factor of the row times [x | 1]. */
export const WEIGH_X = 1
export const WEIGH_X_STRIDE = 2
export const WEIGH_COLS = 3
export const WEIGH_TO = 4
export const WEIGH_TO_STRIDE = 5
/** f32 a row, or 0: all are 1. */
export const WEIGH_WEIGHTS = 6
/** 1: a column of ones follows. */
export const WEIGH_ONES = 7
/** 1: rows are divided by their factors, which undoes what the gradient of a mean has; those without weight become 0. */
export const WEIGH_DIVIDES = 8

/** Probabilities, as the loss left them; any numbers for SEED_SQUARED. */
export const SEED_Y = 1
export const SEED_STRIDE = 2
export const SEED_COLS = 3
/** Rows as those of y. */
export const SEED_TO = 4
export const SEED_WEIGHTS = 5
/** SEED_SOFTMAX, ... */
export const SEED_KIND = 6
/** Stream of the targets that are drawn, or -1: the record's second scalar is the number of the output whose part is exact. */
export const SEED_STREAM = 7

export const SEED_SOFTMAX = 0
export const SEED_SIGMOID = 1
export const SEED_SQUARED = 2
