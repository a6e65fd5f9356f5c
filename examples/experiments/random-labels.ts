/** Zhang, Bengio, Hardt, Recht and Vinyals 2017: networks fit labels that mean nothing. */
import { type Callback, dense, input, sequential, sgd } from 'fourlane'
import { lineChart } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { cifar, digitsSplit, type Images, someRows } from './frame/images.ts'
import { digitsOf, drawn, mean, percent, percents, short, shorts } from './frame/numbers.ts'
import { corrupted } from './frame/random.ts'

const ROWS = 5_000
const CLASSES = 10
const SEEDS = [1, 2, 3]
const MOST_EPOCHS = 150
const DECAY = 5e-4

interface Setting {
  readonly hidden: readonly number[]
  /** Share of the labels that are drawn anew. */
  readonly corrupted: number
  readonly weightDecay: number
  readonly seed: number
}

interface Result {
  readonly parameters: number
  readonly epochs: number
  readonly trainAccuracy: number
  readonly testAccuracy: number
  /** While training, after each epoch. */
  readonly accuracies: readonly (number | null)[]
  readonly losses: readonly (number | null)[]
}
type Results = { readonly [key: string]: Result }

const SMALL = [512]
const DEEP = [512, 512, 512]
const SHARES = [0.25, 0.5, 0.75]

const nameOf = (hidden: readonly number[]) => `MLP ${hidden.length} x 512`
const keyOf = ({ hidden, corrupted: share, weightDecay, seed }: Setting) =>
  `${nameOf(hidden)}, ${100 * share} % corrupted${weightDecay > 0 ? `, decay ${weightDecay}` : ''}, seed ${seed}`

const plain = (hidden: readonly number[], share: number, seed: number): Setting => ({
  hidden,
  corrupted: share,
  weightDecay: 0,
  seed,
})

/** Seed after seed, so that a run that is cut short has whole seeds. */
const SETTINGS: readonly Setting[] = SEEDS.flatMap((seed) => [
  ...[SMALL, DEEP].flatMap((hidden) => [plain(hidden, 0, seed), plain(hidden, 1, seed)]),
  ...SHARES.map((share) => plain(SMALL, share, seed)),
  ...(seed === SEEDS[0] ? [SMALL, DEEP].map((hidden) => ({ ...plain(hidden, 0, seed), weightDecay: DECAY })) : []),
])

/** Trains until every training row is right. */
async function run(images: Images, setting: Setting, mostEpochs: number): Promise<Result> {
  const { columns, xTrain, xTest, yTest } = images
  const { hidden, weightDecay, seed } = setting
  const yTrain = corrupted(images.yTrain, setting.corrupted, CLASSES, seed)
  const layers = hidden.map((units) => dense(units, { activation: 'relu', kernelInitializer: 'heNormal' }))
  const model = sequential([input(columns), ...layers, dense(CLASSES, { activation: 'softmax' })], { seed, threads: 1 })
  model.compile({
    optimizer: sgd({ learningRate: 0.01, momentum: 0.9, weightDecay }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  const untilFitted: Callback = {
    onEpochEnd(_, { accuracy }, context) {
      // the accuracy while training is that of the parameters on the way
      if (accuracy > 0.998 && model.evaluate(xTrain, yTrain).accuracy === 1) context.stop('every row is right')
    },
  }
  const { metrics } = await model.fit(xTrain, yTrain, { epochs: mostEpochs, batchSize: 128, callbacks: [untilFitted] })
  return {
    parameters: model.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    epochs: metrics.loss.length,
    trainAccuracy: model.evaluate(xTrain, yTrain).accuracy,
    testAccuracy: model.evaluate(xTest, yTest).accuracy,
    accuracies: digitsOf(metrics.accuracy, 4),
    losses: digitsOf(metrics.loss, 4),
  }
}

/** What the paper's table 1 has for 50,000 rows, without augmentation: train and test accuracy in percent. */
const PAPER: { readonly [key: string]: readonly [train: number, test: number] } = {
  [`${nameOf(SMALL)}, 0, decay`]: [99.8, 50.39],
  [`${nameOf(SMALL)}, 0`]: [100, 50.51],
  [`${nameOf(SMALL)}, 1`]: [99.34, 10.61],
  [`${nameOf(DEEP)}, 0, decay`]: [100, 53.35],
  [`${nameOf(DEEP)}, 0`]: [100, 52.39],
  [`${nameOf(DEEP)}, 1`]: [100, 10.48],
}

export const randomLabels = experiment<Results>({
  name: 'random-labels',
  title: 'Networks that learn labels by heart',
  data: ['cifar10'],
  async run({ smoke, once }) {
    const images = smoke ? someRows(digitsSplit(), 200, 1) : cifar(ROWS)
    const small = smoke ? SETTINGS.filter(({ seed, hidden }) => seed === 1 && hidden === SMALL) : SETTINGS
    const results: { [key: string]: Result } = {}
    for (const setting of small)
      results[keyOf(setting)] = await once(keyOf(setting), () => run(images, setting, smoke ? 60 : MOST_EPOCHS))
    return results
  },
  page(results) {
    const found = (hidden: readonly number[], share: number, weightDecay = 0) =>
      SEEDS.flatMap((seed) => results[keyOf({ hidden, corrupted: share, weightDecay, seed })] ?? [])
    const list = (runs: readonly Result[], value: (run: Result) => number) => runs.map(value)
    const row = (hidden: readonly number[], share: number, weightDecay = 0): string[][] => {
      const runs = found(hidden, share, weightDecay)
      if (runs.length === 0) return []
      const paper = PAPER[`${nameOf(hidden)}, ${share}${weightDecay > 0 ? ', decay' : ''}`]
      return [
        [
          nameOf(hidden),
          runs[0].parameters.toLocaleString('en'),
          share === 0 ? 'true' : 'random',
          weightDecay > 0 ? 'yes' : 'no',
          String(runs.length),
          percents(
            list(runs, ({ trainAccuracy }) => trainAccuracy),
            2,
          ),
          percents(list(runs, ({ testAccuracy }) => testAccuracy)),
          shorts(list(runs, ({ epochs }) => epochs)),
          paper ? `${paper[0]} / ${paper[1]}` : '-',
        ],
      ]
    }
    const shares = [0, ...SHARES, 1].filter((share) => found(SMALL, share).length > 0)
    const epochs = (share: number) => list(found(SMALL, share), (run) => run.epochs)
    const slowdown = (share: number) => mean(epochs(share)) / mean(epochs(0))
    const fits = [...found(SMALL, 0), ...found(SMALL, 1), ...found(DEEP, 0), ...found(DEEP, 1)]
    const fitted = fits.filter(({ trainAccuracy }) => trainAccuracy === 1)
    const random = [...found(SMALL, 1), ...found(DEEP, 1)].map(({ testAccuracy }) => testAccuracy)
    const truth = [...found(SMALL, 0), ...found(DEEP, 0)].map(({ testAccuracy }) => testAccuracy)
    const withDecay = [SMALL, DEEP].flatMap((hidden) => {
      const [decay, without] = [found(hidden, 0, DECAY)[0], found(hidden, 0)[0]]
      return decay && without ? [{ name: nameOf(hidden), decay, without }] : []
    })
    const decayed =
      withDecay.length === 0
        ? ''
        : ` Weight decay, seed 1: ${withDecay.map(({ name, decay, without }) => `${name} gets ${percent(decay.trainAccuracy)} of the training rows and ${percent(decay.testAccuracy)} of the test rows, instead of ${percent(without.testAccuracy)}`).join('; ')}.`
    const curve = (hidden: readonly number[], share: number) => found(hidden, share)[0]
    const curves = (value: (run: Result) => readonly (number | null)[]) =>
      [SMALL, DEEP].flatMap((hidden) =>
        [0, 1].flatMap((share) => {
          const run = curve(hidden, share)
          const called = (network: readonly number[]) => `${nameOf(network)}, ${share === 0 ? 'true' : 'random'} labels`
          // the colour says which labels, the dash which network
          const isPaired = hidden === DEEP && curve(SMALL, share)
          return run
            ? [[called(hidden), { y: drawn(value(run)), ...(isPaired && { like: called(SMALL) }) }] as const]
            : []
        }),
      )
    const seeds = found(SMALL, 1).length
    return {
      source:
        'Zhang, Bengio, Hardt, Recht, Vinyals 2017, Understanding deep learning requires rethinking generalization, arXiv:1611.03530',
      claim:
        'Networks with more parameters than rows fit random labels as perfectly as true ones, with the same constants; what they then say about test rows is chance. Training takes longer by a small constant factor, which grows with the share of corrupted labels, and weight decay neither keeps them from fitting nor is what makes them generalize.',
      settings: [
        `CIFAR-10, the first ${ROWS.toLocaleString('en')} training images and 1,000 test images (the paper has 50,000 and 10,000): 28 x 28 x 3 centre crops, each image with mean 0 and deviation 1, as in the paper.`,
        `ReLU, He-normal weights, softmax cross-entropy; SGD with rate 0.01 and momentum 0.9, batches of 128, until every training row is right, ${MOST_EPOCHS} epochs at most. The paper lets the rate decay by 0.95 an epoch; with fewer rows it is constant here. Weight decay: ${DECAY}, L2.`,
        `Corrupted labels are drawn from all ten classes, so that a tenth of them stays right; seeds 1 to ${Math.max(1, seeds)} draw labels and weights.`,
      ],
      parts: [
        {
          head: [
            'network',
            'parameters',
            'labels',
            'weight decay',
            'seeds',
            'training rows',
            'test rows',
            'epochs',
            'paper: train / test, %',
          ],
          rows: [SMALL, DEEP].flatMap((hidden) => [...row(hidden, 0), ...row(hidden, 0, DECAY), ...row(hidden, 1)]),
        },
        {
          head: [
            'MLP 1 x 512: corrupted labels',
            'seeds',
            'epochs to fit all',
            'times as many as with true labels',
            'training rows',
            'test rows',
          ],
          rows: shares.map((share) => {
            const runs = found(SMALL, share)
            return [
              percent(share, 0),
              String(runs.length),
              shorts(epochs(share)),
              short(slowdown(share)),
              percents(
                list(runs, ({ trainAccuracy }) => trainAccuracy),
                2,
              ),
              percents(list(runs, ({ testAccuracy }) => testAccuracy)),
            ]
          }),
        },
        {
          pictures: [
            {
              name: 'loss',
              alt: 'Training loss by epoch with true and random labels for both networks',
              svg: lineChart({
                title: 'Loss, seed 1',
                series: Object.fromEntries(curves(({ losses }) => losses)),
                xLabel: 'epoch',
                yLabel: 'cross-entropy while training',
              }),
            },
            {
              name: 'accuracy',
              alt: 'Training accuracy by epoch with true and random labels for both networks: all reach 1',
              svg: lineChart({
                title: 'Training accuracy, seed 1',
                series: Object.fromEntries(curves(({ accuracies }) => accuracies)),
                xLabel: 'epoch',
                yLabel: 'share of rows right while training',
              }),
            },
          ],
        },
        {
          pictures: [
            {
              name: 'corruption',
              alt: 'Test accuracy against the share of corrupted labels: from 40 % down to chance',
              svg: lineChart({
                title: 'MLP 1 x 512: test accuracy after fitting all rows',
                x: shares,
                series: {
                  'test rows': {
                    y: shares.map((share) => mean(list(found(SMALL, share), (run) => run.testAccuracy))),
                    markers: true,
                  },
                  chance: { y: shares.map(() => 1 / CLASSES), dash: 'dotted' },
                },
                xLabel: 'share of corrupted labels',
                yLabel: 'share of rows right',
              }),
            },
            {
              name: 'slowdown',
              alt: 'Epochs to fit all rows against the share of corrupted labels, with the range over the seeds',
              svg: lineChart({
                title: 'MLP 1 x 512: epochs to fit all rows',
                x: shares,
                series: {
                  'mean of the seeds': {
                    y: shares.map((share) => mean(epochs(share))),
                    low: shares.map((share) => Math.min(...epochs(share))),
                    high: shares.map((share) => Math.max(...epochs(share))),
                    markers: true,
                  },
                },
                xLabel: 'share of corrupted labels',
                yLabel: 'epochs',
              }),
            },
          ],
        },
      ],
      verdict: `${fitted.length === fits.length ? 'As claimed' : 'Mostly as claimed'}. ${fitted.length} of ${fits.length} runs fit every training row, with true labels and with random ones. After random labels the networks get ${percents(random)} of the test rows right, where chance is 10 %; after true labels ${percents(truth)}, less than in the paper, with ${short(50_000 / ROWS)} times fewer rows. Random labels take ${short(slowdown(1))} times as many epochs as true ones; for shares in between (${SHARES.map((share) => percent(share, 0)).join(', ')}) it is ${SHARES.map((share) => short(slowdown(share))).join(', ')} times, so that with this spread no growth with the share is seen.${decayed}`,
      outcome: `${fitted.length === fits.length ? 'As claimed' : 'Mostly as claimed'}: ${fitted.length} of ${fits.length} runs fit every row, and ${percents(random)} of the test rows after random labels.`,
    }
  },
})
