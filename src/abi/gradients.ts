/** Operands of steps on the gradient block between the backward pass and the update, and of activity penalties. */

/** 0: the penalty only. */
export const PENALTY_GRADIENTS = 1
/** Floats in the block, a multiple of 4; padding is zero. */
export const PENALTY_COUNT = 2
export const PENALTY_PARAMETERS = 3
/** f32 */
export const PENALTY_L1 = 4
/** f32 */
export const PENALTY_L2 = 5
/** Address of one f64 per SUM_CHUNK floats of the block. */
export const PENALTY_PARTIALS = 6

export const PENALTY_SUM_PARTIALS = 1
export const PENALTY_SUM_COUNT = 2

/** y, to and dy share one stride. */
export const ACTIVITY_Y = 1
export const ACTIVITY_STRIDE = 2
export const ACTIVITY_COLS = 3
/** f32 */
export const ACTIVITY_L1 = 4
/** f32 */
export const ACTIVITY_L2 = 5
export const ACTIVITY_DY = 6
export const ACTIVITY_TO = 7

export const CLIP_GRADIENTS = 1
/** Floats in the block, a multiple of 4; padding is zero. */
export const CLIP_COUNT = 2
/** Address of one f64 per SUM_CHUNK floats of the block. */
export const CLIP_PARTIALS = 3
/** 2: Euclidean, 1: sum of magnitudes, 0: largest magnitude (order infinity). */
export const CLIP_ORDER = 4
/** f32 */
export const CLIP_LIMIT = 5
