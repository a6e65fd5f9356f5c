/** Fitting too little and too much, and what is done about it. */
import {
  adam,
  adamw,
  type Callback,
  dense,
  dropout,
  earlyStopping,
  input,
  type Layer,
  l1,
  l2,
  type Model,
  type Optimizer,
  type Regularizer,
  sequential,
} from 'fourlane'
import { heatmap, lineChart } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { digitsSplit, type Images, someRows } from './frame/images.ts'
import { digits, digitsOf, drawn, mean, percents, short, shorts } from './frame/numbers.ts'
import { corrupted } from './frame/random.ts'

/** Few rows with some wrong labels, so that there is something to fit too much. */
const ROWS = 300
const WRONG = 0.2
const SEEDS = [1, 2, 3, 4, 5]
const WIDTHS = [2, 4, 8, 32, 128, 512]
const EPOCHS = 150
const RATES = [0, 0.2, 0.4, 0.6, 0.8]
const PENALTIES = [0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
const LEARNING_RATES = [3e-4, 1e-3, 3e-3, 1e-2]
const DECAYS = [0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]
/** Of the grid of both. */
const GRID_SEEDS = 3
/** A weight that is smaller counts as none. */
const ZERO = 1e-3

interface Course {
  readonly train: readonly (number | null)[]
  readonly test: readonly (number | null)[]
  readonly trainAccuracy: number
  readonly testAccuracy: number
}
interface Setting {
  readonly width?: number
  readonly epochs?: number
  readonly optimizer?: Optimizer
  readonly regularizer?: Regularizer
  readonly dropout?: number
  readonly callbacks?: readonly Callback[]
}

function rowsOf(seed: number): Images {
  const images = someRows(digitsSplit(), ROWS, seed)
  return { ...images, yTrain: corrupted(images.yTrain, WRONG, 10, seed) }
}

async function train(seed: number, setting: Setting): Promise<{ course: Course; model: Model }> {
  const { width = 128, epochs = EPOCHS, optimizer = adam({ learningRate: 1e-3 }), callbacks = [] } = setting
  const { xTrain, yTrain, xTest, yTest } = rowsOf(seed)
  const penalty = setting.regularizer ? { kernelRegularizer: setting.regularizer } : {}
  const layers: Layer[] = [
    dense(width, { activation: 'relu', kernelInitializer: 'heNormal', ...penalty }),
    ...(setting.dropout ? [dropout(setting.dropout)] : []),
    dense(10, { activation: 'softmax', ...penalty }),
  ]
  const model = sequential([input(64), ...layers], { seed, threads: 1 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  const losses: { train: number[]; test: number[] } = { train: [], test: [] }
  const watch: Callback = {
    onEpochEnd(_, { val_loss }) {
      losses.train.push(model.evaluate(xTrain, yTrain).loss)
      losses.test.push(val_loss)
    },
  }
  await model.fit(xTrain, yTrain, {
    epochs,
    batchSize: 32,
    validationData: [xTest, yTest],
    callbacks: [watch, ...callbacks],
  })
  const course = {
    train: digitsOf(losses.train, 4),
    test: digitsOf(losses.test, 4),
    trainAccuracy: model.evaluate(xTrain, yTrain).accuracy,
    testAccuracy: model.evaluate(xTest, yTest).accuracy,
  }
  return { course, model }
}

/** The share of kernel entries that are as good as zero. */
function sparsity(model: Model): number {
  const weights = model.parameters
    .filter(({ name }) => name.endsWith('.kernel'))
    .flatMap((kernel) => Array.from(kernel.get()))
  return weights.filter((weight) => Math.abs(weight) < ZERO).length / weights.length
}

interface Results {
  readonly seeds: number
  readonly widths: readonly { readonly width: number; readonly runs: readonly Course[] }[]
  readonly penalties: readonly {
    readonly penalty: number
    readonly l1: readonly (readonly [sparsity: number, testAccuracy: number])[]
    readonly l2: readonly (readonly [sparsity: number, testAccuracy: number])[]
  }[]
  readonly dropouts: readonly { readonly rate: number; readonly runs: readonly Course[] }[]
  readonly stopping: readonly { readonly epochs: number; readonly stopped: Course; readonly on: Course }[]
  /** Mean test accuracies by learning rate (rows) and decay (columns). */
  readonly decays: { readonly coupled: readonly number[]; readonly decoupled: readonly number[] }
}

export const regularization = experiment<Results>({
  name: 'regularization',
  title: 'Too little and too much',
  async run({ smoke, once }) {
    const seeds = smoke ? SEEDS.slice(0, 1) : SEEDS
    const short = smoke ? { epochs: 3 } : {}
    const some = <Value>(list: readonly Value[]) => (smoke ? list.slice(0, 2) : list)
    const each = async <Result>(work: (seed: number) => Promise<Result>, most = seeds.length) => {
      const found: Result[] = []
      for (const seed of seeds.slice(0, most)) found.push(await work(seed))
      return found
    }
    const widths = []
    for (const width of some(WIDTHS)) {
      const runs = await once(`width ${width}`, () =>
        each(async (seed) => (await train(seed, { width, ...short })).course),
      )
      widths.push({ width, runs })
    }
    const penalties = []
    for (const penalty of some(PENALTIES)) {
      const measured = (make: (strength: number) => Regularizer) => () =>
        each(async (seed): Promise<[number, number]> => {
          const { course, model } = await train(seed, { ...(penalty > 0 && { regularizer: make(penalty) }), ...short })
          return [sparsity(model), course.testAccuracy]
        })
      penalties.push({
        penalty,
        l1: await once(`L1 ${penalty}`, measured(l1)),
        l2: await once(`L2 ${penalty}`, measured(l2)),
      })
    }
    const dropouts = []
    for (const rate of some(RATES)) {
      const runs = await once(`dropout ${rate}`, () =>
        each(async (seed) => (await train(seed, { dropout: rate, ...short })).course),
      )
      dropouts.push({ rate, runs })
    }
    const stopping = await once('early stopping', () =>
      each(async (seed) => {
        const callback = earlyStopping({ monitor: 'val_loss', patience: 10, restoreBestWeights: true })
        const { course: stopped } = await train(seed, { callbacks: [callback], ...short })
        const { course: on } = await train(seed, short)
        return { epochs: stopped.test.length, stopped, on }
      }),
    )
    const grid = (key: string, make: (learningRate: number, weightDecay: number) => Optimizer) =>
      once(key, async () => {
        const found: number[] = []
        for (const learningRate of some(LEARNING_RATES))
          for (const weightDecay of some(DECAYS)) {
            const runs = await each(
              (seed) => train(seed, { optimizer: make(learningRate, weightDecay), ...short }),
              GRID_SEEDS,
            )
            found.push(digits(mean(runs.map(({ course }) => course.testAccuracy)), 4) ?? Number.NaN)
          }
        return found
      })
    const decays = {
      coupled: await grid('Adam with L2', (learningRate, weightDecay) => adam({ learningRate, weightDecay })),
      decoupled: await grid('AdamW', (learningRate, weightDecay) => adamw({ learningRate, weightDecay })),
    }
    return { seeds: seeds.length, widths, penalties, dropouts, stopping, decays }
  },
  page({ seeds, widths, penalties, dropouts, stopping, decays }) {
    const tests = (runs: readonly Course[]) => runs.map(({ testAccuracy }) => testAccuracy)
    const trains = (runs: readonly Course[]) => runs.map(({ trainAccuracy }) => trainAccuracy)
    const last = (values: readonly (number | null)[]) => values.at(-1) ?? Number.NaN
    const lowest = (values: readonly (number | null)[]) => Math.min(...drawn(values))
    const shares = (pairs: readonly (readonly [number, number])[], which: 0 | 1) => pairs.map((pair) => pair[which])
    const best = <Row>(rows: readonly Row[], score: (row: Row) => number) =>
      rows.reduce((top, row) => (score(row) > score(top) ? row : top))
    const bestDropout = best(dropouts, ({ runs }) => mean(tests(runs)))
    const none = dropouts[0]
    const columns = decays.coupled.length < LEARNING_RATES.length * DECAYS.length ? 2 : DECAYS.length
    const rates = LEARNING_RATES.slice(0, decays.coupled.length / columns)
    const list = [...decays.coupled, ...decays.decoupled]
    const limits = [Math.min(...list), Math.max(...list)] as const
    /** The best decay for each learning rate. */
    const bestDecays = (values: readonly number[]) =>
      rates.map((_, row) => {
        const own = values.slice(row * columns, (row + 1) * columns)
        return DECAYS[own.indexOf(Math.max(...own))]
      })
    const plane = (title: string, values: readonly number[]) =>
      heatmap({
        title,
        values: values.map((value) => 100 * value),
        columns,
        rowLabels: rates.map(short),
        columnLabels: DECAYS.slice(0, columns).map(short),
        rowTitle: 'learning rate',
        columnTitle: 'weight decay',
        valueTitle: 'test accuracy, %',
        limits: limits.map((value) => 100 * value) as [number, number],
        height: 360,
      })
    const wide = widths.at(-1) ?? widths[0]
    const curve = (width: number) => widths.find((one) => one.width === width)
    const drawnWidths = [2, 32, 512].flatMap((width) => curve(width) ?? [])
    const middle = (runs: readonly Course[], which: 'train' | 'test') =>
      runs[0][which].map((_, i) => mean(runs.map((run) => run[which][i] ?? Number.NaN)))
    const strongest = penalties.at(-1) ?? penalties[0]
    const lossAt = (
      { runs }: { readonly runs: readonly Course[] },
      of: (values: readonly (number | null)[]) => number,
    ) => mean(runs.map(({ test }) => of(test)))
    const largestBest = best(widths, ({ runs }) => mean(tests(runs))) === wide
    const points = (share: number) => `${(100 * share).toFixed(1)} points`
    const [coupledBest, decoupledBest] = [bestDecays(decays.coupled), bestDecays(decays.decoupled)]
    const moves = (found: readonly number[]) => new Set(found).size > 1
    const decoupling = `From the smallest to the largest learning rate the best L2 under Adam is ${coupledBest.map(short).join(', ')}, the best decoupled decay ${decoupledBest.map(short).join(', ')}; at their best, chosen by the test rows, L2 reaches ${percents([Math.max(...decays.coupled)])} and decoupled decay ${percents([Math.max(...decays.decoupled)])}: here Adam with L2 is no harder to tune, and no worse.`
    const stoppedAt = stopping.map(({ epochs }) => epochs)
    const stoppedAccuracy = tests(stopping.map(({ stopped }) => stopped))
    const onAccuracy = tests(stopping.map(({ on }) => on))
    return {
      source:
        'Goodfellow, Bengio, Courville 2016, Deep learning, chapters 5 and 7; Srivastava et al. 2014, Dropout; Loshchilov and Hutter 2019, Decoupled weight decay regularization, arXiv:1711.05101',
      claim:
        'Networks that are too small fit neither training nor test rows; those that are too large fit the training rows, errors included, and lose on the test rows as they train on. L1 makes weights exactly zero and L2 only small; dropout, early stopping and weight decay cost training accuracy and gain test accuracy. Under Adam, decoupled weight decay can be chosen without the learning rate, and L2 cannot.',
      settings: [
        `${ROWS} of the digits to train on, 8 x 8, standardized, a share of ${WRONG} of their labels drawn anew, so that there is something not to learn; 270 test rows with right labels; seeds 1 to ${seeds} choose rows, labels and weights.`,
        `64-128-10 unless said otherwise, ReLU, He-normal; Adam with rate 0.001, batches of 32, ${EPOCHS} epochs. Early stopping looks at the test rows, with a patience of 10, and so knows more than it should.`,
        `Zero: below ${ZERO} in size.`,
      ],
      parts: [
        '**Size.** With wrong labels, a training accuracy beyond about 82 % is memory.',
        {
          head: [
            'hidden units',
            'training accuracy',
            'test accuracy',
            'test loss at its lowest',
            'test loss at the end',
          ],
          rows: widths.map(({ width, runs }) => [
            String(width),
            percents(trains(runs)),
            percents(tests(runs)),
            shorts(runs.map(({ test }) => lowest(test))),
            shorts(runs.map(({ test }) => last(test))),
          ]),
        },
        {
          pictures: [
            {
              name: 'curves',
              alt: 'Training and test loss by epoch for small and large networks: the test loss of the large one rises',
              svg: lineChart({
                title: `Loss by epoch, means of ${seeds} seeds`,
                series: Object.fromEntries(
                  (drawnWidths.length > 0 ? drawnWidths : widths).flatMap(({ width, runs }) => [
                    [`${width} units, training`, { y: middle(runs, 'train') }] as const,
                    [`${width} units, test`, { y: middle(runs, 'test'), dash: 'dashed' as const }] as const,
                  ]),
                ),
                xLabel: 'epoch',
                yLabel: 'cross-entropy',
                yScale: 'log',
                height: 460,
              }),
            },
          ],
        },
        '**L1 and L2.** The same factor on Σ |w| and on Σ w².',
        {
          head: [
            'penalty',
            'L1: weights that are zero',
            'L1: test accuracy',
            'L2: weights that are zero',
            'L2: test accuracy',
          ],
          rows: penalties.map(({ penalty, l1: first, l2: second }) => [
            short(penalty),
            percents(shares(first, 0)),
            percents(shares(first, 1)),
            percents(shares(second, 0)),
            percents(shares(second, 1)),
          ]),
        },
        '**Dropout and early stopping.**',
        {
          head: ['', 'training accuracy', 'test accuracy', 'epochs'],
          rows: [
            ...dropouts.map(({ rate, runs }) => [
              rate === 0 ? 'nothing' : `dropout ${rate}`,
              percents(trains(runs)),
              percents(tests(runs)),
              String(runs[0].test.length),
            ]),
            [
              'early stopping',
              percents(trains(stopping.map(({ stopped }) => stopped))),
              percents(stoppedAccuracy),
              shorts(stoppedAt),
            ],
          ],
        },
        '**Weight decay under Adam**: inside the gradient, and beside it.',
        {
          pictures: [
            {
              name: 'coupled',
              alt: 'Test accuracy by learning rate and L2 under Adam',
              svg: plane('Adam with L2', decays.coupled),
            },
            {
              name: 'decoupled',
              alt: 'Test accuracy by learning rate and decoupled weight decay',
              svg: plane('AdamW', decays.decoupled),
            },
          ],
        },
        {
          head: ['learning rate', 'best L2', 'test accuracy', 'best decoupled decay', 'test accuracy'],
          rows: rates.map((rate, row) => {
            const top = (values: readonly number[]) => Math.max(...values.slice(row * columns, (row + 1) * columns))
            return [
              short(rate),
              short(bestDecays(decays.coupled)[row]),
              percents([top(decays.coupled)]),
              short(bestDecays(decays.decoupled)[row]),
              percents([top(decays.decoupled)]),
            ]
          }),
        },
      ],
      verdict: `Mostly as claimed. Small networks fit neither rows; with more units the training rows are learned, wrong labels included, and the test loss, having been ${short(lossAt(wide, lowest))} at its lowest, ends at ${short(lossAt(wide, last))}. But test accuracy does not fall with size: ${wide.width} units are ${largestBest ? 'the best of all' : 'not the worst'}, as is often found for networks that are much too large. L1 makes ${percents(shares(strongest.l1, 0), 0)} of the weights zero where L2 makes ${percents(shares(strongest.l2, 0), 0)}. Dropout of ${bestDropout.rate} gains ${points(mean(tests(bestDropout.runs)) - mean(tests(none.runs)))} of test accuracy and costs ${points(mean(trains(none.runs)) - mean(trains(bestDropout.runs)))} of training accuracy; early stopping gains ${points(mean(stoppedAccuracy) - mean(onAccuracy))} in ${shorts(stoppedAt)} epochs. ${decoupling}`,
      outcome: `Mostly: penalties, dropout and early stopping help, size does no harm; the best L2 under Adam ${moves(coupledBest) ? 'moves' : 'does not move'} with the learning rate, the best decoupled decay ${moves(decoupledBest) ? 'moves' : 'does not'}.`,
    }
  },
})
