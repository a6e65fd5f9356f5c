/** Operands of K-FAC's steps on a batch's rows. The factor of row r is sqrt(w_r / sum of w), w the row weights. */

/** to = factor of the row times [x | 1]. */
export const WEIGH_X = 1
export const WEIGH_X_STRIDE = 2
export const WEIGH_COLS = 3
export const WEIGH_TO = 4
export const WEIGH_TO_STRIDE = 5
/** One f32 per row, or 0: all weights are 1. */
export const WEIGH_WEIGHTS = 6
/** 1: a column of ones is appended. */
export const WEIGH_ONES = 7
/** 1: divides rows by their factors, to undo the weighting in the gradient of a mean; rows without weight become 0. */
export const WEIGH_DIVIDES = 8

/** Probabilities, as left by the loss; unused for SEED_SQUARED. */
export const SEED_Y = 1
export const SEED_STRIDE = 2
export const SEED_COLS = 3
/** Rows like those of y. */
export const SEED_TO = 4
export const SEED_WEIGHTS = 5
/** SEED_SOFTMAX, ... */
export const SEED_KIND = 6
/** Random stream for sampling targets, or -1: exact part of the output whose index is the record's second scalar. */
export const SEED_STREAM = 7

export const SEED_SOFTMAX = 0
export const SEED_SIGMOID = 1
export const SEED_SQUARED = 2
