// The programs of docs/recipes.md and docs/migrating.md run as printed, and print what their last comment says.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from './support/folder.ts'

const root = fileURLToPath(new URL(import.meta.url.includes('/build/') ? '../../' : '../', import.meta.url))

/** Programs by the titles above them. */
function programsOf(page: string): [title: string, code: string][] {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  return text.split(/^## /m).flatMap((section): [string, string][] => {
    const [, code] = /```js\n([\s\S]*?)```/.exec(section) ?? []
    return code === undefined ? [] : [[section.slice(0, section.indexOf('\n')), code]]
  })
}

for (const [page, count] of [
  ['recipes.md', 11],
  ['migrating.md', 3],
] as const) {
  const programs = programsOf(page)
  test(`${page} has its programs`, () => {
    assert.is(programs.length, count)
  })
  for (const [title, code] of programs) {
    test(title, () => {
      // inside the package, so that its own name resolves
      mkdirSync(join(root, 'build/recipes'), { recursive: true })
      const file = join(root, 'build/recipes', `${title.toLowerCase().replaceAll(/\W+/g, '-')}.mjs`)
      writeFileSync(file, code)
      const printed = execFileSync(process.execPath, [file], {
        cwd: temporaryFolder(),
        encoding: 'utf8',
        env: { ...process.env, FORCE_COLOR: '0' },
      })
      const expected = /console\.log\(.*\)\s*\/\/ (.*)/.exec(code)?.[1] ?? ''
      assert.is(printed.trim(), expected)
    })
  }
}
test.run()
