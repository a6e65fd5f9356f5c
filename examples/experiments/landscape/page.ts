/** What the page says of all of it. */
import { contour, lineChart, surface } from 'fourlane/charts'
import type { Page } from '../frame/experiment.ts'
import { drawn, mean, percent, percents, short, shorts } from '../frame/numbers.ts'
import type { Directions } from './directions.ts'
import type { Line } from './line.ts'
import { DEPTHS, nameOf, SURFACE_ROWS, type Surface, WIDTH } from './surfaces.ts'
import type { Way } from './ways.ts'

/** The depth of the pictures. */
const PICTURED = 20

export interface Results {
  readonly lines: { readonly [data: string]: Line }
  readonly directions: Directions
  readonly surfaces: { readonly [network: string]: readonly Surface[] }
  readonly ways: { readonly [method: string]: Way }
  /** Of one thread, for 51 x 51 points of 64-100-10 on the 1,527 rows. */
  readonly seconds: number
}

export function page({ lines, directions: slopes, surfaces, ways, seconds }: Results): Page {
  const depths = Object.keys(surfaces).map((name) => Number.parseInt(name, 10))
  const deepest = Math.max(...depths)
  const numbers = (name: string, value: (one: Surface) => number | null) =>
    surfaces[name].map((one) => value(one) ?? Number.NaN)
  const random = slopes.at.map((_, i) => slopes.random.map((losses) => losses[i] ?? Number.NaN))
  const pictured = depths.includes(PICTURED) ? PICTURED : deepest
  const pair = [false, true].map((isResidual) => surfaces[nameOf(pictured, isResidual)][0])
  const conditions = Object.keys(surfaces).flatMap((name) => numbers(name, ({ condition }) => condition))
  const heights = pair.flatMap(({ loss = [] }) => drawn(loss))
  const plane = ({ u = [], loss = [] }: Surface) => ({ x: drawn(u), y: drawn(u), z: drawn(loss) })
  const labels = { xLabel: 'first direction', yLabel: 'second direction', zLabel: 'loss' }
  const [bottom, top] = [Math.min(...heights), Math.max(...heights)]
  const lowestRandom = Math.min(...random.flat())
  const lowestGradient = Math.min(...drawn(slopes.gradient))
  const everyDepth = (words: (name: string) => string, isResidual: boolean) =>
    [...new Set(depths)].map((depth) => words(nameOf(depth, isResidual))).join(', ')
  const covered = Object.values(ways).map(
    ({ explained: [first, second] }) => (first ?? Number.NaN) + (second ?? Number.NaN),
  )
  const rises = (isResidual: boolean) => mean(numbers(nameOf(deepest, isResidual), ({ rise }) => rise))
  return {
    source:
      'Goodfellow, Vinyals, Saxe 2015, Qualitatively characterizing neural network optimization problems, arXiv:1412.6544; Li, Xu, Taylor, Studer, Goldstein 2018, Visualizing the loss landscape of neural nets, arXiv:1712.09913',
    claim:
      'On the straight line from where training began to where it ended the loss falls smoothly. Random directions say little of that: almost all go up. Filter-normalized, the surroundings of very deep networks are chaotic, and with residual connections they are smooth and wide. Training stays near a plane: two principal directions cover most of its way.',
    settings: [
      'Lines: 10,000 rows of MNIST, 784-256-128-10, 10 epochs; 5,000 of CIFAR-10, 2352-256-10, 30 epochs; ReLU, He-normal, Adam with rate 0.0005, batches of 128; losses of 2,000 training rows, seed 1.',
      `Directions: 64-100-10 on the digits at its start; steps as long as all parameters together, along the negative gradient and along 20 directions from N(0, 1).`,
      `Surfaces: the digits, 1,527 rows; ${DEPTHS.join(', ')} hidden layers of ${WIDTH} units, each with batch normalization and ReLU, as residual blocks of two layers after the first two or plain; Adam with rate 0.001, batches of 64, 30 epochs; \`lossSurface\` with random directions and filter normalization, 31 x 31 points, ${SURFACE_ROWS} training rows; seeds 1 to 3 of weights and directions. Losses are those of inference.`,
      'Rise: the mean loss at distance 1, less that in the middle; "by the batch": with the statistics of the rows at hand, as while training, instead of the running ones, on 11 x 11 points. Condition: the ratio of the eigenvalues of the quadratic through the points within 0.3. Quadratic: what one explains of the points within 1.',
      'Ways: 64-100-10, tanh, 30 epochs, batches of 32, a snapshot an epoch.',
    ],
    parts: [
      '**From start to end.**',
      {
        head: ['', 'loss at the start', 'at the end', 'points between at which it rises', 'test accuracy'],
        rows: Object.entries(lines).map(([name, { at, loss, rises: count, accuracy }]) => [
          name,
          short(loss[at.findIndex((place) => (place ?? 0) >= 0)]),
          short(loss[at.findIndex((place) => (place ?? 0) >= 1)]),
          String(count),
          percent(accuracy),
        ]),
      },
      {
        pictures: [
          {
            name: 'line',
            alt: 'Loss along the line from start to end of training: it falls to the end and rises beyond',
            svg: lineChart({
              title: 'Loss on the line from start (0) to end (1)',
              series: Object.fromEntries(
                Object.entries(lines).map(([name, { at, loss }]) => [name, { x: drawn(at), y: drawn(loss) }]),
              ),
              xLabel: 'place on the line',
              yLabel: 'cross-entropy',
              yScale: 'log',
            }),
          },
          {
            name: 'directions',
            alt: 'Loss along the negative gradient, which falls and then rises, and along 20 random directions, which hardly change it',
            svg: lineChart({
              title: 'From the start, along the gradient and at random',
              x: drawn(slopes.at),
              series: {
                'negative gradient': drawn(slopes.gradient),
                [`${slopes.random.length} random directions`]: {
                  y: random.map(mean),
                  low: random.map((losses) => Math.min(...losses)),
                  high: random.map((losses) => Math.max(...losses)),
                },
              },
              xLabel: 'step, in lengths of all parameters',
              yLabel: 'cross-entropy',
            }),
          },
        ],
      },
      '**Deep networks, with and without residual connections.**',
      {
        head: [
          'network',
          'training loss',
          'test accuracy',
          'rise at distance 1',
          'by the batch',
          'condition',
          'quadratic',
        ],
        rows: Object.keys(surfaces).map((name) => [
          name,
          shorts(numbers(name, ({ trainLoss }) => trainLoss)),
          percents(numbers(name, ({ testAccuracy }) => testAccuracy)),
          shorts(numbers(name, ({ rise }) => rise)),
          shorts(numbers(name, ({ riseOfBatch }) => riseOfBatch)),
          shorts(numbers(name, ({ condition }) => condition)),
          percents(
            numbers(name, ({ explained }) => explained),
            0,
          ),
        ]),
      },
      ...(['plain', 'residual'] as const).map((kind, i) => ({
        pictures: [
          {
            name: `surface-${kind}`,
            alt: `The loss around a network of ${pictured} layers, ${kind}`,
            svg: surface({
              title: `${pictured} layers, ${kind}`,
              ...plane(pair[i]),
              ...labels,
              scale: 'log',
              limits: [bottom, top],
            }),
          },
          {
            name: `contour-${kind}`,
            alt: `Level lines of the loss around a network of ${pictured} layers, ${kind}`,
            svg: contour({
              title: `${pictured} layers, ${kind}`,
              ...plane(pair[i]),
              ...labels,
              scale: 'log',
              levels: 12,
            }),
          },
        ],
      })),
      '**The way of training**, in the plane of its two principal directions.',
      {
        head: ['', 'first direction covers', 'second', 'both'],
        rows: Object.entries(ways).map(
          ([
            name,
            {
              explained: [first, second],
            },
          ]) => [
            name,
            percent(first ?? Number.NaN),
            percent(second ?? Number.NaN),
            percent((first ?? Number.NaN) + (second ?? Number.NaN)),
          ],
        ),
      },
      {
        pictures: Object.entries(ways)
          .slice(1)
          .map(([name, { u, v, loss, path }]) => ({
            name: `way-${name.toLowerCase()}`,
            alt: `The way of ${name} on the loss in the plane of its two principal directions`,
            svg: contour({
              title: `The way of ${name}`,
              x: drawn(u),
              y: drawn(v),
              z: drawn(loss),
              scale: 'log',
              ...labels,
              paths: { epochs: { x: drawn(path.u), y: drawn(path.v) } },
            }),
          })),
      },
      `51 x 51 points of 64-100-10 on 1,527 rows take ${short(seconds)} s of one thread.`,
    ],
    verdict: `Partly as claimed. ${Object.values(lines).every(({ rises: count }) => count === 0) ? 'The loss falls at every point of both lines' : 'The loss falls along the lines, but not at every point'}. Of ${slopes.random.length} random directions none gets below ${short(lowestRandom)} from ${short(slopes.gradient[0])}, the gradient alone to ${short(lowestGradient)}. With ${DEPTHS.join(', ')} layers the loss at distance 1 is higher by ${everyDepth((name) => shorts(numbers(name, ({ rise }) => rise)), false)} without residual connections, and by ${everyDepth((name) => shorts(numbers(name, ({ rise }) => rise)), true)} with them; plain networks that deep hardly learn. A quadratic explains ${everyDepth((name) => percent(mean(numbers(name, ({ explained }) => explained)), 0), false)} of the former and ${everyDepth((name) => percent(mean(numbers(name, ({ explained }) => explained)), 0), true)} of the latter; the surroundings get steeper and less quadratic with depth, but chaotic they are nowhere: all are bowls, with a condition between ${short(Math.min(...conditions))} and ${short(Math.max(...conditions))}. These heights are those of inference, where the running statistics stay what they were and errors grow from layer to layer. By the batch the deepest networks rise by ${short(mean(numbers(nameOf(deepest, false), ({ riseOfBatch }) => riseOfBatch)))} and ${short(mean(numbers(nameOf(deepest, true), ({ riseOfBatch }) => riseOfBatch)))} instead, the plain one least, since it has nothing to lose. Two principal directions cover ${percent(Math.min(...covered))} or more of each way.`,
    outcome: `Partly: lines fall and residual connections flatten (${deepest} layers ${short(rises(false) / rises(true))} times, for losses of inference), but nothing is chaotic.`,
  }
}
