/** What the page says of all of it. */
import { contour, lineChart } from 'fourlane/charts'
import type { Page } from '../frame/experiment.ts'
import { drawn, short } from '../frame/numbers.ts'
import { NAMES, RULES } from './methods.ts'
import { CLOSE, type Run, STEPS } from './paths.ts'
import { type Regression, within } from './regression.ts'
import { SURFACES, type Surface } from './surfaces.ts'

export interface Results {
  readonly surfaces: { readonly [surface: string]: { readonly [method: string]: Run } }
  readonly lowest: number
  readonly regression: { readonly [method: string]: Regression }
}

export function page({ surfaces, lowest, regression }: Results): Page {
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
        title: `${name[0].toUpperCase()}${name.slice(1)}`,
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
}
