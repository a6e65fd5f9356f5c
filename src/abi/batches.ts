/** Operands of steps that load a batch, compute its loss and count correct predictions. */

export const GATHER_FROM = 1
export const GATHER_TO = 2
export const GATHER_ORDER = 3
/** 32-bit words per source row; source rows are packed. */
export const GATHER_COLS = 4
export const GATHER_TO_STRIDE = 5

/** LOSS_* of losses.ts. */
export const LOSS_KIND = 1
/** The network's outputs: logits for fused kinds, values for others. */
export const LOSS_OUTPUTS = 2
/** Outputs, probabilities and gradient share one stride. */
export const LOSS_STRIDE = 3
export const LOSS_COLS = 4
/** i32 class indices (one per row) for sparse kinds, else f32 rows. */
export const LOSS_TARGETS = 5
export const LOSS_TARGETS_STRIDE = 6
/** One f32 per row, or 0 */
export const LOSS_WEIGHTS = 7
/** One f32 per row, out */
export const LOSS_ROW_LOSSES = 8
/** 0: evaluation only */
export const LOSS_GRADIENT = 9
/** Where fused kinds write softmax or sigmoid of the logits; may be LOSS_OUTPUTS; 0: nowhere. */
export const LOSS_PROBABILITIES = 10
/** f32: huber's delta, ... */
export const LOSS_DELTA = 11
/** f32: label smoothing */
export const LOSS_SMOOTHING = 12
/** One f32 per output instead of LOSS_DELTA, whole panels; 0: none. */
export const LOSS_DELTAS = 13

export const MEAN_LOSS_ROWS = 1
/** One f32 per row, or 0 */
export const MEAN_LOSS_WEIGHTS = 2

/** CORRECT_SPARSE, ... */
export const CORRECT_MODE = 1
export const CORRECT_OUTPUTS = 2
export const CORRECT_STRIDE = 3
export const CORRECT_COLS = 4
export const CORRECT_TARGETS = 5
export const CORRECT_TARGETS_STRIDE = 6
/** f32: for CORRECT_BINARY */
export const CORRECT_THRESHOLD = 7

export const CORRECT_SPARSE = 0
export const CORRECT_ONE_HOT = 1
export const CORRECT_BINARY = 2
