// Prepares a fresh clone: installs packages if they are missing, and builds what is older than its sources. `--install` builds
// nothing.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isStale, MODULES, TARGETS } from './wasm.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

if (!existsSync('node_modules/typescript') || !existsSync('node_modules/esbuild')) {
  console.log('installing packages ...')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { stdio: 'inherit', shell: process.platform === 'win32' })
}

/** Scripts that do not need build/dist. */
const IN_PLACE = ['test.mjs', 'docs.mjs', 'fuzz.mjs', 'bench.mjs']

/** Modification time of the newest TypeScript file in these folders. */
function newest(...folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`),
  )
  const settings = ['tsconfig.json', 'package.json']
  return Math.max(...[...files, ...settings].map((file) => statSync(file).mtimeMs))
}

/** What is older than its sources and has to be built, in order. */
function stale() {
  const built = (part) => (existsSync(`build/${part}.built`) ? statSync(`build/${part}.built`).mtimeMs : 0)
  const machine = TARGETS.filter((target) => Object.keys(MODULES).some((module) => isStale(module, target)))
  const parts = [...machine]
  if (built('src') < newest('src', 'test', 'bench', 'docs', 'examples')) parts.push('src')
  const shipless = IN_PLACE.includes(basename(process.argv[1])) && !process.argv.includes('--dist')
  // tests of examples run build/dist, which rejects wasm files of another version
  if (machine.length > 0 || (!shipless && (parts.length > 0 || built('dist') < newest('src', 'assembly'))))
    parts.push('dist')
  return parts
}

if (!process.argv.includes('--install')) {
  const parts = stale()
  if (parts.length > 0) {
    console.log(`building ${parts.join(', ')} ...`)
    execFileSync(process.execPath, ['scripts/build.mjs', ...parts], { stdio: 'inherit' })
  }
}
