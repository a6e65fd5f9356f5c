// Metrics follow the loss: several labels are judged one by one, against scikit-learn's formulas in float64.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { METRIC_NAMES, ranksRows } from '../../src/catalogue/metrics/metric.ts'
import * as metrics from '../../src/catalogue/metrics/metrics.ts'
import { score } from '../../src/catalogue/metrics/score.ts'
import { dense, input, type Model, sequential } from '../../src/entries/public.ts'
import { Labels } from '../oracles/labels.ts'
import { assertClose } from '../support/golden.ts'
import { refuses, rejects } from '../support/refuses.ts'
import { wave } from '../support/samples.ts'

const EXACT = { absolute: 1e-12, relative: 1e-12 }
const FLOAT = { absolute: 1e-6, relative: 1e-6 }

const NAMES = ['accuracy', 'precision', 'recall', 'f1Score', 'auc', 'logLoss'] as const
const AVERAGES = ['macro', 'micro', 'weighted'] as const

/** Rows of labels, some with none and some with several. */
const table = fc
  .record({ rows: fc.integer({ min: 2, max: 9 }), cols: fc.integer({ min: 2, max: 4 }) })
  .chain(({ rows, cols }) =>
    fc.record({
      cols: fc.constant(cols),
      targets: fc.array(fc.constantFrom(0, 1), { minLength: rows * cols, maxLength: rows * cols }),
      outputs: fc.array(fc.integer({ min: 1, max: 19 }), { minLength: rows * cols, maxLength: rows * cols }),
      weights: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: rows, maxLength: rows }),
    }),
  )

test('labels: every metric by itself is scikit-learn’s, weighted or not', () => {
  fc.assert(
    fc.property(table, ({ cols, targets, outputs: twentieths, weights }) => {
      const outputs = twentieths.map((value) => value / 20)
      for (const w of [undefined, weights]) {
        const oracle = new Labels(targets, outputs, cols, 0.5, w)
        const measured = (metric: metrics.Metric | metrics.MetricName) =>
          score(metric, targets, outputs, {
            rows: weights.length,
            independent: true,
            ...(w && { sampleWeight: w }),
          }) as number
        assertClose([measured('accuracy')], [oracle.accuracy()], EXACT, 'accuracy')
        assertClose([measured('auc')], [oracle.auc()], EXACT, 'auc')
        assertClose([measured('logLoss')], [oracle.logLoss()], EXACT, 'logLoss')
        for (const average of AVERAGES) {
          for (const kind of ['precision', 'recall', 'f1Score'] as const) {
            assertClose([measured({ kind, average })], [oracle.prf(kind, average)], EXACT, `${kind} ${average}`)
          }
        }
      }
    }),
    { numRuns: 60 },
  )
})

const COLS = 3
const ROWS = 24
const x = wave(ROWS * 4)
const multiHot = Float32Array.from({ length: ROWS * COLS }, (_, i) => Number(x[(i * 5) % x.length] > 0.2))
const names = (list: readonly metrics.MetricName[]) => [...list]

function trained(loss: Parameters<Model['compile']>[0]['loss'], activation: 'sigmoid' | 'linear', more = {}): Model {
  const model = sequential([input(4), dense(COLS, { activation })], { seed: 3 })
  model.compile({ optimizer: 'adam', loss, metrics: names(NAMES), ...more })
  return model
}

test('labels: metrics by name follow binaryCrossentropy, of probabilities and of logits', () => {
  for (const logits of [false, true]) {
    const model = trained({ kind: 'binaryCrossentropy', fromLogits: logits }, logits ? 'linear' : 'sigmoid')
    const logs = model.evaluate(x, multiHot)
    const oracle = new Labels(multiHot, model.predict(x), COLS, logits ? 0 : 0.5)
    const expected = {
      accuracy: oracle.accuracy(),
      precision: oracle.prf('precision', 'macro'),
      recall: oracle.prf('recall', 'macro'),
      f1Score: oracle.prf('f1Score', 'macro'),
      auc: oracle.auc(),
      logLoss: oracle.logLoss(logits ? (z) => 1 / (1 + Math.exp(-z)) : undefined),
    }
    for (const name of NAMES) assertClose([logs[name]], [expected[name]], FLOAT, `${name}, logits ${logits}`)
    // log loss is the loss itself
    assertClose([logs.logLoss], [logs.loss], FLOAT, 'loss')
  }
})

test('labels: hinge losses say yes above 0', () => {
  const signs = multiHot.map((label) => 2 * label - 1)
  for (const loss of ['hinge', 'squaredHinge'] as const) {
    const model = trained(loss, 'linear', { metrics: ['accuracy', 'f1Score', 'auc', 'binaryAccuracy'] })
    const oracle = new Labels(multiHot, model.predict(x), COLS, 0)
    for (const y of [signs, multiHot]) {
      const logs = model.evaluate(x, y)
      assertClose([logs.accuracy], [oracle.accuracy()], FLOAT, loss)
      assertClose([logs.binaryAccuracy], [oracle.accuracy()], FLOAT, loss)
      assertClose([logs.f1Score], [oracle.prf('f1Score', 'macro')], FLOAT, loss)
      assertClose([logs.auc], [oracle.auc()], FLOAT, loss)
    }
  }
  refuses(() => trained('hinge', 'linear', { metrics: ['logLoss'] }), RangeError, '"logLoss" needs probabilities')
  refuses(() => trained('meanSquaredError', 'linear'), RangeError, '"logLoss" needs probabilities')
})

test('weightedMetrics obey sampleWeight and classWeight, metrics do not, in fit as in evaluate', async () => {
  const sampleWeight = Array.from({ length: ROWS }, (_, r) => 1 + (r % 3))
  const model = trained('binaryCrossentropy', 'sigmoid', { weightedMetrics: ['accuracy', 'auc', 'recall', 'r2Score'] })
  const logs = model.evaluate(x, multiHot, { sampleWeight })
  const outputs = model.predict(x)
  const [plain, weighted] = [undefined, sampleWeight].map((w) => new Labels(multiHot, outputs, COLS, 0.5, w))
  assert.equal(Object.keys(logs), ['loss', ...NAMES, 'weighted_accuracy', 'weighted_auc', 'weighted_recall', 'r2Score'])
  assertClose([logs.accuracy, logs.auc], [plain.accuracy(), plain.auc()], FLOAT, 'metrics')
  assertClose([logs.weighted_accuracy, logs.weighted_auc], [weighted.accuracy(), weighted.auc()], FLOAT, 'weighted')
  assert.ok(plain.auc() !== weighted.auc())

  const classes = Int32Array.from({ length: ROWS }, (_, r) => r % 2)
  const pair = sequential([input(4), dense(2, { activation: 'softmax' })], { seed: 3 })
  const loss = 'sparseCategoricalCrossentropy'
  pair.compile({ optimizer: { ...SGD0 }, loss, metrics: ['accuracy'], weightedMetrics: ['accuracy'] })
  const { metrics: history } = await pair.fit(x, classes, {
    batchSize: 5,
    classWeight: { 1: 3 },
    validationData: [x, classes, sampleWeight],
  })
  const right = Array.from(classes, (label, r) => {
    const [a, b] = pair.predict(x).subarray(2 * r, 2 * r + 2)
    return Number((b > a ? 1 : 0) === label)
  })
  const mean = (w: number[]) => right.reduce((sum, one, r) => sum + w[r] * one, 0) / w.reduce((a, b) => a + b)
  assertClose(history.accuracy, [mean(right.map(() => 1))], FLOAT, 'accuracy')
  assertClose(history.weighted_accuracy, [mean(Array.from(classes, (label) => (label ? 3 : 1)))], FLOAT, 'weighted')
  assertClose(history.val_weighted_accuracy, [mean(sampleWeight)], FLOAT, 'val_weighted')
})

const SGD0 = Object.freeze({
  kind: 'sgd',
  learningRate: 0,
  weightDecay: 0,
  options: { momentum: 0, dampening: 0, nesterov: false },
  parameterGroups: [],
} as const)

test('metrics of classes refuse quantities, and labels where one class of many is judged', async () => {
  const model = sequential([input(4), dense(1)], { seed: 3 })
  const quantities = wave(ROWS).map((value) => 0.2 * value)
  for (const name of ['accuracy', 'f1Score', 'auc', 'precision', 'recall', 'binaryAccuracy'] as const) {
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: [name] })
    refuses(() => model.evaluate(x, quantities), RangeError, `evaluate: metric "${name}" judges classes or labels`)
    await rejects(model.fit(x, quantities), RangeError, 'for quantities use "meanAbsoluteError"')
    await rejects(
      model.fit(x, new Float32Array(ROWS), { validationData: [x, quantities] }),
      RangeError,
      'fit: validationData: metric',
    )
    model.evaluate(x, quantities.map(Math.sign))
  }
  assert.type(model.trainStep(x, quantities), 'number')
  const three = trained('meanSquaredError', 'sigmoid', { metrics: ['accuracy'] })
  refuses(() => three.evaluate(x, multiHot), RangeError, /"accuracy" judges one class of many, but "y" row \d+ has/)
  three.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: [metrics.accuracy({ threshold: 0.5 })] })
  const { accuracy } = three.evaluate(x, multiHot)
  assertClose([accuracy], [new Labels(multiHot, three.predict(x), COLS).accuracy()], FLOAT, 'with a threshold')
  three.compile({ optimizer: 'sgd', loss: 'binaryCrossentropy', metrics: ['topKAccuracy'] })
  refuses(() => three.evaluate(x, multiHot), RangeError, '"topKAccuracy" judges one class of many')
})

test('score takes nested arrays, checks classes and refuses what is no number', () => {
  const nested = [
    [0.1, 0.9],
    [0.8, 0.2],
  ]
  assert.is(score('accuracy', [1, 0], nested), 1)
  assert.is(
    score(
      'accuracy',
      nested.map((row) => row.map(Math.round)),
      nested,
    ),
    1,
  )
  assert.is(score('meanAbsoluteError', nested, nested), 0)
  assert.is(score('accuracy', Int32Array.of(1, 0), Float32Array.from(nested.flat())), 1)
  assert.is(score('meanAbsoluteError', [[1], [3]], [2, 2]), 1)
  const bad = (targets: unknown, outputs: unknown, options?: object) => () =>
    score('accuracy', targets as number[], outputs as number[], options)
  refuses(bad([2, 0], nested), RangeError, 'score: "targets" row 0 is 2, not a class index from 0 to 1')
  refuses(bad([0.5, 0], nested), RangeError, 'score: "targets" row 0 is 0.5, not a class index from 0 to 1')
  refuses(bad([Number.NaN, 0], nested), RangeError, 'score: "targets" row 0 is NaN')
  refuses(bad([0, 'x'], nested), TypeError, 'score: "targets" must hold only numbers, got "x" at row 1')
  refuses(bad('10', nested), TypeError, 'score: "targets" must be an array')
  refuses(bad([1, 0], ['a', 'b', 'c', 'd']), TypeError, 'score: "outputs" must hold only numbers, got "a" at row 0')
  refuses(bad([1, 0], [[0.1, 0.9], [0.8]]), RangeError, 'score: "outputs" row 1 has 1 values, expected 2')
  refuses(bad([1, 0], [[0.1, 0.9], null]), TypeError, 'score: "outputs" row 1 must be an array of 2 numbers, got null')
  refuses(bad([1, 0, 1], nested), RangeError, '"targets" must have 2 classes or 4 values, got 3')
  refuses(bad([1, 0], nested, { rows: 4 }), RangeError, 'score: "outputs" has 2 rows, expected 4')
  refuses(bad([0.3, 1.7], [0.2, 0.8]), RangeError, 'score: metric "accuracy" judges classes or labels')
  refuses(bad([1, 0], nested, { sampleWeight: [1, -1] }), RangeError, '"sampleWeight" is -1 at row 1')
  refuses(bad([1, 0], nested, { sampleWeight: [0, 0] }), RangeError, 'the weights of all 2 rows are 0')
  refuses(bad([1, 0], nested, { independent: true }), RangeError, '"independent" outputs need a target each')
  refuses(() => metrics.confusionMatrix('01' as never, [0, 1]), TypeError, '"yTrue" must be an array of class indices')
  refuses(() => metrics.confusionMatrix([0], [1], 1e6), RangeError, '"classes" must be a whole number from 1 to 16384')
})

test('a NaN among the outputs of a row that counts makes every metric NaN', () => {
  for (const kind of METRIC_NAMES) {
    const spec = metrics.resolveMetric('test', kind)
    for (const [outputs, wanted] of [
      [3, 'classes'],
      [3, 'values'],
      [1, 'values'],
    ] as const) {
      let stream: metrics.MetricStream
      try {
        stream = metrics.createMetric(spec, { outputs, targets: wanted })
      } catch (error) {
        // a metric that does not suit these targets is no metric of them
        if (error instanceof RangeError && error.message.includes('does not suit')) continue
        throw error
      }
      const targets = wanted === 'classes' ? [1, 0] : outputs === 1 ? [1, 0] : [0, 1, 0, 1, 0, 0]
      for (let at = 0; at < 2 * outputs; at++) {
        const values = Array.from({ length: 2 * outputs }, (_, i) => (i === at ? Number.NaN : (i + 1) / 9))
        stream.reset()
        stream.update(values, targets, 2)
        assert.ok([stream.result()].flat(2).every(Number.isNaN), `${kind} of ${outputs} ${wanted}, NaN at ${at}`)
        stream.reset()
        stream.update(
          values,
          targets,
          2,
          [0, 1].map((r) => Number(r !== Math.floor(at / outputs))),
        )
        if (!ranksRows(spec))
          assert.not.ok([stream.result()].flat(2).some(Number.isNaN), `${kind}: a row without weight`)
      }
    }
  }
  assert.ok(Number.isNaN(score('auc', [0, 1, 0, 1], Array(4).fill(Number.NaN))))
})

test('a NaN or overflowing weight shows in every output and every metric of a model', () => {
  for (const value of [Number.NaN, 3e38]) {
    const model = sequential([input(4), dense(8), dense(COLS, { activation: 'softmax' })], { seed: 3 })
    const followed = METRIC_NAMES.filter((name) => name !== 'confusionMatrix')
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: followed })
    const weights = model.getWeights()
    for (let i = 0; i < 8; i++) weights[i] = value
    model.setWeights(weights)
    assert.ok(model.predict(x.map(() => 10)).every(Number.isNaN))
    const y = Int32Array.from({ length: ROWS }, (_, r) => r % COLS)
    const logs = model.evaluate(
      x.map(() => 10),
      y,
    )
    for (const [name, measured] of Object.entries(logs)) assert.ok(Number.isNaN(measured), `${name} is ${measured}`)
  }
})

test('classes are counted one by one: a hundred thousand of them take no room for their pairs', () => {
  const outputs = 100_000
  const row = (label: number) => Float32Array.from({ length: outputs }, (_, c) => Number(c === label))
  for (const kind of ['precision', 'recall', 'f1Score'] as const) {
    const stream = metrics.createMetric(metrics.resolveMetric('test', kind), { outputs, targets: 'classes' })
    for (const [wanted, found] of [
      [7, 7],
      [99_999, 99_999],
      [3, 4],
    ]) {
      stream.update(row(found), [wanted], 1)
    }
    // classes 7 and 99,999 are right, 3 and 4 wrong, the others never occur
    assert.is(stream.result(), 0.5, kind)
  }
  assert.is(metrics.classificationReport([70_000 - 1], [69_999], 70_000).accuracy, 1)
})

test.run()
