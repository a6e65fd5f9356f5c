/** A vector space on plain arrays, for functions written in JavaScript. */
import type { Vector, VectorSpace } from './solver.ts'

type Entries = Float32Array | Float64Array

export class ArraySpace<Block extends Entries> implements VectorSpace {
  readonly length: number
  readonly epsilon: number
  readonly #kind: new (
    length: number,
  ) => Block
  /** Allocated on first use: a long history is rarely filled. */
  readonly #blocks: Block[] = []

  /** All vectors start at zero. */
  constructor(kind: (new (length: number) => Block) & { readonly BYTES_PER_ELEMENT: number }, length: number) {
    this.length = length
    this.epsilon = kind.BYTES_PER_ELEMENT === 4 ? 2 ** -23 : 2 ** -52
    this.#kind = kind
  }

  /** The live entries of a vector. */
  entries(vector: Vector): Block {
    this.#blocks[vector] ??= new this.#kind(this.length)
    return this.#blocks[vector]
  }

  dot(a: Vector, b: Vector): number {
    const left = this.entries(a)
    const right = this.entries(b)
    let sum = 0
    for (let i = 0; i < left.length; i++) sum += left[i] * right[i]
    return sum
  }

  axpy(alpha: number, x: Vector, y: Vector): void {
    const from = this.entries(x)
    const to = this.entries(y)
    for (let i = 0; i < from.length; i++) to[i] += alpha * from[i]
  }

  copy(from: Vector, to: Vector): void {
    this.entries(to).set(this.entries(from))
  }

  scale(alpha: number, x: Vector): void {
    const entries = this.entries(x)
    for (let i = 0; i < entries.length; i++) entries[i] *= alpha
  }

  l1Norm(x: Vector): number {
    const entries = this.entries(x)
    let sum = 0
    for (let i = 0; i < entries.length; i++) sum += Math.abs(entries[i])
    return sum
  }

  infinityNorm(x: Vector): number {
    const entries = this.entries(x)
    let norm = 0
    // Math.max propagates NaN
    for (let i = 0; i < entries.length; i++) norm = Math.max(norm, Math.abs(entries[i]))
    return norm
  }
}
