/** Random choices, the same for the same seed and case. */
import { Random } from '../../src/lib/random.ts'

export class Dice {
  readonly #random: Random

  constructor(seed: number, number: number) {
    this.#random = new Random(seed * 2 ** 32 + number)
  }

  /** A whole number from 0 to n - 1. */
  below(n: number): number {
    return this.#random.integer(n)
  }

  chance(probability: number): boolean {
    return this.#random.uniform() < probability
  }

  /** One of a list that is not empty. */
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }
}

/** Bytes with one to four flips, cuts, insertions or copies. */
export function damage(dice: Dice, bytes: Uint8Array): Uint8Array {
  let damaged: Uint8Array = bytes.slice()
  for (let times = 1 + dice.below(4); times > 0; times--) {
    const at = dice.below(damaged.length + 1)
    const length = dice.below(dice.of([2, 9, 200]))
    switch (dice.below(5)) {
      case 0:
        if (at < damaged.length) damaged[at] ^= 1 << dice.below(8)
        break
      case 1:
        if (at < damaged.length) damaged[at] = dice.of([0, 1, 0x22, 0x2c, 0x5b, 0x7f, 0x80, 0xff, dice.below(256)])
        break
      case 2:
        damaged = damaged.slice(0, at)
        break
      case 3:
        damaged = join(damaged.subarray(0, at), damaged.subarray(at + length))
        break
      default: {
        const from = dice.below(damaged.length + 1)
        damaged = join(damaged.subarray(0, at), damaged.subarray(from, from + length), damaged.subarray(at))
      }
    }
  }
  return damaged
}

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
