/**
 * The files of this folder are the contract between the compiler (src/) and the machine (assembly/): constants only.
 * Both sides import them, so they import nothing. This file: memory layout of matrices and regions.
 */

/** Incremented with every change of meaning in any of these files; outdated modules are rejected when loaded. */
export const ABI_VERSION = 6

/** Alignment of regions: a cache line. */
export const ALIGN = 64
/** Columns per weight panel; rows of matrices are zero-padded to a multiple of it. */
export const PANEL = 8
/** In floats. Norms and penalties are summed in float64 chunk by chunk, so that the bits do not depend on which thread sums which chunk. */
export const SUM_CHUNK = 4096
/** Bytes below this address are reserved for the machine: its table of vector constants, and its threads' shared words. */
export const MACHINE_BYTES = 6144

/** 2^-63: smaller magnitudes count as 0 in features, parameters and kernel outputs, so that products are never denormal. */
export const FLOOR = 1.0842021724855044e-19

// Bits of what `flush` returns.

/** Nonzero values that were flushed to 0. */
export const MET_TINY = 1
/** NaN or infinity. */
export const MET_NON_FINITE = 2

// Tile shapes (rows x columns of the result held in registers), for setTile: bit-identical at different speeds.

/** The default with fused multiply-add; needs 15 vector registers. */
export const TILE_6X8 = 0
/** For engines that provide fewer registers. */
export const TILE_4X8 = 1
/** The default if multiply-add takes two instructions. */
export const TILE_2X16 = 2
/** For engines that fuse pairs of vectors into wider ones. */
export const TILE_4X16 = 3
export const TILE_5X16 = 4

/** Where `setTile` stores its choice for other threads and modules. */
export const TILE_AT = 1520

// How engines compute a relaxed dot product of four 8-bit numbers.

/** In one instruction. */
export const DOTS_WHOLE = 1
/** From sums of pairs in 16 bits, in five instructions; three are enough with the dot product of pairs. */
export const DOTS_PAIRS = 2

/** Where modules store how the engine does it, once they have found out; 0 before. */
export const DOTS_AT = 1524
