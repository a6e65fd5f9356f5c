/**
 * The contract between the compiler (src/) and the machine (assembly/) is the files of this folder: constants only.
 * Both sides import the file they need, so these files import nothing. This one: how matrices and regions lie in memory.
 */

/** Raised with every change of meaning of any of these files; a stale module is refused at load. */
export const ABI_VERSION = 6

/** Regions start on cache lines. */
export const ALIGN = 64
/** Columns of a weight panel; every matrix's row is padded with zeros to a multiple of it. */
export const PANEL = 8
/** Floats. Norms and penalties are summed in float64 chunk by chunk, so that the bits do not depend on who sums which chunk. */
export const SUM_CHUNK = 4096
/** Bytes below this address belong to the machine: its table of vector constants, and what its threads talk through. */
export const MACHINE_BYTES = 6144

/** 2^-63: what is smaller counts as 0, in features, parameters and whatever a kernel leaves, so that products are no denormals. */
export const FLOOR = 1.0842021724855044e-19

// What `flush` says that it has met: bits.

/** Values other than 0 that now are. */
export const MET_TINY = 1
/** NaN or infinities. */
export const MET_NON_FINITE = 2

// Shapes of matrix tiles (rows x columns of the result held in registers), for setTile: the same bits at other speeds.

/** The default where multiply-add is fused; needs 15 vector registers. */
export const TILE_6X8 = 0
/** For engines that leave fewer. */
export const TILE_4X8 = 1
/** The default where multiply-add is two instructions. */
export const TILE_2X16 = 2
/** For engines that join pairs of vectors into wider ones. */
export const TILE_4X16 = 3
export const TILE_5X16 = 4

/** Where `setTile` leaves its choice for other threads and modules. */
export const TILE_AT = 1520
