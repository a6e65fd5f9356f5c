// Checks of the playground: each prints a line when done and has its own page, which must report no errors.
import { deepEqual } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBrowser, openPage } from './browser.mjs'

const only = process.argv.slice(3)
let [passed, failed] = [0, 0]
export const site = await openBrowser()
/** For files that a check needs; gone afterwards. */
export const folder = mkdtempSync(join(tmpdir(), 'fourlane-playground-'))

export async function check(name, work) {
  if (only.length > 0 && !only.some((word) => name.includes(word))) return
  const started = performance.now()
  try {
    const note = await work()
    passed++
    console.log(`passed  ${name}${note ? `: ${note}` : ''} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  } catch (error) {
    failed++
    console.log(`FAILED  ${name}: ${error.message}`)
  }
}

export const onPage = (name, hash, work, options) =>
  check(name, async () => {
    const page = await openPage(site, hash, options)
    try {
      const note = await work(page)
      deepEqual(page.faults, [])
      return note
    } finally {
      await page.done()
    }
  })

export const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
export const hashOf = (page) => new URL(page.url()).hash

/** Closes the browser, prints the counts and sets the exit code. */
export async function finish() {
  await site.close()
  rmSync(folder, { recursive: true, force: true })
  console.log(`\n${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
