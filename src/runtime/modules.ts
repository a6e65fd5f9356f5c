/** Where compiled modules come from: `init`, otherwise the host's files, otherwise what an entry point or factory registered. */
import { modules as host } from '#runtime'
import { isA } from '../lib/check.ts'
import type { Modules } from './host.ts'

/** Module names, indexed by number: see src/abi/modules.ts. */
export const MODULE_NAMES = ['infer', 'train', 'solve', 'int8', 'features'] as const
export type ModuleName = (typeof MODULE_NAMES)[number]

/** The name of a module's file for a target, without extension. */
export const fileOf = (module: ModuleName, target: string): string =>
  module === 'train' ? target : `${module}-${target}`

/** Targets that are shipped. */
const TARGETS = ['simd', 'relaxed']

interface Given {
  readonly module: WebAssembly.Module
  /** The bytes it was compiled from, if known. */
  readonly code: Uint8Array | undefined
}

const given = new Map<string, Given>()
const compiled = new Map<string, WebAssembly.Module>()
const variants = new Map<string, WebAssembly.Module>()
const brought = new Map<string, Modules>()

/** A function that registers wasm files when called, or when named to load a file. */
export interface Bringing {
  readonly bring?: () => void
}

/** Wraps a function so that it registers these files: cheap, and unused if the host has files. */
export function bringing<F extends (...args: never[]) => unknown>(from: Modules | undefined, open: F): F {
  const bring = () => {
    ;(open as Bringing).bring?.()
    for (const file of from?.files ?? []) if (from) brought.set(file, from)
  }
  const opened = (...args: Parameters<F>) => {
    bring()
    return open(...args)
  }
  return Object.assign(opened, open, { bring }) as unknown as F
}

/** @throws Error on a host without WebAssembly. */
export function requireWebAssembly(): void {
  if (typeof WebAssembly === 'undefined') {
    throw new Error('fourlane: this host has no WebAssembly (node --jitless, or a browser that switches it off)')
  }
}

/** Uses this module for a file from now on; without one, what the host has again. */
export function give(file: string, module?: WebAssembly.Module, code?: Uint8Array): void {
  if (module) given.set(file, { module, code })
  else given.delete(file)
  variants.delete(file)
}

/** The files of a module that models may choose from: those given to `init`, otherwise the host's or the registered ones. */
function filesOf(module: ModuleName): string[] {
  const files = TARGETS.map((target) => fileOf(module, target))
  const own = files.filter((file) => given.has(file))
  return own.length > 0 ? own : files.filter((file) => host || brought.has(file))
}

/** Which of `infer` and `train` to use: `train` includes the other, and is used if only it is available. */
export const serving = (module: 'infer' | 'train'): 'infer' | 'train' =>
  filesOf(module).length === 0 && filesOf('train').length > 0 ? 'train' : module

/** Whether models may choose this file; if nothing is known, any. */
export function offers(module: ModuleName, target: string): boolean {
  const files = filesOf(module)
  return files.length === 0 || files.includes(fileOf(module, target))
}

/** Appended to the bytes of every module compiled from now on: see `forgetModules`. */
let mark: readonly number[] = []

/** A file's code from the host or a registered source. */
function readCode(from: Modules, file: string): WebAssembly.Module | Uint8Array {
  const code = from.read(file)
  if (mark.length === 0 || !isA(code, 'Uint8Array')) return code
  const marked = new Uint8Array(code.length + mark.length)
  marked.set(code)
  marked.set(mark, code.length)
  return marked
}

function missing(file: string): Error {
  const entry = file.startsWith('infer') ? 'fourlane/predict' : 'fourlane'
  return new Error(
    `fourlane: ${file}.wasm is not loaded; import from '${entry}', which brings it along, or call init({ module | bytes | url }) with 'fourlane/${file}.wasm' first`,
  )
}

/**
 * The compiled module of a file, cached. Synchronous, also on the main thread of browsers.
 * @throws Error if it is not available.
 */
export function compiledModule(file: string): WebAssembly.Module {
  requireWebAssembly()
  const known = given.get(file)?.module ?? compiled.get(file)
  if (known) return known
  const source = host ?? brought.get(file)
  if (!source) throw missing(file)
  const code = readCode(source, file)
  const module = isA(code, 'WebAssembly.Module') ? code : new WebAssembly.Module(code as BufferSource)
  compiled.set(file, module)
  return module
}

/**
 * The compiled module of a file with modified bytes, cached; undefined if only a compiled module is available.
 * @param change must be the same at every call.
 */
export function variantOf(file: string, change: (code: Uint8Array) => Uint8Array): WebAssembly.Module | undefined {
  const known = variants.get(file)
  if (known) return known
  const source = host ?? brought.get(file)
  const code = given.has(file) ? given.get(file)?.code : source && readCode(source, file)
  if (!isA(code, 'Uint8Array')) return undefined
  const module = new WebAssembly.Module(change(code) as BufferSource)
  variants.set(file, module)
  return module
}

/** Names of the files used so far. */
export const loadedFiles = (): string[] => [...new Set([...given.keys(), ...compiled.keys()])].sort()

/**
 * Clears the cache, so that modules are recompiled under the current engine flags.
 * @param edition a short name for the flags, added as a custom section at the end of every module: V8 caches code by bytes
 * and would otherwise reuse what it compiled under other flags.
 */
export function forgetModules(edition: string): void {
  compiled.clear()
  variants.clear()
  const name = Array.from(edition, (letter) => letter.charCodeAt(0))
  mark = name.length > 0 ? [0, name.length + 1, name.length, ...name] : []
}
