/** Parses table cells from UTF-8 bytes: numbers and texts without intermediate strings. */

const PLUS = 43
const MINUS = 45
const DOT = 46
const ZERO = 48
/** Number of decimal digits that are always exact in float64; and of two such groups. */
const EXACT_DIGITS = 15
const MOST_DIGITS = 22
/** Maximum digits that programs print for a float64. */
const PRINTED_DIGITS = 17
const POWERS = Float64Array.from({ length: MOST_DIGITS + 1 }, (_, exponent) => Number(`1e${exponent}`))

/** Parses decimal numbers; also reports a property of the last one. */
export class NumberReader {
  /** Whether the last cell is what `String` returns for its number. */
  canonical = false

  /** The number in the trimmed bytes [from, to); NaN as in `numberOf`. */
  read(bytes: Uint8Array, from: number, to: number): number {
    const negative = bytes[from] === MINUS
    const signed = negative || bytes[from] === PLUS
    const start = signed ? from + 1 : from
    let mantissa = 0
    let dot = -1
    for (let at = start; at < to; at++) {
      const digit = bytes[at] - ZERO
      if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit
      else if (digit === DOT - ZERO && dot < 0) dot = at
      else return this.#slow(bytes, from, to)
    }
    const decimals = dot < 0 ? 0 : to - dot - 1
    const whole = (dot < 0 ? to : dot) - start
    if (whole + decimals === 0) return Number.NaN
    let value = mantissa
    if (whole + decimals > EXACT_DIGITS) {
      value = this.#long(bytes, start, to, decimals)
      if (Number.isNaN(value)) return this.#slow(bytes, from, to)
    } else {
      // a single rounding of two exact numbers (Clinger 1990)
      if (decimals > 0) value = mantissa / POWERS[decimals]
      this.canonical = dot < 0 || (decimals > 0 && bytes[to - 1] !== ZERO)
    }
    this.canonical &&=
      (whole === 1 || (whole > 1 && bytes[start] !== ZERO)) &&
      (signed ? negative && value >= 1e-6 : value >= 1e-6 || value === 0)
    return negative && value !== 0 ? -value : value
  }

  /** An unsigned number with more digits than a float64 represents; NaN for too many. */
  #long(bytes: Uint8Array, start: number, to: number, decimals: number): number {
    // the first 15 digits and the others as integers, not counting leading zeros
    let high = 0
    let low = 0
    let digits = 0
    for (let at = start; at < to; at++) {
      if (bytes[at] === DOT) continue
      const digit = bytes[at] - ZERO
      if (digits > 0 || digit > 0) digits++
      if (digits <= EXACT_DIGITS) high = high * 10 + digit
      else low = low * 10 + digit
    }
    if (digits > MOST_DIGITS || decimals > MOST_DIGITS) return Number.NaN
    this.canonical = decimals > 0 ? bytes[to - 1] !== ZERO && digits <= PRINTED_DIGITS : digits <= EXACT_DIGITS
    return digits <= EXACT_DIGITS
      ? high / POWERS[decimals]
      : ratio(high, POWERS[digits - EXACT_DIGITS], low, POWERS[decimals])
  }

  /** Exponents, and numbers with very many digits. */
  #slow(bytes: Uint8Array, from: number, to: number): number {
    this.canonical = false
    for (let at = from; at < to; at++) {
      const code = bytes[at]
      const isDigit = code >= ZERO && code <= 57
      if (!isDigit && code !== PLUS && code !== MINUS && code !== DOT && code !== 69 && code !== 101) return Number.NaN
    }
    const value = Number(ascii.decode(bytes.subarray(from, to)))
    return Number.isFinite(value) ? value + 0 : Number.NaN
  }
}

const ascii = new TextDecoder('latin1')

/** 2^27 + 1: splits a float64 into two halves whose products are exact (Dekker 1971). */
const SPLITTER = 134217729

/** The rounding error of a · b = `product`. */
function lost(a: number, b: number, product: number): number {
  const aHigh = SPLITTER * a - (SPLITTER * a - a)
  const bHigh = SPLITTER * b - (SPLITTER * b - b)
  const aLow = a - aHigh
  const bLow = b - bHigh
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
}

/**
 * (high · factor + low) / divisor, rounded once, for integers below 1e15, 1e7, 1e7 and powers of ten up to 1e22. Computed in
 * double-double precision; NaN if even that does not determine the rounding.
 */
function ratio(high: number, factor: number, low: number, divisor: number): number {
  const product = high * factor
  const rest = lost(high, factor, product) + low
  const numerator = product + rest
  const numeratorRest = rest - (numerator - product)
  const quotient = numerator / divisor
  const back = quotient * divisor
  const quotientRest = (numerator - back - lost(quotient, divisor, back) + numeratorRest) / divisor
  const slack = quotient * 2 ** -98
  const value = quotient + (quotientRest - slack)
  return value === quotient + (quotientRest + slack) ? value : Number.NaN
}

export const sameBytes = (a: Uint8Array, from: number, b: Uint8Array, start: number, length: number): boolean => {
  for (let i = 0; i < length; i++) if (a[from + i] !== b[start + i]) return false
  return true
}

/** Strings stored consecutively in one buffer. */
export class Texts {
  bytes = new Uint8Array(0)
  /** The end of text i, which is the start of text i + 1. */
  #ends = new Uint32Array(0)
  length = 0

  add(bytes: Uint8Array, from: number, to: number): void {
    const start = this.startOf(this.length)
    const end = start + to - from
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(64, end * 2))
      larger.set(this.bytes)
      this.bytes = larger
    }
    if (this.length === this.#ends.length) {
      const larger = new Uint32Array(Math.max(8, this.length * 2))
      larger.set(this.#ends)
      this.#ends = larger
    }
    for (let i = from, at = start; i < to; i++, at++) this.bytes[at] = bytes[i]
    this.#ends[this.length++] = end
  }

  startOf(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]
  }

  endOf(index: number): number {
    return this.#ends[index]
  }
}

const mix = (hash: number): number => {
  const half = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return half ^ (half >>> 13)
}

/** Probes after which the table is rehashed with another seed; not reached by chance. */
const MOST_PROBES = 128

/** Distinct texts, numbered by first occurrence. */
export class Dictionary {
  readonly texts = new Texts()
  readonly #most: number
  /** Number of a text plus 1, or 0: open addressing, at most half full. */
  #slots = new Int32Array(0)
  #hashes = new Int32Array(0)
  // random, so that no file can be crafted to collide
  #seed = 0
  #factor = 1

  constructor(most: number) {
    this.#most = most
    this.#draw()
  }

  #draw(): void {
    this.#seed = (Math.random() * 2 ** 32) | 0
    this.#factor = (Math.random() * 2 ** 32) | 0x1000_0001 | 0
  }

  #hash(bytes: Uint8Array, from: number, to: number): number {
    let hash = this.#seed
    for (let at = from; at < to; at++) {
      hash = Math.imul(hash ^ bytes[at], this.#factor)
      hash ^= hash >>> 17
    }
    return mix(hash)
  }

  /** The number of a text, which is added if new; -1 if there is no room. */
  numberOf(bytes: Uint8Array, from: number, to: number): number {
    const hash = this.#hash(bytes, from, to)
    const mask = this.#slots.length - 1
    const { texts } = this
    let slot = hash & mask
    let probes = 0
    if (mask >= 0) {
      for (let found = this.#slots[slot]; found !== 0; found = this.#slots[slot]) {
        const start = texts.startOf(found - 1)
        if (
          this.#hashes[found - 1] === hash &&
          texts.endOf(found - 1) - start === to - from &&
          sameBytes(texts.bytes, start, bytes, from, to - from)
        )
          return found - 1
        slot = (slot + 1) & mask
        probes++
      }
    }
    if (texts.length === this.#most) return -1
    texts.add(bytes, from, to)
    if (probes > MOST_PROBES) this.#draw()
    if (texts.length * 2 > this.#slots.length || probes > MOST_PROBES) this.#rebuild()
    else {
      this.#slots[slot] = texts.length
      this.#hashes[texts.length - 1] = hash
    }
    return texts.length - 1
  }

  #rebuild(): void {
    const { texts } = this
    const size = texts.length * 2 > this.#slots.length ? Math.max(16, this.#slots.length * 2) : this.#slots.length
    this.#slots = new Int32Array(size)
    this.#hashes = new Int32Array(size / 2)
    for (let i = 0; i < texts.length; i++) {
      const hash = this.#hash(texts.bytes, texts.startOf(i), texts.endOf(i))
      this.#hashes[i] = hash
      let slot = hash & (size - 1)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (size - 1)
      this.#slots[slot] = i + 1
    }
  }
}

/** Cells that stand for a missing value. */
export class Markers {
  /** Whether one of them is a number, so that cells must be compared before they are parsed as numbers. */
  readonly numeric: boolean
  readonly #byLength: Uint8Array[][] = []

  constructor(texts: readonly string[]) {
    const encoder = new TextEncoder()
    const reader = new NumberReader()
    const all = texts.map((text) => encoder.encode(text))
    this.numeric = all.some((bytes) => !Number.isNaN(reader.read(bytes, 0, bytes.length)))
    for (const bytes of all) {
      this.#byLength[bytes.length] ??= []
      this.#byLength[bytes.length].push(bytes)
    }
  }

  has(bytes: Uint8Array, from: number, to: number): boolean {
    const list = this.#byLength[to - from]
    if (list === undefined) return false
    for (const marker of list) if (sameBytes(marker, 0, bytes, from, to - from)) return true
    return false
  }
}
