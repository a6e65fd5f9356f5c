/** The type of `fourlane/simd.wasm` and `fourlane/relaxed.wasm` where hosts or bundlers compile a static import. */
declare const module: WebAssembly.Module
export default module
