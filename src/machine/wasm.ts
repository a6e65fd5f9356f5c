/** All access to WebAssembly: detect features, pick a target, compile once, instantiate per model. */
import { enableRelaxedSimd, enableWide, environment } from '#runtime'
import { ABI_VERSION } from '../abi/layout.ts'
import { MODULE_SOLVE, MODULES } from '../abi/modules.ts'
import { checkOneOf, checkOptions } from '../lib/check.ts'
import {
  compiledModule,
  fileOf,
  forgetModules,
  give,
  loadedFiles,
  MODULE_NAMES,
  offers,
  requireWebAssembly,
  serving,
} from '../runtime/modules.ts'
import { guessTile, TILE_CODES, TILES, type Tile, TileTuner } from './tuner.ts'

/** Builds of the same source: `debug` (asserts, unoptimized), `simd` (multiply, then add), `relaxed` (fused multiply-add). */
export const TARGETS = ['debug', 'simd', 'relaxed'] as const
export type Target = (typeof TARGETS)[number]

/** The module that runs programs; `train` includes `infer`. */
export type Base = 'infer' | 'train'

/** A memory, and wasm instances on it: the base that runs programs, and the extensions that programs need. */
export interface Machine {
  readonly target: Target
  readonly base: Base
  readonly memory: WebAssembly.Memory
  /**
   * Instantiates modules, bit m for module m, unless present; must be called before steps of theirs run.
   * @throws Error if one of them is not loaded.
   */
  need(modules: number): void
  /** Runs steps [from, to) of the program once for each of `records` consecutive records. */
  run(program: number, from: number, to: number, record: number, records: number, thread: number): void
  /** Sets the tile shape, one of TILE_CODES, for this memory; results are bit-identical. */
  setTile(code: number): void
  /** Flushes floats below FLOOR to 0; returns which kinds of values it met, as a mask of MET_TINY and MET_NON_FINITE. */
  flush(address: number, bytes: number): number
  /** Finishes an update step for those of `threads` threads that died; addresses of step and record. */
  mend(threads: number, step: number, record: number): void
}

/** Exports of every module; see assembly/identity.ts. */
interface Identity extends Record<string, unknown> {
  abiVersion(): number
  fused(): number
  module(): number
}

/** Exports of `infer` and `train`; see assembly/index.ts. */
export interface BaseExports extends Identity {
  run: Machine['run']
  setTile: Machine['setTile']
  flush: Machine['flush']
  mend: Machine['mend']
  initialize(): void
}

/** Exports of an extension; `run` calls it through the table. */
interface ExtensionExports extends Identity {
  execute: CallableFunction
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

/** Options of `configureRuntime`. */
let configured: { readonly target?: Target; readonly tile?: Tile } = {}
/** Tiles chosen by timing. */
const tuned = new Map<Target, Tile>()
/** Whether the engine fuses pairs of vectors, and why: see wide.ts. */
let wide: Chosen<boolean> | undefined

interface Chosen<T> {
  readonly value: T
  readonly reason: string
}

function chooseTarget(deterministic: boolean, base: Base): Chosen<Target> {
  if (deterministic) return { value: 'simd', reason: 'deterministic: the same arithmetic in every runtime' }
  if (configured.target) return { value: configured.target, reason: 'configureRuntime' }
  const forced = environment('FOURLANE_TARGET')
  if (forced) {
    return { value: checkTarget('FOURLANE_TARGET', forced), reason: 'FOURLANE_TARGET' }
  }
  if (offers(serving(base), 'relaxed') && hasRelaxedSimd())
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
  return {
    value: guessTile(target === 'relaxed', isWide()),
    reason: 'the first guess for this engine; training times it',
  }
}

const NOT_ASKED = 'nobody asked for them'

/** Whether models use wide vectors; reads the environment once. */
export function isWide(): boolean {
  if (wide) return wide.value
  // set first: enabling calls this function again
  wide = { value: false, reason: NOT_ASKED }
  const asked = environment('FOURLANE_WIDE')
  if (asked !== undefined && checkOneOf('FOURLANE_WIDE', 'value', asked, ['0', '1']) === '1') {
    const { took, reason } = enableWide()
    setWide(took, reason)
  }
  return wide.value
}

/** The build for new models: FOURLANE_TARGET or `configureRuntime`, otherwise the fastest that this host supports. */
export function pickTarget(deterministic = false, base: Base = 'train'): Target {
  isWide()
  return chooseTarget(deterministic, base).value
}

/** What new models run on, and why. */
export interface RuntimeDescription {
  readonly target: Target
  readonly targetReason: string
  /** Rows x columns of the GEMM tiles. */
  readonly tile: Tile
  readonly tileReason: string
  readonly relaxedSimd: boolean
  /** Whether `enableWideVectors` or FOURLANE_WIDE took effect. */
  readonly wideVectors: boolean
  readonly wideReason: string
  /** The wasm files used so far. */
  readonly modules: readonly string[]
}

/** Describes what new models run on, and why: target, tile, wide vectors, wasm files. */
export function describeRuntime(): RuntimeDescription {
  const wideVectors = isWide()
  const target = chooseTarget(false, 'train')
  const tile = chooseTile(target.value)
  return {
    target: target.value,
    targetReason: target.reason,
    tile: tile.value,
    tileReason: tile.reason,
    relaxedSimd: hasRelaxedSimd(),
    wideVectors,
    wideReason: wide?.reason ?? NOT_ASKED,
    modules: loadedFiles().map((file) => `${file}.wasm`),
  }
}

/**
 * Overrides the wasm build and tile for later models; `{}` restores detection and timing.
 * The environment variables FOURLANE_TARGET and FOURLANE_TILE do the same.
 * @throws TypeError or RangeError for an unknown target or tile, or a target that this host cannot run.
 */
export function configureRuntime(options: { target?: Target; tile?: Tile } = {}): void {
  checkOptions('configureRuntime', options, ['target', 'tile'])
  const { target, tile } = options
  if (target !== undefined) checkTarget('configureRuntime', target)
  if (tile !== undefined) checkOneOf('configureRuntime', 'tile', tile, TILES)
  configured = { ...(target && { target }), ...(tile && { tile }) }
}

/** A tuner for a model on this target, unless its tile is already chosen. */
export function tileTuner(target: Target): TileTuner | undefined {
  const settled = configured.tile ?? environment('FOURLANE_TILE') ?? tuned.get(target)
  return settled || target === 'debug'
    ? undefined
    : new TileTuner(guessTile(target === 'relaxed', isWide()), target === 'relaxed', isWide())
}

/** Makes a tuner's choice the default for later models. */
export function settleTile(target: Target, tile: Tile): void {
  tuned.set(target, tile)
}

/** Discards compiled modules and tiles, so that modules are recompiled under the current flags. */
export function setWide(on: boolean, reason: string): void {
  forgetModules(on ? 'wide' : '')
  tuned.clear()
  wide = { value: on, reason }
}

/** The exports of a new instance. */
export const exportsOf = <E>(module: WebAssembly.Module, imports?: WebAssembly.Imports): E =>
  new WebAssembly.Instance(module, imports).exports as E

/** A new instance on a memory; `table` is where it looks up extensions. @throws RangeError for a module of another release. */
function join<E extends Identity>(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  table?: WebAssembly.Table,
): E {
  let exports: E | undefined
  try {
    exports = exportsOf<E>(module, { env: { memory, ...(table && { table }) } })
  } catch {
    // its imports differ
  }
  if (typeof exports?.abiVersion !== 'function') throw new RangeError('fourlane: this wasm file is none of fourlane')
  if (exports.abiVersion() !== ABI_VERSION) {
    throw new RangeError(
      `fourlane: the wasm file has ABI version ${exports.abiVersion()}, expected ${ABI_VERSION}; build again, or take both from one release`,
    )
  }
  return exports
}

const newMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 65536 })
const newTable = () => new WebAssembly.Table({ element: 'anyfunc', initial: MODULES })

/** Registers an external module under the file that it is. */
export function adopt(module: WebAssembly.Module, code?: Uint8Array): void {
  const exports = join(module, newMemory(), newTable())
  give(fileOf(MODULE_NAMES[exports.module()], exports.fused() ? 'relaxed' : 'simd'), module, code)
}

/** The tile code for a new machine. */
const tileCode = (target: Target): number => TILE_CODES[chooseTile(target).value]

/** Sets a machine's tile to the one for new models. */
export const resetTile = (machine: Machine): void => machine.setTile(tileCode(machine.target))

/** Finds a file's module, suitable for the memory. */
export type Find = (file: string) => WebAssembly.Module

/** The machine on a memory, and the exports of its base. `joined` is called for every module, base first. */
export function openMachine<E extends BaseExports>(
  target: Target,
  base: Base,
  memory: WebAssembly.Memory,
  find: Find,
  joined?: (module: WebAssembly.Module, modules: number) => void,
): { machine: Machine; exports: E } {
  const table = newTable()
  const module = find(fileOf(base, target))
  const exports = join<E>(module, memory, table)
  // train includes infer
  let held = (2 << exports.module()) - 1
  joined?.(module, held)
  const need = (modules: number) => {
    const missing = modules & ~held
    if (!missing) return
    if (missing & ((1 << MODULE_SOLVE) - 1)) throw new Error('fourlane: this machine only predicts')
    for (let number = MODULE_SOLVE; number < MODULES; number++) {
      const bit = 1 << number
      if (!(missing & bit)) continue
      const module = find(fileOf(MODULE_NAMES[number], target))
      table.set(number, join<ExtensionExports>(module, memory).execute)
      held |= bit
      joined?.(module, bit)
    }
  }
  exports.initialize()
  const { run, setTile, flush, mend } = exports
  const machine: Machine = { target, base, memory, need, run, setTile, flush, mend }
  resetTile(machine)
  return { machine, exports }
}

/** A machine with a memory of its own. */
export const instantiate = (target?: Target, base: Base = 'train'): Machine =>
  openMachine(target ?? pickTarget(false, base), serving(base), newMemory(), compiledModule).machine
