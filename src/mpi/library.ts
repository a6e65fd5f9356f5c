/** Finds and loads the machine's MPI library, through koffi. */
import { environment } from '#runtime'
import { show } from '../lib/check.ts'

/** Arguments and results of C functions: numbers, addresses, and arrays passed by address. */
type Argument = number | bigint | string | ArrayBufferView | null
export type NativeFunction = (...values: Argument[]) => number

/** A loaded library. */
export interface NativeLibrary {
  func(name: string, result: string, parameters: readonly string[]): NativeFunction
  /** Address of a global object. */
  symbol(name: string): bigint
}

/** The parts of `koffi` that are used, typed here because its types may not be installed. */
export interface Koffi {
  load(path: string | null): NativeLibrary
}

/** @throws TypeError for anything but the module. */
export function checkKoffi(where: string, given: unknown): asserts given is Koffi | undefined {
  if (given === undefined || typeof Object(given).load === 'function') return
  throw new TypeError(`${where}: "koffi" must be the module, (await import('koffi')).default, got ${show(given)}`)
}

/** @throws Error if it is not installed. */
export async function importKoffi(where: string): Promise<Koffi> {
  try {
    // bundlers accept an import that may be missing inside of try and catch, or need these hints
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ 'koffi')).default
  } catch (cause) {
    throw new Error(
      `${where}: MPI is called through koffi: npm install koffi; in a bundle, pass it: { koffi: (await import('koffi')).default }`,
      { cause },
    )
  }
}

/** Library names to try, most specific first. */
const OPEN_MPI = { linux: ['libmpi.so.40', 'libmpi.so.80'], darwin: ['libmpi.40.dylib', 'libmpi.80.dylib'] }
const MPICH = {
  linux: ['libmpich.so.12', 'libmpi.so.12', 'libmpich.so'],
  darwin: ['libmpi.12.dylib', 'libmpich.dylib'],
}
const EITHER = {
  linux: ['libmpi.so', 'libmpi_abi.so.0', 'libmpi_abi.so'],
  darwin: ['libmpi.dylib', 'libmpi_abi.dylib'],
}

/** dlopen flags: RTLD_NOW, RTLD_GLOBAL and RTLD_NODELETE. */
const FLAGS = { linux: 0x2 | 0x100 | 0x1000, darwin: 0x2 | 0x8 | 0x80 }

/**
 * Settings for UCX, the transport of many MPICH builds: it must not handle SIGSEGV, which V8 uses for wasm traps (UCX's handler would
 * end the process or hang), nor patch memory-mapping functions while V8's threads run them.
 */
const UCX = { UCX_ERROR_SIGNALS: '', UCX_MEM_EVENTS: 'n' }

export interface Loaded {
  readonly library: NativeLibrary
  readonly path: string
}

/**
 * Loads the library at `path` or FOURLANE_MPI, otherwise the first one found, preferring the launcher's kind.
 * @param byOpenMpi whether Open MPI's launcher started the process.
 * @throws Error listing what was tried.
 */
export function loadMpi(where: string, koffi: Koffi, path: string | undefined, byOpenMpi: boolean): Loaded {
  const { platform } = process
  if (platform !== 'linux' && platform !== 'darwin') {
    throw new Error(`${where}: MPI is supported on Linux and macOS, not on ${platform}`)
  }
  const kinds = byOpenMpi ? [OPEN_MPI, MPICH] : [MPICH, OPEN_MPI]
  const named = path ?? environment('FOURLANE_MPI')
  const names = named ? [named] : [...kinds, EITHER].flatMap((kind) => kind[platform])
  for (const [name, value] of Object.entries(UCX)) process.env[name] ??= value
  // Open MPI crashes if it is unloaded at exit, as koffi would, because its threads are still running
  const keep = koffi.load(null).func('dlopen', 'void *', ['str', 'int'])
  for (const name of names) {
    if (!keep(name, FLAGS[platform])) continue
    const library = koffi.load(name)
    try {
      library.func('MPI_Init_thread', 'int', [])
      return { library, path: name }
    } catch {
      // not an MPI library
    }
  }
  throw new Error(
    named
      ? `${where}: there is no MPI library at ${show(named)}, which ${path ? '"library"' : 'FOURLANE_MPI'} names`
      : `${where}: found no MPI library, none of ${names.join(', ')}; install MPICH or Open MPI, or name the library in FOURLANE_MPI`,
  )
}
