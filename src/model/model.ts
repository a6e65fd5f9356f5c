/** What a user holds: build, compile, train, evaluate, predict, inspect, save. Checks arguments; the engine does the work. */
import { writePieces } from '#runtime'
import { findPlaces } from '../compiler/parameterLayout.ts'
import { type BatchSource, readDataSet } from '../data/dataset.ts'
import { type Features, readFeatures } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { Engine } from '../engine/engine.ts'
import { checkLayers, type Layer, noiseWarning } from '../layers/layers.ts'
import { checkBoolean, checkInteger, checkOptions, isA, orDefault, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import { checkThreads, defaultThreads, type ThreadCount } from '../machine/threads/threads.ts'
import { pickTarget } from '../machine/wasm.ts'
import type { Logs, SaveOptions } from '../training/callbacks/callbacks.ts'
import { fit } from '../training/fit.ts'
import { type FitArguments, type FitOptions, PARTIAL_FIT_OPTIONS, readFit } from '../training/fitOptions.ts'
import type { History } from '../training/history.ts'
import { encodeSnapshot, snapshotOf, snapshotPieces } from './checkpoint.ts'
import type { Compiled, CompileOptions } from './compile.ts'
import { foldLayers } from './fold.ts'
import { Parameter } from './parameters.ts'
import type { Snapshot } from './snapshot.ts'
import { summarize } from './summary.ts'
import { checkRows, Task } from './task.ts'
import { checkSnapshot, takeSnapshot } from './weightSnapshots.ts'

export interface ModelOptions {
  /** Seed of the initial weights, the shuffling and all noise; drawn at random when not given. */
  seed?: number
  /** Use the plain SIMD build everywhere, so that results are the same bits in every runtime. Default false. */
  deterministic?: boolean
  /**
   * Threads for training and for `evaluate` and `predict` of many rows: a number from 1 to 32, or 'auto': as many as make
   * this model's steps fastest, found by timing while it trains. The bits of all results are the same. Default 1, or
   * FOURLANE_THREADS. Hosts without workers or shared memory have one.
   */
  threads?: ThreadCount
}

/**
 * A stack of layers; the first must be `input(n)`. Keras' `Sequential`.
 * @throws TypeError or RangeError naming the layer or option.
 */
export function sequential(layers: readonly Layer[], options: ModelOptions = {}): Model {
  return Model.make(layers, options)
}

function onlyOut(options: unknown): boolean {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return false
  for (const name in options) if (name !== 'out') return false
  return true
}

export class Model {
  readonly layers: readonly Layer[]
  readonly seed: number
  readonly deterministic: boolean
  readonly threads: ThreadCount
  /** @internal */
  readonly engine: Engine
  /**
   * A JSON value of the user's that files keep.
   * @internal
   */
  user: unknown
  #task: Task | undefined
  #random: Random
  #fitting = false

  /** Use `sequential`. */
  private constructor(layers: readonly Layer[], options: ModelOptions, blank: boolean) {
    checkOptions('sequential', options, ['seed', 'deterministic', 'threads'])
    const { seed = Math.floor(Math.random() * 2 ** 32), deterministic = false } = options
    this.seed = checkInteger('sequential', 'seed', seed, 0, 2 ** 32 - 1)
    this.deterministic = checkBoolean('sequential', 'deterministic', deterministic)
    this.threads = options.threads === undefined ? defaultThreads() : checkThreads('sequential', options.threads)
    const widths = checkLayers(layers)
    this.layers = Object.freeze([...layers])
    this.#random = new Random(this.seed)
    this.engine = new Engine(this.layers, widths, this.seed, pickTarget(deterministic), this.threads)
    if (!blank) this.engine.initialize(this.#random)
  }

  /**
   * @internal
   * @param blank leaves the parameters zero: those of a file are about to take their place.
   */
  static make(layers: readonly Layer[], options: ModelOptions = {}, blank = false): Model {
    return new Model(layers, options, blank)
  }

  /** What `compile` was given, resolved; undefined before. */
  get compiled(): Compiled | undefined {
    return this.#task?.compiled
  }

  /**
   * The stream that shuffles; its state is part of a resumable checkpoint.
   * @internal
   */
  get random(): Random {
    return this.#random
  }

  /** Every parameter, layer by layer; values in canonical [inputs, units] row-major order. */
  get parameters(): Parameter[] {
    return this.engine.places.map((place) => Parameter.at(place, this.engine))
  }

  /**
   * Chooses optimizer, loss, metrics and clipping, and forgets any optimizer state.
   * @throws TypeError or RangeError naming the option; a loss that does not suit the last layer is refused with the fix.
   */
  compile(options: CompileOptions): void {
    this.#refuseWhileFitting('compile')
    const task = new Task(this.engine, options)
    task.begin()
    const warning = noiseWarning(this.layers)
    if (warning) console.warn(`compile: ${warning}`)
    this.#task = task
  }

  /**
   * Trains for `epochs` passes over the data, yielding to the event loop; Keras' `fit`.
   * Defaults: 1 epoch, batches of 32, shuffled, no validation. Optimizer state is kept from call to call; how callbacks have
   * scaled the learning rate only where `initialEpoch` says that a training goes on.
   * @returns the metrics of every epoch; rejects with the signal's reason when aborted (completed steps are kept).
   * @throws TypeError or RangeError (as a rejection) naming the argument, before anything changes.
   */
  async fit(x: Features, y: Targets, options?: FitOptions): Promise<History>
  async fit(batches: BatchSource, options?: FitOptions): Promise<History>
  async fit(...args: FitArguments): Promise<History> {
    return this.#fit(args)
  }

  /** @param goesOn whether the learning rate is to stay as callbacks have scaled it. */
  async #fit(args: FitArguments, goesOn = false): Promise<History> {
    const task = this.#requireTask('fit')
    this.#refuseWhileFitting('fit')
    const { engine } = this
    const { shuffle, ...call } = readFit(args, task.intake(), this.seed, (rows, batchSize) =>
      checkRows('fit', engine, rows, batchSize),
    )
    call.signal?.throwIfAborted()
    this.#fitting = true
    if (!goesOn && call.initialEpoch === 0) engine.learningRateScale = 1
    try {
      const random = shuffle ? this.#random : undefined
      return await fit({ ...call, engine, model: this, scorer: task.scorer, random })
    } finally {
      this.#fitting = false
      engine.pinned = false
    }
  }

  /** One more pass over the data in its given order, keeping the optimizer's state; scikit-learn's `partial_fit`. */
  async partialFit(
    x: Features,
    y: Targets,
    options: Omit<FitOptions, 'epochs' | 'initialEpoch'> = {},
  ): Promise<History> {
    checkOptions('partialFit', options, PARTIAL_FIT_OPTIONS)
    return this.#fit([x, y, { shuffle: false, ...options, epochs: 1 }], true)
  }

  /**
   * One update on these rows; returns the loss before it, penalties included.
   * @throws TypeError or RangeError naming the argument, before anything changes.
   */
  trainStep(x: Features, y: Targets, options: { sampleWeight?: ArrayLike<number> } = {}): number {
    const task = this.#requireTask('trainStep')
    checkOptions('trainStep', options, ['sampleWeight'])
    return this.engine.trainBatch(task.readBatch('trainStep', x, y, options.sampleWeight))
  }

  /**
   * Loss on these rows and its gradient, all parameters in a row in canonical order, without an update.
   * `sampleWeight` weighs rows. The gradient includes penalties, not clipping. Dropout and noise are those of the next training step; running
   * statistics stay as they are.
   */
  gradients(
    x: Features,
    y: Targets,
    options: { sampleWeight?: ArrayLike<number> } = {},
  ): { loss: number; gradient: Float32Array } {
    const task = this.#requireTask('gradients')
    checkOptions('gradients', options, ['sampleWeight'])
    const loss = this.engine.computeGradients(task.readBatch('gradients', x, y, options.sampleWeight))
    const gradient = new Float32Array(this.countParameters())
    let at = 0
    for (const parameter of this.parameters) {
      parameter.gradient(gradient.subarray(at, at + parameter.size))
      at += parameter.size
    }
    return { loss, gradient }
  }

  /**
   * Loss and metrics on these rows; Keras' `evaluate`. With `training: true` the rows go through as one batch of training
   * would: with batch statistics, dropout and noise.
   */
  evaluate(x: Features, y: Targets, options: { sampleWeight?: ArrayLike<number>; training?: boolean } = {}): Logs {
    const task = this.#requireTask('evaluate')
    checkOptions('evaluate', options, ['sampleWeight', 'training'])
    const training = checkBoolean('evaluate', 'training', orDefault(options.training, false))
    const data = readDataSet('evaluate', task.intake(), x, y, options.sampleWeight)
    if (training) checkRows('evaluate', this.engine, data.rows)
    return task.score(data, training)
  }

  /**
   * Outputs of the last layer, rows x outputs, row-major.
   * @param options.out receives the result instead of a new array; it must have exactly its length.
   * @param options.training pass the rows through as one batch of training: with batch statistics, and with dropout and
   * noise drawn anew in every call. Nothing is updated. Default false.
   */
  predict(x: Features, options?: { out?: Float32Array; training?: boolean }): Float32Array {
    // most calls have no options or only this one, and make no garbage
    if (options !== undefined && !onlyOut(options)) checkOptions('predict', options, ['out', 'training'])
    const training = orDefault(options?.training, false)
    const { values, rows } = readFeatures('predict', 'x', x, this.engine.inputs)
    const size = rows * this.engine.outputs
    const out = options?.out === undefined ? new Float32Array(size) : options.out
    if (!(out instanceof Float32Array) || out.length !== size) {
      throw new RangeError(`predict: "out" must be a Float32Array of ${size} values (${rows} rows), got ${show(out)}`)
    }
    if (training !== false) {
      checkBoolean('predict', 'training', training)
      checkRows('predict', this.engine, rows)
    }
    this.engine.predict(values, rows, out, training)
    return out
  }

  /** A table of layers, output widths and parameter counts. */
  summary(): string {
    return summarize(this.layers, this.engine.widths, this.engine.storage)
  }

  /** Number of parameter values, padding not counted. */
  countParameters(): number {
    return this.parameters.reduce((sum, { size }) => sum + size, 0)
  }

  /** Makes layers (by their index in the list given to `sequential`) keep their parameters while training. */
  freeze(...layerIndices: number[]): void {
    this.#setFrozen('freeze', layerIndices, true)
  }

  /** Undoes `freeze`. */
  unfreeze(...layerIndices: number[]): void {
    this.#setFrozen('unfreeze', layerIndices, false)
  }

  /** Makes training treat the running statistics of batch normalization as constants: they are used, and not updated. */
  freezeStatistics(): void {
    this.#refuseWhileFitting('freezeStatistics')
    this.engine.setFrozenStatistics(true)
  }

  /** Undoes `freezeStatistics`. */
  unfreezeStatistics(): void {
    this.#refuseWhileFitting('unfreezeStatistics')
    this.engine.setFrozenStatistics(false)
  }

  /**
   * A new model for inference, not compiled, that predicts the same with less work: batch normalization merged into the
   * dense layers beside it, weight normalization resolved, dropout and noise gone. What cannot merge stays.
   */
  fold(): Model {
    const find = findPlaces(this.engine.places)
    const { layers, values } = foldLayers(this.layers, (layer, name) => {
      const place = find(layer, name)
      if (!place) throw new Error(`fold: layer ${layer} has no parameter "${name}"`)
      return Parameter.at(place, this.engine).get()
    })
    const own = { seed: this.seed, deterministic: this.deterministic, threads: this.threads }
    const model = Model.make(layers, own, true)
    for (const [i, parameter] of model.parameters.entries()) parameter.set(values[i])
    return model
  }

  /**
   * A new model, not yet compiled, with this one's body and parameters and `layers` in the place of its head:
   * the last layer that has parameters and everything after it. It is as deterministic and threaded as this one, and
   * starts from a seed of its own, unless `options` say otherwise.
   */
  replaceHead(layers: readonly Layer[], options: ModelOptions = {}): Model {
    const last = this.engine.places[this.engine.places.length - 1]
    if (!last) throw new Error('replaceHead: the model has no layer with parameters')
    const own = { deterministic: this.deterministic, threads: this.threads }
    const model = Model.make([...this.layers.slice(0, last.layer), ...layers], { ...own, ...options })
    const body = this.parameters.filter((_, i) => this.engine.places[i].layer < last.layer)
    for (const [i, parameter] of body.entries()) model.parameters[i].set(parameter.get())
    return model
  }

  /** Copy of all parameters as stored: a snapshot for `setWeights` of this model, or one of the same shapes. */
  getWeights(): Float32Array {
    this.engine.flush()
    const { storage, places } = this.engine
    return takeSnapshot(storage.view(storage.parameters), places)
  }

  /**
   * Brings back a snapshot taken by `getWeights`.
   * @throws TypeError or RangeError for anything else, and for a snapshot of a model of other shapes; of a copy of a snapshot
   * only values where this model has padding tell.
   */
  setWeights(weights: Float32Array): void {
    const { storage, places } = this.engine
    const stored = storage.view(storage.parameters)
    checkSnapshot(weights, stored, places)
    this.engine.flush()
    stored.set(weights)
  }

  /**
   * The model as a plain value, whose tensors are read from this model when they are wanted.
   * @internal
   */
  snapshot(where = 'snapshot', options: SaveOptions = {}): Snapshot {
    checkOptions(where, options, ['includeOptimizer', 'score'])
    const includeOptimizer = checkBoolean(where, 'includeOptimizer', options.includeOptimizer ?? false)
    this.engine.flush()
    const snapshot = snapshotOf(where, this, includeOptimizer)
    return { ...snapshot, ...(options.score && { score: options.score }) }
  }

  /**
   * The model as a safetensors file: canonical tensors, the architecture in the metadata.
   * `includeOptimizer` (default false) adds everything needed to resume training bit for bit.
   * @throws Error when the optimizer's state is asked for and a schedule or group is a function of the user's own; without the
   * state, the file keeps what it can, and a warning on the console says what that is.
   */
  toBytes(options: SaveOptions = {}): Uint8Array {
    return encodeSnapshot(this.snapshot('toBytes', options))
  }

  /**
   * Writes `toBytes` to a file, all or nothing: by its path or `file:` URL. The mode of a file that is replaced is kept, and
   * links are followed. Models beyond 128 MB are written piece by piece: do not train them before the promise is resolved.
   */
  async save(path: string | URL, options: SaveOptions = {}): Promise<void> {
    if (!isA(path, 'URL') && (typeof path !== 'string' || path === ''))
      throw new TypeError(`save: "path" must be a file's path or URL, got ${show(path)}`)
    await writePieces(path, snapshotPieces(this.snapshot('save', options)))
  }

  /** Stops the model's threads at once; it goes on with one. Without it, they stop when the model is garbage. */
  close(): void {
    this.engine.runner.close()
  }

  #requireTask(where: string): Task {
    if (!this.#task) throw new Error(`${where}: the model is not compiled; call compile({ optimizer, loss }) first`)
    return this.#task
  }

  #refuseWhileFitting(where: string): void {
    if (this.#fitting) throw new Error(`${where}: a fit of this model is still running; await it first`)
  }

  #setFrozen(where: string, indices: readonly number[], frozen: boolean): void {
    if (indices.length === 0) {
      throw new RangeError(`${where}: name at least one layer by its index, from 0 to ${this.layers.length - 1}`)
    }
    for (const index of indices) checkInteger(where, 'layerIndices', index, 0, this.layers.length - 1)
    this.#refuseWhileFitting(where)
    this.engine.setFrozen(indices, frozen)
  }
}
