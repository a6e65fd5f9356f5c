// All settings, by mouse, by keyboard and by link.
import { ok as assert, deepEqual } from 'node:assert/strict'
import { openPage } from '../browser.mjs'
import { hashOf, onPage, press, site } from '../suite.mjs'

await onPage('every control works, by mouse and by keyboard', '', async (page) => {
  let count = 0
  for (const select of await page.locator('#settings select:visible, #transport select').all()) {
    for (const value of await select
      .locator('option')
      .evaluateAll((options) => options.map((option) => option.value))) {
      await select.selectOption(value)
      count++
    }
    await select.focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
  }
  for (const slider of await page.locator('#settings input[type=range]:visible').all()) {
    const before = hashOf(page)
    await slider.focus()
    await page.keyboard.press('ArrowRight')
    assert(hashOf(page) !== before, `a slider did nothing: ${await slider.getAttribute('aria-valuetext')}`)
    count++
  }
  for (const box of await page.locator('#settings .features input').all()) {
    const before = hashOf(page)
    await box.click()
    if (hashOf(page) === before) await box.click()
    count++
  }
  await page.locator('#settings .tiles input').first().focus()
  for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight')
  assert(hashOf(page).includes('data=waves'), `arrows lead through the data: ${hashOf(page)}`)
  for (const name of ['+ layer', 'One unit more in layer 1', 'One unit less in layer 1', 'Remove layer 1']) {
    const before = hashOf(page)
    await press(page, name)
    assert(hashOf(page) !== before, `"${name}" did nothing`)
    count++
  }
  await page.locator('#status').filter({ hasText: /^$/ }).waitFor({ state: 'attached' })
  return `${count} changes`
})

await onPage('a link restores everything', '', async (page) => {
  const wanted =
    '#data=moons&noise=20&points=800&test=50&features=x%2Cy%2Cxy&layers=12%2C8%2C4&activation=relu&initializer=heNormal&norm=layerNorm&dropout=10&penalty=l2&strength=0.00001&optimizer=nadam&rate=0.005&schedule=cosine&batch=64&seed=7&racers=adam%2Clion&view=layers&speed=60'
  const said = () =>
    page.evaluate(() => [
      ...[...document.querySelectorAll('select')].map(({ value }) => value),
      ...[...document.querySelectorAll('input')].map(({ type, value, checked }) =>
        type === 'range' ? value : checked,
      ),
    ])
  await page.evaluate((hash) => {
    location.hash = hash
  }, wanted)
  await page.getByRole('tab', { name: 'Layers', selected: true }).waitFor()
  const before = await said()
  const again = await openPage(site, wanted.slice(1))
  const after = await again.evaluate(() => [
    ...[...document.querySelectorAll('select')].map(({ value }) => value),
    ...[...document.querySelectorAll('input')].map(({ type, value, checked }) => (type === 'range' ? value : checked)),
  ])
  deepEqual(after, before)
  assert(hashOf(again) === wanted, hashOf(again))
  await again.done()
  // invalid settings keep the default
  const odd = await openPage(site, 'data=__proto__&layers=99,x&rate=-1&features=&optimizer=toString&noise=5.5&x=1')
  assert(hashOf(odd) === '', hashOf(odd))
  deepEqual(odd.faults, [])
  await odd.done()
})

await onPage('keyboard: units, tabs, the surface', 'layers=6%2C6', async (page) => {
  await page.locator('canvas.network').focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await page.getByRole('heading', { name: 'Output of unit 2 of layer 1' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Output', exact: true }).waitFor()
  await page.getByRole('tab', { name: 'Network' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await page.getByRole('tab', { name: 'Loss surface', selected: true }).waitFor()
  await page.locator('.surface-view .hint', { hasText: 'computed in' }).waitFor()
  const canvas = page.locator('canvas.surface')
  const before = await canvas.screenshot()
  await canvas.focus()
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowLeft')
  assert(Buffer.compare(before, await canvas.screenshot()) !== 0, 'arrows do not turn the surface')
})

await onPage('what is drawn follows theme and choices while nothing runs', 'layers=6', async (page) => {
  const looks = async () => [
    (await page.locator('canvas.network').screenshot()).toString('base64'),
    (await page.locator('.plane').screenshot()).toString('base64'),
  ]
  const [network, plane] = await looks()
  await page.getByLabel('Test points').check()
  const [, tested] = await looks()
  assert(tested !== plane, 'no test points are shown')
  await page.getByLabel('Decision only').check()
  const [, decided] = await looks()
  assert(decided !== tested, 'no decision is shown')
  await press(page, 'Dark theme')
  const [darkNetwork, darkPlane] = await looks()
  assert(darkNetwork !== network && darkPlane !== decided, 'what is drawn stays light')
  await press(page, 'Light theme')
  await page.getByLabel('Decision only').uncheck()
  await page.getByLabel('Test points').uncheck()
  deepEqual(await looks(), [network, plane])
})
