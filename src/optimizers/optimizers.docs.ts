/** What docs/optimizers.md says. w is a parameter, g its gradient, t = 1, 2, ... the number of the update. */
import type { OptimizerName } from './optimizers.ts'

export const INTRO = `# Optimizers

\`\`\`ts
model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
model.compile({ optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }), loss: 'meanSquaredError' })
\`\`\`

Rules, state and defaults are PyTorch's; those of Lion, LAMB, Yogi, AdaBelief and NovoGrad are Optax's. The trajectories are tested
against both in float32, on every target. In the equations w is a parameter, g its gradient, t = 1, 2, ... the number of the update.

## Common options

* \`learningRate\`: a number or a [schedule](schedules.md), which is any pure function of the update's index t - 1 = 0, 1, 2, ...
* \`weightDecay\`: a number or a schedule. L2 decay adds weightDecay * w to g before anything else; decoupled decay subtracts
  learningRate * weightDecay * w from w before the step, unaffected by the rule's scaling. By default it applies to every parameter, including biases.
* \`parameterGroups\`: \`[{ match, learningRateScale, weightDecay, epsilon }]\`. \`match\` is a parameter's name, its prefix or suffix at a dot, a list of such, a
  regular expression, or a predicate of the name; the first matching group applies. Its decay and epsilon replace the optimizer's, its scale multiplies the rate (eta of ASGD,
  the initial step size of Rprop). Groups are saved in files, except for functions; regular expressions are saved as the names they match:

\`\`\`ts
adamw({ weightDecay: 0.05, parameterGroups: [{ match: ['bias', 'gamma', 'beta'], weightDecay: 0 }, { match: /^dense_[12]\\./, learningRateScale: 0.1 }] })
\`\`\`

Non-trainable layers are skipped and keep their state. Betas and \`rho\` lie in [0, 1), \`epsilon\` is at least 1e-30. In rules that
square gradients, those below about 1e-17 count as 0, in others those below 1e-27: denormal numbers would slow down the update tenfold or more.

## Momentum

Textbooks write momentum in two forms, with the rate outside or inside the velocity:

\`\`\`
outside: v = momentum * v + g                   w -= learningRate * v
inside:  v = momentum * v - learningRate * g    w += v
\`\`\`

At a constant rate they are equivalent, with v inside = -learningRate times v outside. When the rate changes, the first form applies the new
rate to the whole velocity at once, while in the second each gradient keeps the rate of its own update. fourlane keeps the rate outside,
like PyTorch; Keras keeps it inside.

Nesterov's method evaluates the gradient at the point to which the velocity is about to move the parameters:

\`\`\`
g at w - learningRate * momentum * v
v = momentum * v + g
w -= learningRate * v
\`\`\`

Let the stored parameters be that look-ahead point y = w - learningRate * momentum * v. Then w = y + learningRate * (v_new - g), and

\`\`\`
y -= learningRate * (g + momentum * v_new)
\`\`\`

This is the formula used: the gradient is evaluated at the stored parameters, as for any other rule, and only once.

## Without a model

\`optimize(rule, initial)\` applies a rule to your own arrays, \`minimize(rule, x0, f)\` minimizes a function:

\`\`\`ts
const { values, gradients, step } = optimize(adam({ learningRate: 0.01 }), [[1, 2], [3]])
gradients[0].set([0.5, -0.5])
step() // values[0] and values[1] are live views of the updated values

const { x, converged } = minimize(adam({ learningRate: 0.1 }), [0, 0], (x, gradient) => {
  gradient[0] = 2 * (x[0] - 1)
  gradient[1] = 2 * (x[1] + 3)
  return (x[0] - 1) ** 2 + (x[1] + 3) ** 2
}, { maxSteps: 500, tolerance: 1e-4 })
\`\`\`

For such deterministic functions, [solvers](solvers.md) such as \`lbfgs()\` need far fewer evaluations than any rule.
`

export interface OptimizerDoc {
  readonly use: string
  readonly equation: string
  /** State per parameter. */
  readonly state: string
  /** The same rule in other libraries. */
  readonly equivalent: string
  readonly source: string
}

export const OPTIMIZER_DOCS: Readonly<Record<OptimizerName, OptimizerDoc>> = {
  sgd: {
    use: 'With momentum 0.9, a schedule and tuning: the best final accuracy.',
    equation: `b = g in the first update, then momentum * b + (1 - dampening) * g
w -= learningRate * b
nesterov:         w -= learningRate * (g + momentum * b)
without momentum: w -= learningRate * g`,
    state: '`velocity` b, only with momentum',
    equivalent: 'PyTorch SGD; Keras SGD keeps the rate inside the velocity',
    source: 'Robbins and Monro 1951; momentum: Polyak 1964; nesterov: Nesterov 1983 as in Sutskever et al. 2013',
  },
  adagrad: {
    use: 'Sparse features: rare features keep large rates.',
    equation: `s += g^2, from initialAccumulatorValue
w -= learningRate / (1 + (t - 1) * learningRateDecay) * g / (sqrt(s) + epsilon)`,
    state: '`sumOfSquares` s',
    equivalent: 'PyTorch Adagrad',
    source: 'Duchi, Hazan and Singer 2011',
  },
  adadelta: {
    use: 'No rate to choose: steps have the units of the parameters.',
    equation: `v = rho * v + (1 - rho) * g^2
d = sqrt((u + epsilon) / (v + epsilon)) * g
u = rho * u + (1 - rho) * d^2
w -= learningRate * d`,
    state: '`secondMoment` v, `secondDelta` u',
    equivalent: 'PyTorch Adadelta',
    source: 'Zeiler 2012',
  },
  rmsprop: {
    use: 'Non-stationary problems such as reinforcement learning.',
    equation: `v = rho * v + (1 - rho) * g^2
centered: m = rho * m + (1 - rho) * g, and v - m^2 replaces v below
w -= learningRate * g / (sqrt(v) + epsilon)
momentum: b = momentum * b + g / (sqrt(v) + epsilon);  w -= learningRate * b`,
    state: '`secondMoment` v; `velocity` b with momentum; `firstMoment` m when centered',
    equivalent: 'PyTorch RMSprop with alpha = rho; Keras RMSprop adds its epsilon inside the root',
    source: 'Tieleman and Hinton 2012; centered: Graves 2013',
  },
  adam: {
    use: 'The default choice for dense networks: the rate needs little tuning.',
    equation: `m = beta1 * m + (1 - beta1) * g
v = beta2 * v + (1 - beta2) * g^2
w -= learningRate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
amsgrad: the largest v so far replaces v in the last line`,
    state: '`firstMoment` m, `secondMoment` v; with `amsgrad` also `maxSecondMoment`',
    equivalent: 'PyTorch Adam; Keras Adam adds its epsilon (1e-7) before the bias correction of v',
    source: 'Kingma and Ba 2015; AMSGrad: Reddi, Kale and Kumar 2018',
  },
  adamw: {
    use: 'Adam with weight decay that affects all weights equally, regardless of the magnitude of their gradients.',
    equation: `w -= learningRate * weightDecay * w
then Adam's step without weight decay`,
    state: '`firstMoment` m, `secondMoment` v; with `amsgrad` also `maxSecondMoment`',
    equivalent:
      'PyTorch AdamW, Optax adamw; Keras AdamW adds its epsilon (1e-7) before the bias correction of v, and its weightDecay is 0.004',
    source: 'Loshchilov and Hutter 2019',
  },
  adamax: {
    use: 'Sparse or heavy-tailed gradients: one large gradient is not squared.',
    equation: `m = beta1 * m + (1 - beta1) * g
u = max(beta2 * u, |g| + epsilon)
w -= learningRate / (1 - beta1^t) * m / u`,
    state: '`firstMoment` m, `infinityNorm` u',
    equivalent: 'PyTorch Adamax (which has no decoupledWeightDecay); Keras Adamax adds its epsilon (1e-7) to u instead',
    source: 'Kingma and Ba 2015, section 7.1',
  },
  nadam: {
    use: 'Adam with Nesterov momentum; often slightly faster at the start.',
    equation: `m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
mu_t = beta1 * (1 - 0.96^(t * momentumDecay) / 2);  P = mu_1 * ... * mu_t
w -= learningRate * ((1 - mu_t) / (1 - P) * g + mu_(t+1) / (1 - P * mu_(t+1)) * m) / (sqrt(v / (1 - beta2^t)) + epsilon)`,
    state: '`firstMoment` m, `secondMoment` v',
    equivalent:
      'PyTorch NAdam; Keras Nadam with momentumDecay: 1, as its schedule is 0.96^t, learningRate: 0.001 and epsilon: 1e-7',
    source: 'Dozat 2016',
  },
  radam: {
    use: 'Adam without a warmup to tune: the first steps, whose variance is intractable, use momentum only.',
    equation: `m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
L = 2 / (1 - beta2) - 1;  l = L - 2 * t * beta2^t / (1 - beta2^t)
l > 5: w -= learningRate / (1 - beta1^t) * m * r * sqrt(1 - beta2^t) / (sqrt(v) + epsilon),
       r = sqrt((l - 4) * (l - 2) * L / ((L - 4) * (L - 2) * l))
else:  w -= learningRate / (1 - beta1^t) * m`,
    state: '`firstMoment` m, `secondMoment` v',
    equivalent: 'PyTorch RAdam, Optax radam',
    source: 'Liu et al. 2020',
  },
  rprop: {
    use: 'Full batches only: signs of mini-batch gradients are mostly noise.',
    equation: `same sign as the previous gradient:  size = min(size * etas[1], stepSizes[1])
opposite sign:                       size = max(size * etas[0], stepSizes[0]), and g = 0 now and as the next previous gradient
w -= sign(g) * size
size starts at learningRate, which is not used otherwise`,
    state: '`previousGradient`, `stepSize`',
    equivalent: 'PyTorch Rprop',
    source: 'Riedmiller and Braun 1993',
  },
  asgd: {
    use: 'Convex problems: the average converges at the optimal rate. The model itself uses the unaveraged parameters.',
    equation: `eta = learningRate / (1 + lambda * learningRate * (t - 1))^alpha
w -= eta * (g + lambda * w)
average += (w - average) / max(1, t - 1 - t0)`,
    state: '`average`: the mean of the parameters since update t0',
    equivalent: 'PyTorch ASGD, where a changed rate affects eta one update later',
    source: 'Polyak and Juditsky 1992',
  },
  lion: {
    use: 'Half the state of Adam; needs a rate 3 to 10 times smaller and a decay larger by the same factor.',
    equation: `w -= learningRate * (sign(beta1 * m + (1 - beta1) * g) + weightDecay * w)
m = beta2 * m + (1 - beta2) * g`,
    state: '`firstMoment` m',
    equivalent: 'Optax lion, Keras Lion',
    source: 'Chen et al. 2023',
  },
  lamb: {
    use: 'Very large batches: every tensor moves by the same fraction of its norm.',
    equation: `m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t) + epsilonRoot) + epsilon) + weightDecay * w
w -= learningRate * |w| / |u| * u
norms per tensor; the ratio is 1 if either is 0`,
    state: '`firstMoment` m, `secondMoment` v',
    equivalent: 'Optax lamb, Keras Lamb',
    source: 'You et al. 2020',
  },
  yogi: {
    use: 'Bursty gradients: v changes by at most (1 - beta2) * g^2, so small gradients after large ones do not raise the effective rate at once.',
    equation: `m = beta1 * m + (1 - beta1) * g
v -= (1 - beta2) * sign(v - g^2) * g^2
w -= learningRate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
m and v start at initialAccumulatorValue`,
    state: '`firstMoment` m, `secondMoment` v',
    equivalent: 'Optax yogi',
    source: 'Zaheer et al. 2018',
  },
  adabelief: {
    use: 'Large steps where gradients match their running mean, small ones where they deviate.',
    equation: `m = beta1 * m + (1 - beta1) * g
v = beta2 * v + (1 - beta2) * (g - m)^2 + epsilonRoot
w -= learningRate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)`,
    state: '`firstMoment` m, `secondMoment` v',
    equivalent: 'Optax adabelief',
    source: 'Zhuang et al. 2020',
  },
  novograd: {
    use: 'Large batches and long runs without warmup; one second moment per tensor.',
    equation: `n = |g|^2 in the first update, then beta2 * n + (1 - beta2) * |g|^2, one number per tensor
m = beta1 * m + g / (sqrt(n + epsilonRoot) + epsilon) + weightDecay * w
w -= learningRate * m`,
    state: '`firstMoment` m; `secondMoment`, whose first value per tensor is n',
    equivalent: 'Optax novograd',
    source: 'Ginsburg et al. 2019',
  },
}
