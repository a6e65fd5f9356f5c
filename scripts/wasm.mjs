// The wasm files: every module of assembly/ for every target of asconfig.json. build/ has them by the names that `fileOf` of
// src/runtime/modules.ts gives.
import { readFileSync } from 'node:fs'

/** The arguments of the AssemblyScript compiler: what to compile, and as what. */
export const MODULES = {
  train: ['assembly/index.ts', '--importTable', '--use', 'TRAINING=1'],
  infer: ['assembly/index.ts', '--importTable', '--use', 'TRAINING=0'],
  solve: ['assembly/solve/index.ts'],
  int8: ['assembly/int8/index.ts'],
}

export const TARGETS = Object.keys(
  JSON.parse(readFileSync(new URL('../asconfig.json', import.meta.url), 'utf8')).targets,
)

/** Those that travel. */
export const SHIPPED = ['simd', 'relaxed']

export const fileOf = (module, target) => (module === 'train' ? target : `${module}-${target}`)
