// The pictures of docs as Chromium renders them: narrow and wide, light and dark, without errors, with all text inside its bounds.
import { deepEqual } from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { check, site } from '../suite.mjs'

const files = ['docs/images', 'docs/experiments/images'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.svg'))
    .map((name) => `${folder}/${name}`),
)

/** What is wrong with a picture, one line each. Runs in the page. */
async function faultsOf(text) {
  const found = []
  const must = (condition, what) => condition || found.push(what)
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml')
  must(!parsed.querySelector('parsererror'), 'it is no XML')
  const image = new Image()
  image.src = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }))
  await image.decode().catch(({ message }) => found.push(message))
  must(image.naturalWidth >= 240 && image.naturalHeight > 0, `${image.naturalWidth} x ${image.naturalHeight} pixels`)

  document.body.innerHTML = text
  const svg = document.querySelector('svg')
  const outer = svg.getBoundingClientRect()
  const texts = [...svg.querySelectorAll('text')].map((element) => ({
    said: element.textContent,
    // the bounding box of rotated text means little
    isLevel: !/rotate/.test(element.getAttribute('transform') ?? ''),
    box: element.getBoundingClientRect(),
  }))
  for (const { said, box } of texts) {
    const isInside =
      box.left > outer.left - 1 &&
      box.right < outer.right + 1 &&
      box.top > outer.top - 1 &&
      box.bottom < outer.bottom + 1
    must(isInside, `"${said}" leaves the picture`)
  }
  const level = texts.filter(({ isLevel }) => isLevel)
  for (const [i, { said, box }] of level.entries()) {
    for (const other of level.slice(i + 1)) {
      const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left)
      const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top)
      must(across <= 2 || down <= 3, `"${said}" lies on "${other.said}"`)
    }
  }
  return found
}

for (const colorScheme of ['light', 'dark']) {
  for (const width of [640, 1200]) {
    await check(`pictures of docs, ${width} px, ${colorScheme}`, async () => {
      const context = await site.browser.newContext({ viewport: { width, height: 900 }, colorScheme })
      const page = await context.newPage()
      const faults = []
      page.on('console', (message) => faults.push(message.text()))
      page.on('pageerror', ({ message }) => faults.push(message))
      for (const file of files) {
        const found = await page.evaluate(faultsOf, readFileSync(file, 'utf8'))
        faults.push(...found.map((fault) => `${file}: ${fault}`))
      }
      await context.close()
      deepEqual(faults, [])
      return `${files.length}`
    })
  }
}
