// Train, step, restart.
import { ok as assert } from 'node:assert/strict'
import { figure, score, trained } from '../browser.mjs'
import { onPage, press } from '../suite.mjs'

await onPage('training learns', 'data=circles&speed=60', async (page) => {
  await press(page, 'Train')
  await trained(page, 2000)
  await press(page, 'Pause')
  // the worker's current frame still arrives
  for (let last = -1; last !== (await figure(page, 'step')); await page.waitForTimeout(300)) {
    last = await figure(page, 'step')
  }
  const [accuracy, step] = [await score(page, 'test accuracy'), await figure(page, 'step')]
  assert(accuracy >= 95, `test accuracy ${accuracy} %`)
  await press(page, 'Step')
  await page.waitForFunction(
    (before) => document.querySelectorAll('#readout dd')[1].textContent !== before,
    step.toLocaleString('en'),
  )
  assert((await figure(page, 'step')) === step + 1, 'a step is one update')
  await press(page, 'Restart')
  await page.waitForFunction(() => document.querySelectorAll('#readout dd')[1].textContent === '0')
  return `test accuracy ${accuracy} % after ${step} steps`
})
