/** Steps of every op, each on a separate machine, to inspect their effects. */
import { STEP_WORDS } from '../../src/abi/ops.ts'
import {
  RECORD_LEARNING_RATE,
  RECORD_ROWS,
  RECORD_SCALAR,
  RECORD_SCALARS,
  RECORD_STEP,
  RECORD_WORDS,
} from '../../src/abi/records.ts'
import { JOB_JOURNAL, JOURNAL_BYTES, THREADS_JOB } from '../../src/abi/threads.ts'
import { Arena } from '../../src/machine/arena.ts'
import type { Op } from '../../src/machine/ops/op.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { encode, modulesOf, type Step } from '../../src/machine/program.ts'
import type { Base } from '../../src/machine/wasm.ts'
import { ROWS } from './opSamples/sizes.ts'
import { type OpName, samples } from './opSamples.ts'

export const list = Object.entries(ops) as [OpName, Op][]
const REGION = 1 << 16
const REGIONS = 14
export const STEP_BYTES = STEP_WORDS * 4

/** A memory with regions of numbers, one for each address of a step, and a record. */
export class OpBench {
  readonly arena: Arena
  readonly record: number
  readonly program: number
  readonly journal: number
  readonly steps: ReturnType<typeof samples>
  readonly #first: number

  constructor(base: Base = 'train') {
    const arena = new Arena('simd', base)
    this.arena = arena
    this.record = arena.reserve(RECORD_WORDS * 4)
    this.program = arena.reserve(STEP_BYTES * 4)
    this.journal = arena.reserve(JOURNAL_BYTES)
    const indices = arena.reserve(64)
    this.#first = arena.reserve(REGION * REGIONS)
    arena.commit()
    // steps share the regions: none needs more than there are
    let next = 0
    const room = () => this.#first + (next++ % REGIONS) * REGION
    this.steps = samples(room, indices)
    this.reset()
  }

  /** Puts all numbers back. */
  reset(): void {
    const { f32, i32 } = this.arena
    const floats = REGION / 4
    for (let i = 0; i < floats * REGIONS; i++) {
      f32[this.#first / 4 + i] = Math.abs(Math.sin(i * 0.7)) + 0.1
    }
    i32.fill(0, this.record / 4, this.record / 4 + RECORD_WORDS)
    i32[this.record / 4 + RECORD_ROWS] = ROWS
    i32[this.record / 4 + RECORD_STEP] = 1
    f32[this.record / 4 + RECORD_LEARNING_RATE] = 0.25
    for (let i = 0; i < RECORD_SCALARS; i++) f32[this.record / 4 + RECORD_SCALAR + i] = 0.5
    f32.fill(-7, this.journal / 4, this.journal / 4 + JOURNAL_BYTES / 4)
    i32[THREADS_JOB / 4 + JOB_JOURNAL] = this.journal
  }

  write(...steps: Step[]): void {
    this.arena.machine.need(modulesOf(steps))
    encode(this.arena, this.program, steps)
  }

  run(step: Step, thread = 0): void {
    this.write(step)
    this.arena.machine.run(this.program, 0, 1, this.record, 1, thread)
  }

  /** Names and addresses of a step's regions. */
  regions({ op, operands }: Step): [name: string, address: number][] {
    const named = Object.keys(op.ints).map((name): [string, number] => [name, operands[name] ?? 0])
    return named.filter(([, value]) => value >= this.#first)
  }

  read(address: number): Float32Array {
    return this.arena.floats(address, REGION / 4).slice()
  }
}
