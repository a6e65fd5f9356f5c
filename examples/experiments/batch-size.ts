/** Keskar et al. 2017: whether large batches end in sharp minima that generalize less. */
import { curvature, dense, input, lossSurface, type Model, sequential, sgd } from 'fourlane'
import { lineChart, scatter } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { digitsSplit, type Images } from './frame/images.ts'
import { digits, mean, percents, short, shorts } from './frame/numbers.ts'

const SEEDS = [1, 2, 3, 4, 5]
/** The last is all rows. */
const BATCHES = [8, 32, 128, 512, 1527]
const RATE = 0.05
/** Every run is trained as far: a minimum that is not reached is not flat. */
const TARGET = 0.01
const MOST_EPOCHS = 4000
const DISTANCE = 0.5
/** The rate of a batch, where it grows with the batch. */
const scaled = (batch: number) => (RATE * batch) / BATCHES[0]
const MOST_RATE = 0.8

interface Result {
  readonly updates: number
  readonly trainLoss: number | null
  readonly testAccuracy: number
  readonly testLoss: number | null
  /** The largest eigenvalue of the Hessian of the training loss. */
  readonly eigenvalue: number | null
  /** Mean loss at DISTANCE along random filter-normalized directions, less that in the middle. */
  readonly rise: number | null
}
type Results = { readonly [key: string]: readonly Result[] }

/** Along 10 directions, both ways. */
function rise(model: Model, { xTrain, yTrain }: Images): number {
  const heights = [1, 2, 3, 4, 5].flatMap((seed) => {
    const { loss } = lossSurface(model, xTrain, yTrain, { seed, points: 3, range: DISTANCE })
    return [1, 3, 5, 7].map((i) => loss[i] - loss[4])
  })
  return mean(heights)
}

async function run(
  images: Images,
  batchSize: number,
  learningRate: number,
  seed: number,
  mostEpochs: number,
): Promise<Result> {
  const { columns, xTrain, yTrain, xTest, yTest } = images
  const hidden = [0, 1].map(() => dense(100, { activation: 'relu', kernelInitializer: 'heNormal' }))
  const model = sequential([input(columns), ...hidden, dense(10, { activation: 'softmax' })], { seed, threads: 1 })
  model.compile({ optimizer: sgd({ learningRate }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  let updates = 0
  await model.fit(xTrain, yTrain, {
    epochs: mostEpochs,
    batchSize,
    callbacks: [
      {
        onEpochEnd(_, { loss }, context) {
          updates += Math.ceil(yTrain.length / batchSize)
          // the loss while training is that of the parameters on the way
          if (loss < 2 * TARGET && model.evaluate(xTrain, yTrain).loss < TARGET) context.stop('far enough')
        },
      },
    ],
  })
  const { accuracy, loss } = model.evaluate(xTest, yTest)
  return {
    updates,
    trainLoss: digits(model.evaluate(xTrain, yTrain).loss, 4),
    testAccuracy: accuracy,
    testLoss: digits(loss, 4),
    eigenvalue: digits(curvature(model, xTrain, yTrain).eigenvalues[0], 4),
    rise: digits(rise(model, images), 4),
  }
}

const SETTINGS = BATCHES.flatMap((batch) => [
  { batch, rate: RATE },
  ...(batch > BATCHES[0] && scaled(batch) <= MOST_RATE ? [{ batch, rate: scaled(batch) }] : []),
])
const keyOf = ({ batch, rate }: { readonly batch: number; readonly rate: number }) => `${batch} rows, rate ${rate}`

export const batchSize = experiment<Results>({
  name: 'batch-size',
  title: 'Small and large batches',
  async run({ smoke, once }) {
    const images = digitsSplit()
    const results: { [key: string]: Result[] } = {}
    for (const setting of smoke ? SETTINGS.slice(0, 3) : SETTINGS) {
      results[keyOf(setting)] = await once(keyOf(setting), async () => {
        const runs: Result[] = []
        for (const seed of smoke ? [1] : SEEDS)
          runs.push(await run(images, setting.batch, setting.rate, seed, smoke ? 2 : MOST_EPOCHS))
        return runs
      })
    }
    return results
  },
  page(results) {
    const rows = SETTINGS.flatMap((setting) => {
      const runs = results[keyOf(setting)]
      return runs ? [{ ...setting, runs }] : []
    })
    const of = (runs: readonly Result[], value: (run: Result) => number | null) =>
      runs.map((run) => value(run) ?? Number.NaN)
    const accuracy = (runs: readonly Result[]) => of(runs, ({ testAccuracy }) => testAccuracy)
    const heights = (runs: readonly Result[]) => of(runs, (one) => one.rise)
    const eigenvalues = (runs: readonly Result[]) => of(runs, ({ eigenvalue }) => eigenvalue)
    const fixed = rows.filter(({ rate }) => rate === RATE)
    const growing = rows.filter(({ batch, rate }) => batch === BATCHES[0] || rate !== RATE)
    const line = (list: typeof rows, value: (runs: readonly Result[]) => number[]) => ({
      x: list.map(({ batch }) => batch),
      y: list.map(({ runs }) => mean(value(runs))),
      markers: true,
    })
    const [first, last] = [fixed[0], fixed[fixed.length - 1]]
    const ratio = mean(heights(last.runs)) / mean(heights(first.runs))
    const change = mean(accuracy(last.runs)) - mean(accuracy(first.runs))
    const lastGrowing = growing[growing.length - 1]
    return {
      source:
        'Keskar, Mudigere, Nocedal, Smelyanskiy, Tang 2017, On large-batch training for deep learning: generalization gap and sharp minima, arXiv:1609.04836; Li et al. 2018, arXiv:1712.09913, section 4',
      claim:
        'Trained to the same loss, large batches end in sharper minima than small ones, and do worse on test rows. Filter-normalized pictures show the widths of both fairly.',
      settings: [
        `The digits, 1,527 rows to train on and 270 to test with, standardized; 64-100-100-10, ReLU, He-normal; SGD until the training loss of all rows is below ${TARGET}; seeds 1 to ${first.runs.length}.`,
        `Rate ${RATE} for all batches, and a rate that grows with the batch, ${RATE} for ${BATCHES[0]} rows, as far as it trains.`,
        `Sharpness: the largest eigenvalue of the Hessian of the training loss, as \`curvature\` gives it; and the mean loss at distance ${DISTANCE} along ten random directions with filter normalization, both ways, less that in the middle.`,
      ],
      parts: [
        {
          head: [
            'batch',
            'rate',
            'updates',
            'training loss',
            'largest eigenvalue',
            'rise nearby',
            'test accuracy',
            'test loss',
          ],
          rows: rows.map(({ batch, rate, runs }) => [
            batch === 1527 ? 'all 1,527 rows' : String(batch),
            short(rate),
            shorts(of(runs, ({ updates }) => updates)),
            short(mean(of(runs, ({ trainLoss }) => trainLoss))),
            shorts(eigenvalues(runs)),
            shorts(heights(runs)),
            percents(accuracy(runs)),
            shorts(of(runs, ({ testLoss }) => testLoss)),
          ]),
        },
        {
          pictures: [
            {
              name: 'eigenvalue',
              alt: 'Largest eigenvalue of the Hessian against the batch size, with one rate and with a rate that grows',
              svg: lineChart({
                title: 'Largest eigenvalue',
                series: {
                  [`rate ${RATE}`]: line(fixed, eigenvalues),
                  'rate grows with the batch': { ...line(growing, eigenvalues), dash: 'dashed' },
                },
                xScale: 'log',
                yScale: 'log',
                xLabel: 'rows of a batch',
                yLabel: 'largest eigenvalue of the Hessian',
              }),
            },
            {
              name: 'sharpness',
              alt: 'Rise of the loss nearby against the batch size, with one rate and with a rate that grows',
              svg: lineChart({
                title: 'How steep the surroundings are',
                series: {
                  [`rate ${RATE}`]: line(fixed, heights),
                  'rate grows with the batch': { ...line(growing, heights), dash: 'dashed' },
                },
                xScale: 'log',
                xLabel: 'rows of a batch',
                yLabel: `rise of the loss at distance ${DISTANCE}`,
              }),
            },
          ],
        },
        {
          pictures: [
            {
              name: 'accuracy',
              alt: 'Test accuracy of each run against the rise of the loss nearby, by batch size',
              svg: scatter({
                title: 'Each run: sharpness and test accuracy',
                series: Object.fromEntries(
                  fixed.map(({ batch, runs }) => [
                    `${batch} rows`,
                    { x: heights(runs), y: accuracy(runs).map((share) => 100 * share) },
                  ]),
                ),
                xLabel: `rise of the loss at distance ${DISTANCE}`,
                yLabel: 'test accuracy, %',
              }),
            },
          ],
        },
      ],
      verdict: `Half as claimed. With one rate, all rows at once end where the loss nearby rises ${short(ratio)} times as steeply as with batches of ${first.batch}, the largest eigenvalue of the Hessian is ${short(mean(eigenvalues(last.runs)))} instead of ${short(mean(eigenvalues(first.runs)))}, and ${Math.abs(change) < 0.005 ? `test accuracy is the same (${percents(accuracy(last.runs))} and ${percents(accuracy(first.runs))})` : `test accuracy changes by ${(100 * change).toFixed(1)} points`}: on data as easy as this no gap is seen. With a rate of ${short(lastGrowing.rate)}, batches of ${lastGrowing.batch} end in surroundings that rise by ${short(mean(heights(lastGrowing.runs)))} (eigenvalue ${short(mean(eigenvalues(lastGrowing.runs)))}), less than those of batches of ${first.batch} with rate ${RATE} (${short(mean(heights(first.runs)))}), in ${short(mean(of(lastGrowing.runs, ({ updates }) => updates)))} updates.`,
      outcome: `Half: large batches end ${short(ratio)} times as steep, unless the rate grows with them, and test accuracy is the same.`,
    }
  },
})
