// Whole training trajectories of small networks against PyTorch in float64, through the public API, on every target.
import { suite } from 'uvu'
import type { ActivationName } from '../../src/catalogue/activations.ts'
import {
  activation,
  batchNorm,
  categoricalCrossentropy,
  configureRuntime,
  dense,
  input,
  type Layer,
  type Loss,
  l1l2,
  type Model,
  meanSquaredError,
  sequential,
  sparseCategoricalCrossentropy,
} from '../../src/entries/public.ts'
import { assertClose, type GoldenTensor, numbers, readGolden, TRAJECTORY } from '../support/golden.ts'
import { fromGolden } from '../support/optimizerCases.ts'
import { targets } from '../support/targets.ts'

interface Snapshot {
  step: number
  W: GoldenTensor[]
  b: (GoldenTensor | null)[]
  gamma?: GoldenTensor[]
  beta?: GoldenTensor[]
  running_mean?: GoldenTensor[]
  running_var?: GoldenTensor[]
}
interface NetworkCase {
  id: string
  config: {
    sizes: number[]
    activation: string
    loss: 'cross_entropy' | 'mse'
    batch_size: number
    steps: number
    optimizer: string
    optimizer_config: Record<string, unknown>
    dataset?: string
    l1?: number
    l2?: number
    batch_norm?: { momentum: number; eps: number }
    clip_norm?: number
    clip_value?: number
    label_smoothing?: number
  }
  inputs: { W: GoldenTensor[]; b: (GoldenTensor | null)[] }
  expect: { f64: { data_loss: number[]; total_loss: number[]; snapshots: Snapshot[]; eval_output: GoldenTensor } }
}
const golden = readGolden<{ datasets: Record<string, { x: GoldenTensor; y: GoldenTensor }>; cases: NetworkCase[] }>(
  'networks',
)

/** PyTorch's [out, in] weights as [inputs, units]. */
function transposed({ shape, data }: GoldenTensor): Float64Array {
  const [units, inputs] = shape
  return Float64Array.from(data, (_, i) => Number(data[(i % units) * inputs + Math.floor(i / units)]))
}

function build({ config, inputs }: NetworkCase): Model {
  const penalty = config.l1 || config.l2 ? l1l2({ l1: config.l1 ?? 0, l2: config.l2 ?? 0 }) : undefined
  const units = config.sizes.slice(1)
  const layers = units.flatMap((width, i): Layer[] => {
    const options = penalty ? { kernelRegularizer: penalty } : {}
    const kind = i < units.length - 1 ? (config.activation as ActivationName) : 'linear'
    if (!config.batch_norm || i === units.length - 1) return [dense(width, { activation: kind, ...options })]
    const { momentum, eps: epsilon } = config.batch_norm
    return [dense(width, { useBias: false, ...options }), batchNorm({ momentum, epsilon }), activation(kind)]
  })
  const model = sequential([input(config.sizes[0]), ...layers])
  const smoothing = config.label_smoothing ?? 0
  const loss: Loss =
    config.loss === 'mse'
      ? meanSquaredError()
      : smoothing
        ? categoricalCrossentropy({ fromLogits: true, labelSmoothing: smoothing })
        : sparseCategoricalCrossentropy({ fromLogits: true })
  model.compile({
    optimizer: fromGolden({ optimizer: config.optimizer, config: config.optimizer_config }),
    loss,
    ...(config.clip_norm !== undefined && { globalClipNorm: config.clip_norm }),
    ...(config.clip_value !== undefined && { clipValue: config.clip_value }),
  })
  inputs.W.forEach((weights, i) => {
    const bias = inputs.b[i]
    named(model, `dense_${i + 1}.kernel`).set(transposed(weights))
    if (bias) named(model, `dense_${i + 1}.bias`).set(numbers(bias))
  })
  return model
}

function named(model: Model, name: string) {
  const found = model.parameters.find((parameter) => parameter.name === name)
  if (!found) throw new Error(`no parameter ${name}`)
  return found
}

/** The model's parameters after a step. */
function compare(model: Model, { step, W, b, gamma, beta, running_mean, running_var }: Snapshot): void {
  const check = (name: string, expected: ArrayLike<number>) =>
    assertClose(named(model, name).get(), expected, TRAJECTORY, `${name} after step ${step}`)
  W.forEach((weights, i) => {
    const bias = b[i]
    check(`dense_${i + 1}.kernel`, transposed(weights))
    if (bias) check(`dense_${i + 1}.bias`, numbers(bias))
  })
  for (const [name, tensors] of Object.entries({
    gamma,
    beta,
    runningMean: running_mean,
    runningVariance: running_var,
  })) {
    tensors?.forEach((tensor, i) => {
      check(`batchNorm_${i + 1}.${name}`, numbers(tensor))
    })
  }
}

for (const target of targets) {
  const test = suite(`networks (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const golds of golden.cases) {
    test(golds.id, () => {
      const { config, expect } = golds
      const { x, y } = golden.datasets[config.loss === 'mse' ? 'regression-5-2' : 'classification-5-3']
      const features = Float32Array.from(numbers(x))
      const targetsOf = config.loss === 'mse' ? Float32Array.from(numbers(y)) : Int32Array.from(numbers(y))
      const rows = x.shape[0]
      const width = config.loss === 'mse' ? y.shape[1] : 1
      const model = build(golds)
      const losses: number[] = []
      for (let step = 0; step < config.steps; step++) {
        const first = (step * config.batch_size) % rows
        const last = first + config.batch_size
        losses.push(
          model.trainStep(features.subarray(first * 5, last * 5), targetsOf.subarray(first * width, last * width)),
        )
        const snapshot = expect.f64.snapshots.find((candidate) => candidate.step === step + 1)
        if (snapshot) compare(model, snapshot)
      }
      assertClose(losses, expect.f64.total_loss, TRAJECTORY, 'losses')
      assertClose(model.predict(features), numbers(expect.f64.eval_output), TRAJECTORY, 'outputs')
    })
  }
  test.run()
}
