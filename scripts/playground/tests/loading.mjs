// Transfer size, loading time, and working offline.
import { ok as assert, deepEqual } from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { lacks, processorTime, shoot, trained } from '../browser.mjs'
import { check, onPage, press } from '../suite.mjs'

const FIRST_LOAD = 250_000
const DIST = 'playground/dist'

await check('size of the first load', () => {
  const files = readdirSync(DIST, { recursive: true }).filter((name) => /\.(js|css|html|svg|webmanifest)$/.test(name))
  const bytes = files.reduce((sum, name) => sum + gzipSync(readFileSync(join(DIST, name)), { level: 9 }).length, 0)
  assert(bytes <= FIRST_LOAD, `${bytes} bytes gzipped, expected at most ${FIRST_LOAD}`)
  return `${(bytes / 1000).toFixed(0)} kB gzipped, everything included`
})

await check('sizes of what is loaded first', () => {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8')
  const first = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name]) => name)
  const of = (name) => gzipSync(readFileSync(join(DIST, name)), { level: 9 }).length
  const bytes = first.reduce((sum, name) => sum + of(name), 0)
  // the page can be rendered without the library, which the worker loads in parallel
  assert(
    bytes <= 60_000,
    `${first.join(', ')}: ${bytes} bytes gzipped before anything is drawn, expected at most 60,000`,
  )
  return `${(bytes / 1000).toFixed(0)} kB gzipped before anything is drawn: ${first.length} files`
})

await onPage('interactive soon', '', async (page) => {
  const milliseconds = await page.evaluate(() => performance.now())
  const spent = await processorTime(page)()
  assert(spent < 1, `the page's thread took ${spent.toFixed(2)} s until the first picture`)
  deepEqual(await lacks(page), [])
  assert(await page.evaluate(() => crossOriginIsolated), 'the page is not isolated')
  await shoot(page, 'start')
  return `first picture of the network ${Math.round(milliseconds)} ms after the start of the load, of which the page's thread worked ${Math.round(1000 * spent)} ms`
})

await onPage('works without a network after the first load', '', async (page) => {
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  await page.context().setOffline(true)
  await page.reload()
  await page.locator('.scores dd').first().waitFor()
  await press(page, 'Train')
  await trained(page, 50)
})
