/** Model files: what a loader accepts must be a model, the same one for training, for predicting and after saving. */
import * as assert from 'uvu/assert'
import { predictorFromBytes } from '../../src/entries/predict.ts'
import {
  activation,
  adam,
  batchNorm,
  cosineDecay,
  dense,
  dropout,
  groupNorm,
  input,
  joinSchedules,
  l1l2,
  layerNorm,
  leakyRelu,
  type Model,
  modelFromBytes,
  nadam,
  prelu,
  residual,
  rprop,
  sequential,
  sgd,
  topKAccuracy,
} from '../../src/entries/public.ts'
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts'
import { withMetadata } from '../support/modelFile.ts'
import { type Dice, damage } from './dice.ts'
import { mutate, write } from './json.ts'
import type { Target } from './target.ts'

const classes = Int32Array.of(0, 1, 2, 0)
const rows = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i))

function corpus(): Uint8Array[] {
  const plain = sequential([input(3), dense(2)], { seed: 1 })
  const classifier = sequential([input(4), dense(6, { activation: 'tanh' }), dense(3, { activation: 'softmax' })], {
    seed: 2,
    deterministic: true,
  })
  const learningRate = joinSchedules([
    { schedule: 0.1, until: 3 },
    { schedule: cosineDecay({ learningRate: 0.1, totalSteps: 9 }) },
  ])
  classifier.compile({
    optimizer: nadam({ learningRate }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy', topKAccuracy({ k: 2 }), 'f1Score'],
    globalClipNorm: 1,
  })
  classifier.trainStep(rows(16), classes)
  classifier.classNames = ['one', 'two', 'three']
  classifier.metadata = { scaler: { mean: [1, 2.5], stddev: [0.5, 3] }, note: null }
  const deep = sequential(
    [
      input(4),
      dense(8, { activation: leakyRelu({ alpha: 0.1 }), weightNorm: true, name: 'first' }),
      batchNorm(),
      residual([layerNorm(), dense(8, { useBias: false, kernelRegularizer: l1l2({ l1: 1e-3 }) }), prelu()]),
      dropout(0.5),
      groupNorm(2),
      activation('mish'),
      dense(2, { trainable: false }),
    ],
    { seed: 3 },
  )
  deep.compile({ optimizer: rprop(), loss: 'huber', metrics: ['r2Score'] })
  deep.freeze(1)
  deep.freezeStatistics()
  deep.trainStep(rows(16), rows(8))
  const small = sequential([input(1), dense(1)], { seed: 4 })
  small.compile({ optimizer: sgd({ momentum: 0.9 }), loss: 'meanSquaredError' })
  const many = sequential([input(2), ...Array.from({ length: 20 }, () => dense(2, { activation: 'relu' }))], {
    seed: 5,
  })
  many.compile({ optimizer: adam(), loss: 'meanAbsoluteError', clipValue: 3 })
  const whole = [classifier, deep, small, many].map((model) => model.toBytes({ includeOptimizer: true }))
  return [...whole, plain.toBytes(), deep.toBytes()]
}

let files: readonly Uint8Array[] | undefined

interface ModelCase {
  readonly bytes: Uint8Array
  readonly options: { readonly verify: boolean; readonly allowNonFinite: boolean }
}

function make(dice: Dice): ModelCase {
  files ??= corpus()
  const intact = dice.of(files)
  const options = { verify: dice.chance(0.6), allowNonFinite: dice.chance(0.3) }
  const kind = dice.below(10)
  if (kind < 5) {
    const { tensors, metadata } = readSafetensors(intact)
    const settings = JSON.parse(metadata.settings)
    mutate(dice, settings)
    let text = write(settings)
    if (dice.chance(0.1)) text = new TextDecoder().decode(damage(dice, new TextEncoder().encode(text)))
    return { bytes: writeSafetensors(tensors, { ...metadata, settings: text }, { checksum: true }), options }
  }
  if (kind < 7) return { bytes: withHeader(dice, intact), options: { ...options, verify: dice.chance(0.2) } }
  if (kind < 8) {
    const { tensors, metadata } = readSafetensors(intact)
    const { data } = dice.of([...tensors.values()])
    const value = dice.of([Number.NaN, Number.POSITIVE_INFINITY, 3e38, -3e38, 1e-40, 0])
    for (let times = 1 + dice.below(5); times > 0; times--) data[dice.below(data.length)] = value
    return { bytes: writeSafetensors(tensors, metadata, { checksum: true }), options }
  }
  if (kind < 9) {
    const change = dice.of<(metadata: Record<string, unknown>) => Record<string, unknown>>([
      ({ crc32: _, ...others }) => others,
      (metadata) => ({ ...metadata, crc32: dice.of(['', 'x', '00000000', 5]) }),
      (metadata) => ({ ...metadata, format: dice.of(['fourlane/2', 'fourlane/3', 'pt', '']) }),
      (metadata) => ({ ...metadata, settings: dice.of(['', '[]', '{}', 'null', '{"layers":[]}', 5]) }),
      (metadata) => ({ ...metadata, note: 'x' }),
    ])
    return { bytes: withMetadata(intact, change), options }
  }
  return { bytes: damage(dice, intact), options }
}

/** The file with a header that is changed, and its data as they were. */
export function withHeader(dice: Dice, bytes: Uint8Array): Uint8Array {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  mutate(dice, header)
  const text = new TextEncoder().encode(write(header))
  const file = new Uint8Array(8 + text.length + bytes.length - 8 - length)
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true)
  file.set(text, 8)
  file.set(bytes.subarray(8 + length), 8 + text.length)
  return file
}

/** More inputs than this would take longer to make than to read. */
const MOST_INPUTS = 1e5

function check({ bytes, options }: ModelCase): void {
  const model = modelFromBytes(bytes, options)
  const { inputs, outputs } = model.engine
  const predictor = predictorFromBytes(bytes, options)
  assert.equal([predictor.inputs, predictor.outputs], [inputs, outputs])
  const includeOptimizer = model.engine.steps > 0
  if (inputs <= MOST_INPUTS && outputs <= MOST_INPUTS) {
    const x = rows(3 * inputs)
    const y = model.predict(x)
    assert.is(y.length, 3 * outputs)
    assert.ok(sameBits(predictor.predict(x), y), 'the predictor predicts other values')
  }
  const saved = model.toBytes({ includeOptimizer })
  const again = modelFromBytes(saved, { allowNonFinite: true })
  assert.ok(Buffer.from(again.toBytes({ includeOptimizer })).equals(saved), 'saved again, the file is another one')
  if (inputs <= MOST_INPUTS && model.compiled) train(model, inputs, outputs)
}

function train(model: Model, inputs: number, outputs: number): void {
  const x = rows(4 * inputs)
  const y =
    model.compiled?.loss?.kind === 'sparseCategoricalCrossentropy' ? new Int32Array(4) : new Float32Array(4 * outputs)
  for (let step = 0; step < 2; step++) assert.type(model.trainStep(x, y), 'number')
  model.evaluate(x, y)
}

const sameBits = (a: Float32Array, b: Float32Array) =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]))

export const models: Target = {
  make(dice) {
    const made = make(dice)
    return { size: made.bytes.length, run: () => check(made) }
  },
  ours: /^(modelFromBytes|predictorFromBytes|safetensors|fourlane|trainStep|evaluate|compile|\w+: the schedule of)\b/,
}
