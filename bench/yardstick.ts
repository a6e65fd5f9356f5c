/** The machine's limits as contenders: multiply-adds in registers, and a copy between two regions. */
import { readFileSync } from 'node:fs'
import { supports, type Target } from '../src/machine/wasm.ts'
import type { Contender } from './measure.ts'

interface Exports {
  readonly memory: WebAssembly.Memory
  fillConstants(): void
  peak10(rounds: number, x: number, y: number): number
  peak13(rounds: number, x: number, y: number): number
  copy(from: number, to: number, bytes: number): void
  exp(from: number, to: number, bytes: number): void
}

const ROUNDS = 30_000
const FLOPS_OF_SUM = ROUNDS * 8
const FIRST = 65536
const PAGE = 65536

/** The targets that speed is measured on. */
export const benchTargets: readonly Target[] = (['relaxed', 'simd'] as const).filter(supports)

export class Yardstick {
  readonly target: Target
  /** One call is one floating-point operation: a time ratio to it is a share of the peak when times are per operation. */
  readonly peak: Contender
  readonly #exports: Exports

  constructor(target: Target) {
    this.target = target
    const module = new WebAssembly.Module(readFileSync(new URL(`peak-${target}.wasm`, import.meta.url)))
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports
    this.#exports.fillConstants()
    const { peak10, peak13 } = this.#exports
    const contenders = [
      { name: 'peak', sums: 10, run: () => peak10(ROUNDS, 0.5, 1e-3) },
      { name: 'peak', sums: 13, run: () => peak13(ROUNDS, 0.5, 1e-3) },
    ]
    const speeds = contenders.map(({ run, sums }) => {
      let best = 0
      for (let i = 0; i < 100; i++) {
        const started = performance.now()
        run()
        best = Math.max(best, sums / (performance.now() - started))
      }
      return best
    })
    const { name, run, sums } = contenders[speeds[1] > speeds[0] ? 1 : 0]
    this.peak = { name, run, calls: FLOPS_OF_SUM * sums }
  }

  /** Reads and writes `bytes` in all, half of them each. */
  copy(bytes: number): Contender {
    const half = Math.ceil(bytes / 128) * 64
    this.#room(2 * half)
    const { copy } = this.#exports
    const repeats = Math.max(1, Math.round(2e6 / half))
    const run = () => {
      for (let i = 0; i < repeats; i++) copy(FIRST, FIRST + half, half)
    }
    return { name: 'copy', run, calls: repeats }
  }

  /** e^x of `count` numbers, a multiple of 4, in [-8, 8]. */
  exp(count: number): () => void {
    this.#room(count * 8)
    const values = new Float32Array(this.#exports.memory.buffer, FIRST, count)
    values.forEach((_, i) => {
      values[i] = ((i * 7919) % 1600) / 100 - 8
    })
    const { exp } = this.#exports
    return () => exp(FIRST, FIRST + count * 4, count * 4)
  }

  #room(bytes: number): void {
    const missing = FIRST + bytes - this.#exports.memory.buffer.byteLength
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE))
  }
}
