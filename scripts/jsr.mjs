// Publishes the sources on JSR: `node scripts/jsr.mjs --dry-run` only checks. Needs `deno`, or its path in DENO.
// The wasm is published as text next to the sources, in files written just for publishing.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { SOURCES } from './entries.mjs'
import { packWasm } from './pack-wasm.mjs'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const config = JSON.parse(readFileSync('jsr.json', 'utf8'))
const wanted = JSON.stringify({ ...config, version, exports: SOURCES }, null, 2)
if (JSON.stringify(config, null, 2) !== wanted) writeFileSync('jsr.json', `${wanted}\n`)

const packed = packWasm('src/runtime/bytes')
try {
  const args = ['publish', '--allow-dirty', '--config', 'jsr.json', ...process.argv.slice(2)]
  const { status, error } = spawnSync(process.env.DENO ?? 'deno', args, { stdio: 'inherit' })
  if (error) throw error
  process.exitCode = status ?? 1
} finally {
  for (const path of packed) rmSync(path)
}
