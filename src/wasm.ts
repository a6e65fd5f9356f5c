/** The one place that touches WebAssembly: detect, pick a target, compile once, instantiate per model. */
import { instantiateSync } from '@assemblyscript/loader'
import { enableRelaxedSimd, environment, readModule } from '#runtime'
import { ABI_VERSION } from './abi.ts'
import { checkOneOf, checkOptions } from './check.ts'

/** Builds of one source: `debug` (asserts, no optimizer), `simd` (mul then add), `relaxed` (fused multiply-add). */
export const TARGETS = ['debug', 'simd', 'relaxed'] as const
export type Target = (typeof TARGETS)[number]

/** An instance of the machine with a memory of its own. */
export interface Machine {
  readonly target: Target
  readonly memory: WebAssembly.Memory
  /** Runs steps [from, to) of the program once for each of `records` consecutive records. */
  run(program: number, from: number, to: number, record: number, records: number, thread: number): void
  /** Chooses the shape of matrix tiles, TILE_*, of this instance; results stay the same to the bit. */
  setTile(tile: number): void
}

interface Exports extends Record<string, unknown> {
  memory: WebAssembly.Memory
  run: Machine['run']
  setTile: Machine['setTile']
  abiVersion(): number
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
    relaxed = WebAssembly.validate(new Uint8Array(RELAXED_PROBE))
  }
  return relaxed
}

/** Whether this host can run the target. */
export function supports(target: Target): boolean {
  return target !== 'relaxed' || hasRelaxedSimd()
}

let chosen: Target | undefined

interface Choice {
  readonly target: Target
  readonly reason: string
}

function choose(deterministic: boolean): Choice {
  if (deterministic) return { target: 'simd', reason: 'deterministic: the same arithmetic in every runtime' }
  if (chosen) return { target: chosen, reason: 'configureRuntime' }
  const forced = environment('FOURLANE_TARGET')
  if (forced) {
    return { target: checkOneOf('FOURLANE_TARGET', 'target', forced, TARGETS), reason: 'FOURLANE_TARGET' }
  }
  if (hasRelaxedSimd()) return { target: 'relaxed', reason: 'this host has relaxed SIMD: fused multiply-add' }
  return { target: 'simd', reason: 'this host has no relaxed SIMD' }
}

/** The build new models use: FOURLANE_TARGET or `configureRuntime`, else the fastest this host can run. */
export const pickTarget = (deterministic = false): Target => choose(deterministic).target

/** What new models run on, and why. */
export function describeRuntime(): Choice & { readonly relaxedSimd: boolean } {
  return { ...choose(false), relaxedSimd: hasRelaxedSimd() }
}

/**
 * Overrides the choice of wasm build for models made afterwards; `{}` returns to detection.
 * @throws RangeError for an unknown target, or one this host cannot run.
 */
export function configureRuntime(options: { target?: Target } = {}): void {
  checkOptions('configureRuntime', options, ['target'])
  const { target } = options
  if (target !== undefined) {
    checkOneOf('configureRuntime', 'target', target, TARGETS)
    if (!supports(target)) throw new RangeError(`configureRuntime: this host cannot run target "${target}"; use "simd"`)
  }
  chosen = target
}

const modules = new Map<Target, WebAssembly.Module>()

export function instantiate(target: Target = pickTarget()): Machine {
  let module = modules.get(target)
  if (!module) {
    module = new WebAssembly.Module(readModule(target) as BufferSource)
    modules.set(target, module)
  }
  const { exports } = instantiateSync<Exports>(module, {})
  if (exports.abiVersion() !== ABI_VERSION) {
    throw new Error(
      `fourlane: ${target}.wasm has ABI version ${exports.abiVersion()}, expected ${ABI_VERSION}; build again`,
    )
  }
  exports.initialize()
  return { target, memory: exports.memory, run: exports.run, setTile: exports.setTile }
}
