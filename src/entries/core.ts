/** `fourlane/core`: the public names without the wasm files; `init` loads one. Where there are files to read, it may stay out. */

export { type InitOptions, init } from '../machine/init.ts'
export * from './public.ts'
