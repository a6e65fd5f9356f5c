/** 8-bit steps on hand-made programs, and what they should leave: sums of integers, and float32 roundings one by one. */
import { setFlagsFromString } from 'node:v8'
import * as assert from 'uvu/assert'
import { ACTIVATION_LINEAR } from '../../src/abi/activations.ts'
import { MOST } from '../../src/abi/int8.ts'
import { DOTS_AT, FLOOR } from '../../src/abi/layout.ts'
import { bytesStride, packedBytes, packWeights } from '../../src/machine/bytesLayout.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { TILE_CODES, type Tile } from '../../src/machine/tuner.ts'
import { compiledModule } from '../../src/runtime/modules.ts'
import { padded } from './dense.ts'
import { type Matrix, Sheet } from './sheet.ts'
import { type Target, targets } from './targets.ts'

// the baseline compiler of Node 20 gets relaxed dot products wrong, see src/engine/int8.ts: its optimizing one is to be tested
if (process.versions.node.startsWith('20.') && targets.includes('relaxed')) {
  const flags = ['liftoff', 'wasm-lazy-compilation', 'wasm-dynamic-tiering']
  for (const flag of flags) setFlagsFromString(`--no-${flag}`)
  compiledModule('int8-relaxed')
  for (const flag of flags) setFlagsFromString(`--${flag}`)
}

const { fround } = Math
const GUARD = 99

/** 8-bit rows: a real value is (q - zero) * scale of its row. */
export interface Rows {
  readonly q: Uint8Array
  readonly scales: Float32Array
  readonly zeros: Int32Array
}

/** Where they lie. */
interface Place {
  readonly to: number
  readonly toStride: number
  readonly rows: number
}

export interface Grain {
  readonly scale: number
  readonly zero: number
}

/** Of two neighbours the even one where both are as near. */
const nearestEven = (x: number) => {
  const low = Math.floor(x)
  const rest = x - low
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1
}

const clamp = (x: number) => Math.min(Math.max(x, 0), MOST)

/** A row as the kernel quantizes it, rounding by rounding. */
export function quantizedRow(x: Float32Array, given?: Grain): { q: number[]; scale: number; zero: number } {
  if (x.some((value) => value - value !== 0)) return { q: Array.from(x, () => 0), scale: Number.NaN, zero: 0 }
  const least = Math.min(0, ...x)
  const by = fround(1 / MOST)
  const scale = given?.scale ?? fround(fround(fround(Math.max(0, ...x)) * by) - fround(least * by))
  const inverse = scale > 0 ? fround(1 / scale) : 0
  const zero = given?.zero ?? Math.min(nearestEven(fround(-least * inverse)), MOST)
  const q = Array.from(x, (value) => nearestEven(clamp(fround(fround(value * inverse) + zero))))
  return { q, scale, zero }
}

/** Weights of a layer as the machine has them. */
export interface Weights {
  readonly inputs: number
  readonly units: number
  /** [inputs, units] */
  readonly w: Int8Array
  readonly scales: Float32Array
  readonly b: Float32Array
}

/** Linear outputs as the kernel rounds them. */
export function expectedOutputs({ q, scales, zeros }: Rows, of: Weights): Float32Array {
  const { inputs, units, w } = of
  return Float32Array.from({ length: scales.length * units }, (_, i) => {
    const [r, u] = [Math.floor(i / units), i % units]
    let sum = 0
    for (let k = 0; k < inputs; k++) sum += (q[r * inputs + k] - zeros[r]) * w[k * units + u]
    const y = fround(fround(fround(fround(sum) * scales[r]) * of.scales[u]) + of.b[u])
    return Math.abs(y) < FLOOR ? 0 : y
  })
}

export class Int8Bench extends Sheet {
  readonly #count: number

  /** @param dots DOTS_WHOLE or DOTS_PAIRS; by default what is faster on this host. */
  constructor(target: Target, rows: number, { tile, dots = 0 }: { tile?: Tile; dots?: number } = {}) {
    super(target)
    this.#count = rows
    if (tile) this.arena.machine.setTile(TILE_CODES[tile])
    this.arena.i32[DOTS_AT / 4] = dots
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.arena.i32.buffer)
  }

  /** Room for 8-bit rows with guards behind it, full of something. */
  place(cols: number): Place {
    const toStride = bytesStride(cols)
    const to = this.arena.reserve(this.#count * toStride + 64)
    const rows = this.ints(new Int32Array(this.#count * 2).fill(-1))
    this.bytes.fill(GUARD, to, to + this.#count * toStride + 64)
    return { to, toStride, rows }
  }

  put({ q, scales, zeros }: Rows, cols: number): Place {
    const place = this.place(cols)
    for (let r = 0; r < this.#count; r++) {
      this.bytes.set(q.subarray(r * cols, (r + 1) * cols), place.to + r * place.toStride)
      this.arena.f32[place.rows / 4 + 2 * r] = scales[r]
      this.arena.i32[place.rows / 4 + 2 * r + 1] = zeros[r]
    }
    return place
  }

  /** What lies there now, and that nothing lies beyond. */
  take({ to, toStride, rows }: Place, cols: number): Rows {
    const q = new Uint8Array(this.#count * cols)
    const whole = padded(cols)
    for (let r = 0; r < this.#count; r++) {
      q.set(this.bytes.subarray(to + r * toStride, to + r * toStride + cols), r * cols)
      const beyond = this.bytes.subarray(to + r * toStride + whole, to + (r + 1) * toStride)
      assert.ok(
        beyond.every((byte) => byte === GUARD),
        `bytes beyond row ${r}`,
      )
    }
    const words = Array.from({ length: this.#count }, (_, r) => rows / 4 + 2 * r)
    return {
      q,
      scales: Float32Array.from(words, (word) => this.arena.f32[word]),
      zeros: Int32Array.from(words, (word) => this.arena.i32[word + 1]),
    }
  }

  quantize(x: Float32Array, cols: number, given?: Grain): Rows {
    const from = this.matrix(this.#count, cols, x)
    const place = this.place(cols)
    this.step(ops.quantizeRows, { from: from.address, stride: from.stride, cols, ...place, ...given })
    this.run(this.#count)
    return this.take(place, cols)
  }

  /** y of a layer, and y as 8-bit rows when it is to be. */
  dense(
    x: Rows,
    of: Weights,
    { activation = ACTIVATION_LINEAR, alpha = 0, to }: { activation?: number; alpha?: number; to?: Grain } = {},
  ): { y: Float32Array; next: Rows | undefined } {
    const { inputs, units } = of
    const from = this.put(x, inputs)
    const next = to && this.place(units)
    const y: Matrix = this.matrix(this.#count, units)
    this.arena.floats(y.address, (this.#count * y.stride) / 4).fill(GUARD)
    this.step(ops.denseInt8, {
      x: from.to,
      xStride: from.toStride,
      xRows: from.rows,
      ...this.weights(of),
      inputs,
      units,
      y: y.address,
      yStride: y.stride,
      activation,
      alpha,
      to: next?.to,
      toStride: next?.toStride,
      toRows: next?.rows,
      toScale: to?.scale,
      toZero: to?.zero,
    })
    this.run(this.#count)
    assert.ok(
      this.padding(y).every((value) => value === 0),
      'padding of y',
    )
    return { y: this.read(y), next: next && this.take(next, units) }
  }

  weights({ inputs, units, w, scales, b }: Weights): { w: number; sums: number; scales: number; b: number } {
    const bytes = packedBytes(inputs, units)
    const packed = new Int8Array(Math.ceil(bytes / 4) * 4)
    packWeights(w, inputs, units, packed)
    const wide = padded(units)
    const sums = new Int32Array(wide)
    w.forEach((value, i) => {
      sums[i % units] -= value
    })
    const row = (values: Float32Array) => this.floats([...values, ...new Float32Array(wide - units)])
    return { w: this.ints(new Int32Array(packed.buffer)), sums: this.ints(sums), scales: row(scales), b: row(b) }
  }
}
