/** docs/optimizers.md, written from the catalogue. */
import { type OptimizerName, optimizers, type Rule, rules } from '../../src/optimizers/optimizers.ts'

const HEAD = `# Optimizers

\`\`\`ts
model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
model.compile({ optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }), loss: 'meanSquaredError' })
\`\`\`

Rules, state and defaults are PyTorch's; those of Lion, LAMB, Yogi, AdaBelief and NovoGrad are Optax's. The trajectories are tested
against both in float32, on every build. In the equations w is a parameter, g its gradient, t = 1, 2, ... the number of the update.

## Options of all of them

* \`learningRate\`: a number, or a [schedule](schedules.md): any pure function of the update's index t - 1 = 0, 1, 2, ...
* \`weightDecay\`: a number or a schedule. L2 adds weightDecay * w to g before anything else; decoupled decay takes
  learningRate * weightDecay * w off w before the step, untouched by the rule's scaling. By default it reaches every parameter, biases included.
* \`parameterGroups\`: \`[{ match, learningRateScale, weightDecay }]\`. The first group whose \`match(name)\` is true counts; its decay
  takes the place of the optimizer's, its scale multiplies the rate (for ASGD eta, for Rprop the first step size):

\`\`\`ts
adamw({ weightDecay: 0.05, parameterGroups: [{ match: (name) => name.endsWith('.bias'), weightDecay: 0 }] })
\`\`\`

Layers that are not trainable are skipped and keep their state. Betas and \`rho\` lie in [0, 1), \`epsilon\` is at least 1e-30. Where a
rule squares gradients, those below about 1e-17 count as 0, elsewhere below 1e-27: denormal numbers would slow the update tenfold and more.

## Momentum, one formula

Textbooks write momentum in two forms. One keeps the rate outside the velocity, the other inside:

\`\`\`
outside: v = momentum * v + g                   w -= learningRate * v
inside:  v = momentum * v - learningRate * g    w += v
\`\`\`

At a constant rate they are the same, v inside being -learningRate times v outside. When the rate changes, the outer form applies the new
rate to the whole velocity at once, while in the inner form each gradient keeps the rate it came with. fourlane keeps the rate outside,
like PyTorch; Keras keeps it inside.

Nesterov's method takes its gradient where the velocity is about to carry the parameters:

\`\`\`
g at w - learningRate * momentum * v
v = momentum * v + g
w -= learningRate * v
\`\`\`

Let the stored parameters be that look-ahead point y = w - learningRate * momentum * v. Then w = y + learningRate * (v_new - g), and

\`\`\`
y -= learningRate * (g + momentum * v_new)
\`\`\`

This is the formula used: the gradient is taken at the stored parameters, as a model does anyway, and nothing is evaluated twice.

## Below the model

\`optimize(rule, initial)\` puts numbers of your own under a rule, \`minimize(rule, x0, f)\` runs it on a function:

\`\`\`ts
const { values, gradients, step } = optimize(adam({ learningRate: 0.01 }), [[1, 2], [3]])
gradients[0].set([0.5, -0.5])
step() // values[0] and values[1] are live views of the new numbers

const { x, converged } = minimize(adam({ learningRate: 0.1 }), [0, 0], (x, gradient) => {
  gradient[0] = 2 * (x[0] - 1)
  gradient[1] = 2 * (x[1] + 3)
  return (x[0] - 1) ** 2 + (x[1] + 3) ** 2
}, { maxSteps: 500, tolerance: 1e-4 })
\`\`\`
`

const DECAY: Readonly<Record<Rule['decay'], string>> = {
  L2: 'L2, added to the gradient',
  decoupled: 'decoupled',
  either: 'L2, or decoupled with `decoupledWeightDecay: true`',
  inside: 'inside the step, as the equation shows',
  none: 'none',
}

const order = Object.keys(optimizers) as OptimizerName[]

function overview(): string {
  const rows = order.map((kind) => {
    const { use, source }: Rule = rules[kind]
    return `| [${kind}](#${kind}) | ${use} | ${source} |`
  })
  return ['## Which one', '', '| name | use | source |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function text(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(text).join(', ')}]`
  return typeof value === 'number' && value > 0 && (value < 1e-3 || value >= 1e5)
    ? value.toExponential()
    : String(value)
}

function section(kind: OptimizerName): string {
  const { equation, state, source, equivalent, use, decay }: Rule = rules[kind]
  const { learningRate, weightDecay, options } = optimizers[kind]()
  const decayOption = decay === 'none' ? {} : { weightDecay }
  const all = Object.entries({ learningRate, ...options, ...decayOption }).map(
    ([name, value]) => `${name}: ${text(value)}`,
  )
  return [
    `## ${kind}`,
    '',
    use,
    '',
    '```',
    equation,
    '```',
    '',
    `* Defaults: \`${kind}({ ${all.join(', ')} })\`.`,
    `* State: ${state}.`,
    `* Weight decay: ${DECAY[decay]}.`,
    `* Elsewhere: ${equivalent}.`,
    `* Source: ${source}.`,
    '',
  ].join('\n')
}

/** The whole page. */
export function page(): string {
  return [HEAD, overview(), ...order.map(section)].join('\n')
}
