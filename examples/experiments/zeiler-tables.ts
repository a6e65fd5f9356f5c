/** Tables 1 and 2 of Zeiler 2012: how much each method minds its constants, on MNIST. */
import { adadelta, adagrad, adam, dense, input, type Optimizer, sequential, sgd } from 'fourlane'
import { lineChart } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { digitsSplit, type Images, mnist } from './frame/images.ts'
import { short } from './frame/numbers.ts'

const EPOCHS = 6
const BATCH = 100

type Hidden = 'relu' | 'tanh'

const SEEDS: Readonly<Record<Hidden, readonly number[]>> = { relu: [1, 2, 3], tanh: [1] }

/** Test errors in percent after 6 epochs: the paper's, and PyTorch 2.13's with one seed or several (zeiler-tables.py). */
interface Cell {
  readonly method: string
  readonly constants: string
  readonly optimizer: Optimizer
  /** The constant on the axis of the picture, and the line it belongs to. */
  readonly at: number
  readonly line: string
  readonly paper: number | null
  readonly torch: Readonly<Record<Hidden, readonly number[]>>
}

const RATES = [1, 0.1, 0.01, 0.001, 0.0001]

function ofRates(
  method: string,
  make: (learningRate: number) => Optimizer,
  rows: readonly (readonly [paper: number | null, relu: readonly number[], tanh: readonly number[]])[],
  rates = RATES,
): Cell[] {
  return rows.map(([paper, relu, tanh], i) => ({
    method,
    constants: `rate ${rates[i]}`,
    optimizer: make(rates[i]),
    at: rates[i],
    line: method,
    paper,
    torch: { relu, tanh },
  }))
}

const ofEpsilon = (
  epsilon: number,
  rows: readonly (readonly [paper: number, relu: readonly number[], tanh: readonly number[]])[],
): Cell[] =>
  [0.9, 0.95, 0.99].map((rho, i) => {
    const [paper, relu, tanh] = rows[i]
    return {
      method: 'Adadelta',
      constants: `ε ${epsilon.toExponential()}, ρ ${rho}`,
      optimizer: adadelta({ rho, epsilon }),
      at: epsilon,
      line: `ρ ${rho}`,
      paper,
      torch: { relu, tanh },
    }
  })

const CELLS: readonly Cell[] = [
  ...ofRates('SGD', (learningRate) => sgd({ learningRate }), [
    [2.26, [2.6, 4.06, 2.38], [7.08]],
    [2.51, [2.45, 2.28, 2.17], [3.3]],
    [7.02, [6.6, 6.43, 6.4], [7.73]],
    [17.01, [13.87, 14.0, 13.27], [12.8]],
    [58.1, [53.23, 45.04, 50.46], [34.25]],
  ]),
  ...ofRates('momentum 0.9', (learningRate) => sgd({ learningRate, momentum: 0.9 }), [
    [89.68, [91.08, 89.68, 88.65], [90.18]],
    [2.03, [1.89, 2.08, 2.14], [2.36]],
    [2.68, [2.37, 2.43, 2.18], [3.13]],
    [6.98, [6.58, 6.5, 6.38], [7.73]],
    [16.98, [13.9, 14.02, 13.24], [12.83]],
  ]),
  ...ofRates('Adagrad', (learningRate) => adagrad({ learningRate }), [
    [43.76, [62.59, 59.8, 39.45], [89.72]],
    [2.82, [2.83, 2.82, 2.82], [3.71]],
    [1.79, [1.9, 1.68, 1.76], [2.7]],
    [5.21, [4.76, 4.6, 4.57], [6.63]],
    [12.59, [11.75, 11.4, 11.43], [11.95]],
  ]),
  ...ofEpsilon(1e-2, [
    [2.59, [2.54, 2.19, 2.79], [5.47]],
    [2.58, [2.34, 2.18, 1.99], [6.35]],
    [2.32, [2.24, 2.14, 2.28], [6.41]],
  ]),
  ...ofEpsilon(1e-4, [
    [2.05, [2.09, 1.86, 2.06], [3.1]],
    [1.99, [2.53, 1.77, 2.04], [2.44]],
    [2.28, [2.19, 2.01, 1.91], [4.28]],
  ]),
  ...ofEpsilon(1e-6, [
    [1.9, [1.9, 1.86, 1.74], [2.45]],
    [1.83, [2.04, 1.73, 1.63], [2.37]],
    [2.05, [2.21, 1.97, 1.71], [2.88]],
  ]),
  ...ofEpsilon(1e-8, [
    [2.29, [2.19, 2.07, 2.11], [2.75]],
    [2.13, [2.09, 2.02, 1.94], [2.51]],
    [2.0, [2.05, 1.83, 1.73], [2.45]],
  ]),
  ...ofRates(
    'Adam',
    (learningRate) => adam({ learningRate }),
    [
      [null, [3.41], []],
      [null, [1.95], []],
      [null, [2.76], []],
    ],
    [0.01, 0.001, 0.0001],
  ),
]
const OF_PAPER = CELLS.filter(({ paper }) => paper !== null)

/** Above, a network has not learned. */
const FAILED = 40

const keyOf = ({ method, constants }: Cell, hidden: Hidden): string => `${method}, ${constants}, ${hidden}`

/** Errors in percent after each epoch, by cell and seed. */
type Results = { readonly [key: string]: readonly (readonly number[])[] }

async function errors(
  images: Images,
  { optimizer }: Cell,
  hidden: Hidden,
  seed: number,
  epochs: number,
): Promise<number[]> {
  const { columns, xTrain, yTrain, xTest, yTest } = images
  const layers = [dense(500, { activation: hidden }), dense(300, { activation: hidden })]
  const model = sequential([input(columns), ...layers, dense(10, { activation: 'softmax' })], {
    seed,
    threads: 1,
  })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  const { metrics } = await model.fit(xTrain, yTrain, { epochs, batchSize: BATCH, validationData: [xTest, yTest] })
  return metrics.val_accuracy.map((accuracy) => Number((100 * (1 - accuracy)).toFixed(2)))
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Within 0.4 points or 15 % of PyTorch's, the larger; a network that does not learn there does not learn here. */
function agrees(ours: number, torch: number): boolean {
  if (torch >= FAILED && ours >= FAILED) return true
  return Math.abs(ours - torch) <= Math.max(0.4, 0.15 * torch)
}

const percentOf = (error: number | null | undefined) => (error == null || Number.isNaN(error) ? '-' : error.toFixed(2))

/** Percent after the last epoch, by seed. */
const lasts = (results: Results, cell: Cell, hidden: Hidden): number[] =>
  (results[keyOf(cell, hidden)] ?? []).map((run) => run[run.length - 1])

/** How far the seeds of cells that learn are apart. */
function spread(errorsOf: (cell: Cell) => readonly number[]): string {
  const ranges = OF_PAPER.map(errorsOf)
    .filter((list) => list.length > 1 && mean(list) < FAILED)
    .map((list) => Math.max(...list) - Math.min(...list))
    .sort((a, b) => a - b)
  return `up to ${percentOf(ranges.at(-1))}, in the median by ${percentOf(ranges[ranges.length >> 1])}`
}

function picture(results: Results, methods: readonly string[], title: string, xLabel: string) {
  const cells = OF_PAPER.filter((cell) => methods.includes(cell.method) && keyOf(cell, 'relu') in results)
  const lines = [...new Set(cells.map(({ line }) => line))]
  const points = (line: string, value: (cell: Cell) => number) => {
    const own = cells.filter((cell) => cell.line === line)
    return { x: own.map(({ at }) => at), y: own.map(value) }
  }
  const last = (cell: Cell) => mean(lasts(results, cell, 'relu'))
  const ours = lines.map((line) => [line, { ...points(line, last), markers: true }] as const)
  const theirs = lines.map(
    (line) =>
      [
        `${line}, paper`,
        { ...points(line, ({ paper }) => paper ?? Number.NaN), like: line, dash: 'dotted' as const },
      ] as const,
  )
  return lineChart({
    title,
    series: Object.fromEntries([...ours, ...theirs]),
    xScale: 'log',
    yScale: 'log',
    xLabel,
    yLabel: 'test error after 6 epochs, %',
  })
}

export const zeilerTables = experiment<Results>({
  name: 'zeiler-tables',
  title: 'Learning rates, and a method that has none',
  data: ['mnist'],
  async run({ smoke, once }) {
    const images = smoke ? digitsSplit() : mnist()
    const cells = smoke ? CELLS.filter(({ constants }) => /rate 0.1$|e-6, ρ 0.95/.test(constants)) : CELLS
    const ofPaper = cells.filter(({ paper }) => paper !== null)
    const others = cells.filter(({ paper }) => paper === null)
    const all = [
      ...ofPaper.map((cell) => ({ cell, hidden: 'relu' as const })),
      ...others.map((cell) => ({ cell, hidden: 'relu' as const })),
      ...(smoke ? [] : ofPaper.map((cell) => ({ cell, hidden: 'tanh' as const }))),
    ]
    const results: { [key: string]: number[][] } = {}
    for (const { cell, hidden } of all) {
      const key = keyOf(cell, hidden)
      results[key] = []
      for (const seed of smoke ? [1] : SEEDS[hidden]) {
        const run = () => errors(images, cell, hidden, seed, smoke ? 2 : EPOCHS)
        results[key].push(await once(`${key}, seed ${seed}`, run))
      }
    }
    return results
  },
  page(results) {
    const ours = (cell: Cell, hidden: Hidden) => mean(lasts(results, cell, hidden))
    const done = OF_PAPER.filter((cell) => keyOf(cell, 'relu') in results)
    const judged = (hidden: Hidden) =>
      OF_PAPER.flatMap((cell) => {
        const [own, torch] = [ours(cell, hidden), mean(cell.torch[hidden])]
        return Number.isNaN(own + torch) ? [] : [{ cell, own, torch, agrees: agrees(own, torch) }]
      })
    const [relu, tanh] = [judged('relu'), judged('tanh')]
    const agreeing = (list: typeof relu) => `${list.filter((one) => one.agrees).length} of ${list.length}`
    const failures = relu.filter(({ torch }) => torch >= FAILED)
    const failed = failures.filter(({ own }) => own >= FAILED)
    const apart = relu.filter((one) => !one.agrees)
    const absent = OF_PAPER.filter((cell) => Number.isNaN(ours(cell, 'tanh'))).length
    const missing = absent > 0 ? ` Missing: ${absent} cells with tanh, not run yet.` : ''
    const range = (methods: readonly string[]) => {
      const found = done.filter(({ method }) => methods.includes(method)).map((cell) => ours(cell, 'relu'))
      return `${short(Math.min(...found))} % to ${short(Math.max(...found))} %`
    }
    return {
      source: 'Zeiler 2012, ADADELTA: an adaptive learning rate method, tables 1 and 2, arXiv:1212.5701',
      claim:
        'After 6 epochs on MNIST the test error of SGD, momentum and Adagrad depends on the learning rate by more than a factor of ten, and some rates fail; Adadelta, which has none, is near 2 % over six orders of magnitude of its ε.',
      settings: [
        'MNIST, all 60,000 rows, pixels / 255; 784-500-300-10, Glorot-uniform weights, softmax cross-entropy, mean over batches of 100; 6 epochs, reshuffled; one thread. With ReLU the mean of seeds 1 to 3, with tanh seed 1.',
        "PyTorch's numbers are of version 2.13 with the same settings: with ReLU the mean of seeds 1 to 3, by [zeiler-tables.py](../../examples/experiments/zeiler-tables.py); with tanh and Adam seed 1.",
        `The seeds of a ReLU cell that learns differ by ${spread((cell) => lasts(results, cell, 'relu'))} points here, and by ${spread(({ torch }) => torch.relu)} in PyTorch.`,
        'A cell agrees when it is within 0.4 points or 15 % of PyTorch, whichever is larger; a cell above 40 % counts as failed, and agrees with another that failed.',
        "The paper does not say which activation its tables are of. PyTorch's ReLU networks fit them better than its tanh networks.",
      ],
      parts: [
        {
          head: [
            'method',
            'constants',
            'paper',
            'PyTorch, ReLU',
            'ours, ReLU',
            'agrees',
            'PyTorch, tanh',
            'ours, tanh',
            'agrees',
          ],
          rows: CELLS.filter((cell) => keyOf(cell, 'relu') in results).map((cell) => {
            const verdict = (hidden: Hidden) => {
              const [own, torch] = [ours(cell, hidden), mean(cell.torch[hidden])]
              return Number.isNaN(own + torch) ? '-' : agrees(own, torch) ? 'yes' : '**no**'
            }
            const side = (hidden: Hidden) => [
              percentOf(mean(cell.torch[hidden])),
              percentOf(ours(cell, hidden)),
              verdict(hidden),
            ]
            return [cell.method, cell.constants, percentOf(cell.paper), ...side('relu'), ...side('tanh')]
          }),
        },
        'Test errors in percent after 6 epochs.',
        {
          pictures: [
            {
              name: 'rates',
              alt: 'Test error against the learning rate for SGD, momentum and Adagrad, ours and the paper',
              svg: picture(
                results,
                ['SGD', 'momentum 0.9', 'Adagrad'],
                'Methods with a learning rate (ReLU)',
                'learning rate',
              ),
            },
            {
              name: 'adadelta',
              alt: 'Test error against epsilon for Adadelta, ours and the paper',
              svg: picture(results, ['Adadelta'], 'Adadelta (ReLU)', 'ε'),
            },
          ],
        },
      ],
      verdict: `The claim holds: with ReLU, SGD, momentum and Adagrad range over their rates from ${range(['SGD', 'momentum 0.9', 'Adagrad'])}, Adadelta over its constants from ${range(['Adadelta'])}. ${agreeing(relu)} cells with ReLU agree with PyTorch${
        apart.length > 0
          ? `; not ${apart.map(({ cell, own, torch }) => `${cell.method} with ${cell.constants} (${own.toFixed(2)} against ${torch.toFixed(2)})`).join(', ')}`
          : ''
      }${tanh.length > 0 ? `; with tanh ${agreeing(tanh)}` : ''}. Of ${failures.length} cells with ReLU that fail there, ${failed.length} fail here.${missing}`,
      outcome: `As claimed; ${agreeing(relu)} cells agree with PyTorch.`,
    }
  },
})
