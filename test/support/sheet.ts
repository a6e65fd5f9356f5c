/** Programs made by hand on one machine, and weights in the kernels' layout. */

import { ALIGN, PANEL } from '../../src/abi/layout.ts'
import { RECORD_ROWS, RECORD_WORDS } from '../../src/abi/records.ts'
import { Arena } from '../../src/machine/arena.ts'
import type { Foreign, Op, Values } from '../../src/machine/ops/op.ts'
import { encode, modulesOf, programBytes, type Step, step } from '../../src/machine/program.ts'
import type { Target } from './targets.ts'

/** A matrix in linear memory: `rows` rows of `cols` floats, `stride` bytes apart. */
export interface Matrix {
  readonly address: number
  readonly rows: number
  readonly cols: number
  readonly stride: number
}

/** Hand-made programs on one machine: lay out regions, add steps, run, read back. */
export class Sheet {
  readonly arena: Arena
  readonly #steps: Step[] = []

  constructor(target: Target) {
    this.arena = new Arena(target)
  }

  /** A row-major matrix, its rows padded with zeros to whole panels (or to `stride` bytes). */
  matrix(rows: number, cols: number, values?: ArrayLike<number>, stride = Math.ceil(cols / PANEL) * PANEL * 4): Matrix {
    const address = this.arena.reserve(Math.max(rows * stride, ALIGN))
    this.arena.commit()
    const matrix = { address, rows, cols, stride }
    if (values) this.write(matrix, values)
    return matrix
  }

  /** A vector of floats padded to whole cache lines. */
  floats(values: ArrayLike<number>): number {
    const address = this.arena.reserve(Math.max(values.length * 4, ALIGN))
    this.arena.commit()
    this.arena.floats(address, values.length).set(values)
    return address
  }

  ints(values: ArrayLike<number>): number {
    const address = this.arena.reserve(Math.max(values.length * 4, ALIGN))
    this.arena.commit()
    this.arena.ints(address, values.length).set(values)
    return address
  }

  write({ address, rows, cols, stride }: Matrix, values: ArrayLike<number>): void {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) this.arena.f32[(address + r * stride) / 4 + c] = values[r * cols + c]
    }
  }

  /** The matrix's values, row-major and unpadded. */
  read({ address, rows, cols, stride }: Matrix): Float32Array {
    const out = new Float32Array(rows * cols)
    for (let r = 0; r < rows; r++) out.set(this.arena.floats(address + r * stride, cols), r * cols)
    return out
  }

  /** The padding of the matrix's rows: it must stay zero. */
  padding({ address, rows, cols, stride }: Matrix): Float32Array {
    const width = stride / 4 - cols
    const out = new Float32Array(rows * width)
    for (let r = 0; r < rows; r++) out.set(this.arena.floats(address + r * stride + cols * 4, width), r * width)
    return out
  }

  step<O extends Op, V extends Values<O>>(op: O, operands: V & Foreign<O, V>): this {
    return this.add(step(op, operands))
  }

  /** Adds steps made elsewhere. */
  add(...steps: readonly Step[]): this {
    this.#steps.push(...steps)
    return this
  }

  /** Runs the steps added so far, once per record; returns the record's address. Record words: ints and floats by index. */
  run(rows: number, floats: Record<number, number> = {}, ints: Record<number, number> = {}): number {
    const { arena } = this
    const program = arena.reserve(programBytes(this.#steps.length))
    const record = arena.reserve(RECORD_WORDS * 4)
    arena.commit()
    encode(arena, program, this.#steps)
    arena.i32[record / 4 + RECORD_ROWS] = rows
    for (const [word, value] of Object.entries(ints)) arena.i32[record / 4 + Number(word)] = value
    for (const [word, value] of Object.entries(floats)) arena.f32[record / 4 + Number(word)] = value
    arena.machine.need(modulesOf(this.#steps))
    arena.machine.run(program, 0, this.#steps.length, record, 1, 0)
    return record
  }

  /** Forgets the steps, keeps the regions. */
  clear(): void {
    this.#steps.length = 0
  }
}

/** Weights [inputs x units], row-major, in the kernels' panel layout: [ceil(units / PANEL)][inputs][PANEL]. */
export function toPanels(weights: ArrayLike<number>, inputs: number, units: number): Float32Array {
  const panels = new Float32Array(Math.ceil(units / PANEL) * inputs * PANEL)
  for (let k = 0; k < inputs; k++) {
    for (let n = 0; n < units; n++) {
      panels[(Math.floor(n / PANEL) * inputs + k) * PANEL + (n % PANEL)] = weights[k * units + n]
    }
  }
  return panels
}

/** Back from panels to [inputs x units]. */
export function fromPanels(panels: ArrayLike<number>, inputs: number, units: number): Float32Array {
  const weights = new Float32Array(inputs * units)
  for (let k = 0; k < inputs; k++) {
    for (let n = 0; n < units; n++) {
      weights[k * units + n] = panels[(Math.floor(n / PANEL) * inputs + k) * PANEL + (n % PANEL)]
    }
  }
  return weights
}
