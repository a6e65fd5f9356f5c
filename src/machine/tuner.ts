/**
 * The tile shape of the GEMM kernels, MR x NR. Every tile sums in the same order, so the choice affects
 * speed only, not results: engines differ in how many accumulators they keep in registers.
 */
import { TILE_2X16, TILE_4X8, TILE_4X16, TILE_5X16, TILE_6X8 } from '../abi/layout.ts'

/** The machine's code of each tile. */
export const TILE_CODES = {
  '6x8': TILE_6X8,
  '4x8': TILE_4X8,
  '2x16': TILE_2X16,
  '4x16': TILE_4X16,
  '5x16': TILE_5X16,
} as const
export type Tile = keyof typeof TILE_CODES
export const TILES = Object.keys(TILE_CODES) as readonly Tile[]

/**
 * The initial tile, before timing. There is no way to query an engine's register allocation, only hints of its
 * version: V8 keeps a 6x8 tile in registers since about 13.5, which has Float16Array; before, it spills (0.42 of peak instead of 0.90).
 */
export function guessTile(fused: boolean, wide: boolean): Tile {
  if (wide) return '5x16'
  if (!fused) return '2x16'
  return 'Float16Array' in globalThis ? '6x8' : '4x8'
}

/** Tiles worth timing in each build; one that a build lacks becomes the nearest. Four vectors per row spill unless fused in pairs. */
const candidates = (fused: boolean, wide: boolean): readonly Tile[] =>
  wide ? ['5x16', '6x8'] : fused ? ['6x8', '4x8'] : ['2x16', '4x8']

/** Training chunks timed per candidate: the engine's optimizing compiler needs a few to kick in. */
const ROUNDS = 8
/** Shorter steps are not dominated by GEMM. */
const LEAST_MILLISECONDS = 0.03
/** Required relative time to replace the first guess. */
const ADVANTAGE = 0.97

/** Times the candidates on real training, chunk by chunk in turn, and keeps the fastest. */
export class TileTuner {
  readonly #candidates: readonly Tile[]
  readonly #best: number[]
  #chunks = 0

  constructor(first: Tile, fused: boolean, wide: boolean) {
    this.#candidates = [first, ...candidates(fused, wide).filter((tile) => tile !== first)]
    this.#best = this.#candidates.map(() => Number.POSITIVE_INFINITY)
  }

  /** The first guess. */
  get first(): Tile {
    return this.#candidates[0]
  }

  /** The tile for the next chunk. */
  get tile(): Tile {
    return this.#candidates[this.#chunks % this.#candidates.length]
  }

  /** Records the time of a chunk run with `tile`; returns the choice once all are timed. */
  report(steps: number, milliseconds: number): Tile | undefined {
    const perStep = milliseconds / steps
    if (perStep < LEAST_MILLISECONDS) return undefined
    const index = this.#chunks % this.#candidates.length
    this.#best[index] = Math.min(this.#best[index], perStep)
    this.#chunks++
    if (this.#chunks < ROUNDS * this.#candidates.length) return undefined
    const fastest = this.#best.indexOf(Math.min(...this.#best))
    return this.#candidates[this.#best[fastest] < this.#best[0] * ADVANTAGE ? fastest : 0]
  }
}
