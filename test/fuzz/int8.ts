/** Files of quantized models: what the loader accepts must predict, alone and among others the same. */
import * as assert from 'uvu/assert'
import {
  activation,
  batchNorm,
  dense,
  input,
  layerNorm,
  prelu,
  quantize,
  residual,
  sequential,
} from '../../src/entries/full.ts'
import { predictorFromBytes } from '../../src/entries/int8Predict.ts'
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts'
import { withMetadata } from '../support/modelFile.ts'
import { type Dice, damage } from './dice.ts'
import { mutate, write } from './json.ts'
import { withHeader } from './models.ts'
import type { Target } from './target.ts'

const rows = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i))

function corpus(): Uint8Array[] {
  const plain = sequential(
    [input(4), dense(6, { activation: 'tanh' }), dense(5, { useBias: false }), dense(3, { activation: 'softmax' })],
    { seed: 1 },
  )
  plain.classNames = ['one', 'two', 'three']
  const deep = sequential(
    [
      input(4),
      dense(8, { activation: 'gelu', name: 'first' }),
      residual([layerNorm(), dense(8), prelu()]),
      activation('mish'),
      batchNorm(),
      dense(1),
    ],
    { seed: 2, deterministic: true },
  )
  return [plain, deep].flatMap((model) => [
    quantize(model).toBytes(),
    quantize(model, { calibration: rows(40) }).toBytes(),
  ])
}

let files: readonly Uint8Array[] | undefined

function make(dice: Dice): { bytes: Uint8Array; options: { verify: boolean; allowNonFinite: boolean } } {
  files ??= corpus()
  const intact = dice.of(files)
  const options = { verify: dice.chance(0.6), allowNonFinite: dice.chance(0.3) }
  const { tensors, metadata } = readSafetensors(intact)
  const kind = dice.below(10)
  if (kind < 4) {
    const settings = JSON.parse(metadata.settings)
    mutate(dice, settings)
    const changed = { ...metadata, settings: write(settings) }
    return { bytes: writeSafetensors(tensors, changed, { checksum: true }), options }
  }
  if (kind < 6) return { bytes: withHeader(dice, intact), options: { ...options, verify: dice.chance(0.2) } }
  if (kind < 8) {
    const { data } = dice.of([...tensors.values()])
    const value = dice.of([Number.NaN, Number.POSITIVE_INFINITY, 3e38, -1, 1e-40, 0, 255, -128])
    for (let times = 1 + dice.below(5); times > 0; times--) data[dice.below(data.length)] = value
    return { bytes: writeSafetensors(tensors, metadata, { checksum: true }), options }
  }
  if (kind < 9) {
    const format = dice.of(['fourlane-int8/2', 'fourlane/1', ''])
    return { bytes: withMetadata(intact, (found) => ({ ...found, format })), options }
  }
  return { bytes: damage(dice, intact), options }
}

/** More inputs than this would take longer to make than to read. */
const MOST_INPUTS = 1e5

function check(bytes: Uint8Array, options: ReturnType<typeof make>['options']): void {
  const predictor = predictorFromBytes(bytes, options)
  const { inputs, outputs } = predictor
  if (inputs > MOST_INPUTS || outputs > MOST_INPUTS) return
  const x = rows(3 * inputs)
  const y = predictor.predict(x)
  assert.is(y.length, 3 * outputs)
  const alone = predictor.predict(x.subarray(inputs, 2 * inputs))
  assert.ok(
    alone.every((value, i) => Object.is(value, y[outputs + i])),
    'a row alone has other bits',
  )
}

export const int8: Target = {
  make(dice) {
    const { bytes, options } = make(dice)
    return { size: bytes.length, run: () => check(bytes, options) }
  },
  ours: /^(predictorFromBytes|safetensors|fourlane)\b/,
}
