/** docs/regularizers.md, built from the catalogue. */
import { REGULARIZER_KINDS, REGULARIZERS } from '../../src/catalogue/regularizers.ts'

function section(kind: (typeof REGULARIZER_KINDS)[number]): string {
  const { signature, equation, gradient, use, pytorch, keras, source } = REGULARIZERS[kind]
  return `## ${kind}

\`${signature}\`

    penalty   ${equation}
    gradient  ${gradient}

${use}

* PyTorch: ${pytorch}
* Keras: ${keras}
* Source: ${source}`
}

export function page(): string {
  const intro = `# Regularizers

Penalties on a layer's weights, added to the loss: \`dense(100, { kernelRegularizer: l2(1e-4) })\`. Both
\`kernelRegularizer\` and \`biasRegularizer\` take one; there is none by default. Factors are finite and at least 0.
\`activityRegularizer\` takes the same penalties on a layer's outputs: the mean over the rows of a batch, as in Keras.
The terms are part of every reported loss.

**The L2 penalty has a half**, so that its gradient is λ · w and l2(λ) on every parameter equals SGD's
\`weightDecay: λ\`. Keras adds λ · Σw²: double its factors.`
  return `${[intro, ...REGULARIZER_KINDS.map(section)].join('\n\n')}\n`
}
