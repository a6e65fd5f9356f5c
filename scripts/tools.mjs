// npm packages that only one suite needs, in a separate folder that is kept between runs.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Installs packages, by name and version range; returns their folder. */
export function installTools(name, dependencies) {
  const folder = join(tmpdir(), name)
  const manifest = JSON.stringify({ private: true, type: 'module', dependencies }, null, 2)
  const path = join(folder, 'package.json')
  const installed = existsSync(join(folder, 'node_modules/.package-lock.json'))
  if (installed && readFileSync(path, 'utf8') === manifest) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, manifest)
  console.log(`installing ${Object.keys(dependencies).join(', ')} ...`)
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  return folder
}
