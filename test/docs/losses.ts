/** docs/losses.md from the catalogue. */
import { LOSS_NAMES, lossKinds } from '../../src/catalogue/losses.ts'

const rows = LOSS_NAMES.map((kind) => {
  const { targets, reduction } = lossKinds[kind]
  return `| [\`${kind}\`](#${kind.toLowerCase()}) | ${targets === 'classes' ? 'class indices' : 'one number for each output'} | ${reduction} |`
})

const sections = LOSS_NAMES.map((kind) => {
  const { signature, equation, reduction, gradient, source, pytorch, keras, use } = lossKinds[kind]
  return `## ${kind}

\`${signature}\`

${use}

* **Loss**: ${equation}; ${reduction}
* **Gradient**: ${gradient}
* **Source**: ${source}
* **PyTorch**: ${pytorch}
* **Keras**: ${keras}
`
})

export function page(): string {
  return `# Losses

A loss is a name or a factory's result: \`compile({ loss: 'huber' })\` or \`compile({ loss: huber({ delta: 2 }) })\`.
y is an output, t its target. A row's loss is a mean over its outputs, a sum where the loss is one of distributions, or a
single term; the loss of a batch is the mean of its rows' losses, weighted by \`sampleWeight\` times \`classWeight\` and divided
by the sum of these weights.

| loss | targets | of a row |
|---|---|---|
${rows.join('\n')}

A last layer of \`softmax\`, \`logSoftmax\` or \`sigmoid\` is computed together with its cross entropy, from the logits: the loss stays
finite for logits of any size and the gradient is y - t. With \`fromLogits: true\` the last layer is linear and its outputs stay
logits. Where a loss takes probabilities that it did not make itself, it keeps them in [1e-7, 1 - 1e-7] before taking
logarithms, and what it had to move gets no gradient. A loss that does not suit the last layer is refused by \`compile\`.

${sections.join('\n')}`
}
