/**
 * The type of `fourlane/simd.wasm` and `fourlane/relaxed.wasm` where hosts or bundlers compile a static import: `WasmModule` of
 * init.ts, written out, since this declaration is shipped by itself.
 */
declare const module: typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object
export default module
