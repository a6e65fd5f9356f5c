/** Where compiled modules come from: `init`, else the files of the host, else what an entry point or a factory brought along. */
import { modules as host } from '#runtime'
import { isA } from '../lib/check.ts'
import type { Modules } from './host.ts'

/** The modules, each at its number: see src/abi/modules.ts. */
export const MODULE_NAMES = ['infer', 'train', 'solve', 'int8', 'features'] as const
export type ModuleName = (typeof MODULE_NAMES)[number]

/** The name of a module's file for a target, without its extension. */
export const fileOf = (module: ModuleName, target: string): string =>
  module === 'train' ? target : `${module}-${target}`

/** Targets that travel. */
const TARGETS = ['simd', 'relaxed']

interface Given {
  readonly module: WebAssembly.Module
  /** What it was compiled from, if that is known. */
  readonly code: Uint8Array | undefined
}

const given = new Map<string, Given>()
const compiled = new Map<string, WebAssembly.Module>()
const variants = new Map<string, WebAssembly.Module>()
const brought = new Map<string, Modules>()

/** A function that brings files along when it is called; or without that, where it is named and what it makes comes from a file. */
export interface Bringing {
  readonly bring?: () => void
}

/** The function itself, with its properties, after bringing along these files: cheap, and idle where the host has files. */
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

/** The files of a module that models may choose from: those given; when none was, those of the host, or brought along. */
function filesOf(module: ModuleName): string[] {
  const files = TARGETS.map((target) => fileOf(module, target))
  const own = files.filter((file) => given.has(file))
  return own.length > 0 ? own : files.filter((file) => host || brought.has(file))
}

/** What runs the programs of `infer` or `train` here: `train` contains the other, and serves where there is only that. */
export const serving = (module: 'infer' | 'train'): 'infer' | 'train' =>
  filesOf(module).length === 0 && filesOf('train').length > 0 ? 'train' : module

/** Whether models may choose this file; where nothing is known, any. */
export function offers(module: ModuleName, target: string): boolean {
  const files = filesOf(module)
  return files.length === 0 || files.includes(fileOf(module, target))
}

/** Ends the bytes of every module from now on: see `forgetModules`. */
let mark: readonly number[] = []

/** A file's code from the host or from what was brought along. */
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
 * The module in a file, compiled once. Synchronous, also on the main thread of browsers.
 * @throws Error when nobody brought it.
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
 * The module in a file with its bytes changed, compiled once; undefined where there is only a compiled module.
 * @param change the same at every call.
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

/** Names of the files in use so far. */
export const loadedFiles = (): string[] => [...new Set([...given.keys(), ...compiled.keys()])].sort()

/**
 * Forgets what was compiled here, so that it is compiled again, under the engine's flags of then.
 * @param edition a short name of these flags: a custom section at the end of every module, since V8 has one code for equal bytes,
 * and would hand out what it made of them under other flags.
 */
export function forgetModules(edition: string): void {
  compiled.clear()
  variants.clear()
  const name = Array.from(edition, (letter) => letter.charCodeAt(0))
  mark = name.length > 0 ? [0, name.length + 1, name.length, ...name] : []
}
