/** What a step of K-FAC costs against one of Adam, on 784-512-512-10 and batches of 512. */
import { adam, dense, input, kfac, type OptimizerName, type Solver, sequential } from '../src/entries/public.ts'
import { type Contender, sideBySide } from './measure.ts'
import type { Report } from './report.ts'
import { noise } from './workloads.ts'
import { benchTargets } from './yardstick.ts'

const ROWS = 512
/** Steps per sample: a multiple of inverseEvery. */
const STEPS = 10
const WARMUP_STEPS = 20

/** By factorEvery: at most so many of Adam's steps. */
const CASES = [
  { factorEvery: 1, required: 3.5 },
  { factorEvery: 10, required: 2.5 },
] as const

function steps(name: string, optimizer: OptimizerName | Solver | ReturnType<typeof adam>): Contender {
  const hidden = [512, 512].map((units) => dense(units, { activation: 'relu' }))
  const model = sequential([input(784), ...hidden, dense(10, { activation: 'softmax' })], { seed: 1 })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' })
  const x = Float32Array.from(noise(ROWS * 784, 1), Math.abs)
  const y = Float32Array.from({ length: ROWS }, (_, row) => (row * 7) % 10)
  const run = () => {
    for (let i = 0; i < STEPS; i++) model.trainStep(x, y)
  }
  for (let i = 0; i < WARMUP_STEPS; i += STEPS) run()
  return { name, run, calls: STEPS }
}

export async function kroneckerFactors(report: Report): Promise<void> {
  const [target] = benchTargets
  const yardstick = steps('adam', adam())
  const contenders = CASES.map(({ factorEvery }) =>
    steps(`factorEvery ${factorEvery}`, kfac({ learningRate: 0.01, factorEvery, inverseEvery: 10 })),
  )
  const timings = await sideBySide(yardstick, contenders, { windows: 6, milliseconds: 200, warmup: 0 })
  for (const [i, { name, best, median, bestRatio, medianRatio }] of timings.entries()) {
    report.add({
      group: 'kfac',
      name: `784-512-512-10 ${name}`,
      target,
      best: best * 1e3,
      median: median * 1e3,
      unit: 'ms',
      ratio: 1 / bestRatio,
      medianRatio: 1 / medianRatio,
      of: 'adam',
      required: CASES[i].required,
      atMost: true,
    })
  }
}
