/** The type of `fourlane/simd.wasm` and `fourlane/relaxed.wasm` where hosts or bundlers compile a static import. */
declare const module: typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object
export default module
