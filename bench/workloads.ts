/** The training and inference workloads that every library is measured on, and data that can be learned. */

/** Numbers in [-1, 1), the same for the same seed. */
export function noise(count: number, seed: number): Float32Array {
  const values = new Float32Array(count)
  let state = (seed * 2654435761 + 12345) >>> 0
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = state / 2 ** 31 - 1
  }
  return values
}

export type OptimizerSpec =
  | { readonly kind: 'sgd'; readonly learningRate: number; readonly momentum?: number }
  | { readonly kind: 'adam' | 'adadelta'; readonly learningRate: number }
  | { readonly kind: 'adamw'; readonly learningRate: number; readonly weightDecay: number }

export interface Workload {
  readonly id: string
  /** Inputs, units of every layer; softmax and cross-entropy at the end. */
  readonly widths: readonly number[]
  readonly hidden: 'relu' | 'tanh'
  readonly batch: number
  readonly optimizer: OptimizerSpec
  /** Batches of an epoch. */
  readonly batches: number
  /** Least steps a second. */
  readonly requiredSteps?: number
  /** Least share of the peak. */
  readonly requiredRatio?: number
}

export const WORKLOADS: readonly Workload[] = [
  {
    id: 'W1',
    widths: [4, 16, 3],
    hidden: 'tanh',
    batch: 16,
    optimizer: { kind: 'sgd', learningRate: 0.05 },
    batches: 512,
    requiredSteps: 450_000,
  },
  {
    id: 'W2',
    widths: [64, 100, 10],
    hidden: 'tanh',
    batch: 32,
    optimizer: { kind: 'sgd', learningRate: 0.05 },
    batches: 64,
    requiredRatio: 0.55,
  },
  {
    id: 'W3',
    widths: [784, 512, 512, 10],
    hidden: 'relu',
    batch: 128,
    optimizer: { kind: 'adam', learningRate: 0.001 },
    batches: 16,
    requiredRatio: 0.8,
  },
  {
    id: 'W4',
    widths: [784, 500, 300, 10],
    hidden: 'tanh',
    batch: 100,
    optimizer: { kind: 'adadelta', learningRate: 1 },
    batches: 16,
  },
  {
    id: 'W5',
    widths: [2352, 512, 512, 512, 10],
    hidden: 'relu',
    batch: 128,
    optimizer: { kind: 'sgd', learningRate: 0.01, momentum: 0.9 },
    batches: 8,
  },
  {
    id: 'W6',
    widths: [1024, 2048, 2048, 1000],
    hidden: 'relu',
    batch: 256,
    optimizer: { kind: 'adamw', learningRate: 0.0003, weightDecay: 0.01 },
    batches: 4,
  },
]

/** Few rows, where the update is most of a step. */
export const SMALL_BATCHES: readonly Workload[] = [
  {
    id: 'B4 sgd',
    widths: [784, 512, 512, 10],
    hidden: 'relu',
    batch: 4,
    optimizer: { kind: 'sgd', learningRate: 0.01 },
    batches: 64,
  },
  {
    id: 'B4 adam',
    widths: [784, 512, 512, 10],
    hidden: 'relu',
    batch: 4,
    optimizer: { kind: 'adam', learningRate: 0.001 },
    batches: 64,
  },
]

export interface InferenceLoad {
  readonly id: string
  readonly widths: readonly number[]
  readonly hidden: 'relu'
  readonly last: 'softmax' | 'sigmoid'
  readonly rows: number
}

export const INFERENCE: readonly InferenceLoad[] = [
  { id: 'I1', widths: [784, 512, 512, 10], hidden: 'relu', last: 'softmax', rows: 1 },
  { id: 'I2', widths: [784, 512, 512, 10], hidden: 'relu', last: 'softmax', rows: 256 },
  { id: 'I3', widths: [64, 32, 1], hidden: 'relu', last: 'sigmoid', rows: 1 },
]

/** Users and items, a table each, and a dense layer on the two rows. */
export const RECOMMENDER = {
  id: 'R1',
  users: 100_000,
  items: 20_000,
  units: 32,
  batch: 256,
  batches: 512,
  learningRate: 0.01,
} as const

/** A user and an item a row, and a rating that the two have in common. */
export function pairs({ users, items, batch, batches }: typeof RECOMMENDER): { x: Float32Array; y: Float32Array } {
  const rows = batch * batches
  const draws = noise(2 * rows, 5)
  const x = draws.map((value, i) => Math.floor(((value + 1) / 2) * (i % 2 ? items : users)))
  return { x, y: Float32Array.from({ length: rows }, (_, r) => (x[2 * r] % 3) + (x[2 * r + 1] % 2)) }
}

/** Rows around a point of their class, with noise. */
export function classes(
  { widths, batch, batches }: Workload,
  rows = batch * batches,
): { x: Float32Array; y: Int32Array } {
  const inputs = widths[0]
  const outputs = widths[widths.length - 1]
  const centres = noise(inputs * outputs, 7)
  const x = noise(rows * inputs, 11)
  const y = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    y[row] = (row * 7) % outputs
    for (let i = 0; i < inputs; i++) x[row * inputs + i] = 0.5 * x[row * inputs + i] + centres[y[row] * inputs + i]
  }
  return { x, y }
}

/** Floating-point operations of the products a step needs: forward, dW, and dX of all layers but the first. */
export const flopsOfStep = ({ widths, batch }: Workload): number =>
  widths.slice(1).reduce((sum, units, i) => sum + (i === 0 ? 4 : 6) * batch * widths[i] * units, 0)

/** The same for one pass forward. */
export const flopsOfPass = (widths: readonly number[], rows: number): number =>
  widths.slice(1).reduce((sum, units, i) => sum + 2 * rows * widths[i] * units, 0)

export const describe = ({ widths, batch, optimizer, hidden }: Workload): string =>
  `${widths.join('-')} ${hidden}, batch ${batch}, ${'momentum' in optimizer ? 'momentum' : optimizer.kind}`
