/** `fourlane/core`: the public names without the wasm files; `init` loads one. Where there are files to read, it may stay out. */
export * from './index.ts'
export { type InitOptions, init } from './init.ts'
