/** The first network of many courses: 64-100-10 on handwritten digits, compared with PyTorch. */
import { readFileSync } from 'node:fs'
import { dense, input, sequential, sgd, standardScaler } from 'fourlane'
import { confusion, lineChart } from 'fourlane/charts'
import { dataFile } from '../data.ts'
import { experiment } from './frame/experiment.ts'
import { digitImages, type Images } from './frame/images.ts'
import { deviation, digitsOf, drawn, mean, percent, percents, short } from './frame/numbers.ts'

const EPOCHS = 15
const SEEDS = 20

/** PyTorch 2.13, 20 seeds, the same rows: test accuracy, and the mean loss of an epoch's batches. */
const TORCH = {
  seeds: 20,
  mean: 0.97722,
  deviation: 0.00528,
  trainAccuracy: 0.99646,
  losses: [
    0.8166, 0.28224, 0.19348, 0.15095, 0.12524, 0.10706, 0.0938, 0.08338, 0.07486, 0.06773, 0.06185, 0.05682, 0.05233,
    0.0485, 0.045,
  ],
}

interface Results {
  readonly trainAccuracy: readonly number[]
  readonly testAccuracy: readonly number[]
  /** Means over the seeds. */
  readonly losses: readonly (number | null)[]
  readonly heldOut: readonly (number | null)[]
  /** Of all seeds: true class, predicted class. */
  readonly confusion: readonly number[]
}

/** The rows that scikit-learn's train_test_split(test_size=0.15, random_state=37) takes to test with, and the others. */
function split(): Images {
  const { x, y } = digitImages()
  const testRows = JSON.parse(readFileSync(dataFile('digits-test-rows.json'), 'utf8')) as number[]
  const held = new Set(testRows)
  const trainRows = Array.from(y.keys()).filter((row) => !held.has(row))
  const take = (rows: number[]) => ({
    x: Float32Array.from(rows.flatMap((row) => Array.from(x.subarray(row * 64, row * 64 + 64)))),
    y: Int32Array.from(rows, (row) => y[row]),
  })
  const [train, test] = [take(trainRows), take(testRows)]
  const scaler = standardScaler()
  return {
    columns: 64,
    xTrain: scaler.fitTransform(train.x, 64),
    yTrain: train.y,
    xTest: scaler.transform(test.x),
    yTest: test.y,
  }
}

async function train({ xTrain, yTrain, xTest, yTest }: Images, seed: number, epochs: number) {
  const model = sequential([input(64), dense(100, { activation: 'tanh' }), dense(10, { activation: 'softmax' })], {
    seed,
  })
  model.compile({
    optimizer: sgd({ learningRate: 0.1 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  const { metrics } = await model.fit(xTrain, yTrain, { epochs, batchSize: 32, validationData: [xTest, yTest] })
  return {
    trainAccuracy: model.evaluate(xTrain, yTrain).accuracy,
    testAccuracy: model.evaluate(xTest, yTest).accuracy,
    losses: metrics.loss,
    heldOut: metrics.val_loss,
    predicted: model.predictClasses(xTest),
  }
}

/** Means, place by place. */
const means = (lists: readonly (readonly number[])[]) => lists[0].map((_, i) => mean(lists.map((list) => list[i])))

export const kerasDigits = experiment<Results>({
  name: 'keras-digits',
  title: 'A first network on handwritten digits',
  async run({ smoke }) {
    const images = split()
    const runs = []
    for (let seed = 0; seed < (smoke ? 2 : SEEDS); seed++) runs.push(await train(images, seed, EPOCHS))
    const counts = new Float64Array(100)
    for (const { predicted } of runs)
      images.yTest.forEach((digit, row) => {
        counts[10 * digit + predicted[row]]++
      })
    return {
      trainAccuracy: runs.map(({ trainAccuracy }) => trainAccuracy),
      testAccuracy: runs.map(({ testAccuracy }) => testAccuracy),
      losses: digitsOf(means(runs.map(({ losses }) => losses))),
      heldOut: digitsOf(means(runs.map(({ heldOut }) => heldOut))),
      confusion: Array.from(counts),
    }
  },
  page({ trainAccuracy, testAccuracy, losses, heldOut, confusion: counts }) {
    const seeds = testAccuracy.length
    const band = 3 * Math.max(TORCH.deviation, 0.005) * Math.sqrt(1 / seeds + 1 / TORCH.seeds)
    const apart = Math.abs(mean(testAccuracy) - TORCH.mean)
    const inside = apart <= band
    return {
      source:
        'the classifier of digits that introductions to Keras build; numbers of PyTorch 2.13 for the same network',
      claim: `One hidden layer of 100 tanh units, trained by plain gradient descent for 15 epochs, recognizes about 98 of 100 digits. PyTorch: ${percent(TORCH.mean, 2)} ± ${percent(TORCH.deviation, 2)} of ${TORCH.seeds} seeds.`,
      settings: [
        'The 1,797 digits of scikit-learn, 8 x 8; 1,527 rows to train on and 270 to test with, those of `train_test_split(test_size=0.15, random_state=37)`; standardized by the rows to train on.',
        `64-100-10, tanh and softmax, Glorot-uniform weights; SGD with rate 0.1, batches of 32, ${EPOCHS} epochs; seeds 0 to ${seeds - 1}.`,
      ],
      parts: [
        {
          head: ['', 'seeds', 'training accuracy', 'test accuracy', 'loss of the last epoch'],
          rows: [
            [
              'fourlane',
              String(seeds),
              percents(trainAccuracy, 2),
              percents(testAccuracy, 2),
              short(losses.at(-1) ?? null),
            ],
            [
              'PyTorch',
              String(TORCH.seeds),
              percent(TORCH.trainAccuracy, 2),
              `${(100 * TORCH.mean).toFixed(2)} ± ${percent(TORCH.deviation, 2)}`,
              short(TORCH.losses.at(-1) ?? null),
            ],
          ],
        },
        {
          pictures: [
            {
              name: 'loss',
              alt: 'Loss by epoch, training and held out, and that of PyTorch: the training curves coincide',
              svg: lineChart({
                title: `Loss, means of ${seeds} seeds`,
                series: {
                  training: drawn(losses),
                  'PyTorch, training': { y: TORCH.losses, dash: 'dotted' },
                  'held out': { y: drawn(heldOut), dash: 'dashed' },
                },
                xLabel: 'epoch',
                yLabel: 'cross-entropy',
                yScale: 'log',
              }),
            },
            {
              name: 'confusion',
              alt: 'Confusion matrix of the test rows over all seeds',
              svg: confusion({
                title: `Test rows of ${seeds} seeds`,
                matrix: Array.from({ length: 10 }, (_, row) => counts.slice(row * 10, row * 10 + 10)),
              }),
            },
          ],
        },
      ],
      verdict: `${inside ? 'As claimed' : 'Not as claimed'}: the mean of ${seeds} seeds is ${percent(apart, 2)} from PyTorch's, where three standard errors are ${percent(band, 2)}. Single seeds range from ${percent(Math.min(...testAccuracy))} to ${percent(Math.max(...testAccuracy))}, a deviation of ${percent(deviation(testAccuracy), 2)}: with 270 test rows, half a percent is luck.`,
      outcome: `${inside ? 'As claimed' : 'Not as claimed'}: ${percents(testAccuracy)} of the test rows.`,
    }
  },
})
