// Every view on four sizes of screen, light and dark.
import { ok as assert, deepEqual } from 'node:assert/strict'
import { lacks, shoot, trained, violations } from '../browser.mjs'
import { onPage, press } from '../suite.mjs'

for (const [width, height] of [
  [320, 640],
  [768, 1024],
  [1440, 900],
  [3840, 2160],
]) {
  for (const view of ['network', 'race', 'surface', 'layers']) {
    const colorScheme = width === 768 || width === 3840 ? 'dark' : 'light'
    await onPage(
      `${view}, ${width} px, ${colorScheme}`,
      `view=${view}&layers=8%2C8`,
      async (page) => {
        await press(page, 'Train')
        await trained(page, 60)
        await page.waitForTimeout(500)
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert(over <= 0, `the page is ${over} px too wide`)
        await shoot(page, `${view}-${width}`)
        await press(page, 'Pause')
        deepEqual([...(await violations(page)), ...(await lacks(page))], [])
      },
      { width, height, colorScheme },
    )
  }
}
