/** How large gradients are in each layer of a deep network, and what makes them vanish, explode, or neither. */
import {
  type ActivationName,
  activation,
  adam,
  batchNorm,
  dense,
  diagnose,
  glorotUniform,
  heNormal,
  type Initializer,
  initialGain,
  input,
  type Layer,
  orthogonal,
  randomNormal,
  residual,
  sequential,
} from 'fourlane'
import { lineChart } from 'fourlane/charts'
import { experiment } from './frame/experiment.ts'
import { digitsSplit, type Images } from './frame/images.ts'
import { digitsOf, mean, percents, short } from './frame/numbers.ts'

const DEPTH = 20
const WIDTH = 64
const SEEDS = [1, 2, 3]
const EPOCHS = 10
const ROWS = 256

interface Stack {
  readonly name: string
  readonly group: 'activations' | 'normalized'
  readonly layers: (depth: number) => Layer[]
}

const repeat = (depth: number, layers: () => Layer[]): Layer[] => Array.from({ length: depth }, layers).flat()
const plain = (name: ActivationName, kernelInitializer: Initializer) => (depth: number) =>
  repeat(depth, () => [dense(WIDTH, { activation: name, kernelInitializer })])
const normalized = (name: ActivationName, kernelInitializer: Initializer) => (depth: number) =>
  repeat(depth, () => [dense(WIDTH, { useBias: false, kernelInitializer }), batchNorm(), activation(name)])
const tiny = randomNormal({ stddev: 0.05 })

const STACKS: readonly Stack[] = [
  { name: 'sigmoid, Glorot', group: 'activations', layers: plain('sigmoid', glorotUniform()) },
  { name: 'tanh, Glorot', group: 'activations', layers: plain('tanh', glorotUniform()) },
  { name: 'tanh, orthogonal', group: 'activations', layers: plain('tanh', orthogonal({ gain: initialGain('tanh') })) },
  { name: 'ReLU, Glorot', group: 'activations', layers: plain('relu', glorotUniform()) },
  { name: 'ReLU, He', group: 'activations', layers: plain('relu', heNormal()) },
  { name: 'ReLU, orthogonal', group: 'activations', layers: plain('relu', orthogonal({ gain: Math.SQRT2 })) },
  { name: 'ReLU, N(0, 0.05²)', group: 'normalized', layers: plain('relu', tiny) },
  { name: 'ReLU, N(0, 0.05²), batch normalization', group: 'normalized', layers: normalized('relu', tiny) },
  {
    name: 'ReLU, N(0, 0.05²), residual blocks of 2',
    group: 'normalized',
    layers: (depth) => [
      dense(WIDTH),
      ...repeat(Math.floor(depth / 2), () => [
        residual(repeat(2, () => [dense(WIDTH, { activation: 'relu', kernelInitializer: tiny })])),
      ]),
    ],
  },
]

interface Result {
  /** The deviation of the gradient of each layer's sums, from the first to the last, seed 1. */
  readonly gradients: readonly (number | null)[]
  /** Last over first, by seed. */
  readonly ratios: readonly (number | null)[]
  readonly testAccuracy: readonly number[]
}
type Results = { readonly [stack: string]: Result }

async function look(
  { xTrain, yTrain, xTest, yTest }: Images,
  stack: Stack,
  seed: number,
  epochs: number,
  depth: number,
) {
  const model = sequential([input(64), ...stack.layers(depth), dense(10, { activation: 'softmax' })], {
    seed,
    threads: 1,
  })
  model.compile({
    optimizer: adam({ learningRate: 1e-3 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  })
  const { layers } = diagnose(model, xTrain.subarray(0, ROWS * 64), yTrain.subarray(0, ROWS))
  const gradients = layers
    .filter(({ kind }) => kind === 'dense' || kind === 'residual')
    .map((layer) => layer.gradientDeviation)
  await model.fit(xTrain, yTrain, { epochs, batchSize: 32 })
  return { gradients: gradients.slice(0, -1), testAccuracy: model.evaluate(xTest, yTest).accuracy }
}

export const vanishing = experiment<Results>({
  name: 'vanishing',
  title: 'Gradients that vanish',
  async run({ smoke, once }) {
    const images = digitsSplit()
    const results: { [name: string]: Result } = {}
    for (const stack of STACKS) {
      results[stack.name] = await once(stack.name, async () => {
        const runs = []
        for (const seed of smoke ? [1] : SEEDS)
          runs.push(await look(images, stack, seed, smoke ? 1 : EPOCHS, smoke ? 6 : DEPTH))
        return {
          gradients: digitsOf(runs[0].gradients, 4),
          ratios: digitsOf(
            runs.map(({ gradients }) => (gradients.at(-1) ?? Number.NaN) / gradients[0]),
            4,
          ),
          testAccuracy: runs.map(({ testAccuracy }) => testAccuracy),
        }
      })
    }
    return results
  },
  page(results) {
    const depthOf = ({ gradients }: Result) => gradients.length
    const rows = STACKS.map((stack) => ({ ...stack, ...results[stack.name] }))
    const factor = (row: Result) => {
      const logs = row.ratios.map((ratio) => Math.log(ratio ?? Number.NaN))
      return Math.exp(mean(logs) / (depthOf(row) - 1))
    }
    const chart = (group: Stack['group'], title: string) => {
      const own = rows.filter((row) => row.group === group)
      const most = Math.max(...own.map(depthOf))
      return lineChart({
        title,
        series: Object.fromEntries(
          own.map((row) => {
            const x = row.gradients.map((_, i) => (depthOf(row) === 1 ? 1 : 1 + (i * (most - 1)) / (depthOf(row) - 1)))
            return [row.name, { x, y: row.gradients.map((value) => value ?? Number.NaN), markers: true }] as const
          }),
        ),
        xLabel: 'layer, from the input',
        yLabel: 'deviation of the gradient',
        yScale: 'log',
        height: 480,
      })
    }
    const of = (name: string) => rows.find((row) => row.name === name) ?? rows[0]
    const words = (name: string) => `${short(factor(of(name)))} (${percents(of(name).testAccuracy)})`
    return {
      source:
        'Glorot and Bengio 2010; Saxe, McClelland, Ganguli 2013, arXiv:1312.6120; He et al. 2015, arXiv:1502.01852; Ioffe and Szegedy 2015, arXiv:1502.03167; He et al. 2016, arXiv:1512.03385',
      claim:
        "Gradients shrink or grow by a factor in every layer they pass. Sigmoids make them vanish; tanh with Glorot's weights, ReLU with He's and orthogonal weights keep their size; batch normalization and residual connections keep it whatever the initial weights.",
      settings: [
        `The digits, standardized, 1,527 rows to train on and 270 to test with; ${DEPTH} hidden layers of ${WIDTH} units; seeds 1 to ${rows[0].testAccuracy.length}.`,
        `Gradients are those of the mean loss of ${ROWS} rows before training, as \`diagnose\` gives them: their deviation over rows and units. "Of a layer": the geometric mean over the seeds of last over first, as a factor of one layer.`,
        `Test accuracy: after ${EPOCHS} epochs of Adam with rate 0.001, batches of 32. Residual blocks have two layers each, after a first layer that is not in a block.`,
      ],
      parts: [
        {
          head: [
            'hidden layers',
            'gradient, first layer',
            'gradient, last layer',
            'of a layer, on the way back',
            'test accuracy',
          ],
          rows: rows.map((row) => [
            row.name,
            short(row.gradients[0]),
            short(row.gradients.at(-1) ?? null),
            `/ ${short(factor(row))}`,
            percents(row.testAccuracy),
          ]),
        },
        {
          pictures: [
            {
              name: 'activations',
              alt: 'Gradient by layer: vanishing for sigmoid and for ReLU with Glorot weights, constant for the others',
              svg: chart('activations', 'Activations and initial weights'),
            },
            {
              name: 'normalized',
              alt: 'Gradient by layer with weights that are too small: vanishing, unless normalized or with residual connections',
              svg: chart('normalized', 'Weights that are too small'),
            },
          ],
        },
      ],
      verdict: `As claimed for activations and initial weights: on the way back a layer divides gradients by ${words('sigmoid, Glorot')} with sigmoid, ${words('ReLU, Glorot')} with ReLU and Glorot's weights, ${words('tanh, Glorot')} with tanh, ${words('ReLU, He')} with ReLU and He's weights, ${words('ReLU, orthogonal')} with orthogonal ones; in parentheses, how many test rows ten epochs get right. With weights that are too small it is ${words('ReLU, N(0, 0.05²)')}; residual blocks make that ${words('ReLU, N(0, 0.05²), residual blocks of 2')}. Batch normalization does not keep the size: gradients explode, ${short(1 / factor(of('ReLU, N(0, 0.05²), batch normalization')))} times a layer (${percents(of('ReLU, N(0, 0.05²), batch normalization').testAccuracy)}), as Yang et al. 2019, arXiv:1902.08129, derive for wide networks, with 1.21. It trains all the same, since it does not see the scale of the weights before it.`,
      outcome: `As claimed, but for batch normalization, with which gradients explode slowly instead of vanishing.`,
    }
  },
})
