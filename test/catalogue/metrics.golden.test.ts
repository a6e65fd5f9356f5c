// Metrics against scikit-learn's results, over random batch splits.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as metrics from '../../src/catalogue/metrics/metrics.ts'
import { assertClose, type GoldenTensor, numbers, readGolden } from '../support/golden.ts'

interface GoldenCase {
  readonly id: string
  readonly metric: string
  readonly config: { readonly k?: number; readonly average?: metrics.Average | null; readonly classes?: number }
  readonly inputs: Readonly<Record<string, GoldenTensor>>
  readonly expect: Readonly<Record<string, GoldenTensor | number>>
}

const EXACT = { absolute: 1e-12, relative: 1e-12 }
const SCALERS = ['standard_scaler', 'minmax_scaler']
/** Scores of scikit-learn that are not ours. */
const OTHERS = ['balanced_accuracy', 'matthews_corrcoef']
const { cases } = readGolden<{ cases: readonly GoldenCase[] }>('metrics')
const golden = (metric: string) => {
  const found = cases.filter((one) => one.metric === metric)
  assert.is(found.length, metric === 'top_k_accuracy' ? 8 : found[0].metric === 'precision_recall_f1' ? 12 : 3)
  return found
}

/** The metric of these rows, taken in batches cut at random. */
function streamed(
  spec: metrics.Metric,
  outputs: ArrayLike<number>,
  targets: ArrayLike<number>,
  cols: number,
  kind: 'classes' | 'values',
  weights?: ArrayLike<number>,
): metrics.MetricValue[] {
  const rows = outputs.length / cols
  const width = kind === 'classes' ? 1 : cols
  const results: metrics.MetricValue[] = []
  const stream = metrics.createMetric(spec, { outputs: cols, targets: kind })
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: rows }), { maxLength: 6 }), (cuts) => {
      stream.reset()
      const edges = [0, ...new Set(cuts.sort((a, b) => a - b)), rows]
      for (let i = 1; i < edges.length; i++) {
        const [from, to] = [edges[i - 1], edges[i]]
        const batch = Array.from(outputs).slice(from * cols, to * cols)
        const wanted = Array.from(targets).slice(from * width, to * width)
        stream.update(batch, wanted, to - from, weights && Array.from(weights).slice(from, to))
      }
      results.push(stream.result())
      assert.equal(results[results.length - 1], results[0])
    }),
    { numRuns: 12 },
  )
  return results
}

function number(values: readonly metrics.MetricValue[]): number {
  const value = values[0]
  if (typeof value !== 'number') throw new Error('a number was expected')
  return value
}

const classCount = (...lists: readonly ArrayLike<number>[]) =>
  Math.max(...lists.flatMap((list) => Array.from(list))) + 1
/** Rows whose largest output is the given class. */
const oneHot = (classes: ArrayLike<number>, count: number) =>
  Array.from(classes).flatMap((c) => Array.from({ length: count }, (_, i) => Number(i === c)))

test('golden: accuracy of classes, of one-hot rows and of a thresholded output', () => {
  for (const { inputs, expect, id } of golden('accuracy')) {
    const [y, p] = [numbers(inputs.y_true), numbers(inputs.y_pred)]
    const count = classCount(y, p)
    const value = [Number(expect.value)]
    assertClose([number(streamed(metrics.accuracy(), oneHot(p, count), y, count, 'classes'))], value, EXACT, id)
    assertClose(
      [number(streamed(metrics.accuracy(), oneHot(p, count), oneHot(y, count), count, 'values'))],
      value,
      EXACT,
      id,
    )
    assertClose([metrics.classificationReport(y, p).accuracy], value, EXACT, id)
  }
})

test('golden: top k accuracy', () => {
  for (const { inputs, expect, config, id } of golden('top_k_accuracy')) {
    const cols = inputs.scores.shape[1]
    const spec = metrics.topKAccuracy({ k: config.k ?? 5 })
    const value = number(streamed(spec, numbers(inputs.scores), numbers(inputs.y_true), cols, 'classes'))
    assertClose([value], [Number(expect.value)], EXACT, id)
  }
})

test('golden: precision, recall and F1 of every average, and the report', () => {
  for (const { inputs, expect, config, id } of golden('precision_recall_f1')) {
    const [y, p] = [numbers(inputs.y_true), numbers(inputs.y_pred)]
    const report = metrics.classificationReport(y, p)
    const { average } = config
    if (!average) {
      const column = (name: 'precision' | 'recall' | 'f1Score' | 'support') => report.classes.map((one) => one[name])
      for (const [ours, theirs] of [
        ['precision', 'precision'],
        ['recall', 'recall'],
        ['f1Score', 'f1'],
        ['support', 'support'],
      ] as const) {
        assertClose(column(ours), numbers(expect[theirs]), EXACT, `${id} ${theirs}`)
      }
      continue
    }
    const count = classCount(y, p)
    for (const [ours, theirs] of [
      ['precision', 'precision'],
      ['recall', 'recall'],
      ['f1Score', 'f1'],
    ] as const) {
      const value = number(
        streamed(metrics.resolveMetric('test', { kind: ours, average }), oneHot(p, count), y, count, 'classes'),
      )
      assertClose([value], [Number(expect[theirs])], EXACT, `${id} ${theirs}`)
      if (average !== 'binary') assertClose([report[average][ours]], [Number(expect[theirs])], EXACT, `${id} report`)
    }
  }
})

test('golden: confusion matrix', () => {
  for (const { inputs, expect, config, id } of golden('confusion_matrix')) {
    const [y, p] = [numbers(inputs.y_true), numbers(inputs.y_pred)]
    const count = config.classes ?? 0
    const [matrix] = streamed(metrics.confusionMatrix(), oneHot(p, count), y, count, 'classes')
    assertClose([matrix].flat(2), numbers(expect.matrix), EXACT, id)
    assert.equal(metrics.confusionMatrix(y, p, count), matrix)
  }
})

test('golden: log loss of classes and of one-hot rows', () => {
  for (const { inputs, expect, id } of golden('log_loss')) {
    const cols = inputs.probs.shape[1]
    const [p, y] = [numbers(inputs.probs), numbers(inputs.y_true)]
    const value = [Number(expect.value)]
    assertClose([number(streamed(metrics.logLoss(), p, y, cols, 'classes'))], value, EXACT, id)
    assertClose([number(streamed(metrics.logLoss(), p, oneHot(y, cols), cols, 'values'))], value, EXACT, id)
    const stream = metrics.createMetric(metrics.logLoss(), { outputs: cols, targets: 'classes', logits: true })
    stream.update(p.map(Math.log), y, y.length)
    assertClose([stream.result() as number], value, EXACT, `${id} from logits`)
  }
})

test('golden: area under the ROC curve, with ties', () => {
  for (const { inputs, expect, id } of golden('roc_auc')) {
    const value = number(streamed(metrics.auc(), numbers(inputs.scores), numbers(inputs.y_true), 1, 'values'))
    assertClose([value], [Number(expect.value)], EXACT, id)
  }
})

test('golden: regression', () => {
  for (const { inputs, expect, id } of golden('regression')) {
    for (const [spec, name] of [
      [metrics.meanAbsoluteError(), 'mae'],
      [metrics.meanSquaredError(), 'mse'],
      [metrics.rootMeanSquaredError(), 'rmse'],
      [metrics.r2Score(), 'r2'],
    ] as const) {
      const value = number(streamed(spec, numbers(inputs.y_pred), numbers(inputs.y_true), 1, 'values'))
      assertClose([value], [Number(expect[name])], EXACT, `${id} ${name}`)
    }
  }
})

test('every golden metric is compared or named as not ours', () => {
  const compared = [
    'accuracy',
    'top_k_accuracy',
    'precision_recall_f1',
    'confusion_matrix',
    'log_loss',
    'roc_auc',
    'regression',
  ]
  assert.equal([...new Set(cases.map(({ metric }) => metric))].sort(), [...compared, ...OTHERS, ...SCALERS].sort())
})

test.run()
