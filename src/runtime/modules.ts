/** Where compiled modules come from: `init`, else the files of the host, else what the entry point brought along. */
import { modules } from '#runtime'
import { isA } from '../lib/check.ts'
import type { Modules } from './host.ts'

interface Given {
  readonly module: WebAssembly.Module
  /** What it was compiled from, if that is known. */
  readonly code: Uint8Array | undefined
}

const given = new Map<string, Given>()
const compiled = new Map<string, WebAssembly.Module>()
const variants = new Map<string, WebAssembly.Module>()
let source = modules

/** The function itself, after bringing along the builds: cheap, and idle where there are files or as many builds already. */
export function bringing<F extends (...args: never[]) => unknown>(from: Modules | undefined, open: F): F {
  const opened = (...args: Parameters<F>) => {
    if (from && from.builds.length > (source?.builds.length ?? 0)) source = from
    return open(...args)
  }
  return opened as F
}

/** @throws Error on a host without WebAssembly. */
export function requireWebAssembly(): void {
  if (typeof WebAssembly === 'undefined') {
    throw new Error('fourlane: this host has no WebAssembly (node --jitless, or a browser that switches it off)')
  }
}

/** Uses this module for a build from now on. */
export function give(name: string, module: WebAssembly.Module, code?: Uint8Array): void {
  given.set(name, { module, code })
  variants.delete(name)
}

/** Whether models may choose this build: one that was given; when none was, one that this host has. */
export const offers = (name: string): boolean =>
  given.size > 0 ? given.has(name) : source === undefined || source.builds.includes(name)

/**
 * The module of a build, compiled once. Synchronous, also on the main thread of browsers.
 * @throws Error when nobody brought it.
 */
export function moduleOf(name: string): WebAssembly.Module {
  requireWebAssembly()
  const known = given.get(name)?.module ?? compiled.get(name)
  if (known) return known
  if (!source)
    throw new Error(`fourlane: ${name}.wasm is not loaded; call init({ module | bytes | url }) with it first`)
  const code = source.read(name)
  const module = isA(code, 'WebAssembly.Module') ? code : new WebAssembly.Module(code as BufferSource)
  compiled.set(name, module)
  return module
}

/**
 * The module of a build with its bytes changed, compiled once; undefined where there is only a compiled module.
 * @param change the same at every call.
 */
export function variantOf(name: string, change: (code: Uint8Array) => Uint8Array): WebAssembly.Module | undefined {
  const known = variants.get(name)
  if (known) return known
  const code = given.has(name) ? given.get(name)?.code : source?.read(name)
  if (!isA(code, 'Uint8Array')) return undefined
  const module = new WebAssembly.Module(change(code) as BufferSource)
  variants.set(name, module)
  return module
}

/** Forgets what was compiled here, so that it is compiled again, under the engine's flags of then. */
export function forgetModules(): void {
  compiled.clear()
  variants.clear()
}
