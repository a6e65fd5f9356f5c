/** What docs/solvers.md says. */
import type { SolverKind } from './solver.ts'

export const INTRO = `# Solvers

A [rule](optimizers.md) turns one gradient into one update. A solver decides itself where the loss is needed next: it searches along
lines, measures curvature, and goes back when a step was bad. Solvers are for losses without noise, such as all rows at once, and
need no learning rate to be tuned.

## In a model

\`\`\`ts
model.compile({ optimizer: lbfgs(), loss: 'sparseCategoricalCrossentropy' })
await model.fit(x, y, { epochs: 100 })
\`\`\`

An epoch of \`fit\` is one iteration over all rows. They are evaluated in chunks of up to 1,024, so that data sets of any size fit, on as
many threads as the model has; an iteration takes one to two evaluations most of the time. There is no \`batchSize\`, and \`maxIterations\`
counts for \`trainStep\` only, which is PyTorch's \`step(closure)\` on the rows given: up to \`maxIterations\` iterations, and the loss before them.

* The logs of an epoch are those of the parameters it ends at.
* Training ends when the solver's tolerances are met; \`stopReason\` tells callbacks. What searches compare are losses in float32: near a
  minimum they differ by less than they are rounded, and the slope decides. Do not expect \`toleranceGradient\` 1e-7 to be reached.
* Dropout and noise are the same throughout an iteration. Batch normalization takes the statistics of each chunk, and counts every row once an
  iteration for its running statistics.
* Frozen layers are no part of the solver's space. \`clipNorm\` and its kin are refused, and so are callbacks that scale the learning rate.
* \`newtonCg\` and \`naturalGradient\` compute [products with the curvature](curvature.md) exactly, over all rows, each at the price of about two gradients;
  \`newtonCg\` takes differences of gradients, an evaluation each, where a loss is computed in JavaScript.
* \`naturalGradient\` searches along no line: an epoch, or a \`trainStep\`, is one update.
* \`save(path, { includeOptimizer: true })\` keeps the history. \`loadModel(path, { custom: { lbfgs } })\` goes on with it, bit for bit; a program
  that does not name the solver can predict, evaluate and compile anew.

## In minimize

\`\`\`ts
const { x, loss, converged } = minimize(lbfgs(), [-1.2, 1], ([x, y], gradient) => {
  gradient[0] = -400 * x * (y - x * x) - 2 * (1 - x)
  gradient[1] = 200 * (y - x * x)
  return 100 * (y - x * x) ** 2 + (1 - x) ** 2
})
\`\`\`

In \`minimize\` they work in float64: x and gradient are \`Float64Array\`s. The function is yours, so nothing is gained by rounding its
argument, and line searches compare losses down to the last digits. A step of \`minimize\` is up to \`maxIterations\` iterations.
\`minimize\` returns \`{ x, loss, steps, evaluations, gradientNorm, converged, reason }\`; the reason is one of

* \`tolerance\`: max |gradient| is at most \`tolerance\` (1e-6) or the solver's \`toleranceGradient\`;
* \`change\`: the loss or x changed by no more than \`toleranceChange\`, or would, to first order. Set it to 0 for the last digits;
* \`maxSteps\`, or \`stopped\` by \`onStep\`;
* \`diverged\`: the loss at \`x0\` is not finite;
* \`noDescent\`: not even along the steepest descent is anything lower. Either the gradient does not belong to the loss, or both are as
  exact as rounding lets them be.

## Options of all of them

* \`maxIterations\`: iterations a step, 20.
* \`maxEvaluations\`: evaluations of loss and gradient a step, its first included: at least 25, and 5/4 of \`maxIterations\` for lbfgs, 5/2
  for the others. A search that it cuts short goes on in the next step.
* \`toleranceGradient\`: a step ends when max |gradient| is at most this.
* \`toleranceChange\`: a step ends when the loss or every parameter changed by at most this.

## The line search

All of them search for a step t along a direction d where f(t) = f(x + t d) satisfies the strong Wolfe conditions

\`\`\`
f(t) <= f(0) + c1 t f'(0)        c1 = 1e-4
|f'(t)| <= -c2 f'(0)             c2 = 0.9, conjugateGradient 0.4
\`\`\`

by bracketing and zooming with cubic interpolation (Nocedal and Wright 2006, algorithms 3.5 and 3.6), as PyTorch's \`strong_wolfe\` does.
A point where the loss or the gradient is not finite counts as infinitely high: the search comes back from it. Losses that differ by less
than their rounding errors count as equal; then the slope decides, as in the approximate Wolfe conditions of Hager and Zhang (A new conjugate
gradient method with guaranteed descent and an efficient line search, 2005). A search that finds nothing lower ends where it began,
and the next direction is the steepest descent.

Points, losses and counts of \`lbfgs\` are tested against PyTorch's; evaluations of all three against SciPy's, of which they need between
0.3 and 1.1 times as many to reach the same gradient on Rosenbrock's and Beale's functions, quadratics and logistic regression.
[examples/lbfgs.ts](../examples/lbfgs.ts) comes to scikit-learn's minima on two tables: a logistic regression in 30 iterations, scikit-learn in
48, and a network from the same weights in 77, scikit-learn in 89. All rows at once, 64-100-10 on the 1,797 digits with pixels from 0 to 1 is at a
loss of 0.001 after 32 passes; Adam is not after 250, at any rate of 0.001, 0.003, 0.01, 0.03 and 0.1. Where every pixel is standardized,
L-BFGS takes 16 to 18, Adam at 0.1, the best of these, 28 to 30.
`

export interface SolverDocs {
  readonly use: string
  readonly equation: string
  /** Options other than those of all solvers, a line each. */
  readonly options: readonly string[]
  readonly cost: string
  readonly memory: string
  readonly state: string
  readonly equivalent: string
  readonly source: string
}

export const SOLVER_DOCS: Readonly<Record<SolverKind, SolverDocs>> = {
  lbfgs: {
    use: 'The first to try: smooth functions of up to some millions of variables, evaluated without noise.',
    equation: `s = x - x_previous,  y = g - g_previous,  rho = 1 / yᵀs       the last historySize pairs with yᵀs > 1e-10
H = (yᵀs / yᵀy) I of the last pair; then, pair after pair, H = (I - rho s yᵀ) H (I - rho y sᵀ) + rho s sᵀ
d = -H g                                                      two loops over the pairs, H is never formed
x += t d                                                      t from the line search, which tries learningRate first
first iteration: d = -g, first trial learningRate * min(1, 1 / Σ|g|)`,
    options: [
      '`learningRate`: the first trial of every search; a number or a [schedule](schedules.md) of the step.',
      '`historySize`: pairs that are kept. More than the iterations that will be made costs nothing.',
      "`lineSearch`: with `'none'` every step is `learningRate` long, and the last move of a step is not evaluated, as in PyTorch.",
    ],
    cost: 'one to two evaluations and 4 passes over the parameters for each pair',
    memory: '2 vectors for each pair, and 4',
    state:
      '`step_i`, `gradientChange_i`, `direction`, `previousGradient`; step length, scale, the order of the pairs and their rho',
    equivalent:
      "PyTorch `LBFGS(line_search_fn='strong_wolfe')`, whose points it repeats; SciPy `L-BFGS-B` without bounds",
    source:
      'Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989; Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.4 and 7.5',
  },
  conjugateGradient: {
    use: 'Where the memory for pairs is missing: four vectors, whatever the size. Takes more iterations than L-BFGS.',
    equation: `d = -g + beta d
polakRibiere      beta = max(0, gᵀ(g - g_previous) / g_previousᵀg_previous)     known as PR+
fletcherReeves    beta = gᵀg / g_previousᵀg_previous
hestenesStiefel   beta = max(0, gᵀ(g - g_previous) / dᵀ(g - g_previous))
x += t d          t from the line search; it tries t_previous g_previousᵀd_previous / gᵀd first
restart with d = -g: first, every restartEvery iterations, where gᵀd > -0.01 gᵀg, after a search that found nothing lower`,
    options: [
      '`formula`: `polakRibiere`, `fletcherReeves` or `hestenesStiefel`.',
      '`restartEvery`: iterations between restarts; the number of parameters by default.',
      '`c1`, `c2`: the factors of the line search. The smaller c2, the more exact the search; fletcherReeves needs it below 0.5.',
    ],
    cost: 'one to two evaluations and about 8 passes over the parameters',
    memory: '4 vectors',
    state: '`direction`, `previousGradient`; iterations since the restart, the last step length, its slope and gᵀg',
    equivalent: 'SciPy `CG` is polakRibiere without regular restarts',
    source:
      'Fletcher and Reeves 1964; Polak and Ribière 1969; Hestenes and Stiefel 1952; Gilbert and Nocedal, Global convergence properties of conjugate gradient methods for optimization, 1992; Nocedal and Wright 2006, section 5.2',
  },
  newtonCg: {
    use: 'Badly conditioned problems where products with the curvature matrix are cheap, and few iterations matter.',
    equation: `(B + damping I) d = -g    by conjugate gradients from d = 0, until |residual| <= min(forcing, sqrt|g|) |g|
x += t d                  t from the line search, which tries 1 first
ratio = (f(x + d) - f(x)) / (gᵀd + dᵀB d / 2)
ratio > 0:  damping *= max(1/3, 1 - (2 ratio - 1)³)
otherwise:  damping *= 2, then 4, 8, ... while it stays so
negative curvature along an inner direction: d is what was found before it; at the first, -g gᵀg / |gᵀ(B + damping I) g|`,
    options: [
      '`curvature`: B is the Gauss-Newton matrix, which is never indefinite, or the Hessian; models compute products exactly. `minimize` knows only gradients: it takes Hessian products from their differences, H v = (g(x + h v) - g(x)) / h with h = sqrt(ε) (1 + |x|) / |v|, an evaluation each, whichever is chosen.',
      '`damping`: where it begins; 0 leaves it out.',
      '`maxInnerIterations`: products an iteration at most.',
      '`forcing`: the relative residual that is left far from the minimum; near it, sqrt|g| takes over and convergence is superlinear.',
    ],
    cost: 'one to two evaluations, and a product and 10 passes over the parameters for each inner iteration',
    memory: '6 vectors',
    state: 'damping and its next factor; no vectors',
    equivalent: 'SciPy `Newton-CG` does not damp; Hessian-free optimization',
    source:
      'Nocedal and Wright 2006, algorithm 7.1; Martens, Deep learning via Hessian-free optimization, 2010; damping: Nielsen, Damping parameter in Marquardt’s method, 1999',
  },
  naturalGradient: {
    use: 'Models of up to 4,096 parameters: each update is the same whatever the parameters are called, and the yardstick for K-FAC.',
    equation: `x -= learningRate (F + damping I)⁻¹ g
F = mean over the rows of Jᵀ H J: J the Jacobian of a row's outputs, H the Hessian of its loss by them`,
    options: [
      '`learningRate`: a number or a [schedule](schedules.md) of the step.',
      '`damping`: what is added to the diagonal of F; the smaller, the longer the step and the more products it takes.',
    ],
    cost: 'one evaluation, and products with F until the residual is 1e-6 of the gradient: at most as many as there are parameters, tens with damping 1e-2',
    memory: '4 vectors',
    state: 'the number of steps; no vectors',
    equivalent: 'none in PyTorch, Keras and SciPy',
    source:
      'Amari, Natural gradient works efficiently in learning, 1998; Martens, New insights and perspectives on the natural gradient method, 2020 (arXiv:1412.1193)',
  },
  kfac: {
    use: "Mini-batches, not all rows: the natural gradient of dense layers, for networks that are deep or badly conditioned, where Adam and momentum need many updates. A step costs two to three of Adam's.",
    equation: `a: a dense layer's input with a 1 behind it, D: the gradient of its kernel and bias, [inputs + 1, units]
J: the Jacobian of the outputs by what the layer's activation gets, H: the Hessian of a row's loss by the outputs
A = mean a aᵀ,  G = mean Jᵀ H J       running means: k mean + (1 - k) batch,  k = min(1 - 1 / batches, decay)
π = sqrt((tr A / dim A) / (tr G / dim G)),  1 where one of them is 0
d = (A + π sqrt(damping) I)⁻¹ D (G + sqrt(damping) / π I)⁻¹
d *= min(1, sqrt(klClip / (learningRate² Σ d · D)))
v = momentum v + d + weightDecay w    the first: d + weightDecay w
w -= learningRate v
learningRate or momentum 'adaptive': w -= v,  v = rate d + momentum v + rate weightDecay w, where what is not given makes
  -D · v + v · (mean Jᵀ H J + damping I) v / 2 least, J here by all parameters of dense layers: exact, not in factors
damping 'adaptive', every 5 steps: ratio = (loss after - loss before) / (δ · D + δ · (A δ G) / 2),  δ = -learningRate v,
  or over what the exact model says
  ratio > 3/4: damping *= 0.9⁵     ratio < 1/4 or NaN: damping /= 0.9⁵`,
    options: [
      '`learningRate`, `weightDecay`: numbers or [schedules](schedules.md) of the step. Callbacks may scale the rate.',
      "`learningRate: 'adaptive'`, `momentum: 'adaptive'`: found in every step, which takes the tuning away and makes K-FAC what its paper is about: with `damping: 'adaptive'` a deep autoencoder of MNIST is at an error of 0.010 in 80 updates, where rates that were tried by hand were not in 600 ([experiment](experiments/kfac-mnist.md)). They ask for batches large enough for their own curvature, some hundreds of rows, and for layers that know their way along a direction, as [curvature products](curvature.md) do; others are refused. `klClip` is for rates that are given.",
      "`damping`: small ones trust the curvature, large ones make it plain gradient descent; 1e-3 to 1e-1 for classifiers. `'adaptive'` begins at `initialDamping`, and grows at once where a factor has no inverse.",
      '`decay`: of the running means. `factorEvery`: steps from one look at A and G to the next; 10 saves a third of a step.',
      '`inverseEvery`: steps in which the inverses of every layer are made once, a layer or some in a step, so that none is much longer than others.',
      "`fisher`: 'sampled' draws the targets of G from the model's outputs, once a row; 'exact' goes back once for each output, which is for few outputs; 'empirical' takes the batch's own targets, for losses that are no likelihoods. The others know the cross entropies and meanSquaredError.",
      '`klClip`: a bound on the step where the curvature is not to be trusted yet; 1e-3 to 1e-2 where the loss jumps at first.',
      '`fallback`: the [rule](optimizers.md) for what is not a dense layer, such as batch normalization, by its own rate; one whose state starts from 0.',
      'A batch whose loss or gradient is not finite changes nothing. A factor that is singular without enough damping is an error that names its layer; parameters, momentum and running means stay as they were.',
      'In `fit` it trains on batches as rules do: `batchSize`, `clipNorm` and its kin and callbacks that scale the rate are for it; `accumulate` is not. A loss in a callback or of your own is refused.',
      'Rows are weighed as in the loss. Batch normalization, dropout and penalties are as in the pass that made the gradient; penalties are no part of the curvature.',
      'Frozen layers are left out; freezing and unfreezing starts it anew.',
    ],
    cost: 'a forward and a backward pass, and up to five forward passes where rates are found; 2 (inputs + units) multiplications for each weight of a layer; every factorEvery steps another way back and (inputs² + units²) / 2 for each row, and every inverseEvery steps inputs³ + units³',
    memory: '2 vectors and those of `fallback`; 3 (inputs² + units²) for each dense layer, and 2 of the largest',
    state:
      '`velocity`, `fallback_…`; `inputMoments`, `gradientMoments`, `inputInverse`, `gradientInverse` of every kernel; the damping, the step, and how many batches each layer has seen',
    equivalent:
      "kfac-jax `Optimizer` with `num_burnin_steps=0`; learningRate and momentum 'adaptive' are its `use_adaptive_learning_rate` and `use_adaptive_momentum`; its `curvature_ema` is decay, `inverse_update_period` is inverseEvery, `estimation_mode` 'fisher_gradients', 'fisher_exact' and 'fisher_empirical' are the three fishers, its damping is adapted by the approximate model where the rates are given, as here, else by the exact one",
    source:
      'Martens and Grosse, Optimizing neural networks with Kronecker-factored approximate curvature, 2015, arXiv:1503.05671; klClip: Ba, Grosse and Martens, Distributed second-order optimization using Kronecker-factored approximations, 2017',
  },
}
