/** Vector operations on blocks in linear memory: a program of three steps whose addresses are patched for every call. */
import { SUM_CHUNK } from '../../abi/layout.ts'
import { RECORD_DOT, RECORD_SCALAR, RECORD_WORDS } from '../../abi/records.ts'
import type { Arena } from '../../machine/arena.ts'
import { axpy, dotPartials, dotSum } from '../../machine/ops/solve.ts'
import { encode, modulesOf, patch, programBytes, type Range, type Step, step } from '../../machine/program.ts'
import type { Runner } from '../../machine/runner.ts'

/** Vectors with fewer floats are processed without the workers. */
const THREADED = 2 ** 16

const STEPS: readonly Step[] = [
  step(dotPartials, { x: 0, y: 0, count: 0, partials: 0 }),
  step(dotSum, { partials: 0, count: 0 }),
  step(axpy, { x: 0, y: 0, to: 0, count: 0, scalar: 0 }),
]
const MODULES = modulesOf(STEPS)
const DOT: Range = [0, 2, MODULES]
const AXPY: Range = [2, 3, MODULES]

/** Bytes that a unit needs for blocks of that many floats: the program, a record, partial sums. */
export const unitBytes = (floats: number): number =>
  programBytes(STEPS.length) + RECORD_WORDS * 4 + Math.ceil(floats / SUM_CHUNK) * 8

export class VectorUnit {
  readonly #arena: Arena
  readonly #runner: Runner
  readonly #program: number
  readonly #record: number
  readonly #partials: number

  /** @param room address of `unitBytes`, aligned. */
  constructor(arena: Arena, runner: Runner, room: number) {
    this.#arena = arena
    this.#runner = runner
    this.#program = room
    this.#record = room + programBytes(STEPS.length)
    this.#partials = this.#record + RECORD_WORDS * 4
    arena.ints(room, (this.#partials - room) / 4).fill(0)
    encode(arena, room, STEPS)
  }

  /** Σ xᵢ yᵢ over `count` floats at two addresses, count a multiple of 4. In float64, in a fixed order. */
  dot(x: number, y: number, count: number): number {
    const partials = this.#partials
    patch(this.#arena, this.#program, 0, dotPartials, { x, y, count, partials })
    patch(this.#arena, this.#program, 1, dotSum, { partials, count: Math.ceil(count / SUM_CHUNK) })
    this.#run(DOT, count)
    return this.#arena.f64[(this.#record + RECORD_DOT * 4) / 8]
  }

  /** y += alpha x, alpha rounded to float32. */
  axpy(alpha: number, x: number, y: number, count: number): void {
    this.#arena.f32[this.#record / 4 + RECORD_SCALAR] = alpha
    patch(this.#arena, this.#program, 2, axpy, { x, y, to: y, count })
    this.#run(AXPY, count)
  }

  #run(range: Range, count: number): void {
    const program = this.#program
    if (count < THREADED) {
      this.#runner.run(program, range, this.#record)
      return
    }
    const job = { program, range, records: this.#record, count: 1 }
    if (!this.#runner.start('inference', job, false)) this.#runner.finish(job, () => {})
  }
}
