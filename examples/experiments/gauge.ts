/** Rescaled ReLU networks: the same function, other derivatives. */
import {
  activation,
  adam,
  batchNorm,
  type CompileOptions,
  dense,
  input,
  type Layer,
  type Model,
  pathSgd,
  sequential,
  sgd,
} from 'fourlane'
import { bars, lineChart } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { digitsSplit, type Images } from './frame/images.ts'
import { digits, digitsOf, drawn, mean, percents, short, shorts } from './frame/numbers.ts'
import { uniform } from './frame/random.ts'

const WIDTHS = [64, 64]
const SEEDS = [1, 2, 3, 4, 5]
const EPOCHS = 20
/** Units are rescaled by factors from 1 / REACH to REACH, evenly in logarithms. */
const REACH = 10

const plain = (): Layer[] => WIDTHS.map((units) => dense(units, { activation: 'relu', kernelInitializer: 'heNormal' }))
const normalized = (): Layer[] =>
  WIDTHS.flatMap((units) => [
    dense(units, { useBias: false, kernelInitializer: 'heNormal' }),
    batchNorm(),
    activation('relu'),
  ])

/** A parameter's values, each times a factor. */
type Scaled = Model['parameters'][number]
const scale = (parameter: Scaled, factor: (index: number) => number) =>
  parameter.set(parameter.get().map((value, i) => value * factor(i)))

/**
 * Multiplies what every hidden unit takes in by a factor of its own, and divides what goes out by it: a ReLU of c z is c times the ReLU
 * of z, for c > 0. Behind batch normalization the first half is enough.
 */
function rescale(model: Model, seed: number): void {
  const random = uniform(seed)
  const named = (kind: string) => model.parameters.filter(({ name }) => name.endsWith(kind))
  const [kernels, biases] = [named('.kernel'), named('.bias')]
  const isNormalized = named('.gamma').length > 0
  kernels.slice(0, -1).forEach((kernel, layer) => {
    const units = kernel.shape[1]
    const factors = Float64Array.from({ length: units }, () => REACH ** (2 * random() - 1))
    scale(kernel, (i) => factors[i % units])
    if (isNormalized) return
    scale(biases[layer], (i) => factors[i])
    const next = kernels[layer + 1]
    scale(next, (i) => 1 / factors[Math.floor(i / next.shape[1])])
  })
}

interface Method {
  readonly name: string
  readonly layers: () => Layer[]
  readonly optimizer: CompileOptions['optimizer']
}
const METHODS: readonly Method[] = [
  { name: 'SGD, rate 0.1', layers: plain, optimizer: sgd({ learningRate: 0.1 }) },
  { name: 'SGD, rate 0.01', layers: plain, optimizer: sgd({ learningRate: 0.01 }) },
  { name: 'path-SGD, rate 1', layers: plain, optimizer: pathSgd({ learningRate: 1 }) },
  { name: 'Adam, rate 0.001', layers: plain, optimizer: adam({ learningRate: 0.001 }) },
  { name: 'batch normalization, SGD, rate 0.1', layers: normalized, optimizer: sgd({ learningRate: 0.1 }) },
]

function build({ layers, optimizer }: Method, seed: number, rescaled: boolean): Model {
  const model = sequential([input(64), ...layers(), dense(10, { activation: 'softmax' })], { seed, threads: 1 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  if (rescaled) rescale(model, seed)
  return model
}

interface Course {
  /** While training, after each epoch. */
  readonly losses: readonly (number | null)[]
  readonly testAccuracy: number
}
interface Results {
  /** Of the first network: largest output, and the largest difference after rescaling; and the same with batch normalization. */
  readonly outputs: {
    readonly [name in 'plain' | 'normalized']: { readonly largest: number; readonly difference: number | null }
  }
  /** Norms of the gradients of its kernels, from the first to the last. */
  readonly gradients: { readonly [name in 'balanced' | 'rescaled']: readonly (number | null)[] }
  readonly courses: { readonly [method: string]: { readonly [name in 'balanced' | 'rescaled']: readonly Course[] } }
}

async function train(images: Images, method: Method, seed: number, rescaled: boolean, epochs: number): Promise<Course> {
  const { xTrain, yTrain, xTest, yTest } = images
  const model = build(method, seed, rescaled)
  const { metrics } = await model.fit(xTrain, yTrain, { epochs, batchSize: 32 })
  return { losses: digitsOf(metrics.loss, 4), testAccuracy: model.evaluate(xTest, yTest).accuracy }
}

/** Both networks before training, on the same rows. */
function compare({ xTrain, yTrain }: Images, method: Method) {
  const models = [false, true].map((rescaled) => build(method, SEEDS[0], rescaled))
  // as training sees them: batch normalization by the batch
  const [x, y] = [xTrain.subarray(0, 256 * 64), yTrain.subarray(0, 256)]
  const losses = models.map((model) => model.gradients(x, y).loss)
  const [outputs, others] = models.map((model) => model.predict(x))
  const gradients = models.map((model) =>
    model.parameters.filter(({ name }) => name.endsWith('.kernel')).map((kernel) => Math.hypot(...kernel.gradient())),
  )
  return { losses, outputs, others, gradients }
}

export const gauge = experiment<Results>({
  name: 'gauge',
  title: 'The same function, other gradients',
  async run({ smoke }) {
    const images = digitsSplit()
    const [first, last] = [compare(images, METHODS[0]), compare(images, METHODS[METHODS.length - 1])]
    const courses: { [name: string]: { balanced: Course[]; rescaled: Course[] } } = {}
    for (const method of METHODS) {
      const both: { balanced: Course[]; rescaled: Course[] } = { balanced: [], rescaled: [] }
      for (const seed of smoke ? SEEDS.slice(0, 1) : SEEDS) {
        both.balanced.push(await train(images, method, seed, false, smoke ? 2 : EPOCHS))
        both.rescaled.push(await train(images, method, seed, true, smoke ? 2 : EPOCHS))
      }
      courses[method.name] = both
    }
    const apart = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))
    return {
      outputs: {
        plain: { largest: Math.max(...first.outputs), difference: digits(apart(first.outputs, first.others), 3) },
        normalized: { largest: last.losses[0], difference: digits(apart([last.losses[0]], [last.losses[1]]), 3) },
      },
      gradients: { balanced: digitsOf(first.gradients[0]), rescaled: digitsOf(first.gradients[1]) },
      courses,
    }
  },
  page({ outputs, gradients, courses }) {
    const seeds = courses[METHODS[0].name].balanced.length
    const rows = METHODS.map(({ name }) => ({ name, ...courses[name] }))
    const final = (list: readonly Course[]) => list.map(({ losses }) => losses.at(-1) ?? Number.NaN)
    const accuracy = (list: readonly Course[]) => list.map(({ testAccuracy }) => testAccuracy)
    const average = (list: readonly Course[]) =>
      list[0].losses.map((_, epoch) => mean(list.map(({ losses }) => losses[epoch] ?? Number.NaN)))
    const cost = (row: (typeof rows)[number]) => mean(accuracy(row.balanced)) - mean(accuracy(row.rescaled))
    const points = (share: number) => `${(100 * share).toFixed(1)} points`
    const finite = rows.filter(({ rescaled }) => average(rescaled).some(Number.isFinite))
    return {
      source:
        'Neyshabur, Salakhutdinov, Srebro 2015, Path-SGD, arXiv:1506.02617; Ioffe and Szegedy 2015, Batch normalization, section 3.3, arXiv:1502.03167',
      claim:
        'Multiplying what a ReLU unit takes in by c > 0 and dividing what it gives by c leaves the function as it is, but not its gradient by the weights: gradient descent depends on a choice that has no meaning. Path-SGD does not depend on it, and batch normalization, which does not see the scale of the weights before it, makes training insensitive.',
      settings: [
        `The digits, 1,527 rows to train on and 270 to test with, standardized; 64-64-64-10, ReLU, He-normal; batches of 32, ${EPOCHS} epochs; seeds 1 to ${seeds}.`,
        `Rescaled: every hidden unit by a factor from 1/${REACH} to ${REACH}, even in logarithms; before batch normalization only what goes in.`,
      ],
      parts: [
        {
          head: ['before training, seed 1', 'balanced', 'rescaled'],
          rows: [
            ['largest difference of outputs', '0', short(outputs.plain.difference)],
            ...gradients.balanced.map((norm, i) => [
              `gradient of kernel ${i + 1}, norm`,
              short(norm),
              short(gradients.rescaled[i]),
            ]),
            ['with batch normalization: difference of the loss', '0', short(outputs.normalized.difference)],
          ],
        },
        {
          head: ['after training', 'loss, balanced', 'loss, rescaled', 'test rows, balanced', 'test rows, rescaled'],
          rows: rows.map(({ name, balanced, rescaled }) => [
            name,
            shorts(final(balanced)),
            final(rescaled).every(Number.isFinite) ? shorts(final(rescaled)) : 'not finite',
            percents(accuracy(balanced)),
            percents(accuracy(rescaled)),
          ]),
        },
        {
          pictures: [
            {
              name: 'loss',
              alt: 'Training loss by epoch of balanced and rescaled networks, for each method',
              svg: lineChart({
                title: `Loss, means of ${seeds} seeds`,
                series: Object.fromEntries([
                  ...rows.map(({ name, balanced }) => [name, average(balanced)] as const),
                  ...finite.map(
                    ({ name, rescaled }) => [`${name}: rescaled`, { y: average(rescaled), like: name }] as const,
                  ),
                ]),
                xLabel: 'epoch',
                yLabel: 'cross-entropy',
                yScale: 'log',
                yLimits: [1e-3, 5],
                height: 480,
              }),
            },
            {
              name: 'cost',
              alt: 'Test accuracy lost by rescaling, for each method',
              svg: bars({
                title: 'What rescaling costs',
                labels: rows.map(({ name }) => name),
                values: rows.map((row) => 100 * cost(row)),
                xLabel: 'points of test accuracy lost',
              }),
            },
          ],
        },
      ],
      verdict: `The function stays (outputs differ by ${short(outputs.plain.difference)}, rounding), and the gradients do not: their norms change by up to ${short(Math.max(...drawn(gradients.rescaled).map((norm, i) => Math.max(norm / (gradients.balanced[i] ?? 1), (gradients.balanced[i] ?? 1) / norm))))} times. With SGD it matters how the function is written down: with rate 0.1 the rescaled network loses ${points(cost(rows[0]))} of test accuracy; with rate 0.01, too small for the balanced one, its larger gradients ${cost(rows[1]) < 0 ? 'help' : 'cost'} (${points(Math.abs(cost(rows[1])))}). Path-SGD, made for this, trains both alike (final losses ${short(mean(final(rows[2].balanced)))} and ${short(mean(final(rows[2].rescaled)))}, ${points(cost(rows[2]))} lost). Adam, which divides gradients by their size, loses ${points(cost(rows[3]))}, and batch normalization ${points(cost(rows[4]))}: with it a kernel that is c times larger takes steps that are c² times smaller beside it, so that training is not the same, but as good.`,
      outcome: `As claimed: ${points(cost(rows[0]))} lost by SGD, ${points(cost(rows[2]))} by path-SGD, ${points(cost(rows[4]))} with batch normalization.`,
    }
  },
})
