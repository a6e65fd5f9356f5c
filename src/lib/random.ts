/** The seeded random stream for shuffling and initial weights: the same numbers in every engine. */
import { checkInteger, checkOptions, show } from './check.ts'

/** The complete state of a stream, JSON-serializable, so that training resumes bit for bit. */
export interface RandomState {
  readonly words: readonly [number, number, number, number]
  /** The unused second normal deviate of the last pair. */
  readonly spare: number | null
}

const GAMMA = 0x9e3779b9

/** MurmurHash3's 32-bit finalizer, as in SplitMix: turns a counter into well-distributed words. */
function mix(word: number): number {
  let z = word | 0
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return z ^ (z >>> 16)
}

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))

/**
 * ln(x) for positive x using only + - * /, which IEEE 754 defines exactly, unlike `Math.log`, which differs between engines.
 * x = m · 2^e with m in [1/√2, √2), ln m = 2 artanh((m - 1) / (m + 1)); relative error below 4e-16.
 */
export function portableLog(x: number): number {
  let m = x
  let exponent = 0
  for (; m < Math.SQRT1_2; exponent--) m *= 2
  for (; m >= Math.SQRT2; exponent++) m /= 2
  const f = (m - 1) / (m + 1)
  const square = f * f
  let series = 0
  for (let k = 21; k >= 3; k -= 2) series = square * (1 / k + series)
  return exponent * Math.LN2 + 2 * f * (1 + series)
}

/**
 * xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), seeded by a
 * 32-bit SplitMix (Steele, Lea and Flood 2014). Period 2^128 - 1. Uses only integer arithmetic and + - * / √, so every
 * method returns the same bits in every JavaScript engine.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number
  #spare: number | null = null

  /** @throws TypeError or RangeError unless `seed` is an integer from 0 to 2^53 - 1. */
  constructor(seed: number) {
    checkInteger('Random', 'seed', seed, 0, Number.MAX_SAFE_INTEGER)
    const low = seed | 0
    const high = Math.floor(seed / 2 ** 32)
    const word = (i: number) => mix(low + Math.imul(GAMMA, i)) ^ mix(high + Math.imul(GAMMA, i + 4))
    this.#a = word(1)
    this.#b = word(2)
    this.#c = word(3)
    // an all-zero state is invalid
    this.#d = word(4) || 1
  }

  /** 32 random bits as an integer from 0 to 2^32 - 1. */
  uint32(): number {
    const b = this.#b
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9)
    this.#c ^= this.#a
    this.#d ^= b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= b << 9
    this.#d = rotate(this.#d, 11)
    return result >>> 0
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number {
    const high = this.uint32() >>> 5
    return (high * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53
  }

  /** Uniform in [low, high). */
  uniformBetween(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  /** Normal with mean 0 and standard deviation 1: the polar method (Marsaglia and Bray 1964), two deviates at a time. */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare
      this.#spare = null
      return spare
    }
    let u: number
    let v: number
    let s: number
    do {
      u = 2 * this.uniform() - 1
      v = 2 * this.uniform() - 1
      s = u * u + v * v
    } while (s >= 1 || s === 0)
    const factor = Math.sqrt((-2 * portableLog(s)) / s)
    this.#spare = v * factor
    return u * factor
  }

  /**
   * A uniform integer from 0 to n - 1 (by rejection, without modulo bias).
   * @throws RangeError unless n is from 1 to 2^32.
   */
  integer(n: number): number {
    checkInteger('Random.integer', 'n', n, 1, 2 ** 32)
    return this.#below(n)
  }

  /** Rejects words in the last, incomplete run of length n. The remainder takes a float64 division: those of integers are slower. */
  #below(n: number): number {
    let word: number
    let remainder: number
    do {
      word = this.uint32()
      // the quotient is an integer or at least 1/n below the next one, and its rounding error is at most 2^-21/n
      remainder = word - Math.floor(word / n) * n
    } while (word - remainder + n > 2 ** 32)
    return remainder
  }

  /** Fisher-Yates, in place, with the same numbers as `integer`. The state is kept in local 32-bit variables: twice as fast. */
  shuffle(order: Int32Array): void {
    let a = this.#a | 0
    let b = this.#b | 0
    let c = this.#c | 0
    let d = this.#d | 0
    for (let i = order.length - 1; i > 0; i--) {
      const n = i + 1
      let word: number
      let remainder: number
      do {
        word = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
        const shifted = b << 9
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = rotate(d, 11)
        // as in #below
        remainder = (word - Math.imul((word / n) >>> 0, n)) | 0
      } while (word - remainder > 2 ** 32 - n)
      const swapped = order[i]
      order[i] = order[remainder]
      order[remainder] = swapped
    }
    this.#a = a
    this.#b = b
    this.#c = c
    this.#d = d
  }

  get state(): RandomState {
    return { words: [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0], spare: this.#spare }
  }

  /** @throws TypeError or RangeError, without changes, unless it is a valid state. */
  set state(state: RandomState) {
    checkRandomState('Random', state)
    const { words, spare } = state
    this.#a = words[0] | 0
    this.#b = words[1] | 0
    this.#c = words[2] | 0
    this.#d = words[3] | 0
    this.#spare = spare
  }
}

/** @throws TypeError or RangeError unless it is four 32-bit words, not all zero, and a finite spare or null. */
export function checkRandomState(where: string, state: RandomState): void {
  checkOptions(`${where}: state`, state, ['words', 'spare'])
  const { words, spare } = state
  if (!Array.isArray(words) || words.length !== 4) {
    throw new TypeError(`${where}: "state.words" must be four whole numbers, got ${show(words)}`)
  }
  for (const word of words) checkInteger(where, 'state.words', word, 0, 2 ** 32 - 1)
  if (words.every((word) => word === 0)) throw new RangeError(`${where}: "state.words" must not all be 0`)
  if (spare !== null && !Number.isFinite(spare)) {
    throw new TypeError(`${where}: "state.spare" must be a finite number or null, got ${show(spare)}`)
  }
}
