/** What docs/optimizers.md says about rules on whole matrices. W is a matrix [inputs, units], G its gradient. */
import type { MatrixKind } from './matrixRule.ts'

export const INTRO = `## Rules on whole matrices

The rules above are elementwise. These use the whole matrix, or the whole network:

\`\`\`ts
model.compile({ optimizer: muon({ learningRate: 0.02, fallback: adamw({ learningRate: 1e-3 }) }), loss: 'sparseCategoricalCrossentropy' })
\`\`\`

* \`match\` selects the matrices that the rule updates, by parameter name as in \`parameterGroups\`. \`fallback\`, one of the rules above with its own
  options, updates all other parameters: biases, norms and the remaining matrices. Both have their own rates, schedules and groups; callbacks that scale the learning
  rate scale both. \`compile\` rejects a rule that matches no matrix.
* Pass what the factory returns, not a name: only imported rules are bundled. Files store options and state;
  \`loadModel(path, { custom: { muon } })\` resumes bit for bit. A program that does not import the rule can predict, evaluate and compile anew.
* Everything else works as for other rules: clipping, frozen layers, weight decay, bit-identical results for any number of threads, an epoch in one call.
* \`optimize(muon(), [values], { shapes: [[inputs, units]] })\` updates your own row-major matrices: all arrays with a 2-D shape, unless \`match\` selects some. They are
  copied in and out at every \`step()\`.
`

export interface MatrixDoc {
  readonly use: string
  readonly equation: string
  /** State per matrix. */
  readonly state: string
  /** The same rule in other libraries. */
  readonly equivalent: string
  readonly source: string
  /** Cost of a step in addition to the gradient, for a matrix with sides long and short. */
  readonly cost: string
  /** Memory of the plan in addition to the state. */
  readonly memory: string
}

export const MATRIX_DOCS: Readonly<Record<MatrixKind, MatrixDoc>> = {
  muon: {
    use: `Hidden matrices of deep networks with large batches: all directions of a matrix are learned at the same rate, so fewer updates are needed than with AdamW. Rates
between 0.005 and 0.05 with \`original\`; AdamW's rates with \`matchRmsAdamw\`. By default it updates all matrices except the first and the last. In runs of a few hundred
updates a momentum of 0.9 is better than 0.95: with it, on 784-512-512-10, MNIST and batches of 512, losses of 0.2, 0.1 and 0.05 take 30, 65 and 125 updates, AdamW at the best of
four rates 35, 120 and more than 150 ([examples/muon.ts](../examples/muon.ts)).`,
    equation: `B = momentum * B + (1 - momentum) * G
U = nesterov ? momentum * B + (1 - momentum) * G : B
X = U / max(|U|, epsilon), then newtonSchulzSteps times, with [a, b, c] = coefficients:
    S = X^T X;  X = X * (a * I + b * S + c * S^2)      (X X^T and from the left where inputs < units)
rate = learningRate * sqrt(max(1, units / inputs))          original
       learningRate * 0.2 * sqrt(max(units, inputs))        matchRmsAdamw
W -= learningRate * weightDecay * W + rate * X`,
    state: '`momentum` B; for the other parameters the state of the fallback',
    cost: '5 iterations, each 1.5 products of long x short x short and half a product of short x short x short, since only one triangle of a symmetric product is computed: for a 512 x 512 matrix as much as forward and backward passes through it with 1,700 rows',
    memory: 'three blocks of the size of the largest matrix, three of short x short',
    equivalent: 'PyTorch Muon, which computes in bfloat16; Optax contrib.muon',
    source: 'Jordan et al. 2024; matchRmsAdamw: Liu et al. 2025, arXiv:2502.16982',
  },
  shampoo: {
    use: `Badly scaled problems in which rates must differ by direction, not by coordinate: Adagrad with a full matrix for each side. It updates all
matrices. Use Adagrad's rates; they decay by themselves. Factors are float32: an \`epsilon\` far below 1e-7 of the largest eigenvalue amplifies rounding noise.`,
    equation: `L += G G^T;  R += G^T G
every preconditionerEvery updates: P = (L + epsilon * I)^(-1/4),  Q = (R + epsilon * I)^(-1/4)
M = momentum * M + (1 - momentum) * G
W -= learningRate * weightDecay * W + learningRate * P M Q
a side longer than maxPreconditionerSize is not preconditioned, and the root of the other has order -1/2`,
    state:
      '`left` L, `leftRoot` P, `right` R, `rightRoot` Q, and `momentum` M unless momentum is 0; for the other parameters the state of the fallback',
    cost: '1.5 products of long x long x short and of long x short x short; every preconditionerEvery updates about 10 n^3 operations in float64 on one thread for each side of n, half a second for 512, half a minute for 2,048',
    memory: 'five blocks of the size of the largest matrix, two squares of its longer side, one in float64',
    equivalent: "pytorch-optimizer's Shampoo, with the same defaults except update_freq 1; none in Optax",
    source: 'Gupta, Koren and Singer 2018, arXiv:1802.09568; a single side as in the paper for tensors of order 1',
  },
  soap: {
    use: `Large batches, where fewer but more expensive updates than AdamW's pay off: Adam along the eigenvectors of the gradients instead of single coordinates.
It updates all matrices. Use Adam's rates and betas; the first update only collects statistics.`,
    equation: `update 1 leaves W unchanged; from the second on, t = 1, 2, ...
    H = E G F^T                                     G in the eigenbasis
    M = beta1 * M + (1 - beta1) * H
    V = beta2 * V + (1 - beta2) * H o H
    N = M / (1 - beta1^t) / (sqrt(V / (1 - beta2^t)) + epsilon)
    W -= learningRate * weightDecay * W + learningRate * E^T N F
L = factorBeta * L + (1 - factorBeta) * G G^T;  R likewise of G^T G
at updates 1, 1 + preconditionerEvery, ...: the rows of E and F become the eigenvectors of L and R, in ascending order of
    eigenvalues, and M is rotated into the new basis
a side longer than maxPreconditionerSize has the identity as its basis`,
    state:
      '`firstMoment` M, `secondMoment` V, `left` L, `leftBasis` E, `right` R, `rightBasis` F; for the other parameters the state of the fallback',
    cost: '2.5 products of long x long x short and of long x short x short, and 2 more of each when the basis changes, plus about 10 n^3 operations in float64 on one thread for each side of n, half a second for 512, half a minute for 2,048',
    memory: 'eight blocks of the size of the largest matrix, two squares of its longer side, one in float64',
    equivalent:
      "the authors' SOAP and pytorch-optimizer's, which use one step of power iteration with QR instead of a decomposition, and apply weight decay after the step",
    source: 'Vyas et al. 2024, arXiv:2409.11321',
  },
  pathSgd: {
    use: `ReLU networks with unevenly scaled layers: multiplying a unit's incoming weights and dividing its outgoing weights by the same factor changes
neither the network nor what it learns. All layers must be dense, with relu or no activation between them; the last may have any activation. Where kappa is small, use smaller rates than with SGD.`,
    equation: `s_0 = 1,  s_l = (W_l o W_l)^T s_(l-1) + b_l o b_l        forward, o elementwise
r_L = 1,  r_(l-1) = (W_l o W_l) r_l                       backwardkappa(W_l) = s_(l-1) r_l^T,  kappa(b_l) = r_l
W -= learningRate * G / kappa; no update where kappa is 0`,
    state: 'none',
    cost: 'a forward and a backward pass of one row',
    memory: 'a block of the size of the largest matrix, and two rows per layer',
    equivalent: 'none in PyTorch, Keras and Optax',
    source: 'Neyshabur, Salakhutdinov and Srebro 2015, arXiv:1506.02617',
  },
}
