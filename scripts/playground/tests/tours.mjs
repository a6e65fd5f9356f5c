// Each tour sets up the page, runs, and passes the accessibility checks.
import { ok as assert, deepEqual } from 'node:assert/strict'
import { shoot, trained, violations } from '../browser.mjs'
import { onPage, press } from '../suite.mjs'

await onPage('tours', '', async (page) => {
  const tours = page.getByLabel('Tours')
  const titles = await tours
    .locator('option')
    .evaluateAll((options) => options.map(({ value }) => value).filter(Boolean))
  for (const title of titles) {
    await tours.selectOption(title)
    await page.getByRole('heading', { name: title }).waitFor()
    if (!title.includes('CSV')) await trained(page, 100)
    await page.waitForTimeout(600)
    await shoot(page, `tour-${titles.indexOf(title) + 1}`)
    if (title.includes('CSV'))
      assert((await page.locator('.scores dd').count()) === 0, 'there are scores without a table')
    const play = page.getByRole('button', { name: 'Pause' })
    if (await play.count()) await play.click()
    deepEqual(await violations(page), [])
  }
  await press(page, 'Close')
  return `${titles.length}`
})
