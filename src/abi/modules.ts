/**
 * The wasm modules that share one memory. `infer` or `train`, which includes it, runs programs; extension modules have
 * their own ops, called through a table.
 */

/** Forward passes: all that inference needs. */
export const MODULE_INFER = 0
/** `infer` and all that first-order training needs. */
export const MODULE_TRAIN = 1
/** Extension: solvers and second-order methods. */
export const MODULE_SOLVE = 2
/** Extension: arithmetic on 8-bit integers. */
export const MODULE_INT8 = 3
/** Extension: layers and activations that only some models have. */
export const MODULE_FEATURES = 4
export const MODULES = 5

/** An op's code shifted right by this is the number of its extension; 0 and 1 are not extensions. */
export const MODULE_SHIFT = 8
