/** The records of a plan: the inputs that change between runs of its program, and what the runs report. */
import {
  RECORD_ALL_ROWS,
  RECORD_ALL_WEIGHT,
  RECORD_CORRECT,
  RECORD_FIRST,
  RECORD_LOSS,
  RECORD_PENALTY,
  RECORD_ROWS,
  RECORD_ROWS_BEFORE,
  RECORD_SCHEDULED,
  RECORD_SEED,
  RECORD_STEP,
  RECORD_WEIGHT,
  RECORD_WORDS,
} from '../abi/records.ts'
import { type StepClock, writeDynamics } from '../compiler/updates.ts'
import type { Arena } from '../machine/arena.ts'
import type { Schedule } from '../optimizers/schedules/named.ts'

/** Maximum records per machine call. */
export const RECORDS = 512
const RECORD_BYTES = RECORD_WORDS * 4
/** 2^32 divided by the golden ratio, whose multiples are well spread. */
const GOLDEN = 0x9e3779b9

/** Sums over the rows of one or more records. */
export interface Tally {
  /** Sum over batches of (loss + penalty) · weight. */
  loss: number
  weight: number
  correct: number
  rows: number
}

export const emptyTally = (): Tally => ({ loss: 0, weight: 0, correct: 0, rows: 0 })

/** A batch shared by several ranks, as seen by one; all 0: not shared. */
export interface WholeBatch {
  /** Number of rows before this rank's. */
  readonly before: number
  readonly rows: number
  /** Sum of the weights of all its rows. */
  readonly weight: number
}

export const OWN_BATCH: WholeBatch = { before: 0, rows: 0, weight: 0 }

export class Records {
  /** Address of the first. */
  address = 0
  /** The shared batch that later records are a part of. */
  whole = OWN_BATCH
  /** Seed of all noise. */
  seed: number
  readonly #arena: Arena
  /** Layers' schedules, for the words from RECORD_SCHEDULED on. */
  #schedules: readonly Schedule[] = []
  /** The last update that a record was prepared for. */
  #last = 1
  /** Number of training-mode passes outside of training. */
  #trials = 0

  constructor(arena: Arena, seed: number) {
    this.#arena = arena
    this.seed = seed
  }

  /** Reserves space for them after a new plan. */
  reserve(schedules: readonly Schedule[]): void {
    this.#schedules = schedules
    this.address = this.#arena.reserve(RECORDS * RECORD_BYTES)
  }

  /**
   * Fills in what every run needs in record `index`.
   * @param part index within a batch that takes several runs, each with its own noise.
   * @throws RangeError if a layer's schedule does not return a rate.
   */
  prepare(index: number, rows: number, first: number, step: number, part = 0): void {
    const { i32, f32, f64 } = this.#arena
    const at = this.address / 4 + index * RECORD_WORDS
    if (step > 0) this.#last = step
    const schedules = this.#schedules
    for (let i = 0; i < schedules.length; i++) f32[at + RECORD_SCHEDULED + i] = schedules[i](this.#last - 1)
    i32[at + RECORD_ROWS] = rows
    i32[at + RECORD_FIRST] = first
    i32[at + RECORD_SEED] = this.seed + Math.imul(part, GOLDEN)
    i32[at + RECORD_STEP] = step
    i32[at + RECORD_ROWS_BEFORE] = this.whole.before
    i32[at + RECORD_ALL_ROWS] = this.whole.rows
    f64[(at + RECORD_ALL_WEIGHT) / 2] = this.whole.weight
    f64[(at + RECORD_PENALTY) / 2] = 0
  }

  /** Fills the first record for a training-mode pass with its own noise: negative steps are not training steps. */
  prepareTrial(rows: number): void {
    this.prepare(0, rows, 0, ~this.#trials++)
  }

  /**
   * Fills record `index` for update `step`.
   * @throws RangeError if a schedule does not return a finite number.
   */
  prepareUpdate(index: number, rows: number, first: number, step: number, clock: StepClock, rateScale: number): void {
    this.prepare(index, rows, first, step)
    writeDynamics(clock, step, rateScale, this.#arena, this.address + index * RECORD_BYTES)
  }

  /** The regularizers' terms in the first record. */
  get penalty(): number {
    return this.#arena.f64[(this.address / 4 + RECORD_PENALTY) / 2]
  }

  /** Adds record `index` to the tally; returns its loss including penalties. */
  collect(index: number, tally: Tally): number {
    const { i32, f64 } = this.#arena
    const at = (this.address + index * RECORD_BYTES) / 8
    const weight = f64[at + RECORD_WEIGHT / 2]
    const loss = f64[at + RECORD_LOSS / 2] + f64[at + RECORD_PENALTY / 2]
    tally.loss += loss * weight
    tally.weight += weight
    tally.correct += f64[at + RECORD_CORRECT / 2]
    tally.rows += i32[at * 2 + RECORD_ROWS]
    return loss
  }
}
