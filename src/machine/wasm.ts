/** The one place that touches WebAssembly: detect, pick a target, compile once, instantiate per model. */
import { enableRelaxedSimd, environment } from '#runtime'
import { ABI_VERSION } from '../abi/layout.ts'
import { checkOneOf, checkOptions } from '../lib/check.ts'
import { forgetModules, give, moduleOf, offers, requireWebAssembly } from '../runtime/modules.ts'
import { guessTile, TILE_CODES, TILES, type Tile, TileTuner } from './tuner.ts'

/** Builds of one source: `debug` (asserts, no optimizer), `simd` (mul then add), `relaxed` (fused multiply-add). */
export const TARGETS = ['debug', 'simd', 'relaxed'] as const
export type Target = (typeof TARGETS)[number]

/** An instance of the machine with a memory of its own. */
export interface Machine {
  readonly target: Target
  readonly memory: WebAssembly.Memory
  /** Runs steps [from, to) of the program once for each of `records` consecutive records. */
  run(program: number, from: number, to: number, record: number, records: number, thread: number): void
  /** Chooses the shape of matrix tiles, one of TILE_CODES, of this instance; results stay the same to the bit. */
  setTile(code: number): void
  /** Finishes what dead ones of `threads` threads have left of an update's step; addresses of step and record. */
  mend(threads: number, step: number, record: number): void
}

/** What every build exports; see assembly/index.ts. */
export interface Exports extends Record<string, unknown> {
  memory: WebAssembly.Memory
  run: Machine['run']
  setTile: Machine['setTile']
  mend: Machine['mend']
  abiVersion(): number
  fused(): number
  initialize(): void
}

// () -> v128: f32x4.relaxed_madd of three zeros
const RELAXED_PROBE = [
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00,
  0x0a, 0x13, 0x01, 0x11, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x85,
  0x02, 0x0b,
]

let relaxed: boolean | undefined

function hasRelaxedSimd(): boolean {
  if (relaxed === undefined) {
    enableRelaxedSimd()
    requireWebAssembly()
    relaxed = WebAssembly.validate(new Uint8Array(RELAXED_PROBE))
  }
  return relaxed
}

/** Whether this host can run the target. */
export function supports(target: Target): boolean {
  return target !== 'relaxed' || hasRelaxedSimd()
}

/** @throws RangeError unless it is a target that this host can run. */
function checkTarget(where: string, name: string): Target {
  const target = checkOneOf(where, 'target', name, TARGETS)
  if (!supports(target)) throw new RangeError(`${where}: this host cannot run target "${target}"; use "simd"`)
  return target
}

/** What `configureRuntime` was told. */
let configured: { readonly target?: Target; readonly tile?: Tile } = {}
/** Tiles that timing has settled on. */
const tuned = new Map<Target, Tile>()
/** Whether the engine fuses pairs of vectors: see wide.ts. */
let wide = false

interface Chosen<T> {
  readonly value: T
  readonly reason: string
}

function chooseTarget(deterministic: boolean): Chosen<Target> {
  if (deterministic) return { value: 'simd', reason: 'deterministic: the same arithmetic in every runtime' }
  if (configured.target) return { value: configured.target, reason: 'configureRuntime' }
  const forced = environment('FOURLANE_TARGET')
  if (forced) {
    return { value: checkTarget('FOURLANE_TARGET', forced), reason: 'FOURLANE_TARGET' }
  }
  if (offers('relaxed') && hasRelaxedSimd())
    return { value: 'relaxed', reason: 'this host has relaxed SIMD: fused multiply-add' }
  return {
    value: 'simd',
    reason: hasRelaxedSimd() ? 'the build that was brought along' : 'this host has no relaxed SIMD',
  }
}

function chooseTile(target: Target): Chosen<Tile> {
  if (configured.tile) return { value: configured.tile, reason: 'configureRuntime' }
  const forced = environment('FOURLANE_TILE')
  if (forced) return { value: checkOneOf('FOURLANE_TILE', 'tile', forced, TILES), reason: 'FOURLANE_TILE' }
  const timed = tuned.get(target)
  if (timed) return { value: timed, reason: 'the fastest when timed in training' }
  return { value: guessTile(target === 'relaxed', wide), reason: 'the first guess for this engine; training times it' }
}

/** The build new models use: FOURLANE_TARGET or `configureRuntime`, else the fastest this host can run. */
export const pickTarget = (deterministic = false): Target => chooseTarget(deterministic).value

/** What a new model would run on, and why. */
export interface RuntimeDescription {
  readonly target: Target
  readonly targetReason: string
  /** Rows x columns of the matrix kernels' tiles. */
  readonly tile: Tile
  readonly tileReason: string
  readonly relaxedSimd: boolean
  /** Whether `enableWideVectors` has taken. */
  readonly wideVectors: boolean
}

/** What new models run on, and why. */
export function describeRuntime(): RuntimeDescription {
  const target = chooseTarget(false)
  const tile = chooseTile(target.value)
  return {
    target: target.value,
    targetReason: target.reason,
    tile: tile.value,
    tileReason: tile.reason,
    relaxedSimd: hasRelaxedSimd(),
    wideVectors: wide,
  }
}

/**
 * Overrides the choice of wasm build and tile for models made afterwards; `{}` returns to detection and timing.
 * The environment variables FOURLANE_TARGET and FOURLANE_TILE do the same from outside.
 * @throws TypeError or RangeError for an unknown target or tile, or a target this host cannot run.
 */
export function configureRuntime(options: { target?: Target; tile?: Tile } = {}): void {
  checkOptions('configureRuntime', options, ['target', 'tile'])
  const { target, tile } = options
  if (target !== undefined) checkTarget('configureRuntime', target)
  if (tile !== undefined) checkOneOf('configureRuntime', 'tile', tile, TILES)
  configured = { ...(target && { target }), ...(tile && { tile }) }
}

/** A tuner for a model on this target, unless its tile is settled. */
export function tileTuner(target: Target): TileTuner | undefined {
  const settled = configured.tile ?? environment('FOURLANE_TILE') ?? tuned.get(target)
  return settled || target === 'debug'
    ? undefined
    : new TileTuner(guessTile(target === 'relaxed', wide), target === 'relaxed', wide)
}

/** Makes a tuner's choice that of all models to come. */
export function settleTile(target: Target, tile: Tile): void {
  tuned.set(target, tile)
}

/** Forgets compiled modules, so that the next are compiled under the flags of now. Only wide.ts calls it. */
export function setWide(on: boolean): void {
  forgetModules()
  tuned.clear()
  wide = on
}

/** The exports of a new instance. */
export const exportsOf = <E>(module: WebAssembly.Module, imports?: WebAssembly.Imports): E =>
  new WebAssembly.Instance(module, imports).exports as E

function open(module: WebAssembly.Module): Exports {
  const exports = exportsOf<Exports>(module)
  if (typeof exports.abiVersion !== 'function') throw new RangeError('fourlane: this wasm file is none of fourlane')
  if (exports.abiVersion() !== ABI_VERSION) {
    throw new RangeError(
      `fourlane: the wasm file has ABI version ${exports.abiVersion()}, expected ${ABI_VERSION}; build again, or take both from one release`,
    )
  }
  return exports
}

/** Makes a module from outside the build it is. */
export function adopt(module: WebAssembly.Module, code?: Uint8Array): void {
  give(open(module).fused() ? 'relaxed' : 'simd', module, code)
}

/** What `setTile` of a new instance is told. */
export const tileCode = (target: Target): number => TILE_CODES[chooseTile(target).value]

export function instantiate(target: Target = pickTarget()): Machine {
  const exports = open(moduleOf(target))
  exports.initialize()
  exports.setTile(tileCode(target))
  return { target, memory: exports.memory, run: exports.run, setTile: exports.setTile, mend: exports.mend }
}
