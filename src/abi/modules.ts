/**
 * The wasm modules that work on one memory. One of `infer` and `train`, which contains it, runs programs; extension modules bring
 * ops of their own, which it finds in a table.
 */

/** Forward passes: what predicting takes. */
export const MODULE_INFER = 0
/** `infer` and all that first-order training takes. */
export const MODULE_TRAIN = 1
/** Extension: what solvers and second-order methods take. */
export const MODULE_SOLVE = 2
/** Extension: arithmetic on 8-bit integers. */
export const MODULE_INT8 = 3
/** Extension: layers and activations that not every model has. */
export const MODULE_FEATURES = 4
export const MODULES = 5

/** An op's code divided by 2 to this power is the number of the extension that it is of; 0 and 1 there are none of. */
export const MODULE_SHIFT = 8
