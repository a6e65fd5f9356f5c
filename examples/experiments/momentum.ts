/** Goh 2017: what momentum does along one eigenvector of a quadratic, and the best constants for many. */
import { minimize, sgd } from 'fourlane'
import { heatmap, lineChart } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { digits, digitsOf, drawn, short } from './frame/numbers.ts'

/** Regions of the plane of α λ and β, as Goh names them. */
const REGIONS = [
  { name: 'ripples', step: 0.1, beta: 0.85, seen: 'complex eigenvalues: it overshoots and comes back' },
  { name: 'monotonic decrease', step: 0.02, beta: 0.6, seen: 'real and positive: as gradient descent' },
  { name: 'critical damping', step: 0.1, beta: (1 - Math.sqrt(0.1)) ** 2, seen: 'equal: fastest for this rate' },
  { name: 'one step', step: 1, beta: 0, seen: 'both 0: there at once' },
  { name: 'monotonic oscillation', step: 1.8, beta: 0.05, seen: 'real and negative: it changes sides every step' },
  { name: 'divergence', step: 2.45, beta: 0.2, seen: 'one of them beyond -1' },
] as const

const KAPPA = 100

/** The larger modulus of the eigenvalues of one step, [[β, λ], [-αβ, 1 - αλ]]. */
function theory(step: number, beta: number): number {
  const trace = 1 + beta - step
  const inside = trace * trace - 4 * beta
  return inside < 0 ? Math.sqrt(beta) : (Math.abs(trace) + Math.sqrt(inside)) / 2
}

/** x of every step on λ x² / 2 for several λ at once, from 1, with the learning rate 1. */
function trace(lambdas: readonly number[], learningRate: number, momentum: number, maxSteps: number): number[][] {
  const paths: number[][] = lambdas.map(() => [])
  minimize(
    sgd({ learningRate, momentum }),
    lambdas.map(() => 1),
    (x, gradient) => {
      let loss = 0
      lambdas.forEach((lambda, i) => {
        gradient[i] = lambda * x[i]
        loss += (lambda * x[i] * x[i]) / 2
      })
      return loss
    },
    {
      maxSteps,
      tolerance: 0,
      onStep: ({ x }) => {
        for (const [i, path] of paths.entries()) path.push(x[i])
      },
    },
  )
  return paths
}

/**
 * By how much a path shrinks in a step: the largest distances of two successive stretches, as far as float32 tells them from 0.
 * Undefined where it is there in fewer than 12 steps.
 */
function measured(path: readonly number[]): number | undefined {
  const end = path.findIndex((_, i) => path.slice(i, i + 4).every((later) => Math.abs(later) < 1e-12))
  const length = end < 0 ? path.length : end
  if (length < 12) return undefined
  const third = Math.floor(length / 3)
  const largest = (from: number) => Math.max(...path.slice(from, from + third).map(Math.abs))
  return (largest(2 * third) / largest(third)) ** (1 / third)
}

interface Results {
  readonly regions: readonly { readonly x: readonly (number | null)[]; readonly rate: number | null }[]
  /** Rates by β (rows) and α λ (columns). */
  readonly steps: readonly number[]
  readonly betas: readonly number[]
  readonly plane: readonly (number | null)[]
  /** Two eigenvalues, 1 and KAPPA: steps until both are within 1e-6, by learning rate and momentum. */
  readonly best: {
    readonly descent: Best
    readonly momentum: Best
    readonly formula: Best
    readonly descentFormula: Best
  }
}

interface Best {
  readonly rate: number
  readonly beta: number
  readonly steps: number | null
}

const CLOSE = 1e-6

/** Steps until the distance of both from 0 stays within 1e-6. */
function stepsTo(rate: number, beta: number, most: number): number | null {
  const paths = trace([1, KAPPA], rate, beta, most)
  for (let step = paths[0].length - 1; step >= 0; step--) {
    const far = paths.some((path) => !(Math.abs(path[step]) < CLOSE))
    if (far) return step === paths[0].length - 1 ? null : step + 1
  }
  return 0
}

function search(rates: readonly number[], betas: readonly number[], most: number): Best {
  let best: Best = { rate: rates[0], beta: betas[0], steps: null }
  for (const beta of betas) {
    for (const rate of rates) {
      const steps = stepsTo(rate, beta, best.steps ?? most)
      if (steps !== null && steps < (best.steps ?? Number.POSITIVE_INFINITY)) best = { rate, beta, steps }
    }
  }
  return best
}

const grid = (from: number, to: number, count: number) =>
  Array.from({ length: count }, (_, i) => Number((from + ((to - from) * i) / (count - 1)).toFixed(6)))

/** What the formulas of Goh's article give for eigenvalues from 1 to KAPPA. */
const ROOT = Math.sqrt(KAPPA)
const OPTIMUM = { rate: (2 / (1 + ROOT)) ** 2, beta: ((ROOT - 1) / (ROOT + 1)) ** 2 }
const DESCENT_OPTIMUM = { rate: 2 / (1 + KAPPA), beta: 0 }

export const momentum = experiment<Results>({
  name: 'momentum',
  title: 'What momentum does',
  async run({ smoke }) {
    const count = smoke ? 9 : 41
    const steps = grid(0.1, 4.1, count)
    const betas = grid(0, 1, count)
    const plane = betas.flatMap((beta) => trace(steps, 1, beta, 150).map((path) => digits(measured(path) ?? 0, 4)))
    const rates = grid(0.001, 0.04, smoke ? 5 : 40)
    const most = smoke ? 400 : 4000
    return {
      regions: REGIONS.map(({ step, beta }) => {
        const [x] = trace([step], 1, beta, 200)
        return { x: digitsOf(x.slice(0, 41), 4), rate: digits(measured(x) ?? 0, 4) }
      }),
      steps,
      betas,
      plane,
      best: {
        descent: search(rates, [0], most),
        momentum: search(rates, grid(0, 0.95, smoke ? 5 : 39), most),
        formula: { ...OPTIMUM, steps: stepsTo(OPTIMUM.rate, OPTIMUM.beta, most) },
        descentFormula: { ...DESCENT_OPTIMUM, steps: stepsTo(DESCENT_OPTIMUM.rate, 0, most) },
      },
    }
  },
  page({ regions, steps, betas, plane, best }) {
    const differences = betas.flatMap((beta, row) =>
      steps.flatMap((step, column) => {
        const rate = plane[row * steps.length + column]
        const expected = theory(step, beta)
        // if it converges within a few steps, or is far away, float32 cannot show a rate
        return rate === null || rate === 0 || expected > 1.5 || expected < 0.2 ? [] : [Math.abs(rate - expected)]
      }),
    )
    const sorted = differences.sort((a, b) => a - b)
    const middle = sorted[Math.floor(sorted.length / 2)]
    const shown = REGIONS.map((region, i) => ({ ...region, ...regions[i], x: drawn(regions[i].x) }))
    const smooth = shown.filter(({ name }) => ['ripples', 'monotonic decrease', 'critical damping'].includes(name))
    const found = [
      ['gradient descent, best of a grid', best.descent],
      ['gradient descent, 2 / (λ₁ + λₙ)', best.descentFormula],
      ['momentum, best of a grid', best.momentum],
      ["momentum, Goh's formula", best.formula],
    ] as const
    const gain = (best.descentFormula.steps ?? Number.NaN) / (best.formula.steps ?? Number.NaN)
    return {
      source: 'Goh 2017, Why momentum really works, Distill, doi:10.23915/distill.00006',
      claim: `Along an eigenvector with eigenvalue λ, momentum is a linear map of position and velocity. Rate α and momentum β decide between ripples, monotonic decrease, oscillation and divergence; it converges for 0 < α λ < 2 + 2β. For eigenvalues from 1 to κ the best constants need √κ times fewer steps than gradient descent.`,
      settings: [
        'f(x) = λ x² / 2 from x = 1 with velocity 0, in float32; what is measured is by how much |x| shrinks in a step, from the largest values of two successive stretches.',
        `Two eigenvalues: 1 and ${KAPPA}; steps until both coordinates stay below ${CLOSE}; the grid has 40 rates from 0.001 to 0.04 and 39 momenta from 0 to 0.95.`,
        'Nothing is random.',
      ],
      parts: [
        {
          head: ['region', 'α λ', 'β', 'a step multiplies by', 'measured', 'the eigenvalues are'],
          rows: shown.map(({ name, step, beta, rate, seen }) => [
            name,
            short(step),
            short(beta),
            short(theory(step, beta)),
            rate === 0 ? 'there within 12 steps' : short(rate),
            seen,
          ]),
        },
        {
          pictures: [
            {
              name: 'phase',
              alt: 'Position against velocity: ripples spiral into the origin, the others do not turn',
              svg: lineChart({
                title: 'Phase plane',
                series: Object.fromEntries(
                  smooth.map(({ name, x }) => [
                    name,
                    { x, y: x.map((value, i) => (i === 0 ? 0 : value - x[i - 1])), markers: true },
                  ]),
                ),
                xLabel: 'x',
                yLabel: 'velocity: the last step',
                height: 480,
              }),
            },
            {
              name: 'time',
              alt: 'Position by step in each region',
              svg: lineChart({
                title: 'x by step',
                series: Object.fromEntries(
                  shown.map(({ name, x }) => [name, { x: x.map((_, i) => i), y: x, markers: true }]),
                ),
                xLimits: [0, 20],
                yLimits: [-1.6, 1.6],
                xLabel: 'step',
                yLabel: 'x',
                height: 480,
              }),
            },
          ],
        },
        {
          pictures: [
            {
              name: 'plane',
              alt: 'Measured factor of a step for every rate and momentum: below 1 in the triangle that the formula gives',
              svg: heatmap({
                title: 'Measured: a step multiplies the distance by',
                values: [...plane.keys()].map((i) => {
                  const row = betas.length - 1 - Math.floor(i / steps.length)
                  return Math.min(plane[row * steps.length + (i % steps.length)] ?? 2, 1.5)
                }),
                columns: steps.length,
                rowLabels: betas.map((_, i) => short(betas[betas.length - 1 - i])),
                columnLabels: steps.map(short),
                rowTitle: 'momentum β',
                columnTitle: 'α λ',
                limits: [0, 1.5],
                print: false,
              }),
            },
          ],
        },
        {
          head: ['two eigenvalues, 1 and 100', 'rate', 'momentum', 'steps to 1e-6'],
          rows: found.map(([name, { rate, beta, steps }]) => [
            name,
            short(rate),
            short(beta),
            steps === null ? 'more than 4000' : String(steps),
          ]),
        },
      ],
      verdict: `As claimed. Over ${sorted.length} pairs of rate and momentum the measured factor of a step differs from the larger eigenvalue by ${short(middle)} in the median and ${short(sorted[Math.floor(0.9 * sorted.length)])} in nine of ten; the rest lies where the eigenvalues are nearly equal and a rate is seen only after many steps. With the best constants momentum needs ${short(gain)} times fewer steps than gradient descent; √κ = 10 is what it tends to for a long way to go.`,
      outcome: `As claimed: ${short(gain)} times fewer steps for κ = 100.`,
    }
  },
})
