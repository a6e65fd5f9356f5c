/** Raw rows through a model's own bytes, on the predicting side alone. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { dense, input, type Model, modelFromBytes, sequential } from '../../src/entries/full.ts'
import { prepare, readTable, tabular } from '../../src/entries/table.ts'
import * as bundled from '../../src/entries/tablePredict.ts'
import * as plain from '../../src/entries/tablePredictor.ts'
import { Random } from '../../src/lib/random.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refuses, rejects } from '../support/refuses.ts'

const { tablePredictorFromBytes, loadTablePredictor } = plain
const random = new Random(11)
const LINES = Array.from({ length: 90 }, (_, i) => {
  const a = random.normal()
  return [a.toFixed(3), 'pqr'[i % 3], (a * 10).toFixed(3), a > 0 ? 'yes' : 'no', ['low', 'mid', 'high'][i % 3]].join()
})
const table = await readTable(['a,k,number,pair,three', ...LINES].join('\n'))
const made = (target: string): { model: Model; transform: (rows: readonly object[]) => Float32Array } => {
  const { encoder } = prepare(table, { target })
  return { model: tabular({ encoder, preset: 'mlp', seed: 5 }), transform: (rows) => encoder.transform(rows) }
}
const ROWS = [
  { a: 0.25, k: 'p', number: 3, pair: 'yes', three: 'low' },
  { a: '-1.5', k: null, number: null, pair: 'no', three: 'high' },
  { a: 7, k: 'new', number: '2.5', pair: null, three: null, extra: true },
]

test('classes: names and probabilities are those of the model', () => {
  const { model, transform } = made('three')
  const predictor = tablePredictorFromBytes(model.toBytes())
  const x = transform(ROWS)
  assert.equal(predictor.probabilities(ROWS), model.predict(x))
  const { classes } = predictor.encoder.target as { classes: readonly string[] }
  assert.equal(classes, ['high', 'low', 'mid'])
  assert.equal(
    predictor.predict(ROWS),
    Array.from(model.predictClasses(x), (index) => classes[index]),
  )
})

test('two classes by one output: both probabilities', () => {
  const { model, transform } = made('pair')
  const predictor = tablePredictorFromBytes(model.toBytes())
  const yes = model.predict(transform(ROWS))
  assert.equal(
    [...predictor.probabilities(ROWS)],
    [...yes].flatMap((p) => [Math.fround(1 - p), p]),
  )
  assert.equal(
    predictor.predict(ROWS),
    Array.from(yes, (p) => (p > 0.5 ? 'yes' : 'no')),
  )
})

test('numbers: in the units of the table, no further out than those of training', () => {
  const { model, transform } = made('number')
  const predictor = tablePredictorFromBytes(model.toBytes())
  const { target } = predictor.encoder
  if (target.task !== 'regression') throw new Error('a regression')
  const { mean, standardDeviation, minimum, maximum } = target
  const expected = Array.from(model.predict(transform(ROWS)), (z) =>
    Math.min(Math.max(z * standardDeviation + mean, minimum), maximum),
  )
  assert.equal([...predictor.predict(ROWS)], expected)
  const [, bias] = model.parameters.slice(-2)
  bias.set([1000])
  assert.equal([...tablePredictorFromBytes(model.toBytes()).predict(ROWS)], [maximum, maximum, maximum])
  refuses(() => predictor.probabilities(ROWS), RangeError, 'predicts numbers, not classes; use predict')
})

test('rows as objects, arrays or a table; none', () => {
  const { model } = made('three')
  const predictor = tablePredictorFromBytes(model.toBytes())
  const arrays = ROWS.map((row) => predictor.encoder.columns.map((name) => Reflect.get(row, name)))
  assert.equal(predictor.probabilities(arrays), predictor.probabilities(ROWS))
  assert.equal(predictor.predict(table).length, 90)
  assert.equal(predictor.predict([]), [])
  assert.is(predictor.probabilities([]).length, 0)
  refuses(() => predictor.predict([{ a: 1 }]), RangeError, 'row 0 has no "k"')
  refuses(() => predictor.predict([{ ...ROWS[0], a: 'old' }]), RangeError, 'row 0: "a" is "old", expected a number')
})

test('from files, and with the wasm brought along', async () => {
  const { model } = made('three')
  const expected = tablePredictorFromBytes(model.toBytes()).probabilities(ROWS)
  const path = `${temporaryFolder()}/m.safetensors`
  await model.save(path)
  for (const { loadTablePredictor: load } of [plain, bundled]) {
    assert.equal((await load(path)).probabilities(ROWS), expected)
  }
  assert.equal(bundled.tablePredictorFromBytes(model.toBytes()).probabilities(ROWS), expected)
  assert.is.not(bundled.tablePredictorFromBytes, plain.tablePredictorFromBytes)
  assert.is.not(bundled.loadTablePredictor, plain.loadTablePredictor)
  // what is shipped has internals besides, under names of a letter
  for (const name of Object.keys(bundled)) assert.ok(name in plain, name)
})

test('the public example: penguins', async () => {
  const penguins = await readTable(dataFile('penguins.csv'))
  const { encoder } = prepare(penguins, { target: 'species' })
  const model = tabular({ encoder, preset: 'mlp', seed: 1 })
  const predictor = tablePredictorFromBytes(model.toBytes())
  assert.equal(predictor.encoder.schema, encoder.schema)
  assert.equal(predictor.probabilities(penguins), model.predict(encoder.transform(penguins)))
})

test('files that do not fit are refused', async () => {
  const { model } = made('three')
  const bytesWith = (layers: Parameters<typeof sequential>[0], metadata: unknown) => {
    const other = sequential(layers, { seed: 1 })
    other.metadata = metadata
    return other.toBytes()
  }
  const refused = (bytes: Uint8Array, says: string) =>
    refuses(() => tablePredictorFromBytes(bytes), RangeError, `tablePredictorFromBytes: ${says}`)
  const { encoder } = model.metadata as { encoder: object }
  const width = model.engine.inputs
  refused(bytesWith([input(2), dense(3)], undefined), "the model's file keeps no encoder")
  refused(bytesWith([input(2), dense(3)], [1]), "the model's file keeps no encoder")
  refused(bytesWith([input(2), dense(3)], { encoder: { ...encoder, rows: 0 } }), "the file's settings do not describe")
  refused(
    bytesWith([input(width + 1), dense(3)], { encoder }),
    `the file's encoder gives ${width} columns, but its model`,
  )
  refused(bytesWith([input(width), dense(2)], { encoder }), "the file's encoder is for 3 classes, but its model has 2")
  const pair = made('pair').model.metadata as { encoder: object }
  const inputs = made('pair').model.engine.inputs
  refused(bytesWith([input(inputs), dense(1)], pair), 'a single output with activation "linear" is a quantity')
  const logits = tablePredictorFromBytes(bytesWith([input(width), dense(3)], { encoder }))
  assert.equal(logits.predict(ROWS).length, 3)
  refuses(() => logits.probabilities(ROWS), RangeError, 'are no probabilities; end the model with activation "softmax"')
  await rejects(() => loadTablePredictor('/no/such/file'), Error, 'no such file')
  refuses(() => tablePredictorFromBytes(model.toBytes(), { verfy: true } as object), TypeError, 'did you mean "verify"')
  assert.is(modelFromBytes(model.toBytes()).engine.inputs, width)
})

test.run()
