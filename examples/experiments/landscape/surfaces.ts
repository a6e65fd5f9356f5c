/** Surfaces around deep networks, with and without residual connections. */
import { activation, batchNorm, dense, type Layer, lossSurface, residual } from 'fourlane'
import type { Images } from '../frame/images.ts'
import { digits, digitsOf, mean } from '../frame/numbers.ts'
import { fitQuadratic } from '../frame/quadratic.ts'
import { compiled } from './network.ts'

export const SEEDS = [1, 2, 3]
export const DEPTHS = [8, 20, 40]
export const WIDTH = 32

/** Rows whose loss a surface is of. */
export const SURFACE_ROWS = 512

const block = (): Layer[] => [
  dense(WIDTH, { useBias: false, kernelInitializer: 'heNormal' }),
  batchNorm(),
  activation('relu'),
]

function deep(depth: number, isResidual: boolean): Layer[] {
  const pairs = Array.from({ length: (depth - 2) / 2 }, () => [...block(), ...block()])
  return [...block(), ...block(), ...pairs.flatMap((pair) => (isResidual ? [residual(pair)] : pair))]
}

export const nameOf = (depth: number, isResidual: boolean) => `${depth} layers, ${isResidual ? 'residual' : 'plain'}`

export interface Surface {
  readonly trainLoss: number | null
  readonly testAccuracy: number
  /** Mean loss at distance 1 above that in the middle. */
  readonly rise: number | null
  /** The same, with batch normalization by the batch, as while training. */
  readonly riseOfBatch: number | null
  /** Of the quadratic through the points within 0.3. */
  readonly condition: number | null
  /** What a quadratic explains of the points within 1. */
  readonly explained: number | null
  readonly u?: readonly (number | null)[]
  readonly loss?: readonly (number | null)[]
}

/** Mean loss at distance 1 of the middle, above that in the middle. */
function riseAt1(u: Float64Array, v: Float64Array, loss: Float64Array): number {
  const points = u.length
  const ring = loss.filter((_, i) => Math.abs(Math.hypot(u[i % points], v[Math.floor(i / points)]) - 1) < 1.5 / points)
  return mean(Array.from(ring)) - loss[(loss.length - 1) / 2]
}

export async function surfaceOf(
  images: Images,
  depth: number,
  isResidual: boolean,
  seed: number,
  epochs: number,
  points: number,
) {
  const { columns, xTrain, yTrain, xTest, yTest } = images
  const model = compiled(columns, deep(depth, isResidual), seed)
  await model.fit(xTrain, yTrain, { epochs, batchSize: 64 })
  const rows = Math.min(SURFACE_ROWS, yTrain.length)
  const [x, y] = [xTrain.subarray(0, rows * columns), yTrain.subarray(0, rows)]
  const { u, v, loss } = lossSurface(model, x, y, { seed, points })
  const spots = Array.from(loss, (height, i) => [u[i % points], v[Math.floor(i / points)], height] as const)
  const middle = loss[(loss.length - 1) / 2]
  const coarse = lossSurface(model, x, y, { seed, points: 11, training: true })
  const near = fitQuadratic(spots.filter(([a, b]) => Math.hypot(a, b) <= 0.3))
  const far = fitQuadratic(spots.filter(([a, b]) => Math.hypot(a, b) <= 1))
  const found: Surface = {
    trainLoss: digits(middle),
    testAccuracy: model.evaluate(xTest, yTest).accuracy,
    rise: digits(riseAt1(u, v, loss), 4),
    riseOfBatch: digits(riseAt1(coarse.u, coarse.v, coarse.loss), 4),
    condition: digits(near.eigenvalues[0] / near.eigenvalues[1], 4),
    explained: digits(far.explained, 4),
    ...(seed === SEEDS[0] && { u: digitsOf(u, 4), loss: digitsOf(loss, 4) }),
  }
  return found
}
