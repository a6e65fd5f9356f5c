/** Manual loading of the wasm, for hosts and bundlers that need it. */
import { readBytes } from '#runtime'
import { checkOptions, isA, show } from '../lib/check.ts'
import { requireWebAssembly } from '../runtime/modules.ts'
import { adopt } from './wasm.ts'

/** `WebAssembly.Module`, if the WebAssembly types are available: with the library `dom` or `webworker`. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object

/** Exactly one of: a compiled module, the bytes of a wasm file, or where to fetch or read it. */
export interface InitOptions {
  module?: WasmModule
  bytes?: Uint8Array | ArrayBuffer
  url?: string | URL
}

/**
 * Makes later models use this wasm file (`fourlane/simd.wasm` or `fourlane/relaxed.wasm`). After calls with both,
 * models choose: relaxed if the host supports it, simd if `deterministic`. A `module` takes effect synchronously.
 * @throws TypeError unless exactly one of the three is given; WebAssembly.CompileError if this host cannot compile it;
 * RangeError for any other wasm file, or one from another version of fourlane.
 */
export async function init(options: InitOptions): Promise<void> {
  const where = 'init'
  requireWebAssembly()
  checkOptions(where, options, ['module', 'bytes', 'url'])
  const { module, bytes, url } = options
  if ([module, bytes, url].filter((value) => value !== undefined).length !== 1) {
    throw new TypeError(`${where}: give exactly one of "module", "bytes" and "url"`)
  }
  if (module !== undefined) {
    if (!isA(module, 'WebAssembly.Module')) {
      throw new TypeError(`${where}: "module" must be a WebAssembly.Module, got ${show(module)}`)
    }
    return adopt(module)
  }
  if (url !== undefined && typeof url !== 'string' && !isA(url, 'URL')) {
    throw new TypeError(`${where}: "url" must be a URL, got ${show(url)}`)
  }
  if (bytes !== undefined && !isA(bytes, 'Uint8Array') && !isA(bytes, 'ArrayBuffer')) {
    throw new TypeError(`${where}: "bytes" must be a Uint8Array or ArrayBuffer, got ${show(bytes)}`)
  }
  const given = bytes ?? (await readBytes(url as string | URL))
  // a copy, since models with threads compile it again later
  const code = new Uint8Array(given as ArrayBuffer).slice()
  adopt(await WebAssembly.compile(code), code)
}
