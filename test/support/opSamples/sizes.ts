/** Sizes that the samples of ops have. */

/** Units that threads share by each split: no two alike. */
export const UNITS = { none: 0, chunks: 1, panels: 3, rows: 5, lines: 7, grid: 8, vectors: 28 } as const
export const ROWS = 5
export const COLS = 21
/** Of a layer, both ways: units of two panels. */
export const WIDTH = 120
export const COUNT = 112
export const STRIDE = 512
export const X_STRIDE = 512
