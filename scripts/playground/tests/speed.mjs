// How fast it is.
import { figure } from '../browser.mjs'
import { onPage, press } from '../suite.mjs'

// how fast it is depends on what else this machine does: said, not judged
await onPage(
  'measured: 6 x 32 hidden units, batch 32, 60 steps a frame',
  'layers=32%2C32%2C32%2C32%2C32%2C32&speed=60',
  async (page) => {
    await press(page, 'Train')
    await page.waitForTimeout(1000)
    const spent = processorTime(page)
    const steps = await figure(page, 'step')
    await spent()
    await page.waitForTimeout(4000)
    const frames = ((await figure(page, 'step')) - steps) / 60
    const perFrame = (1000 * (await spent())) / frames
    return `${await figure(page, 'frames/s')} frames and ${await figure(page, 'steps/s')} steps a second, boundary and all units redrawn; a frame is ${perFrame.toFixed(1)} ms of the page's thread, in which the screen's frames between two count`
  },
)
await onPage(
  'measured: three optimizers race',
  'view=race&racers=sgd%2Cmomentum%2Cadam&layers=24%2C24',
  async (page) => {
    await press(page, 'Train')
    await page.waitForTimeout(3000)
    return `${await figure(page, 'frames/s')} frames a second`
  },
)
await onPage('measured: surface of 41 x 41 losses', 'view=surface&layers=32%2C32%2C32%2C32%2C32%2C32', async (page) => {
  await page.locator('.surface-view .hint', { hasText: 'computed in' }).waitFor()
  return /computed in (\d+ ms)/.exec(await page.locator('.surface-view .hint').innerText())?.[1]
})
