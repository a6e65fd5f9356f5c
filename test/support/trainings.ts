/** Small trainings that between them touch every layer, loss, optimizer and step of a program, and the hash of what they leave. */
import {
  activation,
  batchNorm,
  batchRenorm,
  type CompileOptions,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  l1l2,
  layerNorm,
  leakyRelu,
  type Model,
  type ModelOptions,
  prelu,
  residual,
  rmsNorm,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { type Optimizer, type OptimizerName, optimizers } from '../../src/optimizers/optimizers.ts'

/** FNV-1a over the bits of all parameters. */
export function hashOf(model: Model): string {
  let hash = 0x811c9dc5
  for (const parameter of model.parameters) {
    const values = parameter.get()
    for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) {
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
  }
  return (hash >>> 0).toString(16).padStart(8, '0')
}

/** Values in [-1, 1) from a generator of whole numbers: no engine rounds them differently. */
function numbers(length: number, seed: number): Float32Array {
  let state = seed
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) / 2 ** 23 - 1
  })
}

const ROWS = 77
const INPUTS = 13
const UNITS = 37
const OUTPUTS = 10
const x = numbers(ROWS * INPUTS, 1)
const classes = Int32Array.from({ length: ROWS }, (_, i) => (i * 7) % OUTPUTS)
const values = numbers(ROWS * OUTPUTS, 2)
const shares = Float32Array.from(values, (value) => (value > 0 ? 1 : 0))

const classifier = (...hidden: Layer[]): Layer[] => [
  input(INPUTS),
  ...hidden,
  dense(OUTPUTS, { activation: 'softmax' }),
]
const body = dense(UNITS, { activation: 'tanh' })

interface Training {
  readonly layers: readonly Layer[]
  readonly options?: Partial<CompileOptions>
  readonly targets?: Float32Array | Int32Array
}

const trainings: Record<string, Training> = {
  layers: {
    layers: classifier(
      body,
      batchNorm(),
      residual([dense(UNITS, { activation: 'gelu', weightNorm: true }), dropout(0.2)]),
      gaussianNoise(0.1),
      dense(24),
      prelu(),
      layerNorm(),
      groupNorm(3),
    ),
  },
  norms: { layers: classifier(body, batchRenorm(), dense(24), instanceNorm(), activation('silu'), rmsNorm()) },
  activations: {
    layers: classifier(
      ...(['relu', 'elu', 'selu', 'geluTanh', 'hardSwish', 'mish', 'softplus', 'softsign', 'sigmoid'] as const).map(
        (kind) => dense(UNITS, { activation: kind }),
      ),
      dense(UNITS, { activation: leakyRelu({ alpha: 0.1 }) }),
    ),
  },
  penalties: {
    layers: classifier(
      dense(UNITS, {
        activation: 'tanh',
        kernelRegularizer: l1l2({ l1: 0.001, l2: 0.01 }),
        activityRegularizer: l1l2({ l1: 0.001, l2: 0.001 }),
      }),
    ),
  },
  'clipping by norm': { layers: classifier(body), options: { globalClipNorm: 0.1, clipNorm: 0.1 } },
  'clipping by value': { layers: classifier(body), options: { clipValue: 0.001 } },
  ...Object.fromEntries(
    (['meanSquaredError', 'meanAbsoluteError', 'huber', 'logCosh', 'hinge', 'squaredHinge'] as const).map((loss) => [
      loss,
      { layers: [input(INPUTS), body, dense(OUTPUTS)], options: { loss }, targets: values },
    ]),
  ),
  binaryCrossentropy: {
    layers: [input(INPUTS), body, dense(OUTPUTS, { activation: 'sigmoid' })],
    options: { loss: 'binaryCrossentropy' },
    targets: shares,
  },
  ...Object.fromEntries(
    (Object.keys(optimizers) as OptimizerName[]).map((name) => [
      name,
      { layers: classifier(body), options: { optimizer: (optimizers[name] as () => Optimizer)() } },
    ]),
  ),
}

/** What can be trained. */
export const trainingNames: readonly string[] = Object.keys(trainings)

/** Trains for three epochs of uneven batches. */
export async function train(name: string, options: ModelOptions): Promise<Model> {
  const { layers, options: compile, targets = classes } = trainings[name]
  const model = sequential(layers, { seed: 5, ...options })
  model.compile({
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    loss: 'sparseCategoricalCrossentropy',
    ...compile,
  })
  await model.fit(x, targets, { epochs: 3, batchSize: 16 })
  return model
}
