/** `fourlane/core`: the public names without wasm files; load one with `init`, optional on hosts with file access. */

export { type InitOptions, init } from '../machine/init.ts'
export * from './public.ts'
