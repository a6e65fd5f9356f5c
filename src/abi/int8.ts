/** Operands of the ops of `int8`. */

export const CHECKSUM_FROM = 1
export const CHECKSUM_BYTES = 2
export const CHECKSUM_TO = 3
