/** What docs/schedules.md says. */
import {
  constant,
  cosineDecay,
  cosineDecayRestarts,
  coslog,
  cyclic,
  exponentialDecay,
  flatCosine,
  harmonic,
  inverseSqrt,
  inverseSqrtWarmup,
  inverseTimeDecay,
  joinSchedules,
  linearWarmup,
  multiStepDecay,
  oneCycle,
  piecewiseConstant,
  polynomialDecay,
  type Schedule,
  type ScheduleName,
  stepDecay,
  warmupCosine,
} from './schedules.ts'

export const INTRO = `# Schedules

A schedule gives the learning rate, or the weight decay, of every update: a pure function of the update's index t = 0, 1, 2, ...

\`\`\`ts
model.compile({ optimizer: sgd({ learningRate: cosineDecay({ learningRate: 0.1, totalSteps: 5000 }) }), loss: 'meanSquaredError' })
model.compile({ optimizer: sgd({ learningRate: (t) => 0.1 / (1 + t) }), loss: 'meanSquaredError' })
\`\`\`

t counts updates, not epochs: an epoch has ceil(rows / batchSize) of them. The schedules below are frozen functions that carry their
\`kind\` and \`options\`; \`describeSchedule\` converts them to plain data and \`restoreSchedule\` back, which is not possible for custom functions.
A schedule must return finite numbers >= 0; anything else stops the update with a RangeError. To react to a metric instead,
use the callback \`reduceLearningRateOnPlateau\`.
`

export interface ScheduleDoc {
  readonly use: string
  readonly equation: string
  /** A call with the required options only; the page adds the defaults. */
  readonly example: Schedule
  /** The same schedule in other libraries. */
  readonly equivalent?: string
}

export const SCHEDULE_DOCS: Readonly<Record<ScheduleName, ScheduleDoc>> = {
  constant: {
    equation: 'learningRate',
    example: constant({ learningRate: 0.01 }),
    use: 'The same as a plain number; useful in `joinSchedules`.',
    equivalent: 'PyTorch ConstantLR with factor 1',
  },
  stepDecay: {
    equation: 'learningRate * gamma^floor(t / stepSize)',
    example: stepDecay({ learningRate: 0.1, stepSize: 1000 }),
    use: 'Drops at regular intervals.',
    equivalent: 'PyTorch StepLR',
  },
  multiStepDecay: {
    equation: 'learningRate * gamma^(number of milestones <= t)',
    example: multiStepDecay({ learningRate: 0.1, milestones: [3000, 6000] }),
    use: 'Drops at given steps.',
    equivalent: 'PyTorch MultiStepLR',
  },
  piecewiseConstant: {
    equation: 'values[number of boundaries <= t]',
    example: piecewiseConstant({ boundaries: [1000, 3000], values: [0.1, 0.05, 0.001] }),
    use: 'Any staircase.',
    equivalent: 'Keras PiecewiseConstantDecay, which keeps the old value at the boundary itself',
  },
  exponentialDecay: {
    equation: 'learningRate * gamma^t',
    example: exponentialDecay({ learningRate: 0.1, gamma: 0.999 }),
    use: 'Smooth decay of unlimited length; gamma applies per update, so it should be close to 1.',
    equivalent: 'PyTorch ExponentialLR',
  },
  inverseTimeDecay: {
    equation: 'learningRate / (1 + decay * t)',
    example: inverseTimeDecay({ learningRate: 0.1, decay: 0.001 }),
    use: 'The classical decay of stochastic approximation.',
    equivalent: 'Keras InverseTimeDecay with decay_steps 1',
  },
  harmonic: {
    equation: 'alpha / (floor(t / period) + offset)',
    example: harmonic({ alpha: 1 }),
    use: "Rates whose sum diverges while the sum of their squares converges: Robbins and Monro's conditions (1951).",
  },
  inverseSqrt: {
    equation: 'learningRate / sqrt(1 + decay * t)',
    example: inverseSqrt({ learningRate: 0.1, decay: 0.001 }),
    use: 'The decay of the regret bounds for online gradient descent.',
  },
  inverseSqrtWarmup: {
    equation: 'learningRate * min((t + 1) / warmup, sqrt(warmup / (t + 1)))',
    example: inverseSqrtWarmup({ learningRate: 0.001, warmup: 4000 }),
    use: 'The Transformer schedule (Vaswani et al. 2017), with learningRate as its peak.',
  },
  polynomialDecay: {
    equation: 'end + (learningRate - end) * (1 - min(t, totalSteps) / totalSteps)^power',
    example: polynomialDecay({ learningRate: 0.1, totalSteps: 10000 }),
    use: 'With power 1, linear decay.',
    equivalent: 'PyTorch PolynomialLR, Keras PolynomialDecay',
  },
  cosineDecay: {
    equation: 'min + (learningRate - min) * (1 + cos(pi * min(t, totalSteps) / totalSteps)) / 2',
    example: cosineDecay({ learningRate: 0.1, totalSteps: 10000 }),
    use: 'A good default when the number of updates is known.',
    equivalent: 'PyTorch CosineAnnealingLR up to totalSteps, Keras CosineDecay',
  },
  cosineDecayRestarts: {
    equation: 'half a cosine over each period; the next period is periodMultiplier times as long',
    example: cosineDecayRestarts({ learningRate: 0.1, period: 1000 }),
    use: 'SGDR (Loshchilov and Hutter 2017): the end of every period gives a usable model.',
    equivalent: 'PyTorch CosineAnnealingWarmRestarts',
  },
  linearWarmup: {
    equation: 'learningRate * (startFactor + (endFactor - startFactor) * min(t, warmup) / warmup)',
    example: linearWarmup({ learningRate: 0.1, warmup: 500 }),
    use: 'The first segment of a joined schedule.',
    equivalent: 'PyTorch LinearLR',
  },
  warmupCosine: {
    equation: 'learningRate * (t + 1) / warmup for t < warmup, then half a cosine to minLearningRate at totalSteps',
    example: warmupCosine({ learningRate: 0.001, warmup: 500, totalSteps: 10000 }),
    use: 'Large batches, AdamW, LAMB.',
  },
  coslog: {
    equation: 'learningRate * (1 - cos(2 pi log2(1 + (2^cycles - 1) * min(t, totalSteps) / totalSteps))) / 2',
    example: coslog({ learningRate: 0.04, totalSteps: 10000 }),
    use: 'Tabular data: cycles from 0 and back, each twice as long as the previous one; the default of RealMLP (Holzmüller et al. 2024).',
  },
  flatCosine: {
    equation: 'learningRate until flatFraction * totalSteps, then half a cosine to min at totalSteps',
    example: flatCosine({ learningRate: 0.1, totalSteps: 10000 }),
    use: 'Weight decay and dropout that should fade out at the end.',
    equivalent: "fastai's fit_flat_cos with pct_start 0.5",
  },
  oneCycle: {
    equation: 'max / divFactor up to max, then down to max / divFactor / finalDivFactor',
    example: oneCycle({ maxLearningRate: 0.1, totalSteps: 10000 }),
    use: "Fast convergence at high rates (Smith and Topin 2018). With `cycleMomentum: true` the momentum of sgd, or beta1 of adam, adamw and nadam, goes from `maxMomentum` (0.95) down to `baseMomentum` (0.85) and back up (Smith 2018); leave out the optimizer's own.",
    equivalent: 'PyTorch OneCycleLR, whose `cycle_momentum` defaults to true; after totalSteps the last rate is kept',
  },
  cyclic: {
    equation: 'base + (max - base) * triangle(t) * scale; scale is 1, 2^-cycle (triangular2) or gamma^t (exp_range)',
    example: cyclic({ baseLearningRate: 0.001, maxLearningRate: 0.1 }),
    use: 'Endless triangular cycles (Smith 2017).',
    equivalent: 'PyTorch CyclicLR without its momentum cycle',
  },
  joinSchedules: {
    equation: 'one schedule after another, each counting from 0 at the start of its segment',
    example: joinSchedules([
      { schedule: linearWarmup({ learningRate: 0.1, warmup: 500 }), until: 500 },
      { schedule: 0.1 },
    ]),
    use: 'Any combination of the above.',
    equivalent: 'PyTorch SequentialLR, Optax join_schedules',
  },
}
