/** RealMLP-TD: first weights that depend on the rows, every kind of table, ensembles and files. Its steps: realmlpGolden.test.ts. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { describeSchedule, type Optimizer, type Schedule, submodel } from '../../src/entries/public.ts'
import { prepare, prepareStream, presetFit, readTable, tabular, trainTabular } from '../../src/entries/table.ts'
import { tablePredictorFromBytes } from '../../src/entries/tablePredictor.ts'
import { Random } from '../../src/lib/random.ts'
import { refuses } from '../support/refuses.ts'

const preset = 'realmlp'
const penguins = await readTable(dataFile('penguins.csv'))
const random = new Random(21)
const words = await readTable(
  [
    'many,few,two,number,y',
    ...Array.from({ length: 120 }, (_, i) => {
      const cell = [
        `m${random.integer(12)}`,
        'abc'[random.integer(3)],
        'pq'[random.integer(2)],
        random.normal().toFixed(3),
      ]
      return [...cell, i % 2 ? 'yes' : 'no'].join()
    }),
  ].join('\n'),
)
/** The table with some of its columns. */
const only = (...names: string[]) => ({ ...words, columns: words.columns.filter(({ name }) => names.includes(name)) })

const deviation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

for (const target of ['species', 'body_mass_g']) {
  test(`first weights: every unit's sum varies by 1, and is 0 among the rows, target "${target}"`, () => {
    const { x, encoder } = prepare(penguins, { target, oneHotLimit: 2 })
    const model = tabular({ encoder, preset, seed: 9, x })
    const rows = x.length / encoder.width
    // what the first dense layer is given
    const first = submodel(model, 'scale')
    const given = first.predict(x)
    const inputs = first.engine.outputs
    const [kernel, bias] = ['hidden_1.kernel', 'hidden_1.bias'].map((name) =>
      model.parameters.find((parameter) => parameter.name === name)?.get(),
    )
    if (!kernel || !bias) throw new Error('no first layer')
    const places = new Set<number>()
    for (let unit = 0; unit < 256; unit++) {
      const sums = Array.from({ length: rows }, (_, row) => {
        let sum = 0
        for (let i = 0; i < inputs; i++) sum += given[row * inputs + i] * kernel[i * 256 + unit]
        return sum
      })
      assert.ok(Math.abs(deviation(sums) - 1) < 1e-4)
      assert.ok(-bias[unit] > Math.min(...sums) && -bias[unit] < Math.max(...sums))
      places.add(sums.filter((sum) => sum < -bias[unit]).length)
    }
    assert.ok(places.size > 50, 'zeros lie in many places')
    // deeper layers are scaled with dropout, which predictions do not have: their sums vary by a little less
    for (const name of ['hidden_2', 'hidden_3']) {
      const sums = submodel(model, name).predict(x)
      const mean = Array.from({ length: 256 }, (_, unit) =>
        deviation(Array.from({ length: rows }, (_, row) => sums[row * 256 + unit])),
      ).reduce((sum, value) => sum + value / 256, 0)
      assert.ok(mean > 0.7 && mean < 1, `${name}: ${mean}`)
    }
    // the same seed gives the same weights, another one others
    const weights = model.getWeights()
    assert.equal(tabular({ encoder, preset, seed: 9, x }).getWeights(), weights)
    assert.not.equal(tabular({ encoder, preset, seed: 10, x }).getWeights(), weights)
  })
}

test('first weights: rows that are all the same leave kernels as they are drawn', () => {
  const { x, encoder } = prepare(penguins, { target: 'species' })
  const model = tabular({ encoder, preset, x: x.slice(0, encoder.width) })
  assert.ok(model.getWeights().every(Number.isFinite))
})

for (const columns of [['number'], ['few', 'two'], ['many'], ['many', 'number'], ['many', 'few', 'two', 'number']]) {
  test(`a table with ${columns.join(', ')}, through its file`, async () => {
    const table = only(...columns, 'y')
    const prepared = prepare(table, { target: 'y' })
    const { model, validation } = await trainTabular(prepared, { preset, epochs: 3, seed: 2 })
    assert.is(validation?.rows.length, 24)
    const names = model.parameters.map(({ name }) => name)
    assert.is(
      names.some((name) => name.includes('numbers.')),
      columns.includes('number'),
    )
    assert.is(
      names.some((name) => name.includes('categories.')),
      columns.includes('many'),
    )
    const predictor = tablePredictorFromBytes(model.toBytes())
    assert.equal(predictor.probabilities(table), model.predict(prepared.encoder.transform(table)))
    // a category that training did not have
    const unknown = predictor.probabilities([{ many: 'new', few: 'new', two: null, number: null }])
    assert.ok(Math.abs(unknown[0] + unknown[1] - 1) < 1e-6)
  })
}

test('it learns, and its rates are those of the length that it is told', async () => {
  const prepared = prepare(penguins, { target: 'species', test: 0.2 })
  const { model } = await trainTabular(prepared, { preset, epochs: 30, seed: 1 })
  if (!prepared.test) throw new Error('no rows to test with')
  assert.ok(model.evaluate(prepared.test.x, prepared.test.y).accuracy >= 0.95)
  // 220 rows of training fill no batch of 256: theirs is as large as they are, and every epoch one update
  const optimizer = model.compiled?.optimizer as Optimizer
  for (const schedule of [optimizer.learningRate, optimizer.weightDecay] as Schedule[]) {
    assert.is(Object(describeSchedule(schedule)).options.totalSteps, 30)
  }
})

test('an ensemble is the softmax of the mean of what its members have before theirs', async () => {
  const prepared = prepare(only('many', 'few', 'number', 'y'), { target: 'y' })
  const { encoder, x } = prepared
  const options = { preset, epochs: 2 } as const
  const members = await Promise.all([4, 5].map((seed) => trainTabular(prepared, { ...options, seed })))
  const { model, histories } = await trainTabular(prepared, { ...options, seed: 4, ensemble: 2 })
  assert.is(histories.length, 2)
  // both members validate with the rows of the first seed
  const first = Array.from(members[0].model.predict(x), Math.log)
  const got = model.predict(x)
  const file = tablePredictorFromBytes(model.toBytes())
  assert.is(file.encoder.width, encoder.width)
  assert.is(got.length, first.length)
  const branches = model.parameters.filter(({ name }) => name.includes('hidden_1.kernel'))
  assert.is(branches.length, 2)
  assert.equal(branches[0].get(), members[0].model.parameters.find(({ name }) => name === 'hidden_1.kernel')?.get())
  // the second branch alone, by doubling what the first leaves out
  const kernel = model.parameters[model.parameters.length - 2]
  const halves = kernel.get()
  kernel.set(halves.map((value, i) => (i < halves.length / 2 ? 2 * value : 0)))
  const bias = model.parameters[model.parameters.length - 1]
  const own = members[0].model.parameters
  bias.set(own[own.length - 1].get())
  const alone = Array.from(model.predict(x), Math.log)
  assert.ok(alone.every((value, i) => Math.abs(value - first[i]) < 1e-5))
})

test('from a stream', async () => {
  const stream = await prepareStream(() => dataFile('penguins.csv'), { target: 'species' })
  const { model } = await trainTabular(stream, { preset, epochs: 20, seed: 1 })
  assert.ok(model.evaluate(stream.validation.x, stream.validation.y).accuracy >= 0.9)
})

test('errors', () => {
  const { x, encoder } = prepare(penguins, { target: 'species' })
  const { width } = encoder
  const refused = (given: object, message: string) =>
    refuses(() => tabular({ encoder, preset, ...given } as never), TypeError, `tabular: "x" must be ${message}`)
  refused({}, `a Float32Array of rows of ${width} values, as prepare gives it, whose spread`)
  refused(
    { x: x.subarray(1) },
    `a Float32Array of rows of ${width} values, as prepare gives it; got ${x.length - 1} values`,
  )
  refused({ x: new Float32Array(0) }, `a Float32Array of rows of ${width} values, as prepare gives it; got 0 values`)
  refused({ x: [...x] }, 'a Float32Array')
  assert.is(presetFit(encoder, preset).epochs, 256)
})

test.run()
