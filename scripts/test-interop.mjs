// Other libraries run what fourlane exports: `npm run test:interop`. Their packages go to build/interop.
import './ready.mjs'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'

const folder = 'build/interop'
const wanted = readFileSync('test/interop/package.json', 'utf8')
const installed = existsSync(`${folder}/node_modules/.package-lock.json`)
const unchanged = installed && readFileSync(`${folder}/package.json`, 'utf8') === wanted
mkdirSync(folder, { recursive: true })
cpSync('test/interop', folder, { recursive: true })
if (!unchanged) {
  console.log('installing the other programs ...')
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
}
for (const file of readdirSync('test/interop').filter((name) => name.endsWith('.mjs'))) {
  try {
    execFileSync(process.execPath, [`${folder}/${file}`], { stdio: 'inherit' })
  } catch {
    process.exitCode = 1
  }
}
