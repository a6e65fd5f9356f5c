// Every program of docs/recipes.md runs as printed, and prints what its last comment says.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from './support/folder.ts'

const root = fileURLToPath(new URL(import.meta.url.includes('/build/') ? '../../' : '../', import.meta.url))
const page = readFileSync(join(root, 'docs/recipes.md'), 'utf8')
const recipes = [...page.matchAll(/^## (.*)\n[\s\S]*?```js\n([\s\S]*?)```/gm)]

test('the page has its recipes', () => {
  assert.is(recipes.length, 8)
})

for (const [, title, code] of recipes) {
  test(title, () => {
    // inside the package, so that its own name resolves
    mkdirSync(join(root, 'build/recipes'), { recursive: true })
    const file = join(root, 'build/recipes', `${title.toLowerCase().replaceAll(/\W+/g, '-')}.mjs`)
    writeFileSync(file, code)
    const printed = execFileSync(process.execPath, [file], { cwd: temporaryFolder(), encoding: 'utf8' })
    const expected = /console\.log\(.*\)\s*\/\/ (.*)/.exec(code)?.[1]
    assert.is(printed.trim(), expected)
  })
}
test.run()
