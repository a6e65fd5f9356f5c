/**
 * The shape of the GEMM kernels' tiles, MR x NR. Every tile sums in the same order, so the choice changes no bit of a
 * result, only speed: how many accumulators an engine keeps in registers differs from engine to engine.
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
 * What to start with, before anything was timed. No interface tells how an engine allocates registers, only its age hints
 * at it: V8 holds a 6x8 tile since about 13.5, which brought Float16Array; before, it spills (0.42 of peak against 0.90).
 */
export function guessTile(fused: boolean, wide: boolean): Tile {
  if (wide) return '5x16'
  if (!fused) return '2x16'
  return 'Float16Array' in globalThis ? '6x8' : '4x8'
}

/** Tiles worth timing, of those each build has; a tile it lacks becomes the nearest. Four vectors a row spill unless fused in pairs. */
const candidates = (fused: boolean, wide: boolean): readonly Tile[] =>
  wide ? ['5x16', '6x8'] : fused ? ['6x8', '4x8'] : ['2x16', '4x8']

/** Chunks of training that each candidate is timed on: the engine's optimizing compiler needs a few to get there. */
const ROUNDS = 8
/** Steps shorter than this are not made of GEMM. */
const LEAST_MILLISECONDS = 0.03
/** Another tile must be this much faster than the first guess. */
const ADVANTAGE = 0.97

/** Times the candidates on real training, a chunk each in turn, and keeps the fastest. */
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

  /** The tile of the next chunk. */
  get tile(): Tile {
    return this.#candidates[this.#chunks % this.#candidates.length]
  }

  /** Takes the time of a chunk run with `tile`; returns the choice when all are timed. */
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
