/** What is fuzzed. */
import type { Dice } from './dice.ts'

/** One reading of something made up. */
export interface Attempt {
  /** Bytes of what is read. */
  readonly size: number
  /** @throws TypeError or RangeError for what is refused, an assertion for what is read wrongly. */
  run(): void | Promise<void>
}

export interface Target {
  make(dice: Dice): Attempt
  /** How messages of ours begin. */
  readonly ours: RegExp
}
