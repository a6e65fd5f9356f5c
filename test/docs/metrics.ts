/** docs/metrics.md from the catalogue. */
import { METRIC_NAMES, metricKinds } from '../../src/catalogue/metrics/metrics.ts'

const rows = METRIC_NAMES.map((kind) => `| [\`${kind}\`](#${kind.toLowerCase()}) | ${metricKinds[kind].outputs} |`)

const sections = METRIC_NAMES.map((kind) => {
  const { signature, equation, keras, scikitLearn, use } = metricKinds[kind]
  return `## ${kind}

\`${signature}\`

${use}

* **Value**: ${equation}
* **Keras**: ${keras}
* **scikit-learn**: ${scikitLearn}
`
})

export function page(): string {
  return `# Metrics

A metric is a name or a factory's result: \`compile({ metrics: ['accuracy', topKAccuracy({ k: 3 })] })\`. Metrics are exact over
a whole data set, summed in float64 row after row, so the batch size does not change them. \`sampleWeight\` weighs rows.
y is an output, t its target; TP, FP and FN count true positives, false positives and false negatives.

| metric | outputs |
|---|---|
${rows.join('\n')}

\`threshold\` is where yes begins: 0.5 unless given, 0 for logits. One output is always a yes or no. Several outputs are one class of
many unless they are independent, which a \`threshold\` says. \`average\` of precision, recall and F1 is 'binary' (class 1; the default
of one output), 'macro' (mean over the classes that occur; the default of several), 'micro' (all counts together) or 'weighted'
(mean weighted by the classes' rows); divisions by zero give 0.

Without a model: \`score(metric, targets, outputs, { rows, sampleWeight })\` gives any metric of arrays, \`confusionMatrix(yTrue, yPred)\`
the matrix of class indices, and \`classificationReport(yTrue, yPred)\` accuracy, precision, recall and F1 of every class with their averages.

${sections.join('\n')}`
}
