/** Symmetric matrices on a sheet, factored and inverted by the machine's steps. */
import { RECORD_SCALAR } from '../../src/abi/records.ts'
import { choleskySteps, type Factor, inverseSteps, type Order, squareBytes, strides } from '../../src/machine/linear.ts'
import { rowStride } from '../../src/machine/matrixLayout.ts'
import { type Matrix, Sheet } from './sheet.ts'
import type { Target } from './targets.ts'

/** Numbers in [-1, 1) that look random. */
export const values = (count: number, seed = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => {
    const mixed = Math.imul((i + 1) ^ Math.imul(seed, 0x9e3779b9), 0x85ebca6b)
    return ((((mixed ^ (mixed >>> 13)) >>> 8) / 2 ** 23) % 2) - 1
  })

/** xᵀ x / rows + ridge I, float32. */
export function definite(n: number, ridge = 0.1, rows = n + 3): Float32Array {
  const x = values(rows * n, n)
  const a = new Float64Array(n * n)
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < n; i++) {
      for (let j = i; j < n; j++) a[i * n + j] += (x[r * n + i] * x[r * n + j]) / rows
    }
  }
  return Float32Array.from(a, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    return a[Math.min(i, j) * n + Math.max(i, j)] + (i === j ? ridge : 0)
  })
}

/** A sheet with A, room for its factor and what else is wanted. */
export class Squares {
  readonly sheet: Sheet
  readonly a: Matrix
  readonly u: Matrix
  readonly factor: Factor
  readonly n: number

  constructor(target: Target, n: number, a: ArrayLike<number>) {
    this.n = n
    this.sheet = new Sheet(target)
    this.a = this.square(a)
    this.u = this.square()
    const [diagonal, inverse] = [0, 0].map(() => this.sheet.floats(new Float32Array(n)))
    this.factor = { address: this.u.address, n, diagonal, inverse, status: this.sheet.ints([0]) }
  }

  square(a?: ArrayLike<number>): Matrix {
    return this.sheet.matrix(this.n, this.n, a, rowStride(this.n))
  }

  /** Adds the steps that make U of A + damping I. */
  cholesky(): this {
    this.sheet.add(...choleskySteps(this.factor, this.a.address, 1))
    return this
  }

  /** Adds those that make A⁻¹; its address. */
  inverse(order: Order = 'rows'): number {
    const { n, sheet, factor } = this
    const room = this.square()
    const to = sheet.floats(new Float32Array((squareBytes(n) + n * 32) / 4))
    sheet.add(...inverseSteps(factor, room.address, to, order))
    return to
  }

  run(damping = 0): number {
    this.sheet.run(1, { [RECORD_SCALAR + 1]: damping })
    return this.sheet.arena.i32[this.factor.status / 4]
  }

  /** Entry (i, j) of a square at an address. */
  entry(address: number, order: Order, i: number, j: number): number {
    const { toRow, toPanel } = strides(this.n, order)
    return this.sheet.arena.f32[(address + i * toRow + (j >> 3) * toPanel) / 4 + (j & 7)]
  }
}
