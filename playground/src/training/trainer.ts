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
import { OUTPUT_CELLS, type Racer, SURFACE_POINTS, type Surface, UNIT_CELLS } from '../messages.ts'
import type { OptimizerName, Settings } from '../settings.ts'
import { optimizerOf } from './optimizers.ts'
import { orderOf, type Problem, type Rows } from './problem.ts'
import { optimizers } from './rates.ts'

/** Rows that losses and surfaces are computed on. */
const MOST_ROWS = 2000
/** Places on the way that are kept; beyond it every second one is dropped. */
const MOST_SNAPSHOTS = 64

const firstOf = ({ x, y, count }: Rows): Rows => {
  const rows = Math.min(count, MOST_ROWS)
  return { x: x.subarray(0, (x.length / count) * rows), y: y.subarray(0, rows), count: rows }
}

function layersOf(problem: Problem, settings: Settings): { layers: Layer[]; hidden: number[] } {
  const { penalty, strength, norm, dropout: share } = settings
  const kernelInitializer = settings.initializer
  const regularized = penalty === 'none' ? {} : { kernelRegularizer: penalty === 'l1' ? l1(strength) : l2(strength) }
  const layers: Layer[] = [input(problem.inputs)]
  const hidden: number[] = []
  for (const units of settings.layers) {
    if (norm === 'none')
      layers.push(dense(units, { activation: settings.activation, kernelInitializer, ...regularized }))
    else {
      layers.push(dense(units, { kernelInitializer, ...regularized }), norm === 'batchNorm' ? batchNorm() : layerNorm())
      layers.push(activation(settings.activation))
    }
    hidden.push(layers.length - 1)
    if (share > 0) layers.push(dropout(share / 100))
  }
  const { task } = problem.scene
  const last = task === 'values' ? 'linear' : task === 'binary' ? 'sigmoid' : 'softmax'
  layers.push(dense(problem.outputs, { activation: last, kernelInitializer, ...regularized }))
  return { layers, hidden }
}

/** @param hidden places of the hidden layers' ends @param units of each */
function piecesOf(layers: readonly Layer[], hidden: readonly number[], units: readonly number[]): Model[] {
  return hidden.map((end, i) => {
    const own = i === 0 ? layers.slice(0, end + 1) : [input(units[i - 1]), ...layers.slice(hidden[i - 1] + 1, end + 1)]
    return sequential(own, { seed: 0 })
  })
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
  /** The layers from one hidden layer to the next as models, for the pictures of units: each takes what the one before gives. */
  readonly #pieces: readonly Model[]
  readonly #batch: number
  /** Training rows in the order of this epoch. */
  readonly #x: Float32Array
  readonly #y: Float32Array
  readonly #snapshots: Float32Array[] = []
  #every = 1
  #step = 0
  #epoch = 0
  /** Rows of this epoch that have been taken. */
  #taken = 0
  #fault: string | undefined

  constructor(problem: Problem, settings: Settings, optimizer: OptimizerName, rate: number) {
    const { layers, hidden } = layersOf(problem, settings)
    this.#problem = problem
    this.#settings = settings
    this.optimizer = optimizer
    this.rate = rate
    this.model = sequential(layers, { seed: settings.seed, threads: globalThis.crossOriginIsolated ? 'auto' : 1 })
    this.model.compile({
      optimizer: optimizerOf(optimizer, rate, settings.schedule),
      loss: LOSSES[problem.scene.task],
      metrics: problem.scene.task === 'values' ? [] : ['accuracy'],
    })
    this.model.metadata = problem.metadata
    if (problem.scene.classNames.length > 0) this.model.classNames = problem.scene.classNames
    this.#pieces = problem.unitCells ? piecesOf(layers, hidden, settings.layers) : []
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

  /** Lays the training rows in the order of the epoch to come. */
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
      picture: this.#picture(),
      ...(this.#fault !== undefined && { fault: this.#fault }),
    }
  }

  #picture(): Float32Array {
    const { outputs, scene, cells } = this.#problem
    const said = this.model.predict(cells)
    const picture = new Float32Array(OUTPUT_CELLS ** 2)
    for (let cell = 0; cell < picture.length; cell++) {
      if (scene.task === 'binary') picture[cell] = 2 * said[cell] - 1
      else if (scene.task === 'values') picture[cell] = Math.max(-1, Math.min(1, said[cell]))
      else {
        const row = said.subarray(cell * outputs, (cell + 1) * outputs)
        const best = row.indexOf(Math.max(...row))
        picture[cell] = best + Math.min(0.999, row[best])
      }
    }
    return picture
  }

  /** Pictures of hidden units, [units][UNIT_CELLS²] a layer, scaled to -1 to 1 by the layer's largest magnitude. */
  units(): Float32Array[] {
    const { unitCells } = this.#problem
    if (!unitCells) return []
    const all = this.model.parameters
    let first = 0
    let said: Float32Array = unitCells
    return this.#pieces.map((piece, layer) => {
      for (const parameter of piece.parameters) parameter.set(all[first++].get())
      said = piece.predict(said)
      const units = this.#settings.layers[layer]
      let most = 1e-6
      for (const value of said) most = Math.max(most, Math.abs(value))
      const pictures = new Float32Array(said.length)
      for (let cell = 0; cell < UNIT_CELLS ** 2; cell++) {
        for (let unit = 0; unit < units; unit++)
          pictures[unit * UNIT_CELLS ** 2 + cell] = said[cell * units + unit] / most
      }
      return pictures
    })
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
