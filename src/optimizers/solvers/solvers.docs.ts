/** What docs/solvers.md says. */
import type { SolverKind } from './solver.ts'

export const INTRO = `# Solvers

A [rule](optimizers.md) turns one gradient into one update. A solver chooses itself where to evaluate the loss: it searches along
lines, measures curvature, and reverts bad steps. Solvers are for deterministic losses, such as full-batch training, and
need no tuning of the learning rate.

## In a model

\`\`\`ts
model.compile({ optimizer: lbfgs(), loss: 'sparseCategoricalCrossentropy' })
await model.fit(x, y, { epochs: 100 })
\`\`\`

An epoch of \`fit\` is one iteration over all rows. They are evaluated in chunks of up to 1,024 rows, so data sets of any size fit, on all
threads of the model; an iteration usually takes one to two evaluations. There is no \`batchSize\`, and \`maxIterations\`
applies to \`trainStep\` only, which is PyTorch's \`step(closure)\` on the given rows: up to \`maxIterations\` iterations; it returns the loss before them.

* The logs of an epoch refer to the parameters at its end.
* Training ends when the solver's tolerances are met; \`stopReason\` tells callbacks. Searches compare float32 losses: near a
  minimum their differences are below rounding, and the slope decides. Do not expect to reach \`toleranceGradient\` 1e-7.
* Dropout and noise are the same throughout an iteration. Batch normalization uses the statistics of each chunk, and its running statistics
  count every row once per iteration.
* Frozen layers are excluded. \`clipNorm\`, \`globalClipNorm\` and \`clipValue\` are rejected, and so are callbacks that scale the learning rate.
* \`newtonCg\` and \`naturalGradient\` compute [curvature products](curvature.md) exactly over all rows, at the cost of about two gradients each;
  for losses computed in JavaScript, \`newtonCg\` uses differences of gradients, one evaluation each.
* \`naturalGradient\` does no line search: an epoch, or a \`trainStep\`, is one update.
* \`save(path, { includeOptimizer: true })\` stores the history. \`loadModel(path, { custom: { lbfgs } })\` resumes bit for bit; a program
  that does not import the solver can predict, evaluate and compile anew.

## In minimize

\`\`\`ts
const { x, loss, converged } = minimize(lbfgs(), [-1.2, 1], ([x, y], gradient) => {
  gradient[0] = -400 * x * (y - x * x) - 2 * (1 - x)
  gradient[1] = 200 * (y - x * x)
  return 100 * (y - x * x) ** 2 + (1 - x) ** 2
})
\`\`\`

In \`minimize\` solvers work in float64: x and gradient are \`Float64Array\`s, since
line searches compare losses down to the last digits. A step of \`minimize\` is up to \`maxIterations\` iterations.
\`minimize\` returns \`{ x, loss, steps, evaluations, gradientNorm, converged, reason }\`; the reason is one of

* \`tolerance\`: max |gradient| is at most \`tolerance\` (1e-6) or the solver's \`toleranceGradient\`;
* \`change\`: the loss or x changed by no more than \`toleranceChange\`, or would, to first order. Set it to 0 for full accuracy;
* \`maxSteps\`, or \`stopped\` by \`onStep\`;
* \`diverged\`: the loss at \`x0\` is not finite;
* \`noDescent\`: even the steepest descent direction has no lower point. Either the gradient is not that of the loss, or rounding
  allows no further progress.

## Common options

* \`maxIterations\`: iterations per step, 20.
* \`maxEvaluations\`: evaluations of loss and gradient per step, including the first: at least 25, and 5/4 of \`maxIterations\` for lbfgs, 5/2
  for the others. A search that runs out of them is repeated in the next step.
* \`toleranceGradient\`: a step ends when max |gradient| is at most this.
* \`toleranceChange\`: a step ends when the loss or every parameter changed by at most this.

## The line search

All solvers with a line search look for a step t along a direction d where f(t) = f(x + t d) satisfies the strong Wolfe conditions

\`\`\`
f(t) <= f(0) + c1 t f'(0)        c1 = 1e-4
|f'(t)| <= -c2 f'(0)             c2 = 0.9, conjugateGradient 0.4
\`\`\`

by bracketing and zooming with cubic interpolation (Nocedal and Wright 2006, algorithms 3.5 and 3.6), as PyTorch's \`strong_wolfe\` does.
A point where the loss or the gradient is not finite counts as infinitely high: the search backs off. Losses that differ by less
than their rounding errors count as equal, and the slope decides, as in the approximate Wolfe conditions of Hager and Zhang (A new conjugate
gradient method with guaranteed descent and an efficient line search, 2005). A search that finds no lower loss ends where it began,
and the next direction is the steepest descent.

Points, losses and counts of \`lbfgs\` are tested against PyTorch's, the evaluations of all three against SciPy's: they need 0.3 to 1.1 times as
many to reach the same gradient on Rosenbrock's and Beale's functions, quadratics and logistic regression.
[examples/lbfgs.ts](../examples/lbfgs.ts) reaches scikit-learn's minima on two data sets: for a logistic regression in 30 iterations (scikit-learn: 48),
for a network from the same weights in 77 (scikit-learn: 89). Full-batch training of 64-100-10 on the 1,797 digits with pixels from 0 to 1 reaches a
loss of 0.001 after 32 passes; Adam does not within 250, at any rate of 0.001, 0.003, 0.01, 0.03 and 0.1. With standardized pixels,
L-BFGS takes 16 to 18 passes, Adam at 0.1, the best of these rates, 28 to 30.
`

export interface SolverDocs {
  readonly use: string
  readonly equation: string
  /** Options beyond those that all solvers share, one line each. */
  readonly options: readonly string[]
  readonly cost: string
  readonly memory: string
  readonly state: string
  readonly equivalent: string
  readonly source: string
}

export const SOLVER_DOCS: Readonly<Record<SolverKind, SolverDocs>> = {
  lbfgs: {
    use: 'The first to try: smooth deterministic functions of up to a few million variables.',
    equation: `s = x - x_previous,  y = g - g_previous,  rho = 1 / yᵀs       the last historySize pairs with yᵀs > 1e-10
H = (yᵀs / yᵀy) I of the last pair; then, pair by pair, H = (I - rho s yᵀ) H (I - rho y sᵀ) + rho s sᵀ
d = -H g                                                      two loops over the pairs, H is never formed
x += t d                                                      t from the line search, which tries learningRate first
first iteration: d = -g, first trial learningRate * min(1, 1 / Σ|g|)`,
    options: [
      '`learningRate`: the first trial of every search; a number or a [schedule](schedules.md) of the step.',
      '`historySize`: number of pairs to keep. Memory is only allocated as the history fills.',
      "`lineSearch`: with `'none'` every step has length `learningRate`, and the last move of a step is not evaluated, as in PyTorch.",
    ],
    cost: 'one to two evaluations, and 4 passes over the parameters per pair',
    memory: '2 vectors per pair, plus 4',
    state:
      '`step_i`, `gradientChange_i`, `direction`, `previousGradient`; step length, scale, the order of the pairs and their rho',
    equivalent:
      "PyTorch `LBFGS(line_search_fn='strong_wolfe')`, whose iterates it reproduces; SciPy `L-BFGS-B` without bounds",
    source:
      'Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989; Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.4 and 7.5',
  },
  conjugateGradient: {
    use: 'When there is no memory for L-BFGS pairs: needs four vectors. Takes more iterations than L-BFGS.',
    equation: `d = -g + beta d
polakRibiere      beta = max(0, gᵀ(g - g_previous) / g_previousᵀg_previous)     known as PR+
fletcherReeves    beta = gᵀg / g_previousᵀg_previous
hestenesStiefel   beta = max(0, gᵀ(g - g_previous) / dᵀ(g - g_previous))
x += t d          t from the line search; it tries t_previous g_previousᵀd_previous / gᵀd first
restart with d = -g: at the start, every restartEvery iterations, if gᵀd > -0.01 gᵀg, after a search that found no lower loss`,
    options: [
      '`formula`: `polakRibiere`, `fletcherReeves` or `hestenesStiefel`.',
      '`restartEvery`: iterations between restarts; the number of parameters by default.',
      '`c1`, `c2`: the factors of the line search. The smaller c2, the more exact the search; fletcherReeves needs c2 below 0.5.',
    ],
    cost: 'one to two evaluations and about 8 passes over the parameters',
    memory: '4 vectors',
    state: '`direction`, `previousGradient`; iterations since the restart, the last step length, its slope and gᵀg',
    equivalent: 'SciPy `CG` is polakRibiere without regular restarts',
    source:
      'Fletcher and Reeves 1964; Polak and Ribière 1969; Hestenes and Stiefel 1952; Gilbert and Nocedal, Global convergence properties of conjugate gradient methods for optimization, 1992; Nocedal and Wright 2006, section 5.2',
  },
  newtonCg: {
    use: 'Badly conditioned problems where curvature products are cheap and few iterations matter.',
    equation: `(B + damping I) d = -g    by conjugate gradients from d = 0, until |residual| <= min(forcing, sqrt|g|) |g|
x += t d                  t from the line search, which tries 1 first
ratio = (f(x + d) - f(x)) / (gᵀd + dᵀB d / 2)
ratio > 0:  damping *= max(1/3, 1 - (2 ratio - 1)³)
otherwise:  damping *= 2, then 4, 8, ... while steps stay bad
negative curvature along an inner direction: d is the iterate before it; at the first, -g gᵀg / |gᵀ(B + damping I) g|`,
    options: [
      '`curvature`: B is the Gauss-Newton matrix, which is positive semidefinite, or the Hessian; models compute exact products. `minimize` only has gradients: with either choice it uses Hessian products by differences, H v = (g(x + h v) - g(x)) / h with h = sqrt(ε) (1 + |x|) / |v|, one evaluation each.',
      '`damping`: initial damping; 0 disables it.',
      '`maxInnerIterations`: maximum products per iteration.',
      '`forcing`: the relative residual accepted far from the minimum; near it, sqrt|g| takes over and convergence is superlinear.',
    ],
    cost: 'one to two evaluations, and per inner iteration a product and 10 passes over the parameters',
    memory: '6 vectors',
    state: 'the damping and its next factor; no vectors',
    equivalent: 'SciPy `Newton-CG`, which does not damp; Hessian-free optimization',
    source:
      'Nocedal and Wright 2006, algorithm 7.1; Martens, Deep learning via Hessian-free optimization, 2010; damping: Nielsen, Damping parameter in Marquardt’s method, 1999',
  },
  naturalGradient: {
    use: 'Models with up to 4,096 parameters: updates are invariant to the parametrization; the reference for K-FAC.',
    equation: `x -= learningRate (F + damping I)⁻¹ g
F = mean over the rows of Jᵀ H J: J the Jacobian of a row's outputs, H the Hessian of its loss with respect to them`,
    options: [
      '`learningRate`: a number or a [schedule](schedules.md) of the step.',
      '`damping`: added to the diagonal of F; the smaller, the longer the step and the more products it takes.',
    ],
    cost: 'one evaluation, and products with F until the relative residual is 1e-6: at most as many as there are parameters, tens with damping 1e-2',
    memory: '4 vectors',
    state: 'the number of steps; no vectors',
    equivalent: 'none in PyTorch, Keras and SciPy',
    source:
      'Amari, Natural gradient works efficiently in learning, 1998; Martens, New insights and perspectives on the natural gradient method, 2020 (arXiv:1412.1193)',
  },
  kfac: {
    use: "Mini-batch training: approximate natural gradients of dense layers, for deep or badly conditioned networks on which Adam and momentum need many updates. A step costs two to three of Adam's.",
    equation: `a: a dense layer's input with a 1 appended, D: the gradient of its kernel and bias, [inputs + 1, units]
J: the Jacobian of the outputs with respect to the layer's pre-activations, H: the Hessian of a row's loss with respect to the outputs
A = mean a aᵀ,  G = mean Jᵀ H J       running means: k mean + (1 - k) batch,  k = min(1 - 1 / batches, decay)
π = sqrt((tr A / dim A) / (tr G / dim G)),  1 if either is 0
d = (A + π sqrt(damping) I)⁻¹ D (G + sqrt(damping) / π I)⁻¹
d *= min(1, sqrt(klClip / (learningRate² Σ d · D)))
v = momentum v + d + weightDecay w    the first: d + weightDecay w
w -= learningRate v
learningRate or momentum 'adaptive': w -= v,  v = rate d + momentum v + rate weightDecay w; the adaptive coefficients minimize
  -D · v + v · (mean Jᵀ H J + damping I) v / 2, J here with respect to all parameters of dense layers: exact, not factored
damping 'adaptive', every 5 steps: ratio = (loss after - loss before) / (δ · D + δ · (A δ G) / 2),  δ = -learningRate v,
  or the prediction of the exact model in the denominator
  ratio > 3/4: damping *= 0.9⁵     ratio < 1/4 or NaN: damping /= 0.9⁵`,
    options: [
      '`learningRate`, `weightDecay`: numbers or [schedules](schedules.md) of the step. Callbacks may scale the rate.',
      "`learningRate: 'adaptive'`, `momentum: 'adaptive'`: computed in every step as in the paper, which removes the tuning: with `damping: 'adaptive'` a deep autoencoder on MNIST reaches an error of 0.010 in 80 updates, which hand-tuned rates did not in 600 ([experiment](experiments/kfac-mnist.md)). They need batches of a few hundred rows, large enough to estimate the curvature, and layers with exact [curvature products](curvature.md); others are rejected. `klClip` applies to fixed rates only.",
      "`damping`: small values trust the curvature, large values approach plain gradient descent; 1e-3 to 1e-1 for classifiers. `'adaptive'` starts at `initialDamping`, and grows at once if a factor is singular.",
      '`decay`: decay of the running means. `factorEvery`: steps between updates of A and G; 10 saves a third of the cost of a step.',
      '`inverseEvery`: steps in which all inverses are refreshed once, a few layers per step, so that steps take similar time.',
      "`fisher`: 'sampled' draws one target per row from the model's predictive distribution; 'exact' takes one backward pass per output, so it is for few outputs; 'empirical' uses the batch's own targets and works for any loss. The other two support the cross entropies and meanSquaredError.",
      '`klClip`: bounds the step while the curvature estimate is unreliable; 1e-3 to 1e-2 if the loss jumps at the start.',
      '`fallback`: the [rule](optimizers.md) for parameters outside of dense layers, such as batch normalization, with its own rate; its state must start at 0.',
      'A batch whose loss or gradient is not finite changes nothing. A factor that is singular despite damping throws an error that names its layer; parameters, momentum and running means are unchanged.',
      'In `fit` it trains on mini-batches like rules: `batchSize`, gradient clipping and callbacks that scale the rate work; `accumulate` does not. Losses computed in JavaScript are rejected.',
      'Rows are weighted as in the loss. Batch normalization and dropout are those of the pass that computed the gradient; penalties are not part of the curvature.',
      'Frozen layers are excluded; freezing or unfreezing layers resets the state.',
    ],
    cost: 'a forward and a backward pass, and up to five forward passes with adaptive rates; 2 (inputs + units) multiplications per weight of a layer; every factorEvery steps another backward pass and (inputs² + units²) / 2 per row, and every inverseEvery steps inputs³ + units³',
    memory: '2 vectors plus those of `fallback`; 3 (inputs² + units²) per dense layer, plus 2 for the largest',
    state:
      '`velocity`, `fallback_…`; `inputMoments`, `gradientMoments`, `inputInverse`, `gradientInverse` of every kernel; the damping, the step, and the number of batches each layer has seen',
    equivalent:
      "kfac-jax `Optimizer` with `num_burnin_steps=0`; learningRate and momentum 'adaptive' are its `use_adaptive_learning_rate` and `use_adaptive_momentum`; its `curvature_ema` is decay, `inverse_update_period` is inverseEvery, `estimation_mode` 'fisher_gradients', 'fisher_exact' and 'fisher_empirical' are the three fishers, its damping is adapted by the approximate model with fixed rates, as here, otherwise by the exact one",
    source:
      'Martens and Grosse, Optimizing neural networks with Kronecker-factored approximate curvature, 2015, arXiv:1503.05671; klClip: Ba, Grosse and Martens, Distributed second-order optimization using Kronecker-factored approximations, 2017',
  },
}
