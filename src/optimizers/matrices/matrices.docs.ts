/** What docs/optimizers.md says of rules that see matrices. W is a matrix [inputs, units], G its gradient. */
import type { MatrixKind } from './matrixRule.ts'

export const INTRO = `## Rules that see matrices

The rules above treat every number of a matrix by itself. These see the whole of it, or the whole network:

\`\`\`ts
model.compile({ optimizer: muon({ learningRate: 0.02, fallback: adamw({ learningRate: 1e-3 }) }), loss: 'sparseCategoricalCrossentropy' })
\`\`\`

* \`match\` says which matrices the rule takes, by the names of their parameters as in \`parameterGroups\`. \`fallback\`, a rule of the above with options of
  its own, takes all other parameters: biases, norms, and the matrices that are left. Both have their own rates, schedules and groups; what callbacks make of the learning
  rate scales both. A rule that finds no matrix is refused by \`compile\`.
* They must be what their factory returns, not a name: what is not imported is not bundled. Files keep options and state;
  \`loadModel(path, { custom: { muon } })\` goes on with them, bit for bit. A program that does not name the rule can predict, evaluate and compile anew.
* Everything else is as with other rules: clipping, frozen layers, weight decay, threads with the same bits, an epoch in one call.
* \`optimize(muon(), [values], { shapes: [[inputs, units]] })\` takes matrices of your own, row-major; all that have a shape of two, unless \`match\` chooses. Its arrays are
  copied in and out at every \`step()\`.
`

export interface MatrixDoc {
  readonly use: string
  readonly equation: string
  /** What it keeps for every matrix. */
  readonly state: string
  /** The same rule elsewhere. */
  readonly equivalent: string
  readonly source: string
  /** Of a step, beside the gradient, of a matrix whose sides are long and short. */
  readonly cost: string
  /** Of the plan, beside the state. */
  readonly memory: string
}

export const MATRIX_DOCS: Readonly<Record<MatrixKind, MatrixDoc>> = {
  muon: {
    use: `Hidden matrices of deep networks with large batches: all directions of a matrix are learned at the same rate, so fewer updates do than with AdamW. Rates
between 0.005 and 0.05 with \`original\`; with \`matchRmsAdamw\` those of AdamW. By default it takes all matrices but the first and the last. In runs of a few hundred
updates a momentum of 0.9 is ahead of 0.95: with it, on 784-512-512-10, MNIST and batches of 512, losses of 0.2, 0.1 and 0.05 take 30, 65 and 125 updates, AdamW at the best of
four rates 35, 120 and more than 150 ([examples/muon.ts](../examples/muon.ts)).`,
    equation: `B = momentum * B + (1 - momentum) * G
U = nesterov ? momentum * B + (1 - momentum) * G : B
X = U / max(|U|, epsilon), then newtonSchulzSteps times, with [a, b, c] = coefficients:
    S = X^T X;  X = X * (a * I + b * S + c * S^2)      (X X^T and from the left where inputs < units)
rate = learningRate * sqrt(max(1, units / inputs))          original
       learningRate * 0.2 * sqrt(max(units, inputs))        matchRmsAdamw
W -= learningRate * weightDecay * W + rate * X`,
    state: '`momentum` B; of the fallback its own, for its parameters alone',
    cost: '5 iterations, each 1.5 products of long x short x short and half a product of short x short x short, as what is symmetric is computed once: for a 512 x 512 matrix as much as forward and backward passes through it with 1,700 rows',
    memory: 'three blocks of the size of the largest matrix, three of short x short',
    equivalent: 'PyTorch Muon, which rounds to bfloat16 inside; Optax contrib.muon',
    source: 'Jordan et al. 2024; matchRmsAdamw: Liu et al. 2025, arXiv:2502.16982',
  },
  shampoo: {
    use: `Badly scaled problems where the rates of whole directions, not of single numbers, must differ: Adagrad with a full matrix for each side. It takes all
matrices. Rates are those of Adagrad; they fall by themselves. Factors are float32: an \`epsilon\` far below 1e-7 of the largest eigenvalue lets noise through.`,
    equation: `L += G G^T;  R += G^T G
every preconditionerEvery updates: P = (L + epsilon * I)^(-1/4),  Q = (R + epsilon * I)^(-1/4)
M = momentum * M + (1 - momentum) * G
W -= learningRate * weightDecay * W + learningRate * P M Q
a side longer than maxPreconditionerSize stays as it is, and the root of the other is of order -1/2`,
    state:
      '`left` L, `leftRoot` P, `right` R, `rightRoot` Q, and `momentum` M where that is not 0; of the fallback its own',
    cost: '1.5 products of long x long x short and of long x short x short; now and then some 10 n^3 operations in float64 on one thread for each side of n, half a second for 512, half a minute for 2,048',
    memory: 'five blocks of the size of the largest matrix, two of a square of its longer side, one in float64',
    equivalent: "pytorch-optimizer's Shampoo, whose defaults are taken but for update_freq 1; Optax contrib has none",
    source: 'Gupta, Koren and Singer 2018, arXiv:1802.09568; one side alone as there for tensors of order 1',
  },
  soap: {
    use: `Large batches, where fewer updates than with AdamW are worth dearer ones: Adam, but on the directions that gradients have, not on single numbers.
It takes all matrices. Rates and betas are those of Adam; the first update only looks.`,
    equation: `update 1 leaves W as it is; from the second on, t = 1, 2, ...
    H = E G F^T                                     G in the eigenbasis
    M = beta1 * M + (1 - beta1) * H
    V = beta2 * V + (1 - beta2) * H o H
    N = M / (1 - beta1^t) / (sqrt(V / (1 - beta2^t)) + epsilon)
    W -= learningRate * weightDecay * W + learningRate * E^T N F
L = factorBeta * L + (1 - factorBeta) * G G^T;  R likewise of G^T G
at updates 1, 1 + preconditionerEvery, ...: the rows of E and F become the eigenvectors of L and R, by rising eigenvalues,
    and M turns with them
a side longer than maxPreconditionerSize stays as it is: its basis is the identity`,
    state:
      '`firstMoment` M, `secondMoment` V, `left` L, `leftBasis` E, `right` R, `rightBasis` F; of the fallback its own',
    cost: '2.5 products of long x long x short and of long x short x short, and 2 more of each where the basis changes; then some 10 n^3 operations in float64 on one thread for each side of n, half a second for 512, half a minute for 2,048',
    memory: 'eight blocks of the size of the largest matrix, two of a square of its longer side, one in float64',
    equivalent:
      "the authors' SOAP and pytorch-optimizer's, which take one step of power iteration with QR in the place of a decomposition, and weight decay after the step",
    source: 'Vyas et al. 2024, arXiv:2409.11321',
  },
  pathSgd: {
    use: `Networks of ReLU whose layers are scaled unevenly: scaling a unit's incoming weights up and its outgoing ones down by the same factor changes
neither the network nor what it learns. All layers must be dense, with relu (or nothing) between them; the last may end in anything. Rates are smaller than those of SGD where kappa is small.`,
    equation: `s_0 = 1,  s_l = (W_l o W_l)^T s_(l-1) + b_l o b_l        up, o element by element
r_L = 1,  r_(l-1) = (W_l o W_l) r_l                       down
kappa(W_l) = s_(l-1) r_l^T,  kappa(b_l) = r_l
W -= learningRate * G / kappa; where kappa is 0, W stays`,
    state: 'none',
    cost: 'a pass of one row forward and one backward',
    memory: 'a block of the size of the largest matrix, and two rows a layer',
    equivalent: 'nowhere else',
    source: 'Neyshabur, Salakhutdinov and Srebro 2015, arXiv:1506.02617',
  },
}
