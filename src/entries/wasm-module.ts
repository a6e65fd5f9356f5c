/** `fourlane/simd.wasm` and `fourlane/relaxed.wasm`, imported. Init's `WasmModule`, again: this file is shipped by itself. */
declare const module: typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object
export default module
