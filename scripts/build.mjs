// Builds build/: the wasm targets of asconfig.json, the JavaScript of all sources, then what the package ships.
// Names given on the command line build only those: a target, `src`, `dist`, or `js` for both of the last.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

const node = (...args) => execFileSync(process.execPath, args, { stdio: 'inherit' })
const root = new URL('..', import.meta.url)
process.chdir(new URL(root).pathname)
mkdirSync('build', { recursive: true })

const asked = process.argv.slice(2)
const wants = (...names) => asked.length === 0 || names.some((name) => asked.includes(name))
/** For ready.mjs: what a compiler leaves as it is does not tell when it ran. */
const stamp = (part) => writeFileSync(`build/${part}.built`, '')

const targets = Object.keys(JSON.parse(readFileSync('asconfig.json', 'utf8')).targets)
for (const target of targets.filter((name) => wants(name))) {
  node('node_modules/assemblyscript/bin/asc.js', 'assembly/index.ts', '--target', target)
  stamp(target)
}
if (wants('src', 'js')) {
  node('node_modules/typescript/bin/tsc', '--incremental', '--tsBuildInfoFile', 'build/tsc.json')
  stamp('src')
}
if (wants('dist', 'js')) {
  node('scripts/bundle.mjs')
  stamp('dist')
}
