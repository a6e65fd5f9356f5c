/** What the loss looks like around and between the parameters of networks. */
import {
  activation,
  adam,
  batchNorm,
  dense,
  input,
  type Layer,
  lossAlong,
  lossSurface,
  type Model,
  type Optimizer,
  recordTrajectory,
  residual,
  sequential,
  sgd,
} from 'fourlane'
import { contour, lineChart, surface } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { cifar, digitsSplit, type Images, mnist, someRows } from './frame/images.ts'
import { digits, digitsOf, drawn, mean, percent, percents, short, shorts } from './frame/numbers.ts'
import { fitQuadratic } from './frame/quadratic.ts'
import { uniform } from './frame/random.ts'

const SEEDS = [1, 2, 3]
const DEPTHS = [8, 20, 40]
const WIDTH = 32
/** The depth of the pictures. */
const PICTURED = 20
/** Rows whose loss a surface is of. */
const SURFACE_ROWS = 512

function compiled(
  columns: number,
  layers: Layer[],
  seed: number,
  optimizer: Optimizer = adam({ learningRate: 1e-3 }),
): Model {
  const model = sequential([input(columns), ...layers, dense(10, { activation: 'softmax' })], { seed, threads: 1 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

// from the start to the end

interface Line {
  readonly at: readonly (number | null)[]
  readonly loss: readonly (number | null)[]
  readonly accuracy: number
  /** Points at which the loss is higher than at the one before, between start and end. */
  readonly rises: number
}

async function line(images: Images, hidden: readonly number[], epochs: number, points: number): Promise<Line> {
  const { columns, xTrain, yTrain, xTest, yTest } = images
  const layers = hidden.map((units) => dense(units, { activation: 'relu', kernelInitializer: 'heNormal' }))
  const model = compiled(columns, layers, 1, adam({ learningRate: 5e-4 }))
  const from = model.getWeights()
  await model.fit(xTrain, yTrain, { epochs, batchSize: 128 })
  const rows = Math.min(yTrain.length, 2000)
  const { at, loss } = lossAlong(
    model,
    xTrain.subarray(0, rows * columns),
    yTrain.subarray(0, rows),
    from,
    model.getWeights(),
    {
      points,
      range: [-0.25, 1.5],
    },
  )
  const between = Array.from(loss).filter((_, i) => at[i] >= 0 && at[i] <= 1)
  return {
    at: digitsOf(at, 4),
    loss: digitsOf(loss, 4),
    accuracy: model.evaluate(xTest, yTest).accuracy,
    rises: between.filter((value, i) => i > 0 && value > between[i - 1]).length,
  }
}

// directions that mean something, and others

interface Directions {
  /** Steps, in shares of the length of all parameters. */
  readonly at: readonly (number | null)[]
  /** Loss along the negative gradient, and along random directions of the same length. */
  readonly gradient: readonly (number | null)[]
  readonly random: readonly (readonly (number | null)[])[]
}

/** Along directions of one length, at the start of training. */
function directions({ columns, xTrain, yTrain }: Images, count: number): Directions {
  const model = compiled(columns, [dense(100, { activation: 'tanh' })], 1)
  const center = model.getWeights()
  model.gradients(xTrain, yTrain)
  const values = model.parameters.map((parameter) => parameter.get())
  const length = (parts: readonly ArrayLike<number>[]) =>
    Math.sqrt(parts.reduce((sum, part) => sum + Array.from(part).reduce((all, value) => all + value * value, 0), 0))
  const size = length(values)
  const gradients = model.parameters.map((parameter) => Float32Array.from(parameter.gradient()))
  /** The end of a step as long as all parameters, as a snapshot. */
  const endOf = (step: readonly Float32Array[], sign: number) => {
    const scale = (sign * size) / length(step)
    model.parameters.forEach((parameter, p) => {
      parameter.set(values[p].map((value, i) => value + scale * step[p][i]))
    })
    const end = model.getWeights()
    model.setWeights(center)
    return end
  }
  const random = uniform(1)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const along = (end: Float32Array) => lossAlong(model, xTrain, yTrain, center, end, { points: 41, range: [0, 1] })
  const first = along(endOf(gradients, -1))
  const others = Array.from({ length: count }, () =>
    along(
      endOf(
        values.map((part) => part.map(normal)),
        1,
      ),
    ),
  )
  return {
    at: digitsOf(first.at, 4),
    gradient: digitsOf(first.loss, 4),
    random: others.map(({ loss }) => digitsOf(loss, 4)),
  }
}

// surfaces of deep networks

const block = (): Layer[] => [
  dense(WIDTH, { useBias: false, kernelInitializer: 'heNormal' }),
  batchNorm(),
  activation('relu'),
]

function deep(depth: number, isResidual: boolean): Layer[] {
  const pairs = Array.from({ length: (depth - 2) / 2 }, () => [...block(), ...block()])
  return [...block(), ...block(), ...pairs.flatMap((pair) => (isResidual ? [residual(pair)] : pair))]
}

interface Surface {
  readonly trainLoss: number | null
  readonly testAccuracy: number
  /** Mean loss at distance 1 above that in the middle. */
  readonly rise: number | null
  /** The same, with batch normalization by the batch, as while training. */
  readonly riseOfBatch: number | null
  /** Of the quadratic through the points within 0.3. */
  readonly condition: number | null
  /** What a quadratic explains of the points within 1. */
  readonly explained: number | null
  readonly u?: readonly (number | null)[]
  readonly loss?: readonly (number | null)[]
}

/** Mean loss at distance 1 of the middle, above that in the middle. */
function riseAt1(u: Float64Array, v: Float64Array, loss: Float64Array): number {
  const points = u.length
  const ring = loss.filter((_, i) => Math.abs(Math.hypot(u[i % points], v[Math.floor(i / points)]) - 1) < 1.5 / points)
  return mean(Array.from(ring)) - loss[(loss.length - 1) / 2]
}

async function surfaceOf(
  images: Images,
  depth: number,
  isResidual: boolean,
  seed: number,
  epochs: number,
  points: number,
) {
  const { columns, xTrain, yTrain, xTest, yTest } = images
  const model = compiled(columns, deep(depth, isResidual), seed)
  await model.fit(xTrain, yTrain, { epochs, batchSize: 64 })
  const rows = Math.min(SURFACE_ROWS, yTrain.length)
  const [x, y] = [xTrain.subarray(0, rows * columns), yTrain.subarray(0, rows)]
  const { u, v, loss } = lossSurface(model, x, y, { seed, points })
  const spots = Array.from(loss, (height, i) => [u[i % points], v[Math.floor(i / points)], height] as const)
  const middle = loss[(loss.length - 1) / 2]
  const coarse = lossSurface(model, x, y, { seed, points: 11, training: true })
  const near = fitQuadratic(spots.filter(([a, b]) => Math.hypot(a, b) <= 0.3))
  const far = fitQuadratic(spots.filter(([a, b]) => Math.hypot(a, b) <= 1))
  const found: Surface = {
    trainLoss: digits(middle),
    testAccuracy: model.evaluate(xTest, yTest).accuracy,
    rise: digits(riseAt1(u, v, loss), 4),
    riseOfBatch: digits(riseAt1(coarse.u, coarse.v, coarse.loss), 4),
    condition: digits(near.eigenvalues[0] / near.eigenvalues[1], 4),
    explained: digits(far.explained, 4),
    ...(seed === SEEDS[0] && { u: digitsOf(u, 4), loss: digitsOf(loss, 4) }),
  }
  return found
}

// the way of training

interface Way {
  readonly explained: readonly (number | null)[]
  readonly u: readonly (number | null)[]
  readonly v: readonly (number | null)[]
  readonly loss: readonly (number | null)[]
  readonly path: { readonly u: readonly (number | null)[]; readonly v: readonly (number | null)[] }
}

async function way({ columns, xTrain, yTrain }: Images, optimizer: Optimizer, epochs: number, points: number) {
  const model = compiled(columns, [dense(100, { activation: 'tanh' })], 1, optimizer)
  const trajectory = recordTrajectory()
  await model.fit(xTrain, yTrain, { epochs, batchSize: 32, callbacks: [trajectory] })
  const {
    u,
    v,
    loss,
    explained = [],
    path = [],
  } = lossSurface(model, xTrain, yTrain, { directions: { pca: trajectory }, points })
  const found: Way = {
    explained: digitsOf(explained, 4),
    u: digitsOf(u, 4),
    v: digitsOf(v, 4),
    loss: digitsOf(loss, 4),
    path: {
      u: digitsOf(
        path.map((point) => point.u),
        4,
      ),
      v: digitsOf(
        path.map((point) => point.v),
        4,
      ),
    },
  }
  return found
}

const WAYS = {
  SGD: sgd({ learningRate: 0.1 }),
  momentum: sgd({ learningRate: 0.02, momentum: 0.9 }),
  Adam: adam({ learningRate: 1e-3 }),
}

interface Results {
  readonly lines: { readonly [data: string]: Line }
  readonly directions: Directions
  readonly surfaces: { readonly [network: string]: readonly Surface[] }
  readonly ways: { readonly [method: string]: Way }
  /** Of one thread, for 51 x 51 points of 64-100-10 on the 1,527 rows. */
  readonly seconds: number
}

const nameOf = (depth: number, isResidual: boolean) => `${depth} layers, ${isResidual ? 'residual' : 'plain'}`

/** Processor time, the best of three: what else the machine does counts less than by the clock. */
async function timed({ columns, xTrain, yTrain }: Images, points: number): Promise<number> {
  const model = compiled(columns, [dense(100, { activation: 'tanh' })], 1)
  await model.fit(xTrain, yTrain, { epochs: 1, batchSize: 512 })
  const times = [0, 1, 2].map(() => {
    const start = process.cpuUsage()
    lossSurface(model, xTrain, yTrain, { points })
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1e6
  })
  return Number(Math.min(...times).toFixed(2))
}

export const landscape = experiment<Results>({
  name: 'landscape',
  title: 'Landscapes of the loss',
  data: ['mnist', 'cifar10'],
  async run({ smoke, once }) {
    const small = digitsSplit()
    const lines: { [data: string]: Line } = {}
    if (smoke) lines.digits = await line(small, [32], 1, 11)
    else {
      lines.MNIST = await once('line, MNIST', () => line(someRows(mnist(), 10_000, 1), [256, 128], 10, 141))
      lines['CIFAR-10'] = await once('line, CIFAR-10', () => line(cifar(5000), [256], 30, 141))
    }
    const surfaces: { [network: string]: Surface[] } = {}
    for (const depth of smoke ? [6] : DEPTHS)
      for (const isResidual of [false, true]) {
        const name = nameOf(depth, isResidual)
        surfaces[name] = []
        for (const seed of smoke ? [1] : SEEDS) {
          const work = () => surfaceOf(small, depth, isResidual, seed, smoke ? 1 : 30, smoke ? 11 : 31)
          surfaces[name].push(await once(`${name}, seed ${seed}`, work))
        }
      }
    const ways: { [method: string]: Way } = {}
    for (const [name, optimizer] of Object.entries(WAYS))
      ways[name] = await once(`way of ${name}`, () => way(small, optimizer, smoke ? 3 : 30, smoke ? 7 : 41))
    return {
      lines,
      directions: await once('directions', () => directions(small, smoke ? 2 : 20)),
      surfaces,
      ways,
      seconds: await once('time', () => timed(small, smoke ? 3 : 51)),
    }
  },
  page({ lines, directions: slopes, surfaces, ways, seconds }) {
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
  },
})
