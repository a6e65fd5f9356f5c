// Builds build/: the wasm targets of asconfig.json, then the JavaScript, then what the package ships.
// Names given on the command line build only those: a target, `js`.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'

const node = (...args) => execFileSync(process.execPath, args, { stdio: 'inherit' })
const root = new URL('..', import.meta.url)
process.chdir(new URL(root).pathname)
mkdirSync('build', { recursive: true })

const asked = process.argv.slice(2)
const targets = Object.keys(JSON.parse(readFileSync('asconfig.json', 'utf8')).targets)
for (const target of targets.filter((name) => asked.length === 0 || asked.includes(name))) {
  node('node_modules/assemblyscript/bin/asc.js', 'assembly/index.ts', '--target', target)
}
if (asked.length === 0 || asked.includes('js')) {
  node('node_modules/typescript/bin/tsc')
  node('scripts/bundle.mjs')
}
