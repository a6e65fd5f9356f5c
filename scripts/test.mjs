// The test suite on every wasm target: `npm test`, or `npm test -- PATTERN` for the files whose path matches.
// With `--dist`, the tests that use only public names run on the shipped build/dist instead of build/src.
import './ready.mjs'
import { execFileSync } from 'node:child_process'

const words = process.argv.slice(2)
const pattern = words.find((word) => !word.startsWith('--')) ?? ''
let files = `(${pattern}).*\\.test\\.js$`
let flags = []
const env = { ...process.env }
if (words.includes('--dist')) {
  const { publicTests } = await import('./dist.mjs')
  const tests = await publicTests()
  const chosen = tests.files.filter((file) => new RegExp(pattern).test(file))
  console.log(`${chosen.length} test files on build/dist; ${tests.others} use internals`)
  files = `^(${chosen.map((file) => file.replaceAll('.', '\\.')).join('|')})$`
  flags = ['--import', './scripts/dist-hooks.mjs']
  env.FOURLANE_DIST = JSON.stringify(tests.redirections)
}
try {
  execFileSync(process.execPath, [...flags, 'node_modules/uvu/bin.js', 'build/test', files], { stdio: 'inherit', env })
} catch {
  process.exit(1)
}
