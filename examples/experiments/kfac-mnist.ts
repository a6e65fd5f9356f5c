/** Martens and Grosse 2015: curvature in Kronecker factors trains a deep autoencoder in fewer updates, and in less time. */
import { adam, dense, input, kfac, type Optimizer, sequential, sgd, shuffle } from 'fourlane'
import { lineChart } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { digitsSplit, mnist } from './frame/images.ts'
import { digits, drawn, short } from './frame/numbers.ts'

const GOAL = 0.01
const BATCH = 512
/** Rows of each set on which a model is judged, and updates from one look to the next. */
const JUDGED = 1_000
const EVERY = 10
const MOST = 300
/** Times the processor time of K-FAC that the others have. */
const PATIENCE = 8
const SEED = 1
const ENCODER = [1000, 500, 250]

type Rule = Optimizer | ReturnType<typeof kfac>

interface Method {
  readonly name: string
  readonly rates: readonly number[]
  make(rate: number): Rule
}
/** Its rate is where damping begins. */
const OWN: Method = {
  name: 'K-FAC',
  rates: [1e-2],
  make: (initialDamping) =>
    kfac({ learningRate: 'adaptive', momentum: 'adaptive', damping: 'adaptive', initialDamping, inverseEvery: 5 }),
}
const RIVAL: Method = {
  name: 'momentum 0.9',
  rates: [3, 10, 1],
  make: (learningRate) => sgd({ learningRate, momentum: 0.9 }),
}
const METHODS = [
  OWN,
  RIVAL,
  { name: 'Adam', rates: [1e-3, 3e-3], make: (learningRate: number) => adam({ learningRate }) },
]

interface Run {
  readonly rate: number
  readonly reached: boolean
  /** At every look: updates, the seconds of processor time that they took, and the error on rows of both sets. */
  readonly updates: readonly number[]
  readonly seconds: readonly number[]
  readonly train: readonly (number | null)[]
  readonly test: readonly (number | null)[]
}
interface Results {
  readonly [method: string]: readonly Run[]
}

/** Images of both sets alone, pixels from 0 to 1. */
interface Pixels {
  readonly columns: number
  readonly x: Float32Array
  readonly xTest: Float32Array
}

function pixels(smoke: boolean): Pixels {
  const { columns, xTrain, yTrain, xTest } = smoke ? digitsSplit() : mnist()
  const unit = (x: Float32Array) => (smoke ? x.map((value) => 1 / (1 + Math.exp(-value))) : x)
  return { columns, x: unit(shuffle(xTrain, yTrain, { seed: SEED, columns }).x), xTest: unit(xTest) }
}

function build(columns: number, encoder: readonly number[], optimizer: Rule) {
  const tanh = (units: number) => dense(units, { activation: 'tanh' })
  const code = [...encoder.map(tanh), dense(30), ...[...encoder].reverse().map(tanh)]
  const layers = [input(columns), ...code, dense(columns, { activation: 'sigmoid' })]
  const model = sequential(layers, { seed: SEED, threads: 1 })
  model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['meanSquaredError'] })
  return model
}

/** Rows of a set, evenly spread. */
function judged(x: Float32Array, columns: number): Float32Array {
  const rows = x.length / columns
  const count = Math.min(JUDGED, rows)
  const out = new Float32Array(count * columns)
  for (let i = 0; i < count; i++) {
    const row = Math.floor((i * rows) / count)
    out.set(x.subarray(row * columns, (row + 1) * columns), i * columns)
  }
  return out
}

/** Until the goal is reached, so many updates have been made, or so many seconds have gone by. */
function run({ columns, x, xTest }: Pixels, rate: number, make: Method['make'], updates: number, seconds: number): Run {
  const model = build(columns, columns === 784 ? ENCODER : [40, 20], make(rate))
  const rows = x.length / columns
  const batches = Math.floor(rows / BATCH)
  const [trainRows, testRows] = [x, xTest].map((all) => judged(all, columns))
  const judge = (rows: Float32Array) => model.evaluate(rows, rows).meanSquaredError
  const looks: { update: number; spent: number; train: number; test: number }[] = []
  let spent = 0
  for (let update = 0; ; ) {
    const train = judge(trainRows)
    looks.push({ update, spent, train, test: judge(testRows) })
    // NaN ends it too
    if (!(train > GOAL) || update >= updates || spent >= seconds) break
    const started = process.cpuUsage()
    for (const until = update + EVERY; update < until; update++) {
      const first = (update % batches) * BATCH
      const batch = x.subarray(first * columns, (first + BATCH) * columns)
      model.trainStep(batch, batch)
    }
    const { user, system } = process.cpuUsage(started)
    spent += (user + system) / 1e6
  }
  return {
    rate,
    reached: looks[looks.length - 1].train <= GOAL,
    updates: looks.map(({ update }) => update),
    seconds: looks.map((look) => Number(look.spent.toFixed(2))),
    train: looks.map(({ train }) => digits(train, 4)),
    test: looks.map(({ test }) => digits(test, 4)),
  }
}

const last = <T>(values: readonly T[]): T => values[values.length - 1]

/** The rate that reached the goal first, or came nearest. */
function best(runs: readonly Run[]): Run {
  const error = ({ train }: Run) => last(train) ?? Number.POSITIVE_INFINITY
  const isBetter = (a: Run, b: Run) => {
    if (a.reached !== b.reached) return a.reached
    return a.reached ? last(a.seconds) < last(b.seconds) : error(a) < error(b)
  }
  return runs.reduce((top, one) => (isBetter(one, top) ? one : top))
}

export const kfacMnist = experiment<Results>({
  name: 'kfac-mnist',
  title: 'Curvature in Kronecker factors',
  data: ['mnist'],
  async run({ smoke, once }) {
    const images = pixels(smoke)
    const results: { [method: string]: Run[] } = {}
    for (const { name, rates, make } of METHODS) {
      results[name] = []
      for (const rate of smoke ? rates.slice(0, 1) : rates) {
        const own = name === OWN.name ? undefined : last(best(results[OWN.name]).seconds)
        const updates = smoke ? 2 * EVERY : own ? Number.POSITIVE_INFINITY : MOST
        // no longer than the best rate so far
        const soFar = results[name].filter(({ reached }) => reached).map(({ seconds }) => last(seconds))
        const seconds = Math.min(own ? PATIENCE * own : Number.POSITIVE_INFINITY, ...soFar)
        const work = () => run(images, rate, make, updates, seconds)
        results[name].push(await once(`${name}, rate ${rate}`, work))
      }
    }
    return results
  },
  page(results) {
    const bests = METHODS.map(({ name }) => ({ name, run: best(results[name]) }))
    const reach = (one: Run, value: number) => (one.reached ? value.toFixed(0) : `not in ${value.toFixed(0)}`)
    const [own, rival] = [best(results[OWN.name]), best(results[RIVAL.name])]
    const [updates, seconds] = [last(rival.updates) / last(own.updates), last(rival.seconds) / last(own.seconds)].map(
      (times) => times.toFixed(1),
    )
    const holds = own.reached && last(rival.updates) > last(own.updates) && last(rival.seconds) > last(own.seconds)
    const takes = rival.reached ? 'takes' : 'is not there after'
    const chart = (against: 'updates' | 'seconds') => ({
      name: against,
      alt: `Mean squared error by ${against} for each method, on training and test rows`,
      svg: lineChart({
        title: `Deep autoencoder, by ${against === 'updates' ? 'update' : 'time'}`,
        series: Object.fromEntries(
          bests.flatMap(({ name, run: one }) => [
            [name, { x: one[against], y: drawn(one.train) }],
            [`${name}, test`, { x: one[against], y: drawn(one.test), like: name }],
          ]),
        ),
        xLabel: against === 'updates' ? 'update' : 'seconds of processor time',
        yLabel: 'mean squared error of a pixel',
        yScale: 'log',
      }),
    })
    return {
      source:
        'Martens and Grosse 2015, Optimizing neural networks with Kronecker-factored approximate curvature, arXiv:1503.05671',
      claim:
        'On deep autoencoders K-FAC makes so much more progress an update than gradient descent with momentum that it is ahead in time too, though its updates cost a multiple.',
      settings: [
        `MNIST, pixels from 0 to 1, batches of ${BATCH} in an order drawn once, seed ${SEED}. Autoencoder 784-1000-500-250-30-250-500-1000-784: tanh, 30 linear units in the middle, logistic outputs, Glorot's weights, binary cross-entropy as in the paper, judged by the mean squared error; the 30 first principal components have 0.018.`,
        `The error is that of ${JUDGED.toLocaleString('en')} training rows and ${JUDGED.toLocaleString('en')} test rows, every ${EVERY} updates, until ${GOAL} is reached on the training rows. The others have ${PATIENCE} times the time of K-FAC, and no longer than their own best rate before. The pictures show every method at its best rate.`,
        "K-FAC as in the paper: rate, momentum and damping are found while it trains; damping begins at the number in the table's column of rates, the sampled Fisher matrix is looked at in every update and inverted in every fifth. The paper's growing batches and averages of the parameters are left out.",
        'Time is processor time of the updates alone, on one thread, so that what else the machine does hardly counts.',
      ],
      parts: [
        {
          head: ['method', 'rate', `updates to ${GOAL}`, 'seconds', 'training rows, at the end', 'test rows'],
          rows: METHODS.flatMap(({ name }) =>
            results[name].map((one) => [
              name,
              short(one.rate),
              reach(one, last(one.updates)),
              reach(one, last(one.seconds)),
              short(last(one.train)),
              short(last(one.test)),
            ]),
          ),
        },
        { pictures: [chart('updates'), chart('seconds')] },
      ],
      verdict: `${holds ? 'As claimed.' : 'Not as claimed.'} K-FAC is at ${short(last(own.train))} after ${last(own.updates)} updates and ${last(own.seconds).toFixed(0)} s; momentum, at the best of ${results[RIVAL.name].length} rates, ${takes} ${updates} times the updates and ${seconds} times the time. On test rows they end at ${short(last(own.test))} and ${short(last(rival.test))}.`,
      outcome: holds
        ? `As claimed: momentum ${takes} ${updates} times the updates and ${seconds} times the time.`
        : 'Not as claimed.',
    }
  },
})
