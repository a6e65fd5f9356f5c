/** What is trained on, and what is tried. */

/** Few rows with some wrong labels, so that there is something to fit too much. */
export const ROWS = 300
export const WRONG = 0.2
export const SEEDS = [1, 2, 3, 4, 5]
export const WIDTHS = [2, 4, 8, 32, 128, 512]
export const EPOCHS = 150
export const RATES = [0, 0.2, 0.4, 0.6, 0.8]
export const PENALTIES = [0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
export const LEARNING_RATES = [3e-4, 1e-3, 3e-3, 1e-2]
export const DECAYS = [0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]
/** Of the grid of both. */
export const GRID_SEEDS = 3
/** A weight that is smaller counts as none. */
export const ZERO = 1e-3
