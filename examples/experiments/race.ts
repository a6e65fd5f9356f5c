/** Optimizers on the surfaces that introductions show them on, and on a logistic regression. */
import { readFileSync } from 'node:fs'
import {
  adadelta,
  adagrad,
  adam,
  conjugateGradient,
  dense,
  input,
  l2,
  lbfgs,
  minimize,
  newtonCg,
  type Optimizer,
  readCsv,
  rmsprop,
  type Solver,
  sequential,
  sgd,
  standardScaler,
} from 'fourlane'
import { contour, lineChart } from 'fourlane/charts'
import { dataFile } from '../data.ts'
import { experiment } from './frame/experiment.ts'
import { digits, digitsOf, drawn, short } from './frame/numbers.ts'

interface Surface {
  readonly name: string
  readonly formula: string
  readonly start: readonly [number, number]
  readonly lowest: number
  /** Value, and the derivatives by x and y. */
  readonly at: (x: number, y: number) => readonly [number, number, number]
  /** Where it is drawn, and how high above the minimum its bottom is taken to be, for logarithms. */
  readonly x: readonly [number, number]
  readonly y: readonly [number, number]
}

const SURFACES: readonly Surface[] = [
  {
    name: 'Beale',
    formula: '(1.5 - x + x y)² + (2.25 - x + x y²)² + (2.625 - x + x y³)², from (1, 1.5); minimum at (3, 0.5)',
    start: [1, 1.5],
    lowest: 0,
    at: (x, y) => {
      const [a, b, c] = [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y ** 3]
      const dx = 2 * (a * (y - 1) + b * (y * y - 1) + c * (y ** 3 - 1))
      return [a * a + b * b + c * c, dx, 2 * x * (a + 2 * b * y + 3 * c * y * y)]
    },
    x: [-0.5, 4],
    y: [-2, 2.5],
  },
  {
    name: 'long valley',
    formula: '(x² + 100 y²) / 2, from (-10, 1)',
    start: [-10, 1],
    lowest: 0,
    at: (x, y) => [(x * x + 100 * y * y) / 2, x, 100 * y],
    x: [-11, 3],
    y: [-2, 2],
  },
  {
    name: 'turned valley',
    formula: 'the long valley, turned by 45°, from the turned start',
    start: [-11 * Math.SQRT1_2, -9 * Math.SQRT1_2],
    lowest: 0,
    at: (x, y) => {
      const [along, beside] = [(x + y) * Math.SQRT1_2, (y - x) * Math.SQRT1_2]
      const [da, db] = [along, 100 * beside]
      return [(along * along + 100 * beside * beside) / 2, (da - db) * Math.SQRT1_2, (da + db) * Math.SQRT1_2]
    },
    x: [-9, 3],
    y: [-8, 4],
  },
  {
    name: 'saddle',
    formula: 'x² - y² + y⁴ / 4, from (1.5, 0.001), all but on the ridge; minima at (0, ±√2)',
    start: [1.5, 0.001],
    lowest: -1,
    at: (x, y) => [x * x - y * y + y ** 4 / 4, 2 * x, -2 * y + y ** 3],
    x: [-2, 2],
    y: [-2, 2],
  },
]

/** Half decades from 1e-4 to 10. */
const RATES = Array.from({ length: 11 }, (_, i) => Number((10 ** (-4 + i / 2)).toPrecision(2)))
const RULES: readonly (readonly [string, (learningRate: number) => Optimizer])[] = [
  ['gradient descent', (learningRate) => sgd({ learningRate })],
  ['momentum 0.9', (learningRate) => sgd({ learningRate, momentum: 0.9 })],
  ['Nesterov 0.9', (learningRate) => sgd({ learningRate, momentum: 0.9, nesterov: true })],
  ['Adagrad', (learningRate) => adagrad({ learningRate })],
  ['Adadelta', (learningRate) => adadelta({ learningRate })],
  ['RMSprop', (learningRate) => rmsprop({ learningRate })],
  ['Adam', (learningRate) => adam({ learningRate })],
]
const SOLVERS: readonly (readonly [string, () => Solver])[] = [
  ['conjugate gradients', () => conjugateGradient()],
  ['L-BFGS', () => lbfgs({ maxIterations: 1 })],
]
const NAMES = [...RULES, ...SOLVERS].map(([name]) => name)

const CLOSE = 1e-4
const STEPS = 3000
/** Points of a path that are kept, for the pictures. */
const KEPT = 400

interface Run {
  readonly rate: number | null
  /** Evaluations of the function and its gradient until it is within CLOSE of its minimum. */
  readonly evaluations: number | null
  readonly x: readonly (number | null)[]
  readonly y: readonly (number | null)[]
}

/** How far one method comes, and where it passes. */
function follow({ start, lowest, at }: Surface, method: Optimizer | Solver, rate: number | null, steps: number): Run {
  const path: (readonly [number, number])[] = []
  let evaluations = 0
  let reached: number | null = null
  const objective = (p: Float32Array | Float64Array, gradient: Float32Array | Float64Array): number => {
    evaluations++
    const [value, dx, dy] = at(p[0], p[1])
    gradient[0] = dx
    gradient[1] = dy
    if (value - lowest < CLOSE) reached ??= evaluations
    return value
  }
  const options = {
    maxSteps: steps,
    tolerance: 0,
    onStep: ({ x: [x, y] }: { readonly x: Float32Array | Float64Array }) => {
      path.push([x, y])
      return reached === null
    },
  }
  if ('kind' in method && SOLVER_KINDS.has(method.kind)) minimize(method as Solver, start, objective, options)
  else minimize(method as Optimizer, start, objective, options)
  const kept = path.length <= KEPT ? path : path.filter((_, i) => i % Math.ceil(path.length / KEPT) === 0)
  return {
    rate,
    evaluations: reached,
    x: digitsOf(
      kept.map(([x]) => x),
      4,
    ),
    y: digitsOf(
      kept.map(([, y]) => y),
      4,
    ),
  }
}
const SOLVER_KINDS: ReadonlySet<string> = new Set(SOLVERS.map(([, make]) => make().kind))

function raceOn(surface: Surface, steps: number): { [method: string]: Run } {
  const best = RULES.map(([name, make]) => {
    const runs = RATES.map((rate) => follow(surface, make(rate), rate, steps))
    const order = (run: Run) => run.evaluations ?? Number.POSITIVE_INFINITY
    return [name, runs.reduce((top, run) => (order(run) < order(top) ? run : top))] as const
  })
  const solved = SOLVERS.map(([name, make]) => [name, follow(surface, make(), null, steps)] as const)
  return Object.fromEntries([...best, ...solved])
}

interface Regression {
  readonly rate: number | null
  /** Of all rows, after each pass over them. */
  readonly losses: readonly (number | null)[]
}
const PASSES = 300

/** Full batches of a table of tumours. */
async function regress(method: Optimizer | Solver, epochs: number): Promise<number[]> {
  const { columns, values, rows } = readCsv(readFileSync(dataFile('breast_cancer.csv'), 'utf8'))
  const features = columns.length - 1
  const x = Float32Array.from(
    { length: rows * features },
    (_, i) => values[Math.floor(i / features) * columns.length + (i % features)],
  )
  const y = Int32Array.from({ length: rows }, (_, row) => values[row * columns.length + features])
  const model = sequential(
    [input(features), dense(1, { activation: 'sigmoid', kernelInitializer: 'zeros', kernelRegularizer: l2(1e-3) })],
    { seed: 1, threads: 1 },
  )
  model.compile({ optimizer: method, loss: 'binaryCrossentropy' })
  const scaled = standardScaler().fitTransform(x, features)
  const isSolver = SOLVER_KINDS.has(method.kind) || method.kind === 'newtonCg'
  const { metrics } = await model.fit(scaled, y, { epochs, ...(!isSolver && { batchSize: rows }) })
  return metrics.loss
}

interface Results {
  readonly surfaces: { readonly [surface: string]: { readonly [method: string]: Run } }
  readonly lowest: number
  readonly regression: { readonly [method: string]: Regression }
}

const within = ({ losses }: Regression, lowest: number) => {
  const at = losses.findIndex((loss) => loss !== null && loss - lowest < 1e-3)
  return at < 0 ? null : at + 1
}

export const race = experiment<Results>({
  name: 'race',
  title: 'A race of optimizers',
  async run({ smoke, once }) {
    const surfaces: { [name: string]: { [method: string]: Run } } = {}
    for (const surface of SURFACES)
      surfaces[surface.name] = await once(surface.name, () => raceOn(surface, smoke ? 200 : STEPS))
    const passes = smoke ? 10 : PASSES
    const lowest = Math.min(...(await regress(newtonCg(), smoke ? 10 : 100)))
    const regression: { [method: string]: Regression } = {}
    for (const [name, make] of RULES) {
      regression[name] = await once(`regression: ${name}`, async () => {
        const runs: Regression[] = []
        for (const rate of smoke ? [0.1] : RATES)
          runs.push({ rate, losses: digitsOf(await regress(make(rate), passes), 6) })
        const order = (run: Regression) =>
          within(run, lowest) ?? PASSES + (run.losses.at(-1) ?? Number.POSITIVE_INFINITY)
        return runs.reduce((top, run) => (order(run) < order(top) ? run : top))
      })
    }
    for (const [name, make] of SOLVERS)
      regression[name] = { rate: null, losses: digitsOf(await regress(make(), smoke ? 10 : 60), 6) }
    return { surfaces, lowest: digits(lowest, 7) ?? Number.NaN, regression }
  },
  page({ surfaces, lowest, regression }) {
    const steps = (run: { readonly evaluations: number | null }) =>
      run.evaluations === null ? 'not reached' : String(run.evaluations)
    const picture = ({ name, at, lowest: bottom, x, y }: Surface) => {
      const count = 121
      const axis = ([from, to]: readonly [number, number]) =>
        Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1))
      const [across, up] = [axis(x), axis(y)]
      const inside = (run: Run) => {
        const [xs, ys] = [drawn(run.x), drawn(run.y)]
        const ends = xs.findIndex((_, i) => !(xs[i] >= x[0] && xs[i] <= x[1] && ys[i] >= y[0] && ys[i] <= y[1]))
        return ends < 0 ? { x: xs, y: ys } : { x: xs.slice(0, ends), y: ys.slice(0, ends) }
      }
      const shown = ['gradient descent', 'momentum 0.9', 'Adam', 'L-BFGS']
      return {
        name: name.replaceAll(' ', '-').toLowerCase(),
        alt: `Level lines of ${name} with the ways of four methods`,
        svg: contour({
          title: name,
          x: across,
          y: up,
          z: up.flatMap((b) => across.map((a) => at(a, b)[0] - bottom + 1e-3)),
          scale: 'log',
          levels: 12,
          xLabel: 'x',
          yLabel: 'y',
          zLabel: 'above the minimum',
          paths: Object.fromEntries(shown.map((method) => [method, inside(surfaces[name][method])])),
        }),
      }
    }
    const passes = (method: string) => within(regression[method], lowest)
    const rank = (name: string) => surfaces[name]
    const fastest = SURFACES.map(({ name }) => {
      const own = RULES.map(([method]) => [method, rank(name)[method].evaluations ?? Number.POSITIVE_INFINITY] as const)
      return own.reduce((top, one) => (one[1] < top[1] ? one : top))
    })
    const saddle = surfaces.saddle
    const named = (i: number) =>
      fastest[i][0] === 'momentum 0.9'
        ? `${SURFACES[i].name} (${fastest[i][1]} evaluations)`
        : `no surface like ${SURFACES[i].name} (${fastest[i][0]} is)`
    return {
      source:
        "Radford 2014, animations of optimizers on Beale's function, a long valley and a saddle; Ruder 2016, An overview of gradient descent optimization algorithms, arXiv:1609.04747",
      claim:
        'Momentum overshoots and comes back; gradient descent crawls along a long valley and stays near a saddle for long, from which methods that scale each coordinate break away at once.',
      settings: [
        ...SURFACES.map(({ name, formula }) => `${name}: ${formula}.`),
        `Every rule has the best of the rates 1e-4, 3.2e-4, ..., 10 on every surface, by evaluations until the function is within ${CLOSE} of its minimum, ${STEPS} steps at most. L-BFGS and conjugate gradients, with a strong Wolfe line search, have no rate; their evaluations are counted alike.`,
        `Logistic regression: 569 tumours, 30 standardized measurements, L2 with factor 0.001, from zero, all rows at once; passes until the loss is within 0.001 of the minimum, ${short(lowest)}, which Newton-CG finds; the best rate of the same list. A pass of a solver is an iteration, with as many evaluations as its line search takes.`,
        'Nothing is random.',
      ],
      parts: [
        {
          head: ['evaluations until there', ...SURFACES.map(({ name }) => name), 'passes, logistic regression'],
          rows: NAMES.map((method) => [
            method,
            ...SURFACES.map(({ name }) => {
              const run = surfaces[name][method]
              return run.rate === null || run.evaluations === null ? steps(run) : `${steps(run)} (${short(run.rate)})`
            }),
            passes(method) === null
              ? 'not reached'
              : `${passes(method)}${regression[method].rate === null ? '' : ` (${short(regression[method].rate)})`}`,
          ]),
        },
        'In parentheses the rate.',
        { pictures: SURFACES.slice(0, 2).map(picture) },
        {
          pictures: [...SURFACES.slice(2).map(picture)],
        },
        {
          pictures: [
            {
              name: 'regression',
              alt: 'Loss above the minimum by pass for each method on the logistic regression',
              svg: lineChart({
                title: 'Logistic regression',
                series: Object.fromEntries(
                  NAMES.map((method) => [
                    method,
                    drawn(regression[method].losses).map((loss) => Math.max(loss - lowest, 0)),
                  ]),
                ),
                xScale: 'log',
                yScale: 'log',
                yLimits: [1e-6, 1],
                xLabel: 'pass over all rows',
                yLabel: 'loss above the minimum',
                height: 480,
              }),
            },
          ],
        },
      ],
      verdict: `As claimed, with a reservation. Momentum overshoots, and is first of the rules on ${named(0)}. On the long valley the methods that scale each coordinate are there at once (${fastest[1][0]}: ${fastest[1][1]} evaluations; gradient descent: ${steps(surfaces['long valley']['gradient descent'])}), but only because it lies along an axis: turned by 45° it takes RMSprop ${steps(surfaces['turned valley'].RMSprop)}, Adagrad ${steps(surfaces['turned valley'].Adagrad)} and Adam ${steps(surfaces['turned valley'].Adam)}, and momentum, which does not see axes, as many as before (${steps(surfaces['turned valley']['momentum 0.9'])}). Off the saddle Adam and its kin need ${steps(saddle.Adam)} evaluations; gradient descent ${steps(saddle['gradient descent'])}, no eternity when its rate is chosen for that. L-BFGS, without a rate to choose, needs ${SURFACES.map(({ name }) => steps(surfaces[name]['L-BFGS'])).join(', ')}.`,
      outcome: `As claimed, where valleys lie along axes; L-BFGS needs ${steps(surfaces.Beale['L-BFGS'])} evaluations where the best rule needs ${fastest[0][1]}.`,
    }
  },
})
