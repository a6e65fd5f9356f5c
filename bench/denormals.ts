/** Time on denormal and zero values over time on ordinary ones: arithmetic on denormals can be 100 times slower. */
import { activation, adam, dense, input, type Model, type Optimizer, sequential, sgd } from '../src/entries/public.ts'
import type { Target } from '../src/machine/wasm.ts'
import { type Contender, repeated, sideBySide, type Timing } from './measure.ts'
import { OPTIMIZERS } from './optimizers.ts'
import { optimizerPass } from './pass.ts'
import type { Report, Row } from './report.ts'
import { noise } from './workloads.ts'
import { benchTargets } from './yardstick.ts'

const DENORMAL = 1e-40
const MOST = 1.5
const ROWS = 64
const INPUTS = 128
const UNITS = 64
const OUTPUTS = 16
const COUNT = 16_384

const HIDDEN = ['relu', 'tanh', 'sigmoid', 'gelu', 'silu', 'softplus'] as const

/** A case of a training step whose parameters stay as they are: its learning rate is 0. */
interface Case {
  readonly name: string
  readonly hidden: (typeof HIDDEN)[number]
  readonly optimizer?: Optimizer
  /** Factors on features and on all weights. */
  readonly features?: number
  readonly weights?: number
  /** Bias of the hidden units; of the first logit, the class of every row. */
  readonly hiddenBias?: number
  readonly firstLogit?: number
}

const CASES: readonly Case[] = [
  ...[DENORMAL, 0].flatMap((factor): Case[] => {
    const what = factor ? 'denormal' : 'zero'
    return [
      { name: `${what} features`, hidden: 'relu', features: factor },
      { name: `${what} weights`, hidden: 'relu', weights: factor },
      { name: `${what} features and weights`, hidden: 'tanh', features: factor, weights: factor },
    ]
  }),
  ...(['tanh', 'sigmoid', 'gelu', 'silu', 'softplus'] as const).flatMap((hidden): Case[] => [
    { name: `${hidden}, denormal features`, hidden, features: DENORMAL, weights: 1 },
    { name: `${hidden}, far below 0`, hidden, hiddenBias: -95 },
    { name: `${hidden}, far above 0`, hidden, hiddenBias: 95 },
  ]),
  // products that are as small as normal numbers get, and cancel
  { name: 'features and weights near 2^-63', hidden: 'relu', features: 3e-19, weights: 3e-18 },
  { name: 'features and weights of 1e-18', hidden: 'tanh', features: 1e-18, weights: 1e-17 },
  { name: 'features of 1e-36', hidden: 'relu', features: 1e-36 },
  { name: 'features and weights of 1e-20', hidden: 'relu', features: 1e-20, weights: 1e-20 },
  { name: 'relu, all units dead', hidden: 'relu', hiddenBias: -1e3 },
  { name: 'softmax sure, p denormal', hidden: 'tanh', firstLogit: 92 },
  { name: 'softmax sure, p zero', hidden: 'tanh', firstLogit: 200 },
  { name: 'adam, softmax sure, p denormal', hidden: 'tanh', firstLogit: 92, optimizer: adam({ learningRate: 0 }) },
]

function stepOf(
  target: Target,
  { name, hidden, features = 1, weights = 1, hiddenBias = 0, firstLogit = 0, ...given }: Case,
): Contender {
  const optimizer = given.optimizer ?? sgd({ learningRate: 0 })
  const layers = [input(INPUTS), dense(UNITS, { activation: hidden }), dense(OUTPUTS), activation('softmax')]
  const model = sequential(layers, { seed: 1, deterministic: target === 'simd' })
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' })
  setParameters(model, weights, hiddenBias, firstLogit)
  const x = noise(ROWS * INPUTS, 4).map((value) => value * features)
  const y = Int32Array.from({ length: ROWS }, (_, row) => (firstLogit ? 0 : row % OUTPUTS))
  return repeated(name, () => {
    model.trainStep(x, y)
  })
}

function setParameters(model: Model, weights: number, hiddenBias: number, firstLogit: number): void {
  const [kernel, bias, lastKernel, lastBias] = model.parameters
  for (const parameter of [kernel, lastKernel]) parameter.set(parameter.get().map((value) => value * weights))
  bias.set(new Float32Array(UNITS).fill(hiddenBias))
  lastBias.set(Float32Array.from({ length: OUTPUTS }, (_, i) => (i === 0 ? firstLogit : 0)))
}

interface Values {
  readonly what: string
  readonly gradients: number
  readonly states: number
}
const VALUES: readonly Values[] = [
  { what: 'denormal gradients', gradients: DENORMAL, states: 1e-3 },
  { what: 'zero gradients', gradients: 0, states: 1e-3 },
  { what: 'gradients with denormal squares', gradients: 1e-20, states: 1e-3 },
  // normal numbers that a decay would make denormal within a few passes
  { what: 'states dying out', gradients: 0, states: 1e-37 },
]
/** Passes in a row: moments that decay by 0.9 fall to a thirtieth. */
const PASSES = 32

/** Passes from values that are put back before every sample. */
function passesOf(target: Target, optimizer: Optimizer, { what, gradients, states }: Values): Contender {
  const pass = optimizerPass(target, optimizer, COUNT)
  const numbers = noise(COUNT, 9)
  const slopes = numbers.map((value) => value * gradients)
  const moments = numbers.map((value) => (0.2 + 0.8 * Math.abs(value)) * states)
  const before = () => {
    pass.parameters.set(numbers)
    pass.gradients.set(slopes)
    for (const state of pass.states) state.set(moments)
  }
  const run = () => {
    for (let i = 0; i < PASSES; i++) pass.run()
  }
  before()
  return { name: what, run, calls: PASSES, before }
}

const judged = (target: Target, { name, best, median, bestRatio, medianRatio }: Timing): Row => ({
  group: 'denormals',
  name,
  target,
  best: best * 1e6,
  median: median * 1e6,
  unit: 'us',
  ratio: 1 / bestRatio,
  medianRatio: 1 / medianRatio,
  of: 'time on ordinary values',
  required: MOST,
  atMost: true,
})

export async function denormals(report: Report): Promise<void> {
  const windows = { windows: 6, milliseconds: 3, warmup: 5 }
  for (const target of benchTargets) {
    for (const hidden of HIDDEN) {
      const plain = stepOf(target, { name: 'ordinary values', hidden })
      const cases = CASES.filter((entry) => entry.hidden === hidden).map((entry) => stepOf(target, entry))
      for (const timing of await sideBySide(plain, cases, windows)) report.add(judged(target, timing))
    }
    for (const { name, optimizer } of OPTIMIZERS) {
      const plain = passesOf(target, optimizer, { what: 'ordinary values', gradients: 1, states: 1 })
      const cases = VALUES.map((values) => passesOf(target, optimizer, values))
      const timings = await sideBySide(plain, cases, windows)
      const slowest = timings.reduce((worst, timing) => (timing.bestRatio < worst.bestRatio ? timing : worst))
      report.add(judged(target, { ...slowest, name: `${name}: ${slowest.name}` }))
    }
  }
}
