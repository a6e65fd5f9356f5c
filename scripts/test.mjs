// The test suite on every wasm target: `npm test`, or `npm test -- PATTERN` for the files whose path matches.
import './ready.mjs'
import { execFileSync } from 'node:child_process'

const pattern = process.argv[2] ?? ''
try {
  execFileSync(process.execPath, ['node_modules/uvu/bin.js', 'build/test', `(${pattern}).*\\.test\\.js$`], {
    stdio: 'inherit',
  })
} catch {
  process.exit(1)
}
