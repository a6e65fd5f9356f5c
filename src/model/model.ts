/** What a user holds: compile, train, evaluate, save, and make other models of it. Checks arguments; the engine does the work. */
import { writePieces } from '#runtime'
import { type BatchSource, isBatchSource, readDataSet } from '../data/dataset.ts'
import { type Features, readFeatures } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { activationOf, type Layer, noiseWarning, reviveLayers } from '../layers/layers.ts'
import { forTraining } from '../layers/resolvers.ts'
import { checkBoolean, checkOptions, isA, orDefault, show } from '../lib/check.ts'
import type { Logs, SaveOptions } from '../training/callbacks/callbacks.ts'
import { fit } from '../training/fit.ts'
import { type FitArguments, type FitOptions, PARTIAL_FIT_OPTIONS, readFit } from '../training/fitOptions.ts'
import type { History } from '../training/history.ts'
import { judgeBy, type LossCallback } from './callbackLoss.ts'
import { encodeSnapshot, snapshotOf, snapshotPieces } from './checkpoint.ts'
import { classesOf, decisionOf } from './classes.ts'
import type { Compiled, CompileOptions } from './compile.ts'
import { foldLayers } from './fold.ts'
import { readerOf } from './parameters.ts'
import { endow, inherited } from './relatives.ts'
import type { Snapshot } from './snapshot.ts'
import { checkRows, Task } from './task.ts'
import { type ModelOptions, UntrainedModel } from './untrained.ts'

export interface EvaluateOptions {
  /** A factor on the loss of each row. */
  sampleWeight?: ArrayLike<number>
  /** Whether the rows pass as one batch of training. Default false. */
  training?: boolean
}

/** Options of a step on targets. */
export interface StepOptions {
  /** A factor on the loss of each row. */
  sampleWeight?: ArrayLike<number>
}

/**
 * A stack of layers; the first must be `input(n)`. Keras' `Sequential`.
 * @throws TypeError or RangeError naming the layer or option.
 */
export function sequential(layers: readonly Layer[], options: ModelOptions = {}): Model {
  return Model.make(reviveLayers('sequential', layers, forTraining), options)
}

export class Model extends UntrainedModel {
  #task: Task | undefined

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
   * Chooses optimizer, loss, metrics and clipping, and forgets any optimizer state.
   * @throws TypeError or RangeError naming the option; a loss that does not suit the last layer is refused with the fix.
   */
  compile(options: CompileOptions): void {
    this.refuseWhileFitting('compile')
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
    const task = this.task('fit')
    this.refuseWhileFitting('fit')
    const { engine } = this
    const { solver } = engine.session ?? {}
    const limits = {
      solver: solver?.stochastic ? undefined : solver?.kind,
      oneBatch: solver?.stochastic ? solver.kind : undefined,
      checkRows: (rows: number, batchSize?: number) => checkRows('fit', engine, rows, batchSize),
    }
    const { shuffle, ...call } = readFit(args, task.intake('fit'), this.seed, limits)
    call.signal?.throwIfAborted()
    this.fitting = true
    if (!goesOn && call.initialEpoch === 0) engine.learningRateScale = 1
    try {
      const random = shuffle ? this.random : undefined
      return await fit({ ...call, engine, model: this, scorer: task.scorer('fit'), random })
    } finally {
      this.fitting = false
      engine.release()
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
   *
   * With a callback the loss is the one it returns, of outputs that it is given: those of the last layer, after its activation,
   * packed, rows x outputs. It writes the loss's derivative by each of them into `gradient`, which is as long and holds zeros. Both arrays
   * are lent for the call, in which this model must not be used. Then `compile` needs no loss.
   * @throws TypeError or RangeError naming the argument, before anything changes.
   */
  trainStep(x: Features, y: Targets, options?: StepOptions): number
  trainStep(x: Features, callback: LossCallback): number
  trainStep(x: Features, second: Targets | LossCallback, options: StepOptions = {}): number {
    return this.#step('trainStep', x, second, options)
  }

  /**
   * Loss on these rows and its gradient, all parameters in a row in canonical order, without an update.
   * `sampleWeight` weighs rows. The gradient includes penalties, not clipping. Dropout and noise are those of the next training step; running
   * statistics stay as they are. A callback is that of `trainStep`.
   */
  gradients(x: Features, y: Targets, options?: StepOptions): { loss: number; gradient: Float32Array }
  gradients(x: Features, callback: LossCallback): { loss: number; gradient: Float32Array }
  gradients(
    x: Features,
    second: Targets | LossCallback,
    options: StepOptions = {},
  ): { loss: number; gradient: Float32Array } {
    const loss = this.#step('gradients', x, second, options)
    const gradient = new Float32Array(this.countParameters())
    let at = 0
    for (const parameter of this.parameters) {
      parameter.gradient(gradient.subarray(at, at + parameter.size))
      at += parameter.size
    }
    return { loss, gradient }
  }

  /** Gradients of these rows, and the update by them when it is a step of training; returns the loss. */
  #step(where: 'trainStep' | 'gradients', x: Features, second: Targets | LossCallback, options: StepOptions): number {
    const { engine } = this
    const task = this.task(where)
    checkOptions(where, options, ['sampleWeight'])
    if (typeof second !== 'function') {
      const data = task.readBatch(where, x, second, options.sampleWeight)
      return where === 'trainStep' ? engine.trainBatch(data) : engine.computeGradients(data)
    }
    if (options.sampleWeight)
      throw new TypeError(`${where}: "sampleWeight" is for targets; the callback weighs its rows itself`)
    const { values, rows } = readFeatures(where, 'x', x, engine.inputs, engine.doors)
    checkRows(where, engine, rows)
    const judge = judgeBy(where, second, engine.outputs)
    const evaluate = () => engine.computeOpenGradients(values, rows, judge)
    if (where !== 'trainStep') return evaluate()
    if (engine.session?.between) {
      throw new TypeError(
        `${where}: ${engine.session.solver.kind} needs the curvature of the loss: give targets, and compile a loss of the catalogue`,
      )
    }
    if (engine.session) return engine.solve(evaluate)
    const loss = evaluate()
    engine.applyUpdate()
    return loss
  }

  /**
   * Loss and metrics on these rows; Keras' `evaluate`. With `training: true` the rows go through as one batch of training
   * would: with batch statistics, dropout and noise. Batches that arrive one by one have the same loss and metrics as all of their rows
   * together; the event loop runs in between.
   */
  evaluate(x: Features, y: Targets, options?: EvaluateOptions): Logs
  evaluate(batches: BatchSource): Promise<Logs>
  evaluate(x: Features | BatchSource, y?: Targets, options: EvaluateOptions = {}): Logs | Promise<Logs> {
    const where = 'evaluate'
    const task = this.task(where)
    if (isBatchSource(x)) {
      if (y !== undefined) throw new TypeError(`${where}: a source of batches brings its own targets and weights`)
      return task.scoreBatches(where, x)
    }
    checkOptions(where, options, ['sampleWeight', 'training'])
    const training = checkBoolean(where, 'training', orDefault(options.training, false))
    const data = readDataSet(where, task.intake(where), x, y as Targets, options.sampleWeight)
    if (training) checkRows(where, this.engine, data.rows)
    return task.score(where, data, training)
  }

  /**
   * The class of every row: the first largest of its outputs. Where outputs are labels of their own, as those of sigmoid and of
   * binary and hinge losses are, 0 or 1 for every output, row after row.
   * @throws RangeError where a single output is a quantity, or an output is NaN.
   */
  predictClasses(x: Features): Int32Array {
    const where = 'predictClasses'
    const { outputs } = this.engine
    const last = activationOf(this.layers[this.layers.length - 1])?.kind ?? 'linear'
    const threshold = decisionOf(where, last, outputs, this.#task?.judgement)
    return classesOf(where, this.predict(x), outputs, threshold)
  }

  /**
   * A new model for inference, not compiled, that predicts the same with less work: batch normalization merged into the
   * dense layers beside it, weight normalization resolved, dropout and noise gone. What cannot merge stays.
   */
  fold(): Model {
    const { layers, values } = foldLayers(this.layers, readerOf(this.engine))
    const model = Model.make(layers, { ...inherited(this), seed: this.seed }, true)
    model.classNames = this.classNames
    return endow(model, this, values)
  }

  /**
   * A new model, not yet compiled, with this one's body, parameters and metadata and `layers` in the place of its head:
   * the last layer that has parameters and everything after it. It is as deterministic and threaded as this one, and
   * starts from a seed of its own, unless `options` say otherwise.
   */
  replaceHead(layers: readonly Layer[], options: ModelOptions = {}): Model {
    const last = this.engine.places[this.engine.places.length - 1]
    if (!last) throw new Error('replaceHead: the model has no layer with parameters')
    const head = reviveLayers('replaceHead', layers, forTraining)
    checkOptions('replaceHead', options, ['seed', 'deterministic', 'threads'])
    const body = this.parameters.filter((_, i) => this.engine.places[i].layer < last.layer)
    const values = body.map((parameter) => parameter.get())
    const made = Model.make([...this.layers.slice(0, last.layer), ...head], { ...inherited(this), ...options })
    return endow(made, this, values)
  }

  /**
   * The same model once more, which shares nothing with it: compiled alike, with the same parameters, optimizer state and stream of
   * random numbers, so that both would train on to the same bits. Keras' `clone_model` starts anew.
   */
  clone(): Model {
    const model = Model.make(this.layers, { ...inherited(this), seed: this.seed }, true)
    const { compiled } = this
    if (compiled) {
      const { clipping, ...options } = compiled
      const task = new Task(model.engine, { ...options, ...clipping })
      task.begin()
      model.#task = task
    }
    model.engine.copyFrom(this.engine)
    model.random.state = this.random.state
    model.classNames = this.classNames
    model.metadata = this.metadata
    return model
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

  /**
   * What it is compiled for.
   * @internal
   * @throws Error before `compile`.
   */
  task(where: string): Task {
    if (!this.#task) throw new Error(`${where}: the model is not compiled; call compile({ optimizer, loss }) first`)
    return this.#task
  }
}
