export { configureRuntime } from './wasm.ts'
