/** The parallel blocks of a model as a solver's vectors. Only trainable parameters count, so not running statistics. */
import type { Runner } from '../../machine/runner.ts'
import type { Blocks, Vector, VectorSpace } from './solver.ts'
import { VectorUnit } from './vectorUnit.ts'

/** Floats [first, end) of every block, both multiples of 16. */
type Run = readonly [first: number, end: number]

export class BlockSpace implements VectorSpace {
  readonly length: number
  readonly epsilon = 2 ** -23
  readonly #blocks: Blocks
  /** Byte addresses by vector. */
  readonly #addresses: readonly number[]
  readonly #runs: readonly Run[]
  readonly #unit: VectorUnit
  /** Vectors that have been used; the blocks of others hold stale data. */
  readonly #used: Set<Vector>

  /** @param used vectors that already hold data. */
  constructor(blocks: Blocks, runner: Runner, used: Iterable<Vector>) {
    const { parameters, gradients = 0, states } = blocks
    this.#blocks = blocks
    this.#addresses = [parameters, gradients, ...states]
    this.#used = new Set(used)
    this.#runs = runsOf(blocks)
    this.#unit = new VectorUnit(blocks.arena, runner, blocks.scratch)
    this.length = this.#runs.reduce((sum, [first, end]) => sum + end - first, 0)
  }

  /** Whether a vector may be nonzero. */
  isUsed(vector: Vector): boolean {
    return this.#used.has(vector)
  }

  /** A vector's whole block, zeroed on first use: a long history is rarely filled and costs no memory until it is. */
  block(vector: Vector): Float32Array {
    const block = this.#blocks.view(this.#addresses[vector])
    if (!this.#used.has(vector)) {
      this.#used.add(vector)
      block.fill(0)
    }
    return block
  }

  /** The address of a vector's block, zeroed on first use. */
  address(vector: Vector): number {
    this.block(vector)
    return this.#addresses[vector]
  }

  dot(a: Vector, b: Vector): number {
    const [left, right] = [this.address(a), this.address(b)]
    let sum = 0
    for (const [first, end] of this.#runs) sum += this.#unit.dot(left + first * 4, right + first * 4, end - first)
    return sum
  }

  axpy(alpha: number, x: Vector, y: Vector): void {
    const [from, to] = [this.address(x), this.address(y)]
    for (const [first, end] of this.#runs) this.#unit.axpy(alpha, from + first * 4, to + first * 4, end - first)
  }

  copy(from: Vector, to: Vector): void {
    const source = this.block(from)
    const target = this.block(to)
    for (const [first, end] of this.#runs) target.set(source.subarray(first, end), first)
  }

  scale(alpha: number, x: Vector): void {
    const block = this.block(x)
    for (const [first, end] of this.#runs) for (let i = first; i < end; i++) block[i] *= alpha
  }

  l1Norm(x: Vector): number {
    const block = this.block(x)
    let sum = 0
    for (const [first, end] of this.#runs) for (let i = first; i < end; i++) sum += Math.abs(block[i])
    return sum
  }

  infinityNorm(x: Vector): number {
    const block = this.block(x)
    let norm = 0
    // Math.max propagates NaN
    for (const [first, end] of this.#runs) {
      for (let i = first; i < end; i++) norm = Math.max(norm, Math.abs(block[i]))
    }
    return norm
  }
}

/** The runs of trainable tensors, adjacent ones merged. */
function runsOf({ tensors }: Blocks): Run[] {
  const runs: [first: number, end: number][] = []
  for (const { offset, count, trainable } of tensors) {
    if (!trainable || count === 0) continue
    const last = runs[runs.length - 1]
    if (last?.[1] === offset) last[1] += count
    else runs.push([offset, offset + count])
  }
  return runs
}
