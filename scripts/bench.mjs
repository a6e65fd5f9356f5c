// Ratios to the machine's peak: `npm run bench`, `npm run bench -- gemm inference` for some groups, `-- --record` to keep the result.
import './ready.mjs'
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'

const node = (...args) => execFileSync(process.execPath, args, { stdio: 'inherit' })
const newest = Math.max(
  ...[
    'bench/assembly/peak.ts',
    'bench/assembly/asconfig.json',
    'assembly/math/simd.ts',
    'assembly/math/constants.ts',
  ].map((file) => statSync(file).mtimeMs),
)
for (const target of ['simd', 'relaxed']) {
  const built = `build/bench/peak-${target}.wasm`
  if (existsSync(built) && statSync(built).mtimeMs >= newest) continue
  node('node_modules/assemblyscript/bin/asc.js', '--config', 'bench/assembly/asconfig.json', '--target', target)
}
try {
  node('build/bench/main.js', ...process.argv.slice(2))
} catch ({ status }) {
  process.exit(status ?? 1)
}
