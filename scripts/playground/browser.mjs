// The built page in Debian's Chromium: served as hosts serve it, watched for errors, looked at by axe.
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { findChromium } from '../runtimes/install.mjs'

const FOLDER = resolve('playground')
const require = createRequire(join(FOLDER, 'package.json'))
const AXE = require.resolve('axe-core/axe.min.js')
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // WebGL2 without a graphics card; the page itself is put together without it, which is faster
  '--enable-unsafe-swiftshader',
  '--disable-gpu-compositing',
]

/** Serves playground/dist and starts the browser. */
export async function openBrowser() {
  const { preview } = await import(join(FOLDER, 'node_modules/vite/dist/node/index.js'))
  const server = await preview({ root: FOLDER, preview: { port: 0 }, logLevel: 'error' })
  const { chromium } = require('playwright-core')
  const executablePath = findChromium()
  if (!executablePath) throw new Error('Chromium is not available on this machine')
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  return {
    url: server.resolvedUrls.local[0],
    browser,
    async close() {
      await browser.close()
      await server.close()
    },
  }
}

/** A page of its own profile that remembers what went wrong in it. */
export async function openPage(
  { browser, url },
  hash = '',
  { width = 1280, height = 860, colorScheme = 'light' } = {},
) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, acceptDownloads: true })
  const page = await context.newPage()
  const faults = []
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('console', (message) => {
    // a driver's remark on reading pixels back, which screenshots do
    if (['error', 'warning'].includes(message.type()) && !message.text().includes('ReadPixels'))
      faults.push(message.text())
  })
  await page.goto(`${url}#${hash}`)
  await page.waitForFunction(() => document.querySelector('.scores dd') !== null || location.hash.includes('csv'))
  return Object.assign(page, { faults, done: () => context.close() })
}

/** What axe finds against WCAG 2.2 AA and its best practices, a line each. */
export async function violations(page) {
  await page.addScriptTag({ path: AXE })
  const { violations: found } = await page.evaluate(() => globalThis.axe.run())
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}

export async function shoot(page, name) {
  mkdirSync(join(FOLDER, 'screenshots'), { recursive: true })
  await page.screenshot({ path: join(FOLDER, 'screenshots', `${name}.png`) })
}

/** A figure of the bar: `epoch`, `step`, `steps/s`, `frames/s`. */
export const figure = (page, name) =>
  page.evaluate((wanted) => {
    const place = [...document.querySelectorAll('#readout div')].find((div) => div.firstChild.textContent === wanted)
    return Number(place.lastChild.textContent.replaceAll(',', ''))
  }, name)

/** A score beside the picture: `test accuracy` in percent, `training loss`. */
export const score = (page, name) =>
  page.evaluate((wanted) => {
    const place = [...document.querySelectorAll('.scores div')].find((div) => div.firstChild.textContent === wanted)
    return Number.parseFloat(place.lastChild.textContent)
  }, name)

/** Waits until the page's step is at least that. */
export const trained = (page, steps) =>
  page.waitForFunction(
    (wanted) => {
      const place = [...document.querySelectorAll('#readout div')].find((div) => div.firstChild.textContent === 'step')
      return Number(place.lastChild.textContent.replaceAll(',', '')) >= wanted
    },
    steps,
    { timeout: 120_000 },
  )
