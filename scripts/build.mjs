// Builds build/: the wasm files that are older than their sources, the JavaScript of all sources, then what the package ships.
// Names given on the command line build only those: a target of asconfig.json, `src`, `dist`, or `js` for both of the last.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { packWasm } from './pack-wasm.mjs'
import { fileOf, isStale, MODULES, TARGETS } from './wasm.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
mkdirSync('build', { recursive: true })

const node = (...args) => execFileSync(process.execPath, args, { stdio: 'inherit' })
const asked = process.argv.slice(2)
const wants = (...names) => asked.length === 0 || names.some((name) => asked.includes(name))
/** For ready.mjs: compilers do not touch outputs that are unchanged, so their times do not say when a compiler ran. */
const stamp = (part) => writeFileSync(`build/${part}.built`, '')

function compile(module, target) {
  const compiler = ['node_modules/assemblyscript/bin/asc.js', ...MODULES[module]]
  const out = ['--target', target, '--outFile', `build/${fileOf(module, target)}.wasm`]
  return new Promise((resolve, reject) => {
    const end = (code) => (code === 0 ? resolve() : reject(new Error(`${module}, ${target}: not compiled`)))
    spawn(process.execPath, [...compiler, ...out], { stdio: 'inherit' }).once('exit', end)
  })
}

const targets = TARGETS.filter((target) => wants(target))
const files = Object.keys(MODULES)
  .flatMap((module) => targets.map((target) => [module, target]))
  .filter((file) => isStale(...file))
const compileAll = async () => {
  for (let file = files.shift(); file; file = files.shift()) await compile(...file)
}
await Promise.all(Array.from({ length: availableParallelism() }, compileAll))
if (wants('src', 'js')) {
  node('node_modules/typescript/bin/tsc', '--incremental', '--tsBuildInfoFile', 'build/tsc.json')
  stamp('src')
}
if (wants('dist', 'js')) {
  packWasm()
  node('scripts/bundle.mjs')
  stamp('dist')
}
