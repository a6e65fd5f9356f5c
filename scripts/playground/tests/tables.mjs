// Users' tables, and downloaded models.
import { ok as assert, deepEqual } from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openPage, score, shoot, trained } from '../browser.mjs'
import { check, folder, onPage, press, site } from '../suite.mjs'
import { sampleTable } from '../table.mjs'

await onPage(
  'a table of 10,000 rows with words, dates and holes',
  'data=csv&layers=32&activation=relu&rate=0.003&speed=60',
  async (page) => {
    const path = join(folder, 'people.csv')
    writeFileSync(path, sampleTable())
    await press(page, 'Train')
    await page.locator('#status', { hasText: 'Choose a CSV file' }).waitFor()
    await page.getByLabel('CSV file').setInputFiles(path)
    await page.locator('.scores dd').first().waitFor()
    assert((await page.getByLabel('Predict').inputValue()) === 'stays', 'the last column is predicted')
    await press(page, 'Train')
    await trained(page, 3000)
    await press(page, 'Pause')
    await page.waitForTimeout(300)
    const accuracy = await score(page, 'test accuracy')
    assert(accuracy > 85, `test accuracy ${accuracy} %`)
    await shoot(page, 'table')

    const saved = await exported(page, 'safetensors')
    const { modelFromBytes } = await import('fourlane')
    const { encoderFromJSON, prepare, readTable } = await import('fourlane/table')
    const model = modelFromBytes(saved)
    const encoder = encoderFromJSON(model.metadata.encoder)
    const { test } = prepare(await readTable(path), { target: 'stays', test: 0.3, seed: 1, oneHotLimit: 256 })
    const x = test.x.subarray(0, 2000 * encoder.width)
    const { loss } = model.evaluate(x, test.y.subarray(0, 2000))
    const shown = await score(page, 'test loss')
    assert(Math.abs(loss - shown) <= 0.005 * shown, `Node computes a test loss of ${loss}, the page shows ${shown}`)
    const { importOnnx } = await import('fourlane/formats')
    const twin = importOnnx(await exported(page, 'onnx'))
    const [ours, theirs] = [model.predict(x), twin.predict(x)]
    assert(
      ours.every((value, i) => Math.abs(value - theirs[i]) < 1e-5),
      'the ONNX file predicts something else',
    )
    return `test accuracy ${accuracy} %; Node predicts the same by both files`
  },
)

async function exported(page, format) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByLabel('Export').selectOption(format)])
  return new Uint8Array(readFileSync(await download.path()))
}

await onPage('a table is dropped', 'data=csv', async (page) => {
  const dropped = await page.evaluateHandle((text) => {
    const data = new DataTransfer()
    data.items.add(new File([text], 'people.csv'))
    return data
  }, sampleTable(200))
  await page.dispatchEvent('.empty', 'drop', { dataTransfer: dropped })
  await page.locator('.scores dd').first().waitFor()
  assert((await page.getByLabel('Predict').inputValue()) === 'stays', 'its columns are not the choice')
})

await check('tables that are none are refused', async () => {
  const page = await openPage(site, 'data=csv')
  for (const [text, says] of [
    ['', /rows|empty/],
    ['a,b\n1,2\n3\n', /line 3/],
    ['a,b\n"x', /quote/],
  ]) {
    const path = join(folder, 'odd.csv')
    writeFileSync(path, text)
    await page.getByLabel('CSV file').setInputFiles(path)
    await page.locator('#status.fault', { hasText: says }).waitFor({ timeout: 10_000 })
    await page.getByLabel('CSV file').setInputFiles([])
  }
  deepEqual(page.faults, [])
  await page.done()
})
