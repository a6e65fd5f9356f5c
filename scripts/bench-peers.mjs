// Compares fourlane with other libraries: `npm run bench:peers`, `npm run bench:peers -- W3 I1 --only=tfjs`. Their packages go to build/peers.
// A full run is saved to bench/results/peers.json; `--write` copies it from there into the README and docs/benchmarks.md.
import './ready.mjs'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { writeTables } from './peer-tables.mjs'

const folder = 'build/peers'
const wanted = readFileSync('bench/peers/package.json', 'utf8')
const installed = existsSync(`${folder}/node_modules/.package-lock.json`)
const unchanged = installed && readFileSync(`${folder}/package.json`, 'utf8') === wanted
mkdirSync(folder, { recursive: true })
cpSync('bench/peers', folder, { recursive: true })
if (!unchanged) {
  console.log('installing the peers ...')
  // their install scripts only fetch GPU parts
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
}
try {
  execFileSync(process.execPath, [`${folder}/run.mjs`, ...process.argv.slice(2)], { stdio: 'inherit' })
} catch ({ status }) {
  process.exit(status ?? 1)
}
if (process.argv.includes('--write')) writeTables()
