// Training on batches that arrive one by one, on every target.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { configureRuntime } from '../../src/entries/public.ts'
import { rejects } from '../support/refuses.ts'
import { bits, classifier, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const x = wave(60 * 4)
const y = Int32Array.from({ length: 60 }, (_, i) => (x[4 * i] > 0 ? 1 : 0) + (x[4 * i + 1] > 0.7 ? 1 : 0))
const followed = () => classifier({ metrics: ['accuracy', 'topKAccuracy'] })

for (const target of targets) {
  const test = suite(`fit on batches (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('batches that arrive one by one train like arrays', async () => {
    const arrays = followed()
    await arrays.fit(x, y, { epochs: 2, batchSize: 20, shuffle: false })
    const batch = (i: number) => ({ x: x.subarray(i * 80, (i + 1) * 80), y: y.subarray(i * 20, (i + 1) * 20) })
    const lists = followed()
    const source = {
      *[Symbol.iterator]() {
        for (let i = 0; i < 3; i++) yield batch(i)
      },
    }
    const history = await lists.fit(source, { epochs: 2 })
    assert.equal(bits(lists), bits(arrays))
    assert.equal(Object.keys(history.metrics), ['loss', 'accuracy', 'topKAccuracy'])

    const streamed = followed()
    async function* stream() {
      for (let i = 0; i < 6; i++) yield batch(i % 3)
    }
    await streamed.fit(stream())
    assert.equal(bits(streamed), bits(arrays))
    await rejects(followed().fit(stream(), { epochs: 2 }), TypeError, 'read only once')
  })

  test('an endless source serves epochs of a given length', async () => {
    let made = 0
    function* endless() {
      for (;;) {
        made++
        yield { x: x.subarray(0, 40), y: y.subarray(0, 10) }
      }
    }
    const model = followed()
    const { epoch } = await model.fit(endless(), { epochs: 3, stepsPerEpoch: 4 })
    assert.equal([epoch.length, made, model.engine.steps], [3, 12, 12])
  })

  test('a slow source does not hold up an abort; sources and options that do not fit are refused', async () => {
    const model = followed()
    async function* slow() {
      await new Promise((resolve) => setTimeout(resolve, 60_000).unref())
      yield { x, y }
    }
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 20)
    await rejects(model.fit(slow(), { signal: controller.signal }), DOMException, 'aborted')
    await rejects(model.fit([][Symbol.iterator]()), RangeError, 'no batches')
    const named = new Set([{ xs: x, ys: y }]) as unknown as Iterable<{ x: Float32Array; y: Int32Array }>
    await rejects(
      model.fit(named),
      TypeError,
      'every batch must be an object { x, y, sampleWeight? }, got an object with "xs", "ys"',
    )
    await rejects(
      model.fit({ xs: x, ys: y } as never),
      TypeError,
      'got an object with "xs", "ys"; pass its arrays as arguments of their own',
    )
    await rejects(model.fit(slow(), { validationSplit: 0.1 }), TypeError, '"validationSplit" is for arrays')
    const controlled = { signal: controller as unknown as AbortSignal }
    await rejects(model.fit(x, y, controlled), TypeError, 'controller.signal')
  })
  test.run()
}
