/** Wilson et al. 2017: a problem on which adaptive methods fit every training row and learn nothing. */
import { adagrad, adam, minimize, type Optimizer, rmsprop, sgd } from 'fourlane'
import { lineChart } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { digits, digitsOf, drawn, percent, short } from './frame/numbers.ts'

const [ROWS, TEST_ROWS] = [200, 2000]
/** The label, two ones, and five features for each training row. */
const FEATURES = 3 + 5 * ROWS

/** Positive labels among them: the order does not matter, since every row has features of its own. */
const [POSITIVE, TEST_POSITIVE] = [119, 1218]
const label = (row: number) => (row < POSITIVE ? 1 : -1)
const STEPS = 4000

/** Where the row's own features that are 1 end: it has one if its label is 1, else five. */
const endOf = (row: number) => 3 + 5 * row + (label(row) > 0 ? 1 : 5)

/** Σ w x of a row. */
function output(w: ArrayLike<number>, row: number): number {
  let sum = label(row) * w[0] + w[1] + w[2]
  for (let i = 3 + 5 * row; i < endOf(row); i++) sum += w[i]
  return sum
}

/** The mean of (x w - y)² / 2 over the rows. */
function loss(w: Float32Array, gradient: Float32Array): number {
  gradient.fill(0)
  let sum = 0
  for (let row = 0; row < ROWS; row++) {
    const error = output(w, row) - label(row)
    sum += (error * error) / 2
    gradient[0] += (error * label(row)) / ROWS
    gradient[1] += error / ROWS
    gradient[2] += error / ROWS
    for (let i = 3 + 5 * row; i < endOf(row); i++) gradient[i] += error / ROWS
  }
  return sum / ROWS
}

/** Test rows have the label and the two ones only: what else they have no training row has had, so its weights are 0. */
function testAccuracy(w: ArrayLike<number>): number {
  const positive = w[0] + w[1] + w[2] > 0 ? TEST_POSITIVE : 0
  const negative = -w[0] + w[1] + w[2] < 0 ? TEST_ROWS - TEST_POSITIVE : 0
  return (positive + negative) / TEST_ROWS
}

interface Method {
  readonly name: string
  readonly constants: string
  readonly optimizer: Optimizer
  /** The share of test rows that PyTorch 2.13 gets right, in float64. */
  readonly torch: number
}

const METHODS: readonly Method[] = [
  { name: 'gradient descent', constants: 'rate 0.5', optimizer: sgd({ learningRate: 0.5 }), torch: 1 },
  {
    name: 'momentum',
    constants: 'rate 0.1, momentum 0.9',
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    torch: 1,
  },
  { name: 'Adagrad', constants: 'rate 0.05', optimizer: adagrad({ learningRate: 0.05 }), torch: 0.609 },
  {
    name: 'RMSprop',
    constants: 'rate 0.001, ρ 0.99',
    optimizer: rmsprop({ learningRate: 0.001, rho: 0.99, epsilon: 1e-8 }),
    torch: 0.609,
  },
  { name: 'Adam', constants: 'rate 0.001', optimizer: adam({ learningRate: 0.001, epsilon: 1e-8 }), torch: 0.609 },
]

interface Result {
  readonly loss: number | null
  readonly trainAccuracy: number
  readonly testAccuracy: number
  /** Of the label and the two ones. */
  readonly weights: readonly (number | null)[]
  /** Smallest and largest weight, without signs, of all features that occur. */
  readonly ends: readonly (number | null)[]
  /** At 200 steps, spaced so that a logarithmic axis shows them. */
  readonly steps: readonly number[]
  readonly losses: readonly (number | null)[]
}

function run({ optimizer }: Method, maxSteps: number): Result {
  const marks = new Set(Array.from({ length: 200 }, (_, i) => Math.round(maxSteps ** (i / 199))))
  const steps: number[] = []
  const losses: number[] = []
  const { x, loss: last } = minimize(optimizer, new Float32Array(FEATURES), loss, {
    maxSteps,
    tolerance: 0,
    onStep(progress) {
      if (!marks.has(progress.step)) return
      steps.push(progress.step)
      losses.push(progress.loss)
    },
  })
  const rows = Array.from({ length: ROWS }, (_, row) => row)
  const used = [
    0,
    1,
    2,
    ...rows.flatMap((row) => Array.from({ length: endOf(row) - 3 - 5 * row }, (_, i) => 3 + 5 * row + i)),
  ]
  const sizes = used.map((i) => Math.abs(x[i]))
  return {
    loss: digits(last),
    trainAccuracy: rows.filter((row) => output(x, row) * label(row) > 0).length / ROWS,
    testAccuracy: testAccuracy(x),
    weights: digitsOf(x.subarray(0, 3), 7),
    ends: digitsOf([Math.min(...sizes), Math.max(...sizes)], 7),
    steps,
    losses: digitsOf(losses),
  }
}

export const wilson = experiment<{ readonly [method: string]: Result }>({
  name: 'wilson',
  title: 'Adaptive methods that learn nothing',
  async run({ smoke }) {
    return Object.fromEntries(METHODS.map((method) => [method.name, run(method, smoke ? 1500 : STEPS)]))
  },
  page(results) {
    const rows = METHODS.map((method) => ({ ...method, ...results[method.name] }))
    const same = rows.filter(({ testAccuracy, torch }) => testAccuracy === torch).length
    return {
      source:
        'Wilson, Roelofs, Stern, Srebro, Recht 2017, The marginal value of adaptive gradient methods in machine learning, section 3.3, arXiv:1705.08292',
      claim:
        'On a linear least-squares problem with more features than rows, gradient descent and momentum find the solution of least norm and classify every test row; Adagrad, RMSprop and Adam find one whose weights are all of the same size, and predict the majority class whatever the row.',
      settings: [
        `${ROWS} rows, ${POSITIVE} of them with label +1, and ${TEST_ROWS} test rows with ${TEST_POSITIVE}. Feature 0 is the label, features 1 and 2 are 1, and each row has features of its own: one if its label is +1, five if it is -1. Test rows have others than any training row.`,
        `Loss: mean of (x w - y)² / 2 over all rows; w starts at 0; ${STEPS} steps in float32. Nothing is random.`,
        'The constants are those of a run in PyTorch 2.13 in float64, whose shares of test rows the table shows.',
      ],
      parts: [
        {
          head: [
            'method',
            'constants',
            'training loss',
            'training rows',
            'test rows',
            'PyTorch',
            'w₀, w₁, w₂',
            'smallest and largest weight',
          ],
          rows: rows.map((row) => [
            row.name,
            row.constants,
            short(row.loss),
            percent(row.trainAccuracy),
            percent(row.testAccuracy),
            percent(row.torch),
            row.weights.map((weight) => weight?.toFixed(4)).join(', '),
            row.ends.map((weight) => weight?.toFixed(4)).join(' to '),
          ]),
        },
        {
          pictures: [
            {
              name: 'loss',
              alt: 'Training loss by step of five methods: all reach zero',
              svg: lineChart({
                title: 'All fit the training rows',
                series: Object.fromEntries(
                  rows.map(({ name, steps, losses }) => [name, { x: steps, y: drawn(losses) }]),
                ),
                xScale: 'log',
                yScale: 'log',
                yLimits: [1e-14, 1],
                xLabel: 'step',
                yLabel: 'training loss',
              }),
            },
          ],
        },
      ],
      verdict: `As claimed, and exactly: ${same} of ${rows.length} shares of test rows are those of PyTorch. ${percent(TEST_POSITIVE / TEST_ROWS)} is the share of the label +1. The adaptive methods give every weight the size ${rows[4].ends[0]?.toFixed(2)}, so that the two ones outvote the label. The problem is made to show this; that it says much about networks is contested.`,
      outcome: `As claimed, to the digit: ${same} of ${rows.length} shares.`,
    }
  },
})
