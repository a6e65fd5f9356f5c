// The built page in Debian's Chromium: served as hosts serve it, watched for errors, checked by axe.
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
  // WebGL2 without a graphics card; the page itself is composited without it, which is faster
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

/** A page with its own profile that records its errors. */
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
    // a driver's warning about reading pixels back, which screenshots do
    if (['error', 'warning'].includes(message.type()) && !message.text().includes('ReadPixels'))
      faults.push(message.text())
  })
  const client = await context.newCDPSession(page)
  await client.send('Performance.enable', { timeDomain: 'threadTicks' })
  await page.goto(`${url}#${hash}`)
  await page.waitForFunction(() => document.querySelector('.scores dd') !== null || location.hash.includes('csv'))
  return Object.assign(page, { client, faults, done: () => context.close() })
}

/** axe's violations of WCAG 2.2 AA and best practices, one line each. */
export async function violations(page) {
  await page.addScriptTag({ path: AXE })
  const { violations: found } = await page.evaluate(() => globalThis.axe.run())
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}

export async function shoot(page, name) {
  mkdirSync(join(FOLDER, 'screenshots'), { recursive: true })
  await page.screenshot({ path: join(FOLDER, 'screenshots', `${name}.png`) })
}

/**
 * Processor time of the page's main thread, in seconds, which other work on the machine does not inflate as it does wall-clock
 * time: a function that returns the time since its last call.
 */
export function processorTime(page) {
  const client = page.client
  let before = 0
  return async () => {
    const { metrics } = await client.send('Performance.getMetrics')
    const { value } = metrics.find(({ name }) => name === 'TaskDuration')
    const spent = value - before
    before = value
    return spent
  }
}

/** The same for all threads of the browser, the compositor included. */
export async function browserTime(browser) {
  const client = await browser.newBrowserCDPSession()
  let before = 0
  return async () => {
    const { processInfo } = await client.send('SystemInfo.getProcessInfo')
    const now = processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0)
    const spent = now - before
    before = now
    return spent
  }
}

/** Lighthouse requirements that axe does not check: what the page lacks, one line each. */
export const lacks = (page) =>
  page.evaluate(async () => {
    const missing = []
    const must = (condition, what) => condition || missing.push(what)
    const content = (name) => document.querySelector(`meta[name=${name}]`)?.content ?? ''
    must(document.documentElement.lang, 'a language')
    must(document.title.length > 5, 'a title')
    must(content('description').length > 50, 'a description')
    must(/width=device-width/.test(content('viewport')) && !/user-scalable=no/.test(content('viewport')), 'a viewport')
    must(document.characterSet === 'UTF-8', 'an encoding')
    must(document.doctype, 'a doctype')
    for (const image of document.images)
      must(image.getAttribute('width') && image.getAttribute('height'), `a size of ${image.src}`)
    const isShown = (element) => element.checkVisibility({ visibilityProperty: true })
    for (const control of document.querySelectorAll('button, select, input, canvas[tabindex]')) {
      if (!isShown(control) || control.closest('[hidden]')) continue
      const named = control.labels?.length || control.getAttribute('aria-label') || control.textContent.trim()
      must(named, `a label of ${control.outerHTML.slice(0, 60)}`)
      // WCAG 2.5.8: targets are at least 24 pixels in both directions, labels included
      const boxes = [control, ...(control.labels ?? [])].map((each) => each.getBoundingClientRect())
      const large = boxes.some(({ width, height }) => width >= 23.5 && height >= 23.5)
      must(
        large,
        `24 pixels of ${control.getAttribute('aria-label') ?? control.labels?.[0]?.textContent ?? control.textContent}`,
      )
    }
    let shifted = 0
    await new Promise((resolve) => {
      const observer = new PerformanceObserver((list) => {
        for (const { value, hadRecentInput } of list.getEntries()) shifted += hadRecentInput ? 0 : value
      })
      observer.observe({ type: 'layout-shift', buffered: true })
      setTimeout(resolve, 100)
    })
    must(shifted <= 0.1, `a layout that stays: it moved by ${shifted.toFixed(2)}`)
    return missing
  })

/** A number in the status bar: `epoch`, `step`, `steps/s`, `frames/s`. */
export const figure = (page, name) =>
  page.evaluate((wanted) => {
    const place = [...document.querySelectorAll('#readout div')].find((div) => div.firstChild.textContent === wanted)
    return Number(place.lastChild.textContent.replaceAll(',', ''))
  }, name)

/** A score next to the picture: `test accuracy` in percent, `training loss`. */
export const score = (page, name) =>
  page.evaluate((wanted) => {
    const place = [...document.querySelectorAll('.scores div')].find((div) => div.firstChild.textContent === wanted)
    return Number.parseFloat(place.lastChild.textContent)
  }, name)

/** Waits until the page has made at least so many steps. */
export const trained = (page, steps) =>
  page.waitForFunction(
    (wanted) => {
      const place = [...document.querySelectorAll('#readout div')].find((div) => div.firstChild.textContent === 'step')
      return Number(place.lastChild.textContent.replaceAll(',', '')) >= wanted
    },
    steps,
    { timeout: 120_000 },
  )
