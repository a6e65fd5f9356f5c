// The wasm files: every module of assembly/ for every target of asconfig.json, in build/, named by `fileOf` of
// src/runtime/modules.ts.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The arguments of the AssemblyScript compiler: what to compile, and as what. */
export const MODULES = {
  train: ['assembly/index.ts', '--importTable', '--use', 'TRAINING=1'],
  infer: ['assembly/index.ts', '--importTable', '--use', 'TRAINING=0'],
  solve: ['assembly/solve/index.ts'],
  // integers and rounded floats: the same bits on every target
  int8: ['assembly/int8/index.ts', '--use', 'EXACT=1'],
  features: ['assembly/features/index.ts'],
}

export const TARGETS = Object.keys(
  JSON.parse(readFileSync(new URL('../asconfig.json', import.meta.url), 'utf8')).targets,
)

/** The targets that are shipped. */
export const SHIPPED = ['simd', 'relaxed']

/** Modules whose two files differ in more than fused multiply-add. */
export const APART = ['int8']

export const fileOf = (module, target) => (module === 'train' ? target : `${module}-${target}`)

/** Files of AssemblyScript that a module is compiled from: its entry and all that it imports. */
function sourcesOf(module) {
  const [entry] = MODULES[module]
  const found = new Set([entry])
  for (const file of found) {
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const named = join(dirname(file), path)
      found.add([named, `${named}.ts`, `${named}/index.ts`].find((name) => name.endsWith('.ts') && existsSync(name)))
    }
  }
  return [...found, 'asconfig.json', 'scripts/wasm.mjs']
}

const writtenAt = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0)

/** Whether a module's file is older than what it is compiled from. Paths are those of the project's folder. */
export const isStale = (module, target) =>
  writtenAt(`build/${fileOf(module, target)}.wasm`) < Math.max(...sourcesOf(module).map(writtenAt))
