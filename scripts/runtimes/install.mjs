// Installs the runtimes and tools for the runtime suite: npm packages in a separate folder, Chromium from the system.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'

/** Kept from run to run; a fresh machine fills it in about half a minute. */
const FOLDER = process.env.FOURLANE_RUNTIMES ?? join(tmpdir(), 'fourlane-runtimes')
const NODES = [20, 22, 24, 26]
const PLATFORM = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
const PACKAGES = {
  ...Object.fromEntries(NODES.map((major) => [`node${major}`, `npm:node-${PLATFORM}@${major}`])),
  deno: '^2.9.0',
  bun: '^1.4.0',
  'edge-runtime': '^4.0.0',
  miniflare: '^4.20260426.0',
  vite: '^8.0.0',
  webpack: '^5.100.0',
  '@vercel/nft': '^1.0.0',
  rollup: '^4.50.0',
  '@rollup/plugin-node-resolve': '^16.0.0',
  publint: '^0.3.0',
  '@arethetypeswrong/cli': '^0.18.0',
}

/** Runs a program to its end and returns its output; throws with the output when it fails. */
export function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    ...options,
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`)
  return stdout
}

export const npm = (args, cwd) => run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd })

/** Lets this process compile relaxed.wasm: V8 of Node 20 knows relaxed SIMD only behind a flag. */
export function allowRelaxedSimd() {
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd')
}

/** npm itself, as a script for any Node. */
export const npmScript = () =>
  process.env.npm_execpath ?? realpathSync(spawnSync('which', ['npm'], { encoding: 'utf8' }).stdout.trim())

/** The first path that exists. */
function found(...paths) {
  return paths.find((path) => existsSync(path))
}

/** Folder of the tools, and the programs by name; a runtime that has no build for this machine is undefined. */
export function installRuntimes() {
  mkdirSync(FOLDER, { recursive: true })
  const manifest = JSON.stringify({ private: true, type: 'module', dependencies: PACKAGES }, null, 2)
  writeFileSync(join(FOLDER, 'package.json'), manifest)
  // install scripts only check binaries that come with optional dependencies anyway
  npm(['install', '--ignore-scripts', '--prefer-offline'], FOLDER)
  const modules = join(FOLDER, 'node_modules')
  const inScope = (scope, prefix, path) =>
    readdirSync(join(modules, scope))
      .filter((name) => name.startsWith(prefix))
      .map((name) => join(modules, scope, name, path))
  return {
    folder: FOLDER,
    nodes: Object.fromEntries(
      NODES.map((major) => [
        major,
        found(join(modules, `node${major}`, 'bin/node'), join(modules, `node${major}`, 'bin/node.exe')),
      ]),
    ),
    deno: found(...inScope('@deno', '', 'deno')),
    bun: found(...inScope('@oven', 'bun-', 'bin/bun')),
    chromium: findChromium(),
  }
}

/** Debian's Chromium, installed if missing and permitted, or the Chrome in CHROME_PATH. */
export function findChromium() {
  const known = () =>
    found(process.env.CHROME_PATH ?? '/usr/bin/chromium', '/usr/bin/chromium', '/usr/bin/google-chrome')
  if (!known() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { env })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env })
  }
  return known()
}
