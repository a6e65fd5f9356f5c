// Whole training trajectories of small networks against PyTorch in float64, through the public API, on every target.
import { suite } from 'uvu'
import type { ActivationName } from '../src/activations.ts'
import {
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
} from '../src/index.ts'
import { assertClose, type GoldenTensor, numbers, readGolden, TRAJECTORY } from './golden.ts'
import { fromGolden } from './optimizer-cases.ts'
import { targets } from './targets.ts'

interface Snapshot {
  step: number
  W: GoldenTensor[]
  b: (GoldenTensor | null)[]
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
  const layers: Layer[] = units.map((width, i) =>
    dense(width, {
      activation: i < units.length - 1 ? (config.activation as ActivationName) : 'linear',
      ...(penalty && { kernelRegularizer: penalty }),
    }),
  )
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
  model.parameters.forEach((parameter, i) => {
    const layer = Math.floor(i / 2)
    const bias = inputs.b[layer]
    parameter.set(i % 2 === 0 ? transposed(inputs.W[layer]) : bias ? numbers(bias) : new Float64Array(parameter.size))
  })
  return model
}

for (const target of targets) {
  const test = suite(`networks (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const golds of golden.cases.filter(({ config }) => !config.batch_norm)) {
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
        snapshot?.W.forEach((weights, layer) => {
          const bias = snapshot.b[layer]
          assertClose(
            model.parameters[2 * layer].get(),
            transposed(weights),
            TRAJECTORY,
            `W${layer} after step ${step + 1}`,
          )
          if (bias)
            assertClose(
              model.parameters[2 * layer + 1].get(),
              numbers(bias),
              TRAJECTORY,
              `b${layer} after step ${step + 1}`,
            )
        })
      }
      assertClose(losses, expect.f64.total_loss, TRAJECTORY, 'losses')
      assertClose(model.predict(features), numbers(expect.f64.eval_output), TRAJECTORY, 'outputs')
    })
  }
  test.run()
}
