/** Finds the MPI library of this machine and loads it, through koffi. */
import { environment } from '#runtime'
import { show } from '../lib/check.ts'

/** What a C function takes and gives, as far as MPI's need it: numbers, addresses, and arrays whose address is passed. */
type Argument = number | bigint | string | ArrayBufferView | null
export type NativeFunction = (...values: Argument[]) => number

/** A library that is loaded. */
export interface NativeLibrary {
  func(name: string, result: string, parameters: readonly string[]): NativeFunction
  /** Address of an object. */
  symbol(name: string): bigint
}

/** What we call of the module `koffi`, so that its types, which need not be there, fit. */
export interface Koffi {
  load(path: string | null): NativeLibrary
}

/** @throws TypeError for what is not the module. */
export function checkKoffi(where: string, given: unknown): asserts given is Koffi | undefined {
  if (given === undefined || typeof Object(given).load === 'function') return
  throw new TypeError(`${where}: "koffi" must be the module, (await import('koffi')).default, got ${show(given)}`)
}

/** @throws Error when it is not installed. */
export async function importKoffi(where: string): Promise<Koffi> {
  try {
    // bundlers that look for what may not be installed let it pass between try and catch, or are told to
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ 'koffi')).default
  } catch (cause) {
    throw new Error(
      `${where}: MPI is called through koffi: npm install koffi; in a bundle, pass it: { koffi: (await import('koffi')).default }`,
      { cause },
    )
  }
}

/** Names that the loader may know the library by, the more certain first. */
const OPEN_MPI = { linux: ['libmpi.so.40', 'libmpi.so.80'], darwin: ['libmpi.40.dylib', 'libmpi.80.dylib'] }
const MPICH = {
  linux: ['libmpich.so.12', 'libmpi.so.12', 'libmpich.so'],
  darwin: ['libmpi.12.dylib', 'libmpich.dylib'],
}
const EITHER = {
  linux: ['libmpi.so', 'libmpi_abi.so.0', 'libmpi_abi.so'],
  darwin: ['libmpi.dylib', 'libmpi_abi.dylib'],
}

/** Flags of dlopen: resolve now, for libraries that come later too, and never unload. */
const FLAGS = { linux: 0x2 | 0x100 | 0x1000, darwin: 0x2 | 0x8 | 0x80 }

/**
 * What UCX, the transport beneath many an MPICH, must leave to V8: SIGSEGV, by which a trap in wasm is noticed (its handler ends the
 * process instead, and may hang in doing so), and the calls that map memory, whose code it rewrites while V8's threads run it.
 */
const UCX = { UCX_ERROR_SIGNALS: '', UCX_MEM_EVENTS: 'n' }

export interface Loaded {
  readonly library: NativeLibrary
  readonly path: string
}

/**
 * The library at `path` or FOURLANE_MPI, else the first that is found, those of the launcher's kind first.
 * @param byOpenMpi whether Open MPI's launcher has started the process.
 * @throws Error that says what was looked for.
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
  // unloaded at the end, as koffi would have it, Open MPI crashes: its own threads are still at it
  const keep = koffi.load(null).func('dlopen', 'void *', ['str', 'int'])
  for (const name of names) {
    if (!keep(name, FLAGS[platform])) continue
    const library = koffi.load(name)
    try {
      library.func('MPI_Init_thread', 'int', [])
      return { library, path: name }
    } catch {
      // it is no MPI
    }
  }
  throw new Error(
    named
      ? `${where}: there is no MPI library at ${show(named)}, which ${path ? '"library"' : 'FOURLANE_MPI'} names`
      : `${where}: found no MPI library, none of ${names.join(', ')}; install MPICH or Open MPI, or name the library in FOURLANE_MPI`,
  )
}
