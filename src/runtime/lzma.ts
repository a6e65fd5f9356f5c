/**
 * Decompresses the output of scripts/lzma.mjs: LZMA's symbols and contexts (Igor Pavlov's specification, lc = 3, lp = 0, pb = 0; its
 * names in brackets), but with probabilities that adapt twice as fast, since the files are small, and a 30-bit range, which engines
 * represent as small integers. Synchronous, since models are created synchronously. Unchecked, since the bytes are the build's own.
 */

/** Offset of each family of contexts. */
const IS_MATCH = 0
const IS_REP = 12
const IS_REP_FAR = 24
const IS_REP_LONG = 36
const IS_REP_THIRD = 48
const IS_REP_FOURTH = 60
/** High bits of distances [PosSlot], for lengths of 2, 3, 4, and more; low bits of near ones [PosDecoders]; lowest bits of far ones [Align]. */
const SLOTS = 72
const NEAR = SLOTS + 4 * 64
const FAR = NEAR + 128
/** Lengths, and those of repeated distances: two choice bits, then codes of 3, 3 and 8 bits. */
const LENGTHS = FAR + 16
const REP_LENGTHS = LENGTHS + 2 + 8 + 8 + 256
/** Literals, by the top three bits of the previous byte. */
const LITERALS = REP_LENGTHS + 2 + 8 + 8 + 256
const LITERAL_CONTEXTS = 0x300

/** The first `size` decompressed bytes. */
export function unlzma(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size)
  /** Probability, out of 2048, that each context's next bit is 0. */
  const odds = new Uint16Array(LITERALS + 8 * LITERAL_CONTEXTS).fill(1024)
  let range = 0x3fffffff
  let code = 0
  let next = 0
  for (; next < 4; next++) code = (code << 8) | packed[next]

  /** A number of `bits` bits, high to low, each in the context of the bits above it, and of those of `like` as long as they match. */
  const number = (contexts: number, bits: number, like = 0): number => {
    // local copies, since this is the hot loop
    let span = range
    let rest = code
    let compared = like
    let path = 1
    const end = 1 << bits
    while (path < end) {
      compared <<= 1
      const context = contexts + path + (compared && 256 + (compared & 256))
      const odd = odds[context]
      const bound = (span >>> 11) * odd
      let one = 0
      if (rest < bound) {
        span = bound
        odds[context] = odd + ((2048 - odd) >> 4)
      } else {
        span -= bound
        rest -= bound
        odds[context] = odd - (odd >> 4)
        one = 1
      }
      if (span < 1 << 22) {
        span <<= 8
        rest = (rest << 8) | packed[next++]
      }
      path = (path << 1) | one
      if (((compared >> 8) & 1) !== one) compared = 0
    }
    range = span
    code = rest
    return path - end
  }
  const bit = (context: number): number => number(context - 1, 1)
  const reverse = (value: number, bits: number): number => {
    let turned = 0
    for (let i = 0; i < bits; i++) turned = (turned << 1) | ((value >> i) & 1)
    return turned
  }
  /** Bits of probability 1/2. */
  const direct = (bits: number): number => {
    let value = 0
    for (let i = 0; i < bits; i++) {
      range >>>= 1
      const one = code < range ? 0 : 1
      if (one) code -= range
      value = (value << 1) | one
      if (range < 1 << 22) {
        range <<= 8
        code = (code << 8) | packed[next++]
      }
    }
    return value
  }
  const readLength = (contexts: number): number => {
    if (!bit(contexts)) return 2 + number(contexts + 2, 3)
    if (!bit(contexts + 1)) return 10 + number(contexts + 10, 3)
    return 18 + number(contexts + 18, 8)
  }
  const readDistance = (length: number): number => {
    const slot = number(SLOTS + Math.min(length - 2, 3) * 64, 6)
    if (slot < 4) return slot
    const bits = (slot >> 1) - 1
    const base = (2 | (slot & 1)) << bits
    if (slot < 14) return base + reverse(number(NEAR + base - slot, bits), bits)
    return base + (direct(bits - 4) << 4) + reverse(number(FAR, 4), 4)
  }

  /** State after the last symbols; below 7, the last was a literal. */
  let state = 0
  /** The last four distances, less 1, most recent first. */
  let distances = [0, 0, 0, 0]
  for (let at = 0; at < size; ) {
    if (!bit(IS_MATCH + state)) {
      // after a copy, the literal differs from the byte that would have continued the copy
      const like = state < 7 ? 0 : out[at - distances[0] - 1] | 0x10000
      out[at] = number(LITERALS + (out[at - 1] >> 5) * LITERAL_CONTEXTS, 8, like)
      at++
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
      continue
    }
    let length = 1
    if (!bit(IS_REP + state)) {
      length = readLength(LENGTHS)
      distances = [readDistance(length), ...distances.slice(0, 3)]
      state = state < 7 ? 7 : 10
    } else {
      let which = bit(IS_REP_FAR + state)
      if (which && bit(IS_REP_THIRD + state)) which = 2 + bit(IS_REP_FOURTH + state)
      if (which) distances = [distances[which], ...distances.filter((_, i) => i !== which)]
      if (which || bit(IS_REP_LONG + state)) length = readLength(REP_LENGTHS)
      state = state > 6 ? 11 : length > 1 ? 8 : 9
    }
    // byte by byte: source and destination may overlap
    for (const end = Math.min(at + length, size); at < end; at++) out[at] = out[at - distances[0] - 1]
  }
  return out
}
