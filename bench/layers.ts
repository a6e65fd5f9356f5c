/** What a layer adds to a training step: time with it over time without it. */
import {
  alphaDropout,
  batchNorm,
  batchRenorm,
  blend,
  dense,
  dropout,
  gaussianNoise,
  groupNorm,
  input,
  type Layer,
  layerNorm,
  prelu,
  rmsNorm,
  scale,
  sequential,
  sgd,
} from '../src/entries/public.ts'
import type { Target } from '../src/machine/wasm.ts'
import { type Contender, repeated, sideBySide } from './measure.ts'
import type { Report } from './report.ts'
import { noise } from './workloads.ts'
import { benchTargets } from './yardstick.ts'

const ROWS = 128
const INPUTS = 256
const UNITS = 256
const OUTPUTS = 10

const EXTRA: readonly { readonly name: string; readonly layers: () => Layer[] }[] = [
  { name: 'batchNorm', layers: () => [batchNorm()] },
  { name: 'batchRenorm', layers: () => [batchRenorm()] },
  { name: 'layerNorm', layers: () => [layerNorm()] },
  { name: 'groupNorm, 8 groups', layers: () => [groupNorm(8)] },
  { name: 'rmsNorm', layers: () => [rmsNorm()] },
  { name: 'dropout', layers: () => [dropout(0.3)] },
  { name: 'alphaDropout', layers: () => [alphaDropout(0.1)] },
  { name: 'gaussianNoise', layers: () => [gaussianNoise(0.1)] },
  { name: 'prelu', layers: () => [prelu()] },
  { name: 'scale', layers: () => [scale()] },
  { name: "blend('mish')", layers: () => [blend('mish')] },
]

/** A step of 256-256-256-10 with the layers after each hidden one. */
function stepOf(target: Target, name: string, extra: () => Layer[], weightNorm = false): Contender {
  const hidden = () => [dense(UNITS, { activation: 'relu', weightNorm }), ...extra()]
  const model = sequential([input(INPUTS), ...hidden(), ...hidden(), dense(OUTPUTS, { activation: 'softmax' })], {
    seed: 1,
    deterministic: target === 'simd',
  })
  model.compile({ optimizer: sgd(), loss: 'sparseCategoricalCrossentropy' })
  const x = noise(ROWS * INPUTS, 4)
  const y = Int32Array.from({ length: ROWS }, (_, row) => row % OUTPUTS)
  return repeated(name, () => {
    model.trainStep(x, y)
  })
}

export async function layers(report: Report): Promise<void> {
  for (const target of benchTargets) {
    const plain = stepOf(target, 'plain', () => [])
    const contenders = EXTRA.map(({ name, layers }) => stepOf(target, name, layers))
    contenders.push(stepOf(target, 'weightNorm', () => [], true))
    for (const { name, best, median, bestRatio, medianRatio } of await sideBySide(plain, contenders, { windows: 8 })) {
      report.add({
        group: 'layers',
        name,
        target,
        best: best * 1e6,
        median: median * 1e6,
        unit: 'us/step',
        ratio: 1 / bestRatio,
        medianRatio: 1 / medianRatio,
        of: 'time of 256-256-256-10, batch 128, without it',
      })
    }
  }
}
