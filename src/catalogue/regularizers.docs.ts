/** What docs/regularizers.md says. */
import type { RegularizerKind } from './regularizers.ts'

export const INTRO = `# Regularizers

Penalties on a layer's weights, added to the loss: \`dense(100, { kernelRegularizer: l2(1e-4) })\`. Both
\`kernelRegularizer\` and \`biasRegularizer\` take one; the default is none. Factors are finite and at least 0.
\`activityRegularizer\` takes the same penalties on a layer's outputs, averaged over the rows of a batch, as in Keras.
Penalties are included in every reported loss.

**The L2 penalty has a factor 1/2**, so that its gradient is λ · w and l2(λ) on every parameter equals SGD's
\`weightDecay: λ\`. Keras adds λ · Σw²: double its factors when porting.
`

export interface RegularizerDoc {
  /** If it is not the name and its options. */
  readonly signature?: string
  readonly equation: string
  readonly gradient: string
  readonly source: string
  readonly pytorch: string
  readonly keras: string
  readonly use: string
}

export const REGULARIZER_DOCS: Readonly<Record<RegularizerKind, RegularizerDoc>> = {
  l1: {
    signature: 'l1(lambda)',
    equation: 'λ · Σ|w|',
    gradient: 'λ · sign(w), 0 if w = 0',
    source: 'Tibshirani, "Regression shrinkage and selection via the lasso", 1996',
    pytorch: 'lambda * w.abs().sum() added to the loss',
    keras: 'keras.regularizers.L1(lambda)',
    use: 'Sparse weights: unneeded ones go to zero.',
  },
  l2: {
    signature: 'l2(lambda)',
    equation: '(λ / 2) · Σw²',
    gradient: 'λ · w',
    source:
      'Hoerl and Kennard, "Ridge regression", 1970; Krogh and Hertz, "A simple weight decay can improve generalization", 1991',
    pytorch: 'weight_decay=lambda of torch.optim.SGD, on these weights only',
    keras: 'keras.regularizers.L2(lambda / 2): Keras adds λ · Σw², without the factor 1/2',
    use: 'Small weights: the usual choice against overfitting.',
  },
  l1l2: {
    equation: 'l1 · Σ|w| + (l2 / 2) · Σw²',
    gradient: 'l1 · sign(w) + l2 · w',
    source: 'Zou and Hastie, "Regularization and variable selection via the elastic net", 2005',
    pytorch: 'both terms added to the loss',
    keras: 'keras.regularizers.L1L2(l1, l2 / 2)',
    use: 'Sparse weights with correlated inputs.',
  },
}
