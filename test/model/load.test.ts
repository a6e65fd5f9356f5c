// A model's file: saved, brought back, refused when damaged, on every target.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { adam, configureRuntime, loadModel, modelFromBytes, stepDecay } from '../../src/entries/public.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refuses, rejects } from '../support/refuses.ts'
import { bits, classifier, labels, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

for (const target of targets) {
  const test = suite(`files (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('a file keeps what is frozen', () => {
    const model = classifier()
    model.freeze(1)
    const again = modelFromBytes(model.toBytes())
    assert.equal(
      again.parameters.map(({ trainable }) => trainable),
      [false, false, true, true],
    )
  })

  test('a file brings back the model, compiled, and training resumes bit for bit', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'model.safetensors')
    const x = wave(40 * 4)
    const y = labels(40)
    const model = classifier()
    model.compile({
      optimizer: adam({ learningRate: stepDecay({ learningRate: 0.01, stepSize: 3, gamma: 0.5 }) }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    })
    await model.fit(x, y, { epochs: 2, batchSize: 16 })
    await model.save(path, { includeOptimizer: true })
    assert.equal(readdirSync(folder), ['model.safetensors'])
    const again = await loadModel(path)
    assert.equal(again.predict(x), model.predict(x))
    assert.equal(again.evaluate(x, y), model.evaluate(x, y))
    await model.fit(x, y, { epochs: 2, batchSize: 16 })
    await again.fit(x, y, { epochs: 2, batchSize: 16 })
    assert.equal(bits(again), bits(model))
    assert.equal(again.toBytes({ includeOptimizer: true }), model.toBytes({ includeOptimizer: true }))
  })

  test('a damaged file is refused', async () => {
    const folder = temporaryFolder()
    const bytes = classifier().toBytes()
    refuses(() => modelFromBytes(bytes.subarray(0, bytes.length - 5)), RangeError, 'cut short')
    refuses(() => modelFromBytes(bytes.subarray(0, 4)), RangeError, 'cut short')
    for (let at = 8; at < 1000; at += 37) {
      const flipped = bytes.slice()
      flipped[at] ^= 1
      refuses(() => modelFromBytes(flipped), RangeError, '')
    }
    const path = join(folder, 'short.safetensors')
    writeFileSync(path, bytes.subarray(0, 100))
    await rejects(loadModel(path), RangeError, 'cut short')
    await rejects(loadModel(join(folder, 'none')), Error, 'ENOENT')
    assert.equal(readFileSync(path).length, 100)
  })
  test.run()
}
