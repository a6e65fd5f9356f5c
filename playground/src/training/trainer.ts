/** One model being trained, step by step, and pictures of what it has learned. */
import {
  activation,
  batchNorm,
  dense,
  diagnose,
  dropout,
  input,
  type Layer,
  type LayerDiagnosis,
  l1,
  l2,
  layerNorm,
  lossSurface,
  type Model,
  sequential,
} from 'fourlane'
import { type Racer, SURFACE_POINTS, type Surface } from '../messages.ts'
import type { OptimizerName, Settings } from '../settings.ts'
import { optimizerOf } from './optimizers.ts'
import { OutputPicture } from './outputPicture.ts'
import { orderOf, type Problem, type Rows } from './problem.ts'
import { optimizers } from './rates.ts'
import { UnitPictures } from './unitPictures.ts'

/** Rows that losses and surfaces are computed on. */
const MOST_ROWS = 2000
/** Number of trajectory points kept; beyond it, every second one is dropped. */
const MOST_SNAPSHOTS = 64

const firstOf = ({ x, y, count }: Rows): Rows => {
  const rows = Math.min(count, MOST_ROWS)
  return { x: x.subarray(0, (x.length / count) * rows), y: y.subarray(0, rows), count: rows }
}

/** The layers up to the last, that one, the same without its activation, and places of the hidden layers' ends. */
function layersOf(problem: Problem, settings: Settings): { body: Layer[]; last: Layer; raw: Layer; hidden: number[] } {
  const { penalty, strength, norm, dropout: share } = settings
  const kernelInitializer = settings.initializer
  const regularized = penalty === 'none' ? {} : { kernelRegularizer: penalty === 'l1' ? l1(strength) : l2(strength) }
  const body: Layer[] = [input(problem.inputs)]
  const hidden: number[] = []
  for (const units of settings.layers) {
    if (norm === 'none') body.push(dense(units, { activation: settings.activation, kernelInitializer, ...regularized }))
    else {
      body.push(dense(units, { kernelInitializer, ...regularized }), norm === 'batchNorm' ? batchNorm() : layerNorm())
      body.push(activation(settings.activation))
    }
    hidden.push(body.length - 1)
    if (share > 0) body.push(dropout(share / 100))
  }
  const { task } = problem.scene
  const lastOf = (activation: 'linear' | 'sigmoid' | 'softmax') =>
    dense(problem.outputs, { activation, kernelInitializer, ...regularized })
  const last = lastOf(task === 'values' ? 'linear' : task === 'binary' ? 'sigmoid' : 'softmax')
  return { body, last, raw: lastOf('linear'), hidden }
}

const LOSSES = {
  values: 'meanSquaredError',
  binary: 'binaryCrossentropy',
  classes: 'sparseCategoricalCrossentropy',
} as const

export class Trainer {
  readonly model: Model
  readonly optimizer: OptimizerName
  readonly rate: number
  readonly #problem: Problem
  readonly #settings: Settings
  readonly #output: OutputPicture
  /** Undefined where there are none. */
  readonly #units: UnitPictures | undefined
  readonly #batch: number
  /** Training rows in the order of this epoch. */
  readonly #x: Float32Array
  readonly #y: Float32Array
  readonly #snapshots: Float32Array[] = []
  #every = 1
  #step = 0
  #epoch = 0
  /** Rows of this epoch used so far. */
  #taken = 0
  #fault: string | undefined

  constructor(problem: Problem, settings: Settings, optimizer: OptimizerName, rate: number) {
    const { body, last, raw, hidden } = layersOf(problem, settings)
    this.#problem = problem
    this.#settings = settings
    this.optimizer = optimizer
    this.rate = rate
    this.model = sequential([...body, last], {
      seed: settings.seed,
      threads: globalThis.crossOriginIsolated ? 'auto' : 1,
    })
    this.model.compile({
      optimizer: optimizerOf(optimizer, rate, settings.schedule),
      loss: LOSSES[problem.scene.task],
      metrics: problem.scene.task === 'values' ? [] : ['accuracy'],
    })
    this.model.metadata = problem.metadata
    if (problem.scene.classNames.length > 0) this.model.classNames = problem.scene.classNames
    this.#output = new OutputPicture(problem, [...body, raw])
    this.#units = problem.unitCells && new UnitPictures(body, hidden, settings.layers, problem.unitCells)
    const { count } = problem.train
    this.#batch = optimizers[optimizer].isSolver ? count : Math.min(settings.batch, count)
    this.#x = problem.train.x.slice()
    this.#y = problem.train.y.slice()
    this.#mix()
    this.#keep()
  }

  get parameters(): number {
    return this.model.parameters.reduce((sum, { size }) => sum + size, 0)
  }

  /** Puts the training rows in the order of the next epoch. */
  #mix(): void {
    const { x, y, count } = this.#problem.train
    const width = x.length / count
    const order = orderOf(count, this.#settings.seed * 1009 + this.#epoch)
    for (let i = 0; i < count; i++) {
      const row = order[i]
      this.#x.set(x.subarray(row * width, (row + 1) * width), i * width)
      this.#y[i] = y[row]
    }
    this.#taken = 0
  }

  /** Makes one update. */
  advance(): void {
    if (this.#fault !== undefined) return
    const { count } = this.#problem.train
    if (this.#taken + this.#batch > count) {
      this.#epoch++
      this.#mix()
    }
    const width = this.#x.length / count
    const [from, to] = [this.#taken, this.#taken + this.#batch]
    try {
      const loss = this.model.trainStep(this.#x.subarray(from * width, to * width), this.#y.subarray(from, to))
      if (!Number.isFinite(loss)) this.#fault = 'The loss has left what numbers can hold. Lower the learning rate.'
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error)
    }
    this.#taken = to
    this.#step++
    if (this.#step % this.#every === 0) this.#keep()
  }

  #keep(): void {
    this.#snapshots.push(this.model.getWeights())
    if (this.#snapshots.length < MOST_SNAPSHOTS) return
    for (let i = 1; i < this.#snapshots.length; i++) this.#snapshots.splice(i, 1)
    this.#every *= 2
  }

  state(): Racer {
    const { train, test } = this.#problem
    const score = (rows: Rows) => {
      const { x, y } = firstOf(rows)
      return this.model.evaluate(x, y)
    }
    const [trained, tested] = [score(train), score(test)]
    return {
      optimizer: this.optimizer,
      rate: this.rate,
      step: this.#step,
      epoch: this.#epoch,
      trainLoss: trained.loss,
      testLoss: tested.loss,
      accuracy: tested.accuracy ?? Number.NaN,
      picture: this.#output.of(this.model),
      ...(this.#fault !== undefined && { fault: this.#fault }),
    }
  }

  /** Pictures of hidden units, by layer. */
  units(): Uint8ClampedArray<ArrayBuffer>[] {
    return this.#units?.of(this.model) ?? []
  }

  kernels(): Float32Array[] {
    return this.model.parameters.flatMap((parameter) => (parameter.name.endsWith('.kernel') ? [parameter.get()] : []))
  }

  diagnose(): readonly LayerDiagnosis[] {
    const { x, y } = firstOf(this.#problem.train)
    return diagnose(this.model, x, y).layers
  }

  surface(directions: 'path' | 'random', seed: number): Omit<Surface, 'kind' | 'run' | 'milliseconds'> {
    const { x, y } = firstOf(this.#problem.train)
    const snapshots = [...this.#snapshots, this.model.getWeights()]
    const followed = directions === 'path' && snapshots.length > 3
    const plane = followed ? { directions: { pca: { snapshots } } } : { directions: 'random' as const, seed }
    const { u, v, loss, path, explained } = lossSurface(this.model, x, y, { ...plane, points: SURFACE_POINTS })
    return { u, v, loss, path: path ?? [{ u: 0, v: 0 }], ...(explained && { explained }) }
  }
}
