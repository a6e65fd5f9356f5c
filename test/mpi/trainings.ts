/** Trainings that ranks do together, each with the same done by one process on the batches that they make up. */

import { noise } from '../../bench/workloads.ts'
import {
  activation,
  adam,
  batchNorm,
  type CompileOptions,
  customLoss,
  dense,
  dropout,
  embedding,
  type FitOptions,
  gaussianNoise,
  type History,
  input,
  l2,
  lbfgs,
  type Model,
  muon,
  residual,
  sequential,
  sgd,
} from '../../src/entries/full.ts'
import type { Parallel } from '../../src/entries/mpi.ts'

export const INPUTS = 7
export const CLASSES = 3

export interface Rows {
  readonly x: Float32Array
  readonly y: Int32Array
  readonly weights: Float32Array
}

/** Rows of three classes that a small network can tell apart, mostly. */
export function rowsOf(rows: number): Rows {
  const x = noise(rows * INPUTS, 3)
  const y = Int32Array.from({ length: rows }, (_, row) => (row * 5) % CLASSES)
  for (let row = 0; row < rows; row++) x[row * INPUTS + y[row]] += 0.7
  // some rows have no weight at all
  const weights = noise(rows, 9).map((value) => Math.max(0, value + 0.6))
  return { x, y, weights }
}

/** The rows at the given places. */
export function pick({ x, y, weights }: Rows, places: readonly number[]): Rows {
  const picked = new Float32Array(places.length * INPUTS)
  places.forEach((row, i) => {
    picked.set(x.subarray(row * INPUTS, (row + 1) * INPUTS), i * INPUTS)
  })
  return {
    x: picked,
    y: Int32Array.from(places, (row) => y[row]),
    weights: Float32Array.from(places, (row) => weights[row]),
  }
}

export interface Joint {
  /** Rows of each rank in an update, and in an epoch: as many entries as ranks, repeated if there are more. */
  readonly batches: readonly number[]
  readonly rows: readonly number[]
  readonly epochs: number
  readonly layers?: () => Parameters<typeof sequential>[0]
  readonly compile?: CompileOptions
  readonly weighted?: boolean
  readonly options?: FitOptions
  /** Whether the first column chooses a row of a table. */
  readonly tabled?: boolean
  /** Batches that arrive one by one. */
  readonly streamed?: boolean
  readonly syncEvery?: number
  /** Whether one process can do the same. */
  readonly alone?: boolean
}

const TABLE_ROWS = 40

const deep = () => [
  input(INPUTS),
  dense(13, { activation: 'tanh' }),
  dense(9, { activation: 'tanh' }),
  dense(CLASSES, { activation: 'softmax' }),
]
const plain = () => [input(INPUTS), dense(13, { activation: 'tanh' }), dense(CLASSES, { activation: 'softmax' })]

/** The sparse cross-entropy of softmax outputs, as a user would write it. */
const own = customLoss({
  name: 'own',
  targets: 'classes',
  compute(outputs, targets, gradient, { rows, columns }) {
    let loss = 0
    for (let row = 0; row < rows; row++) {
      const at = row * columns + targets[row]
      loss -= Math.log(outputs[at]) / rows
      gradient[at] = -1 / (outputs[at] * rows)
    }
    return loss
  },
})

const ADAM: CompileOptions = { optimizer: adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' }

/** All with a number of rows that fills every batch, unless it says otherwise. */
export const TRAININGS: Readonly<Record<string, Joint>> = {
  adam: { batches: [8], rows: [160], epochs: 10, compile: { ...ADAM, metrics: ['accuracy', 'auc'] } },
  'unequal rows': { batches: [8, 4], rows: [61, 37], epochs: 6 },
  weights: { batches: [8, 3], rows: [64, 30], epochs: 6, weighted: true },
  noise: {
    batches: [6, 5],
    rows: [60, 47],
    epochs: 5,
    layers: () => [
      input(INPUTS),
      gaussianNoise(0.2),
      dense(13, { activation: 'relu' }),
      dropout(0.3),
      dense(CLASSES, { activation: 'softmax' }),
    ],
  },
  penalties: {
    batches: [8, 5],
    rows: [64, 35],
    epochs: 6,
    layers: () => [
      input(INPUTS),
      dense(13, { activation: 'tanh', kernelRegularizer: l2(0.02), activityRegularizer: l2(0.05) }),
      dense(CLASSES, { activation: 'softmax' }),
    ],
    compile: { ...ADAM, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), globalClipNorm: 0.3 },
  },
  accumulated: { batches: [4], rows: [70, 53], epochs: 5, weighted: true, options: { accumulate: 3 } },
  muon: {
    batches: [8, 4],
    rows: [61, 37],
    epochs: 5,
    layers: () => deep(),
    compile: { ...ADAM, optimizer: muon({ learningRate: 0.01 }) },
  },
  'rows of tables': {
    batches: [8, 4],
    rows: [61, 37],
    epochs: 5,
    tabled: true,
    layers: () => [input(INPUTS), embedding([{ columns: 0, categories: TABLE_ROWS, units: 3 }]), ...plain().slice(1)],
    compile: { ...ADAM, optimizer: sgd({ learningRate: 0.05 }) },
  },
  wide: {
    batches: [8, 4],
    rows: [64, 40],
    epochs: 3,
    layers: () => [
      input(INPUTS),
      dense(160, { activation: 'tanh' }),
      dense(192, { activation: 'relu', kernelRegularizer: l2(0.001) }),
      residual([batchNorm({ synchronized: true }), dense(192, { activation: 'tanh' })]),
      dense(CLASSES, { activation: 'softmax' }),
    ],
    compile: { ...ADAM, optimizer: sgd({ learningRate: 0.005 }) },
  },
  'own loss': { batches: [8, 4], rows: [61, 37], epochs: 5, compile: { ...ADAM, loss: own } },
  streamed: { batches: [8, 3], rows: [61, 37], epochs: 5, streamed: true },
  'steps an epoch': { batches: [8, 4], rows: [40, 28], epochs: 4, options: { stepsPerEpoch: 4, maxSteps: 14 } },
  lbfgs: { batches: [32], rows: [61, 37], epochs: 5, compile: { ...ADAM, optimizer: lbfgs() }, weighted: true },
  shuffled: { batches: [8], rows: [61, 37], epochs: 4, options: { shuffle: true }, alone: false },
  'batch norm': {
    batches: [8],
    rows: [64, 40],
    epochs: 4,
    layers: () => [input(INPUTS), dense(13), batchNorm(), dense(CLASSES, { activation: 'softmax' })],
    alone: false,
  },
  synchronized: {
    batches: [8, 4],
    rows: [64, 40],
    epochs: 8,
    layers: () => [
      input(INPUTS),
      // batch norm takes a bias out again: its gradient is rounding, which Adam would blow up
      dense(13, { useBias: false }),
      batchNorm({ synchronized: true }),
      activation('tanh'),
      residual([batchNorm({ synchronized: true, momentum: null }), dense(13, { activation: 'tanh' })]),
      batchNorm({ synchronized: true, affine: false }),
      dense(CLASSES, { activation: 'softmax' }),
    ],
  },
  'synchronized weights': {
    batches: [8, 3],
    rows: [64, 30],
    epochs: 6,
    layers: () => [input(INPUTS), batchNorm({ synchronized: true }), ...deep().slice(1)],
    weighted: true,
  },
  'synchronized streams': {
    batches: [8, 3],
    rows: [61, 39],
    epochs: 5,
    layers: () => [input(INPUTS), dense(9, { useBias: false }), batchNorm({ synchronized: true }), ...plain().slice(1)],
    streamed: true,
  },
  'local steps of muon': {
    batches: [8],
    rows: [61, 37],
    epochs: 2,
    layers: () => deep(),
    compile: { ...ADAM, optimizer: muon() },
    syncEvery: 3,
    alone: false,
  },
  'local steps': { batches: [8, 4], rows: [61, 37], epochs: 4, syncEvery: 3, alone: false },
}

/** The rank's number of something. */
const at = (values: readonly number[], rank: number): number => values[rank % values.length]

/** Places of a rank's rows in all rows: those of the ranks follow each other. */
export function placesOf({ rows }: Joint, rank: number): number[] {
  let first = 0
  for (let before = 0; before < rank; before++) first += at(rows, before)
  return Array.from({ length: at(rows, rank) }, (_, i) => first + i)
}

function makeModel({ layers = plain, compile = ADAM }: Joint, seed: number): Model {
  const model = sequential(layers(), { seed, deterministic: true })
  model.compile(compile)
  return model
}

function* batchesOf({ x, y, weights }: Rows, size: number, weighted: boolean) {
  for (let first = 0; first < y.length; first += size) {
    const end = Math.min(first + size, y.length)
    const batch = { x: x.subarray(first * INPUTS, end * INPUTS), y: y.subarray(first, end) }
    yield { ...batch, ...(weighted && { sampleWeight: weights.subarray(first, end) }) }
  }
}

/** Rows enough for as many ranks as tests start. */
function dataOf({ rows, tabled }: Joint): Rows {
  const all = rowsOf(rows.length * 2 * Math.max(...rows))
  if (tabled) for (let row = 0; row < all.y.length; row++) all.x[row * INPUTS] = (row * row) % TABLE_ROWS
  return all
}

/** What a rank does, `watched` by a callback or not; the models of all ranks but the first begin as they should not. */
export async function trainJointly(
  name: string,
  parallel: Parallel,
  watched = false,
): Promise<{ model: Model; history: History }> {
  const training = TRAININGS[name]
  const { batches, epochs, weighted = false, streamed } = training
  const options = { ...training.options, ...(watched && { callbacks: [{ onBatchEnd() {} }] }) }
  const model = makeModel(training, 11 + parallel.rank)
  const all = dataOf(training)
  const own = pick(all, placesOf(training, parallel.rank))
  const batchSize = at(batches, parallel.rank)
  if (streamed) {
    const source = { [Symbol.iterator]: () => batchesOf(own, batchSize, weighted) }
    return { model, history: await model.fit(source, { epochs, parallel, ...options }) }
  }
  const given = { ...(weighted && { sampleWeight: own.weights }), ...(!model.engine.session && { batchSize }) }
  const history = await model.fit(own.x, own.y, { epochs, shuffle: false, parallel, ...given, ...options })
  return { model, history }
}

/** Places of the rows of every update that so many ranks make together. */
function* updatesOf({ batches, rows, epochs, options = {} }: Joint, size: number): Generator<number[]> {
  const { accumulate = 1, stepsPerEpoch, maxSteps = Number.POSITIVE_INFINITY } = options
  const firsts = Array.from({ length: size }, () => 0)
  let updates = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (stepsPerEpoch === undefined) firsts.fill(0)
    for (let step = 0; step < (stepsPerEpoch ?? Number.POSITIVE_INFINITY) && updates < maxSteps; step++) {
      const update = firsts.flatMap((first, rank) => {
        if (stepsPerEpoch !== undefined && first >= at(rows, rank)) first = 0
        const places = placesOf({ rows } as Joint, rank).slice(first, first + at(batches, rank) * accumulate)
        firsts[rank] = first + places.length
        return places
      })
      if (update.length === 0) break
      updates++
      yield update
    }
  }
}

/** The same by one process. */
export async function trainAlone(name: string, size: number): Promise<Model> {
  const training = TRAININGS[name]
  const model = makeModel(training, 11)
  const all = dataOf(training)
  if (model.engine.session) {
    const places = Array.from({ length: size }, (_, rank) => placesOf(training, rank)).flat()
    const { x, y, weights } = pick(all, places)
    await model.fit(x, y, { epochs: training.epochs, sampleWeight: weights })
    return model
  }
  for (const places of updatesOf(training, size)) {
    const { x, y, weights } = pick(all, places)
    model.trainStep(x, y, training.weighted ? { sampleWeight: weights } : {})
  }
  return model
}

/** All parameters of a model, bit by bit: a text that is short and has no equal. */
export const bitsOf = (model: Model): string => Buffer.from(model.getWeights().buffer).toString('base64')

export const fromBits = (bits: string): Float32Array => {
  const bytes = Uint8Array.from(Buffer.from(bits, 'base64'))
  return new Float32Array(bytes.buffer)
}
