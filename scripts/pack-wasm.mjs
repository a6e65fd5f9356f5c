// Writes the wasm files as text for browsers (src/runtime/inlined.ts): those with relaxed SIMD, from which the others are derived there.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { lzma } from './lzma.mjs'
import { APART, fileOf, MODULES } from './wasm.mjs'

const written = (path) => statSync(path).mtimeMs

/** Compresses the changed wasm files of build/ into JavaScript modules, one per wasm module; returns their paths. */
export function packWasm(folder = 'build/src/runtime/bytes') {
  const tools = ['lzma', 'pack-wasm', 'wasm'].map((name) => `scripts/${name}.mjs`)
  mkdirSync(folder, { recursive: true })
  return Object.keys(MODULES).map((module) => {
    const path = `${folder}/${module}.js`
    const targets = APART.includes(module) ? ['relaxed', 'simd'] : ['relaxed']
    const files = targets.map((target) => `build/${fileOf(module, target)}.wasm`)
    if (existsSync(path) && [...files, ...tools].every((file) => written(file) < written(path))) return path
    const codes = files.map((file) => readFileSync(file))
    const lines = [
      `/* @ts-self-types="./${module}.d.ts" */`,
      `export const SIZES = [${codes.map(({ length }) => length).join(', ')}]`,
      `export const PACKED = ${JSON.stringify(lzma(Buffer.concat(codes)).toString('base64'))}`,
    ]
    writeFileSync(path, `${lines.join('\n')}\n`)
    return path
  })
}
