// Metrics against their definitions.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ranksRows } from '../../src/catalogue/metrics/metric.ts'
import * as metrics from '../../src/catalogue/metrics/metrics.ts'
import { score } from '../../src/catalogue/metrics/score.ts'
import { assertClose } from '../support/golden.ts'

const EXACT = { absolute: 1e-12, relative: 1e-12 }

const some = (
  kind: metrics.MetricName | metrics.Metric,
  targets: readonly number[],
  outputs: readonly number[],
  rows = targets.length,
) => score(kind, targets, outputs, { rows })

test('the area under the ROC curve is the share of pairs in order, with weights too', () => {
  const row = fc.record({
    score: fc.integer({ min: 0, max: 6 }),
    positive: fc.boolean(),
    weight: fc.constantFrom(0.5, 1, 2, 3),
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 30 }), (rows) => {
      let ordered = 0
      let pairs = 0
      for (const a of rows.filter(({ positive }) => positive)) {
        for (const b of rows.filter(({ positive }) => !positive)) {
          pairs += a.weight * b.weight
          ordered += a.weight * b.weight * (a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0)
        }
      }
      const value = score(
        'auc',
        rows.map(({ positive }) => Number(positive)),
        rows.map(({ score }) => score),
        {
          sampleWeight: rows.map(({ weight }) => weight),
        },
      )
      assertClose([value as number], [ordered / pairs], EXACT, 'auc')
    }),
  )
})

test('the area of several outputs is the mean over them, each against the rest', () => {
  const scores = [0.7, 0.2, 0.1, 0.3, 0.4, 0.3, 0.2, 0.2, 0.6, 0.5, 0.1, 0.4]
  const classes = [0, 1, 2, 1]
  const single = [0, 1, 2].map((c) =>
    score(
      'auc',
      classes.map((k) => Number(k === c)),
      classes.map((_, r) => scores[r * 3 + c]),
    ),
  )
  const mean = single.reduce<number>((sum, value) => sum + Number(value), 0) / 3
  assertClose([score('auc', classes, scores) as number], [mean], EXACT, 'macro')
  assert.ok(Number.isNaN(some('auc', [1, 1], [0.2, 0.4])))
})

test('a weight of w counts as w rows', () => {
  const names = metrics.METRIC_NAMES.filter((name) => name !== 'topKAccuracy')
  const row = fc.record({
    y: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    t: fc.boolean(),
    w: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), (rows) => {
      const repeated = rows.flatMap((one) => Array<typeof one>(one.w).fill(one))
      fc.pre(repeated.length > 0)
      for (const name of names) {
        const weighted = score(
          name,
          rows.map(({ t }) => Number(t)),
          rows.map(({ y }) => y),
          {
            sampleWeight: rows.map(({ w }) => w),
          },
        )
        const plain = score(
          name,
          repeated.map(({ t }) => Number(t)),
          repeated.map(({ y }) => y),
        )
        assertClose([weighted].flat(2), [plain].flat(2), { absolute: 1e-9, relative: 1e-9 }, name)
      }
    }),
    { numRuns: 40 },
  )
})

test('one output is yes or no by the threshold; several labels are counted one by one', () => {
  assert.is(some('accuracy', [1, 0, 1, 0], [0.9, 0.6, 0.2, 0.5]), 0.5)
  assert.is(some(metrics.accuracy({ threshold: 0.7 }), [1, 0, 1, 0], [0.9, 0.6, 0.2, 0.5]), 0.75)
  assert.is(some('precision', [1, 0, 1, 0], [0.9, 0.6, 0.2, 0.5]), 0.5)
  assert.is(some('recall', [1, 0, 1, 0], [0.9, 0.6, 0.2, 0.5]), 0.5)
  assert.is(some(metrics.recall({ average: 'macro' }), [1, 0, 1, 0], [0.9, 0.6, 0.2, 0.5]), 0.5)
  assert.equal(some('confusionMatrix', [1, 0, 1, 0], [0.9, 0.6, 0.2, 0.5]), [
    [1, 1],
    [1, 1],
  ])
  const labels = [1, 1, 0, 0, 1, 0]
  const outputs = [0.9, 0.8, 0.7, 0.1, 0.2, 0.3]
  assert.is(some('binaryAccuracy', labels, outputs, 2), 4 / 6)
  assert.is(some('accuracy', labels, outputs, 2), 4 / 6)
  const independent = metrics.createMetric(metrics.accuracy(), { outputs: 3, targets: 'values', independent: true })
  independent.update(outputs, labels, 2)
  assert.is(independent.result(), 4 / 6)
  assert.is(some(metrics.recall({ threshold: 0.5, average: 'micro' }), labels, outputs, 2), 2 / 3)
  assert.is(some(metrics.recall({ threshold: 0.5 }), labels, outputs, 2), (1 + 0.5 + 0) / 3)
  const logits = metrics.createMetric(metrics.accuracy(), { outputs: 1, targets: 'values', logits: true })
  logits.update([0.2, -0.2], [1, 0], 2)
  assert.is(logits.result(), 1)
})

test('zero divisions give 0, classes that never occur do not enter a mean, ties are settled', () => {
  assert.is(some('precision', [0, 0], [0.1, 0.2]), 0)
  assert.is(some('f1Score', [0, 0], [0.1, 0.2]), 0)
  assert.is(some('recall', [0, 1], [0.9, 0.1, 0, 0.1, 0.9, 0]), 1)
  assert.is(some('accuracy', [0, 1], [0.5, 0.5, 0.5, 0.5]), 0.5)
  assert.is(some(metrics.topKAccuracy({ k: 1 }), [0, 1], [0.5, 0.5, 0.5, 0.5]), 0.5)
  assert.is(some(metrics.topKAccuracy({ k: 1 }), [1, 1], [0.5, 0.5, 0.5, 0.5]), 1)
  assert.is(some('r2Score', [2, 2], [2, 2]), 1)
  assert.is(some('r2Score', [2, 2], [2, 3]), 0)
  assert.is(some('meanAbsolutePercentageError', [2, 4], [1, 5]), 37.5)
  for (const kind of metrics.METRIC_NAMES.filter((kind) => !ranksRows({ kind }) && kind !== 'confusionMatrix')) {
    assert.is(
      metrics.createMetric(metrics.resolveMetric('test', kind), { outputs: 3, targets: 'values' }).result(),
      0,
      kind,
    )
  }
})

test('several outputs: means over outputs, r2 averaged, probabilities clipped', () => {
  const t = [0, 10, 2, 20]
  const y = [1, 10, 2, 24]
  assert.is(some('meanSquaredError', t, y, 2), (1 + 16) / 4)
  assert.is(some('rootMeanSquaredError', t, y, 2), Math.sqrt(17 / 4))
  assertClose([some('r2Score', t, y, 2) as number], [(1 - 1 / 2 + 1 - 16 / 50) / 2], EXACT, 'r2')
  assertClose([some('logLoss', [1, 0], [0, 1]) as number], [23 * Math.LN2], EXACT, 'log loss')
})

test('specs are frozen, JSON-able and checked; metrics that do not suit are refused with the fix', () => {
  assert.equal(metrics.topKAccuracy(), { kind: 'topKAccuracy', k: 5 })
  assert.equal(metrics.precision({ average: 'macro' }), { kind: 'precision', average: 'macro' })
  for (const kind of metrics.METRIC_NAMES) {
    const spec = metrics.resolveMetric('compile', kind)
    assert.ok(Object.isFrozen(spec))
    assert.equal(metrics.resolveMetric('compile', JSON.parse(JSON.stringify(spec))), spec)
    const outputs = ['classes', 'values'].filter((targets) => {
      try {
        return metrics.createMetric(spec, { outputs: 3, targets: targets as 'classes' | 'values' }).name === kind
      } catch {
        return false
      }
    })
    assert.ok(outputs.length > 0, kind)
  }
  assert.throws(
    () => metrics.resolveMetric('compile', 'acuracy' as metrics.MetricName),
    /unknown metric "acuracy"; did you mean "accuracy"\?/,
  )
  assert.throws(() => metrics.resolveMetric('compile', 1 as unknown as metrics.Metric), TypeError)
  assert.throws(() => metrics.topKAccuracy({ k: 0 }), /topKAccuracy: "k" must be a whole number at least 1, got 0/)
  assert.throws(() => metrics.precision({ average: 'mean' as metrics.Average }), /unknown average "mean"/)
  assert.throws(() => metrics.auc({ k: 1 }), /auc: unknown option "k"/)
  const create = (kind: metrics.Metric, outputs: number, targets: 'classes' | 'values') => () =>
    metrics.createMetric(kind, { outputs, targets })
  assert.throws(
    create(metrics.meanSquaredError(), 3, 'classes'),
    /metric "meanSquaredError" does not suit class indices for 3 outputs/,
  )
  assert.throws(create(metrics.precision({ average: 'binary' }), 3, 'classes'), /use average "macro"/)
  assert.throws(create(metrics.topKAccuracy(), 1, 'values'), /use "accuracy"/)
  assert.throws(
    () => score('accuracy', [0, 1], [1, 2, 3]),
    /score: "outputs" has 3 values, not a multiple of the 2 rows/,
  )
  assert.throws(
    () => score('accuracy', [0, 1, 2], [1, 2, 3, 4], { rows: 2 }),
    /"targets" must have 2 classes or 4 values, got 3/,
  )
  assert.throws(() => metrics.confusionMatrix([0, 1], [0]), /"yPred" must have 2 values/)
  assert.throws(
    () => metrics.confusionMatrix([0, 3], [0, 1], 3),
    /"yTrue\[1\]" must be a whole number from 0 to 2, got 3/,
  )
})

test.run()
