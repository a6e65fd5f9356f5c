/** Small trainings that together run all kernels: a check that an engine switch does not change a single bit. */
import { type ActivationName, activationKinds } from '../catalogue/activations.ts'
import { LOSS_NAMES, type LossName, lossKinds } from '../catalogue/losses.ts'
import {
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
  oneHotColumns,
  periodicEmbedding,
  prelu,
  residual,
  rmsNorm,
  scale,
} from '../layers/layers.ts'
import { TILES } from '../machine/tuner.ts'
import { pickTarget, settleTile } from '../machine/wasm.ts'
import { muon } from '../optimizers/matrices/muon.ts'
import { shampoo } from '../optimizers/matrices/shampoo.ts'
import { type OptimizerName, optimizers } from '../optimizers/optimizers.ts'
import type { AnyOptimizer } from '../optimizers/resolve.ts'
import { type Model, sequential } from './model.ts'
import { gaussNewtonVectorProduct, hessianVectorProduct } from './products.ts'
import { quantize } from './quantize.ts'

/** Not divisible by any tile, panel or vector. */
const ROWS = 23
const INPUTS = 21
const UNITS = 37
const OUTPUTS = 11
const STEPS = 2
/** Whether dW is computed from packed strips: if there are enough rows, and they are long enough. */
const PACKED = { rows: 66, inputs: 389, units: 383 } as const

const features = Float32Array.from({ length: ROWS * INPUTS }, (_, i) => Math.sin(i))
/** Positive shares that sum to 1 per row: valid targets for every loss. */
const shares = Float32Array.from({ length: ROWS * OUTPUTS }, (_, i) => (1 + (i % 3)) / OUTPUTS / 2)
const classes = Int32Array.from({ length: ROWS }, (_, i) => (i * 7) % OUTPUTS)
/** Rows of predictions: single rows, and tiles of each height, have their own kernels. */
const SOME = [1, 2, 3, 4, 5, 6, ROWS]
const direction = new Float32Array((INPUTS + 1) * UNITS + (UNITS + 1) * OUTPUTS).fill(1)
const body = dense(UNITS, { activation: 'tanh' })

interface Training {
  readonly hidden?: readonly Layer[]
  readonly loss?: LossName
  readonly optimizer?: AnyOptimizer
}

const ACTIVATIONS = Object.keys(activationKinds) as ActivationName[]
/** At most four layers each, so that signals do not vanish. */
const STACKS = Array.from({ length: Math.ceil(ACTIVATIONS.length / 4) }, (_, i) => ACTIVATIONS.slice(4 * i, 4 * i + 4))

/** A suitable last activation for each loss. */
const lastOf = (loss: LossName): ActivationName =>
  /ategoricalC|kl/.test(loss) ? 'softmax' : loss === 'binaryCrossentropy' || loss === 'poisson' ? 'sigmoid' : 'linear'

/** Covers every activation, loss, optimizer and layer; of the rules on matrices, those with the most kernels. Few models, since each has its own memory. */
const trainings = (): Training[] => [
  ...STACKS.map((kinds) => ({ hidden: kinds.map((activation) => dense(UNITS, { activation })) })),
  ...(Object.keys(optimizers) as OptimizerName[]).map((name, i) => ({
    optimizer: (optimizers[name] as () => AnyOptimizer)(),
    loss: LOSS_NAMES[i % LOSS_NAMES.length],
  })),
  ...[muon(), shampoo()].map((optimizer) => ({ hidden: [body, body], optimizer })),
  {
    hidden: [
      body,
      batchNorm(),
      residual([dense(UNITS, { activation: 'gelu', weightNorm: true }), dropout(0.2)]),
      gaussianNoise(0.1),
      dense(24),
      prelu(),
      layerNorm(),
      groupNorm(3),
      batchRenorm(),
      rmsNorm(),
    ],
  },
  { hidden: [oneHotColumns({ columns: [0], categories: 3 }), scale(), periodicEmbedding(), blend('mish')] },
]

/** FNV-1a over bits. */
class Digest {
  value = 0x811c9dc5

  take({ buffer, byteOffset, byteLength }: Float32Array): void {
    for (const bits of new Uint32Array(buffer, byteOffset, byteLength / 4)) {
      this.value = Math.imul(this.value ^ bits, 0x01000193) >>> 0
    }
  }
}

function train(training: Training, deterministic: boolean): Model {
  const { hidden = [body], loss = 'categoricalCrossentropy', optimizer = optimizers.sgd() } = training
  const layers = [input(INPUTS), ...hidden, dense(OUTPUTS, { activation: lastOf(loss) })]
  const model = sequential(layers, { seed: 1, deterministic, threads: 1 })
  model.compile({ optimizer, loss })
  const targets = lossKinds[loss].targets === 'classes' ? classes : shares
  const whole = hidden.some((layer) => layer.kind === 'oneHotColumns')
  const x = whole ? features.map((value, i) => (i % INPUTS === 0 ? i % 3 : value)) : features
  for (let i = 0; i < STEPS; i++) model.trainStep(x, targets)
  return model
}

function trainPacked(deterministic: boolean): Model {
  const { rows, inputs, units } = PACKED
  const model = sequential([input(inputs), dense(units)], { seed: 1, deterministic, threads: 1 })
  model.compile({ optimizer: optimizers.sgd(), loss: 'meanSquaredError' })
  const wave = (width: number) => Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i))
  model.trainStep(wave(inputs), wave(units))
  return model
}

/**
 * A digest of what all kernels of a build compute: parameters after training, predictions of one row and of many, in float and
 * int8, curvature products.
 * @param deterministic for the plain SIMD build, otherwise the one that new models use.
 */
export function digestOfKernels(deterministic: boolean): number {
  const digest = new Digest()
  const take = (values: Float32Array) => digest.take(values)
  for (const training of trainings()) take(train(training, deterministic).getWeights())
  for (const tile of TILES) {
    settleTile(pickTarget(deterministic), tile)
    const model = train({}, deterministic)
    take(model.getWeights())
    take(trainPacked(deterministic).getWeights())
    take(hessianVectorProduct(model, features, shares, direction))
    take(gaussNewtonVectorProduct(model, features, shares, direction))
    for (const rows of SOME) take(model.predict(features.subarray(0, rows * INPUTS)))
  }
  const int8 = quantize(train({}, deterministic))
  for (const rows of SOME) take(int8.predict(features.subarray(0, rows * INPUTS)))
  return digest.value
}
