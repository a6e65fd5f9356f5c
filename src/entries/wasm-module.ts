/** Types of the imports `fourlane/simd.wasm` and `fourlane/relaxed.wasm`. Repeats init's `WasmModule`, since this file is shipped on its own. */
declare const module: typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object
export default module
