// Metrics of classes and ranks that scikit-learn has, against its formulas written as plain loops over pairs and thresholds.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as metrics from '../../src/catalogue/metrics/metrics.ts'
import { score } from '../../src/catalogue/metrics/score.ts'
import { refuses } from '../support/refuses.ts'

const close = (actual: unknown, expected: number, what: string) => {
  const value = actual as number
  if (Number.isNaN(expected)) assert.ok(Number.isNaN(value), `${what}: ${value} and not NaN`)
  else assert.ok(Math.abs(value - expected) <= 1e-12, `${what}: ${value} and not ${expected}`)
}

const row = fc.record({
  score: fc.integer({ min: 0, max: 6 }).map((value) => value / 6),
  yes: fc.boolean(),
  weight: fc.constantFrom(0.5, 1, 2, 3),
})
type Row = { readonly score: number; readonly yes: boolean; readonly weight: number }
const sum = (rows: readonly Row[]) => rows.reduce((total, { weight }) => total + weight, 0)

/** Precision and recall where yes begins at each score. */
const curve = (rows: readonly Row[]) =>
  [...new Set(rows.map(({ score }) => score))]
    .sort((a, b) => b - a)
    .map((threshold) => {
      const found = rows.filter(({ score }) => score >= threshold)
      const right = sum(found.filter(({ yes }) => yes))
      return { precision: right / sum(found), recall: right / sum(rows.filter(({ yes }) => yes)) }
    })

const measure = (metric: metrics.MetricName | metrics.Metric, rows: readonly Row[]) =>
  score(
    metric,
    rows.map(({ yes }) => Number(yes)),
    rows.map((each) => each.score),
    { sampleWeight: rows.map(({ weight }) => weight) },
  )

test('averagePrecision and precisionAtRecall follow the curve of precision and recall', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 25 }), fc.constantFrom(0.1, 0.5, 0.9, 1), (rows, wanted) => {
      const points = curve(rows)
      const some = rows.some(({ yes }) => yes)
      let before = 0
      let area = 0
      for (const { precision, recall } of points) {
        area += (recall - before) * precision
        before = recall
      }
      close(measure('averagePrecision', rows), some ? area : Number.NaN, 'averagePrecision')
      const reached = points.filter(({ recall }) => recall >= wanted - 1e-12).map(({ precision }) => precision)
      const best = some ? Math.max(...reached) : Number.NaN
      close(measure(metrics.precisionAtRecall({ recall: wanted }), rows), best, `precisionAtRecall ${wanted}`)
    }),
  )
  // 11 of 20 are 0.55, but 0.55 of 20 are more than 11 in float64
  const yes = Array.from({ length: 20 }, (_, row) => 1 - row / 100)
  const found = score(metrics.precisionAtRecall({ recall: 0.55 }), [...yes.map(() => 1), 0], [...yes, yes[10] - 0.005])
  assert.is(found, 1)
  // scikit-learn's example: 0.83
  close(score('averagePrecision', [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.5 + 0.5 * (2 / 3), 'example')
})

test('several outputs are ranked each against the rest; those without positives are left out', () => {
  const outputs = [0.7, 0.2, 0.1, 0.3, 0.4, 0.3, 0.2, 0.2, 0.6, 0.5, 0.1, 0.4]
  const classes = [0, 1, 0, 1]
  const single = [0, 1].map((c) =>
    score(
      'averagePrecision',
      classes.map((label) => Number(label === c)),
      classes.map((_, r) => outputs[r * 3 + c]),
    ),
  ) as number[]
  close(score('averagePrecision', classes, outputs), (single[0] + single[1]) / 2, 'macro')
})

/** Rows of class i predicted as j. */
function matrixOf(classes: number, rows: readonly (readonly [wanted: number, found: number, weight: number])[]) {
  const matrix = Array.from({ length: classes }, () => Array<number>(classes).fill(0))
  for (const [wanted, found, weight] of rows) matrix[wanted][found] += weight
  return matrix
}

const labelled = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.constantFrom(0.5, 1, 2))

test('balancedAccuracy, matthewsCorrelation and fBeta are those of the confusion matrix', () => {
  fc.assert(
    fc.property(fc.array(labelled, { minLength: 1, maxLength: 20 }), fc.constantFrom(0.5, 1, 2), (rows, beta) => {
      const classes = rows.map(([wanted]) => wanted)
      const outputs = rows.flatMap(([, found]) => [0, 1, 2, 3].map((c) => Number(c === found)))
      const sampleWeight = rows.map(([, , weight]) => weight)
      const matrix = matrixOf(4, rows)
      const wanted = matrix.map((line) => line.reduce((a, b) => a + b))
      const found = matrix.map((_, c) => matrix.reduce((total, line) => total + line[c], 0))
      const all = wanted.reduce((a, b) => a + b)
      const recalls = matrix.map((line, c) => line[c] / wanted[c]).filter((value) => !Number.isNaN(value))
      const of = (metric: metrics.MetricName | metrics.Metric) => score(metric, classes, outputs, { sampleWeight })
      close(of('balancedAccuracy'), recalls.reduce((a, b) => a + b) / recalls.length, 'balancedAccuracy')
      // covariances of the one-hot rows, as scikit-learn computes them
      const [xx, yy] = [wanted, found].map(
        (sums) => all * all - sums.reduce((total, value) => total + value * value, 0),
      )
      const right = matrix.reduce((total, line, c) => total + line[c], 0)
      const xy = right * all - wanted.reduce((total, value, c) => total + value * found[c], 0)
      close(of('matthewsCorrelation'), xx * yy === 0 ? 0 : xy / Math.sqrt(xx * yy), 'matthewsCorrelation')
      const scores = matrix.flatMap((line, c) => {
        if (wanted[c] + found[c] === 0) return []
        const [precision, recall] = [found[c] ? line[c] / found[c] : 0, wanted[c] ? line[c] / wanted[c] : 0]
        const both = beta * beta * precision + recall
        return both === 0 ? 0 : ((1 + beta * beta) * precision * recall) / both
      })
      close(of(metrics.fBeta({ beta })), scores.reduce((a, b) => a + b, 0) / scores.length, `fBeta ${beta}`)
    }),
  )
})

test('one output: classes are no and yes', () => {
  const [targets, outputs] = [
    [1, 1, 1, 0, 0],
    [0.9, 0.8, 0.2, 0.7, 0.1],
  ]
  close(score('balancedAccuracy', targets, outputs), (2 / 3 + 1 / 2) / 2, 'balancedAccuracy')
  // (TP TN - FP FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))
  close(score('matthewsCorrelation', targets, outputs), (2 * 1 - 1 * 1) / Math.sqrt(3 * 3 * 2 * 2), 'matthews')
  close(score(metrics.fBeta({ beta: 2 }), targets, outputs), (5 * 2) / (5 * 2 + 4 * 1 + 1), 'fBeta')
  close(score(metrics.balancedAccuracy({ threshold: 0.75 }), targets, outputs), (2 / 3 + 1) / 2, 'threshold')
  close(score('matthewsCorrelation', [1, 1], [0.9, 0.8]), 0, 'always the same')
  close(score('fBeta', targets, outputs), score('f1Score', targets, outputs) as number, 'beta 1')
})

test('options are checked, and labels of their own refused where classes are meant', () => {
  refuses(() => metrics.fBeta(null as never), TypeError, 'fBeta: options must be an object, got null')
  refuses(() => metrics.fBeta(5 as never), TypeError, 'fBeta: options must be an object, got 5')
  refuses(() => metrics.fBeta({ beta: 0 }), RangeError, 'fBeta: "beta" must be a finite number greater than 0, got 0')
  refuses(
    () => metrics.precisionAtRecall({ recall: 0 }),
    RangeError,
    'precisionAtRecall: "recall" must be a finite number greater',
  )
  refuses(() => metrics.precisionAtRecall({ recall: 2 }), RangeError, 'at most 1, got 2')
  refuses(() => metrics.averagePrecision({ k: 1 }), TypeError, 'averagePrecision: unknown option "k"')
  const labels = (kind: metrics.MetricName) => () =>
    metrics.createMetric(metrics.resolveMetric('test', kind), { outputs: 3, targets: 'values', independent: true })
  refuses(
    labels('balancedAccuracy'),
    RangeError,
    'metric "balancedAccuracy" does not suit 3 independent labels; use "recall"',
  )
  refuses(labels('matthewsCorrelation'), RangeError, 'use "f1Score"')
  labels('fBeta')()
  labels('averagePrecision')()
})
test.run()
