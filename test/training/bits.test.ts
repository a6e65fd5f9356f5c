// Training leaves the same bits as it did when golden/bits.json was written (`npm run bits`): a change that moves one of them says so there.
import { readFileSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { configureRuntime } from '../../src/entries/public.ts'
import { targets } from '../support/targets.ts'
import { hashOf, train, trainingNames } from '../support/trainings.ts'

const root = import.meta.url.includes('/build/') ? '../../../' : '../../'
const file = new URL(`${root}test/golden/bits.json`, import.meta.url)
const writing = process.env.FOURLANE_WRITE_BITS === '1'
const golden = (writing ? {} : JSON.parse(readFileSync(file, 'utf8'))) as Record<string, Record<string, string>>

for (const target of targets.filter((name) => name !== 'debug')) {
  const test = suite(`bits (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())
  for (const name of trainingNames) {
    test(name, async () => {
      const hash = hashOf(await train(name, {}))
      if (writing) golden[target] = { ...golden[target], [name]: hash }
      else assert.is(hash, golden[target][name])
    })
  }
  test('on three threads', async () => {
    for (const name of ['layers', 'adam', 'clipping by norm']) {
      const model = await train(name, { threads: 3 })
      if (!writing) assert.is(hashOf(model), golden[target][name], name)
      model.close()
    }
  })
  if (writing) test.after(() => writeFileSync(file, `${JSON.stringify(golden, null, 1)}\n`))
  test.run()
}
