// The reference pages are what the catalogues say: docs/NAME.md is written by `npm run docs`, from the pages in test/docs.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const built = import.meta.url.includes('/build/')
const pages = new URL('./docs/', import.meta.url)
const docs = new URL(built ? '../../docs/' : '../docs/', import.meta.url)

for (const file of readdirSync(pages).filter((name) => /\.(js|ts)$/.test(name) && !name.endsWith('.d.ts'))) {
  const { page } = (await import(new URL(file, pages).href)) as { page: () => string }
  const path = new URL(file.replace(/\.(js|ts)$/, '.md'), docs)
  if (process.env.FOURLANE_WRITE_DOCS) writeFileSync(path, page())
  test(`docs/${file.replace(/\.(js|ts)$/, '.md')} says what the catalogue says`, () => {
    assert.ok(existsSync(path), 'missing; run npm run docs')
    assert.is(readFileSync(path, 'utf8'), page(), 'out of date; run npm run docs')
  })
}
test.run()
