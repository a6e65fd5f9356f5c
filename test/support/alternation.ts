/** Programs that take turns between wasm modules. */
import * as assert from 'uvu/assert'
import { SUM_CHUNK } from '../../src/abi/layout.ts'
import { RECORD_DOT, RECORD_LEARNING_RATE, RECORD_ROWS, RECORD_SCALAR, RECORD_WORDS } from '../../src/abi/records.ts'
import { Arena } from '../../src/machine/arena.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { encode, modulesOf, programBytes, type Range, type Step, step } from '../../src/machine/program.ts'
import { Runner } from '../../src/machine/runner.ts'
import type { Target } from './targets.ts'

/** The steps of a dot product. */
export function dotOf(arena: Arena, x: number, y: number, count: number): Step[] {
  const chunks = Math.ceil(count / SUM_CHUNK)
  const partials = arena.reserve(chunks * 8)
  return [step(ops.dotPartials, { x, y, count, partials }), step(ops.dotSum, { partials, count: chunks })]
}

/** Writes steps as a program with room for records. */
export function write(arena: Arena, steps: readonly Step[], records = 1, floats: Record<number, number> = {}) {
  const program = arena.reserve(programBytes(steps.length))
  const record = arena.reserve(records * RECORD_WORDS * 4)
  arena.commit()
  encode(arena, program, steps)
  for (let i = 0; i < records; i++) {
    const at = record / 4 + i * RECORD_WORDS
    arena.i32[at + RECORD_ROWS] = 1
    for (const [word, value] of Object.entries(floats)) arena.f32[at + Number(word)] = value
  }
  return { program, record }
}

/** Floats: some chunks and a bit. */
export const COUNT = 3 * SUM_CHUNK + 32
/** Records there are. */
export const RECORDS = 1000

/**
 * A program that lets `train` add 1 to all of a block, then `solve` take half of it away and sum the block up: exact in float32,
 * so that every lost or doubled step shows. Ranges of one and of both.
 */
export class Alternation {
  readonly arena: Arena
  readonly runner: Runner
  readonly train: Range
  readonly solve: Range
  readonly both: Range
  readonly #block: number
  readonly #program: number
  readonly #records: number

  constructor(threads: number, count = COUNT, target: Target = 'simd') {
    const arena = new Arena(target)
    this.arena = arena
    this.runner = new Runner(arena, threads, this)
    const [block, gradients, halves] = [1, 2, 3].map(() => arena.reserve(COUNT * 4))
    arena.commit()
    arena.floats(gradients, COUNT).fill(-1)
    arena.floats(halves, COUNT).fill(-0.5)
    const pass = { parameters: block, gradients, count, journal: 0, decay: 0, tiny: 0, tinySquare: 0 }
    const rates = { rateScale: 1, decayScale: 0, gradientShare: 1 }
    const steps = [
      step(ops.sgd, { ...pass, ...rates }),
      step(ops.axpy, { x: halves, y: block, to: block, count, scalar: 1 }),
      ...dotOf(arena, block, halves, count),
    ]
    const { program, record } = write(arena, steps, RECORDS, { [RECORD_LEARNING_RATE]: 1, [RECORD_SCALAR + 1]: 1 })
    this.train = [0, 1, modulesOf(steps.slice(0, 1))]
    this.solve = [1, 4, modulesOf(steps.slice(1))]
    this.both = [0, 4, modulesOf(steps)]
    this.#block = block
    this.#program = program
    this.#records = record
  }

  /** Runs a range once for each of some records, on all threads. */
  run(range: Range, count = 1): void {
    const job = { program: this.#program, range, records: this.#records, count }
    if (!this.runner.start('inference', job)) this.runner.finish(job, () => {})
  }

  /** What the block holds, if all of it is the same, and the last dot product. */
  read(count = COUNT): [value: number, dot: number] {
    const values = this.arena.floats(this.#block, count)
    assert.ok(values.every((value) => value === values[0]))
    return [values[0], this.arena.f64[this.#records / 8 + RECORD_DOT / 2]]
  }
}
