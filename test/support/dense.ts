/** Dense layers on hand-made programs: operands between NaN, results between guard words, and what they should be. */
import * as assert from 'uvu/assert'
import { ACTIVATION_LINEAR } from '../../src/abi/activations.ts'
import {
  ALIGN,
  MACHINE_BYTES,
  PANEL,
  TILE_2X16,
  TILE_4X8,
  TILE_4X16,
  TILE_5X16,
  TILE_6X8,
} from '../../src/abi/layout.ts'
import { STRIPS } from '../../src/layers/kernelGradient.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { noise } from './activate.ts'
import { type Matrix, Sheet, toPanels } from './sheet.ts'
import type { targets } from './targets.ts'

type Floats = Float32Array
export const names = ['y', 'dw', 'db', 'dx'] as const
type Name = (typeof names)[number]
const GUARD = 777
export const TILES = [TILE_6X8, TILE_4X8, TILE_2X16, TILE_4X16, TILE_5X16]
export const padded = (cols: number) => Math.ceil(cols / PANEL) * PANEL

/** A layer's operands and results in row-major order. */
export interface Layer {
  readonly rows: number
  readonly inputs: number
  readonly units: number
  readonly x: Float32Array
  readonly w: Float32Array
  readonly b: Float32Array
  readonly dz: Float32Array
}

export const title = ({ rows, inputs, units }: Layer) => `${rows}x${inputs}x${units}`

export const layer = (rows: number, inputs: number, units: number): Layer => ({
  rows,
  inputs,
  units,
  x: noise(rows * inputs, 1, 1 + rows),
  w: noise(inputs * units, 1, 2 + inputs),
  b: noise(units, 1, 3 + units),
  dz: noise(rows * units, 1, 4 + rows + units),
})

/** Regions between guard words, and rows longer than whole panels need, the rest of them filled with guards or NaN. */
export class Bench extends Sheet {
  #guarded: { from: number; to: number; outputs: (index: number) => boolean }[] = []

  constructor(target: (typeof targets)[number], tile?: number) {
    super(target)
    if (tile !== undefined) this.arena.machine.setTile(tile)
  }

  /** Forgets all regions, for the next layer on the same machine. */
  reset(): this {
    this.clear()
    this.#guarded = []
    this.arena.floats(MACHINE_BYTES, (this.arena.top - MACHINE_BYTES) / 4).fill(0)
    this.arena.top = MACHINE_BYTES
    return this
  }

  /** An output with guards before, after and between its rows. */
  output(rows: number, cols: number): Matrix {
    const width = padded(cols)
    const stride = (width + 8) * 4
    const bytes = rows * stride + 2 * ALIGN
    const from = this.arena.reserve(bytes)
    const to = this.arena.top
    this.arena.commit()
    this.arena.floats(from, (to - from) / 4).fill(GUARD)
    const address = from + ALIGN
    const inside = (index: number) => index >= 0 && index < (rows * stride) / 4 && index % (stride / 4) < width
    this.#guarded.push({ from, to, outputs: (index) => inside(index - ALIGN / 4) })
    return { address, rows, cols, stride }
  }

  /** An output of packed floats. */
  packed(count: number): number {
    const from = this.arena.reserve(count * 4 + 2 * ALIGN)
    const to = this.arena.top
    this.arena.commit()
    this.arena.floats(from, (to - from) / 4).fill(GUARD)
    this.#guarded.push({ from, to, outputs: (index) => index >= ALIGN / 4 && index < ALIGN / 4 + count })
    return from + ALIGN
  }

  /** An input of which `zeros` columns after the real ones may be read, the rest is NaN. */
  input(rows: number, cols: number, values: Float32Array, zeros = 0): Matrix {
    const matrix = this.matrix(rows, cols, undefined, (padded(cols) + 8) * 4)
    for (let r = 0; r < rows; r++) {
      const row = this.arena.floats(matrix.address + r * matrix.stride, matrix.stride / 4).fill(Number.NaN)
      row.fill(0, cols, cols + zeros)
    }
    this.write(matrix, values)
    return matrix
  }

  checkGuards(what: string): void {
    for (const { from, to, outputs } of this.#guarded) {
      this.arena.floats(from, (to - from) / 4).forEach((value, index) => {
        if (!outputs(index) && value !== GUARD) throw new Error(`${what}: wrote ${value} at ${index * 4 - ALIGN}`)
      })
    }
  }

  /** The columns after the real ones, up to a whole panel, must be 0. */
  checkPads({ address, rows, cols, stride }: Matrix, what: string): void {
    for (let r = 0; r < rows; r++) {
      for (let c = cols; c < padded(cols); c++)
        assert.is(this.arena.f32[(address + r * stride) / 4 + c], 0, `${what}: pad`)
    }
  }
}

/** y, and z when `saved`. */
export function forward(
  bench: Bench,
  { rows, inputs, units, x, w, b }: Layer,
  activation = ACTIVATION_LINEAR,
  saved = false,
) {
  const from = bench.input(rows, inputs, x)
  const to = bench.output(rows, units)
  const z = bench.output(rows, units)
  const bias = new Float32Array(padded(units))
  bias.set(b)
  bench
    .step(ops.dense, {
      x: from.address,
      xStride: from.stride,
      y: to.address,
      yStride: to.stride,
      w: bench.floats(toPanels(w, inputs, units)),
      b: b.length ? bench.floats(bias) : 0,
      inputs,
      units,
      activation,
      saved: saved ? z.address : 0,
      savedStride: z.stride,
    })
    .run(rows)
  bench.clear()
  bench.checkGuards('forward')
  bench.checkPads(to, 'y')
  if (saved) bench.checkPads(z, 'z')
  return { y: bench.read(to), z: bench.read(z) }
}

/** dw [inputs x units] and db, also checking the padding of both; from x and dz in place, or packed into strips. */
export function backwardWeights(
  bench: Bench,
  { rows, inputs, units, x, dz }: Layer,
  withBias = true,
  inStrips = false,
): { dw: Floats; db: Floats } {
  const from = bench.input(rows, inputs, x)
  const gradient = bench.input(rows, units, dz, padded(units) - units)
  const dw = bench.packed(padded(units) * inputs)
  const db = bench.packed(padded(units))
  const packed = inStrips ? bench.packed(rows * (inputs + units + STRIPS)) : 0
  const operands = {
    x: from.address,
    xStride: from.stride,
    dz: gradient.address,
    dzStride: gradient.stride,
    inputs,
    units,
  }
  const packing = { ...operands, packed, leastRows: 1, mostRows: inStrips ? rows : 0 }
  if (inStrips) bench.step(ops.densePack, packing)
  bench.step(ops.denseDw, { ...packing, dw, db: withBias ? db : 0 }).run(rows)
  bench.clear()
  bench.checkGuards('dw')
  const panels = bench.arena.floats(dw, padded(units) * inputs).slice()
  const out = new Float32Array(inputs * units)
  panels.forEach((value, i) => {
    const k = Math.floor(i / PANEL) % inputs
    const n = Math.floor(i / (PANEL * inputs)) * PANEL + (i % PANEL)
    if (n < units) out[k * units + n] = value
    else assert.is(value, 0, 'dw: pad')
  })
  const sums = bench.arena.floats(db, padded(units)).slice()
  if (withBias) sums.subarray(units).forEach((value) => void assert.is(value, 0, 'db: pad'))
  return { dw: out, db: sums.subarray(0, units) }
}

/** dx, with the derivative computed from `saved` [rows x inputs]. */
export function backwardInput(
  bench: Bench,
  { rows, inputs, units, w, dz }: Layer,
  activation = ACTIVATION_LINEAR,
  saved?: Floats,
) {
  const gradient = bench.input(rows, units, dz)
  const to = bench.output(rows, inputs)
  const kept = saved && bench.input(rows, inputs, saved, padded(inputs) - inputs)
  bench
    .step(ops.denseDx, {
      dz: gradient.address,
      dzStride: gradient.stride,
      w: bench.floats(toPanels(w, inputs, units)),
      inputs,
      units,
      activation,
      saved: kept?.address,
      savedStride: kept?.stride,
      dx: to.address,
      dxStride: to.stride,
      scratch: bench.packed(padded(inputs) * units),
    })
    .run(rows)
  bench.clear()
  bench.checkGuards('dx')
  bench.checkPads(to, 'dx')
  return bench.read(to)
}

/** c = a * b + c in some arithmetic. */
export type Step = (a: number, b: number, c: number) => number

/** from + a [m x k] · b [k x n], each element summed in order of k. */
function product(step: Step, a: Floats, b: Floats, m: number, k: number, n: number, from?: Floats): Float64Array {
  const c = new Float64Array(m * n)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = from ? step(1, from[j], 0) : 0
      for (let p = 0; p < k; p++) sum = step(a[i * k + p], b[p * n + j], sum)
      c[i * n + j] = sum
    }
  }
  return c
}

function transpose(a: Floats, rows: number, cols: number): Floats {
  const out = new Float32Array(a.length)
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) out[c * rows + r] = a[r * cols + c]
  return out
}

const ones = (count: number) => new Float32Array(count).fill(1)

/** What a layer's four sums are in the given arithmetic. */
export function expected(step: Step, { rows, inputs, units, x, w, b, dz }: Layer): Record<Name, Float64Array> {
  return {
    y: product(step, x, w, rows, inputs, units, b.length ? b : undefined),
    dw: product(step, transpose(x, rows, inputs), dz, inputs, rows, units),
    db: product(step, ones(rows), dz, 1, rows, units),
    dx: product(step, dz, transpose(w, inputs, units), rows, units, inputs),
  }
}

/** The same sums by the kernels. */
export function actual(bench: Bench, of: Layer): Record<Name, Floats> {
  return { y: forward(bench, of).y, ...backwardWeights(bench, of), dx: backwardInput(bench, of) }
}

export function assertSame(got: ArrayLike<number>, want: ArrayLike<number>, what: string): void {
  assert.is(got.length, want.length, what)
  for (let i = 0; i < want.length; i++) {
    if (!Object.is(got[i], want[i])) throw new Error(`${what}[${i}]: ${got[i]}, expected ${want[i]}`)
  }
}
