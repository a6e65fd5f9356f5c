// The README's example runs as printed, and its links lead somewhere.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from './support/folder.ts'

const root = fileURLToPath(new URL(import.meta.url.includes('/build/') ? '../../' : '../', import.meta.url))

test('the first example of the README trains, saves and loads', () => {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []
  assert.ok(code, 'no example')
  // inside the package, so that its own name resolves
  mkdirSync(join(root, 'build/readme'), { recursive: true })
  const file = join(root, 'build/readme/example.mjs')
  writeFileSync(file, code)
  const folder = temporaryFolder()
  const printed = execFileSync(process.execPath, [file], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0' },
  })
  assert.match(printed, /accuracy: 1/)
  assert.ok(existsSync(join(folder, 'xor.safetensors')))
})

for (const page of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']) {
  test(`links of ${page} to files of this repository exist`, () => {
    for (const [, target] of readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(existsSync(join(root, target)), `${page} links to ${target}`)
    }
  })
}
test.run()
