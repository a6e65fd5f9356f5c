/** What a user holds: compile, train, evaluate, save, and make other models of it. Checks arguments; the engine does the work. */
import { writePieces } from '#runtime'
import { type BatchSource, isBatchSource, readDataSet } from '../data/dataset.ts'
import type { Features } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { copyState } from '../engine/copyState.ts'
import { activationOf, type Layer, noiseWarning, reviveLayers } from '../layers/layers.ts'
import { forTraining } from '../layers/resolvers.ts'
import { checkBoolean, checkOptions, isA, orDefault, show } from '../lib/check.ts'
import type { CallbackModel, Logs, SaveOptions } from '../training/callbacks/callbacks.ts'
import { fit } from '../training/fit.ts'
import { type FitArguments, PARTIAL_FIT_OPTIONS, readFit } from '../training/fitOptions.ts'
import type { History } from '../training/history.ts'
import type { LossCallbackOf } from './callbackLoss.ts'
import { encodeSnapshot, type Saved, snapshotOf, snapshotPieces } from './checkpoint.ts'
import { classesOf, decisionOf } from './classes.ts'
import type { ClassesOf, Compiled, CompileOptions, CompileOptionsOf, HeadNames, TargetsOf } from './compileOptions.ts'
import { foldLayers } from './fold.ts'
import { goalsOf } from './goals.ts'
import type { BatchSourceOf, EvaluateOptions, FitOptionsOf, StepOptions } from './headData.ts'
import { readerOf } from './parameters.ts'
import { endow, inherited } from './relatives.ts'
import type { Snapshot } from './snapshot.ts'
import { step } from './step.ts'
import { checkRows, Task } from './task.ts'
import { type ModelOptions, UntrainedModel } from './untrained.ts'

/**
 * A stack of layers; the first must be `input(n)`. Keras' `Sequential`.
 * @throws TypeError or RangeError naming the layer or option.
 */
export function sequential<const L extends readonly Layer[]>(
  layers: L,
  options: ModelOptions = {},
): Model<HeadNames<L>> {
  return Model.make<HeadNames<L>>(reviveLayers('sequential', layers, forTraining), options)
}

/** With one output, or several under names. */
export type AnyModel = Model | Model<string>

export class Model<K extends string = never> extends UntrainedModel<K> {
  #task: Task | undefined

  /**
   * @internal
   * @param blank leaves the parameters zero: those of a file are about to take their place.
   */
  static make<K extends string = never>(layers: readonly Layer[], options: ModelOptions = {}, blank = false): Model<K> {
    return new Model<K>(layers, options, blank)
  }

  /** What `compile` was given, resolved; undefined before. */
  get compiled(): Compiled | undefined {
    return this.#task?.compiled
  }

  /**
   * Chooses optimizer, loss, metrics and clipping, and forgets any optimizer state.
   * @throws TypeError or RangeError naming the option; a loss that does not suit the last layer is refused with the fix.
   */
  compile(options: CompileOptionsOf<K>): void {
    this.refuseWhileFitting('compile')
    const task = new Task(this.engine, options as CompileOptions)
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
  async fit(x: Features, y: TargetsOf<K>, options?: FitOptionsOf<K>): Promise<History>
  async fit(batches: BatchSourceOf<K>, options?: FitOptionsOf<K>): Promise<History>
  async fit(...args: readonly unknown[]): Promise<History> {
    return this.#fit(args as unknown as FitArguments)
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
      return await fit({ ...call, engine, model: this as unknown as CallbackModel, scorer: task.scorer('fit'), random })
    } finally {
      this.fitting = false
      engine.release()
    }
  }

  /** One more pass over the data in its given order, keeping the optimizer's state; scikit-learn's `partial_fit`. */
  async partialFit(
    x: Features,
    y: TargetsOf<K>,
    options: Omit<FitOptionsOf<K>, 'epochs' | 'initialEpoch'> = {} as FitOptionsOf<K>,
  ): Promise<History> {
    checkOptions('partialFit', options, PARTIAL_FIT_OPTIONS)
    return this.#fit([x, y, { shuffle: false, ...options, epochs: 1 }] as unknown as FitArguments, true)
  }

  /**
   * One update on these rows; returns the loss before it, penalties included.
   *
   * With a callback the loss is the one it returns, of outputs that it is given: those of the last layer, after its activation,
   * packed, rows x outputs. It writes the loss's derivative by each of them into `gradient`, which is as long and holds zeros. Both arrays
   * are lent for the call, in which this model must not be used. Then `compile` needs no loss. Of a model with heads, outputs and
   * gradients are objects with an array for each head.
   * @throws TypeError or RangeError naming the argument, before anything changes.
   */
  trainStep(x: Features, y: TargetsOf<K>, options?: StepOptions<K>): number
  trainStep(x: Features, callback: LossCallbackOf<K>): number
  trainStep(x: Features, second: unknown, options: StepOptions<K> = {}): number {
    return step('trainStep', this, x, second, options)
  }

  /**
   * Loss on these rows and its gradient, all parameters in a row in canonical order, without an update.
   * `sampleWeight` weighs rows. The gradient includes penalties, not clipping. Dropout and noise are those of the next training step; running
   * statistics stay as they are. A callback is that of `trainStep`.
   */
  gradients(x: Features, y: TargetsOf<K>, options?: StepOptions<K>): { loss: number; gradient: Float32Array }
  gradients(x: Features, callback: LossCallbackOf<K>): { loss: number; gradient: Float32Array }
  gradients(x: Features, second: unknown, options: StepOptions<K> = {}): { loss: number; gradient: Float32Array } {
    const loss = step('gradients', this, x, second, options)
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
   * would: with batch statistics, dropout and noise. Batches that arrive one by one have the same loss and metrics as all of their rows
   * together; the event loop runs in between.
   */
  evaluate(x: Features, y: TargetsOf<K>, options?: EvaluateOptions<K>): Logs
  evaluate(batches: BatchSourceOf<K>): Promise<Logs>
  evaluate(x: Features | BatchSourceOf<K>, y?: TargetsOf<K>, options: EvaluateOptions<K> = {}): Logs | Promise<Logs> {
    const where = 'evaluate'
    const task = this.task(where)
    if (isBatchSource(x as Features | BatchSource)) {
      if (y !== undefined) throw new TypeError(`${where}: a source of batches brings its own targets and weights`)
      return task.scoreBatches(where, x as BatchSource)
    }
    checkOptions(where, options, ['sampleWeight', 'training'])
    const training = checkBoolean(where, 'training', orDefault(options.training, false))
    const weights = options.sampleWeight as ArrayLike<number> | undefined
    const data = readDataSet(where, task.intake(where), x as Features, y as Targets, weights)
    if (training) checkRows(where, this.engine, data.rows)
    return task.score(where, data, training)
  }

  /**
   * The class of every row: the first largest of its outputs. Where outputs are labels of their own, as those of sigmoid and of
   * binary and hinge losses are, 0 or 1 for every output, row after row.
   * Of a model with heads an object with those of each head whose outputs are classes.
   * @throws RangeError where a single output is a quantity, or an output is NaN.
   */
  predictClasses(x: Features): ClassesOf<K> {
    const where = 'predictClasses'
    const { outputs, named } = this.engine
    const predicted = this.predict(x)
    const goals = named && goalsOf(this.layers)
    if (goals) {
      const ofHeads = predicted as Readonly<Record<string, Float32Array>>
      return goals.classesOf(where, ofHeads, named, this.#task?.heads) as ClassesOf<K>
    }
    const last = activationOf(this.layers[this.layers.length - 1])?.kind ?? 'linear'
    const threshold = decisionOf(where, last, outputs, this.#task?.judgement)
    return classesOf(where, predicted as Float32Array, outputs, threshold) as ClassesOf<K>
  }

  /**
   * A new model for inference, not compiled, that predicts the same with less work: batch normalization merged into the
   * dense layers beside it, weight normalization resolved, dropout and noise gone. What cannot merge stays.
   */
  fold(): Model<K> {
    const { layers, values } = foldLayers(this.layers, readerOf(this.engine))
    const model = Model.make<K>(layers, { ...inherited(this), seed: this.seed }, true)
    model.classNames = this.classNames
    return endow(model, this, values)
  }

  /**
   * A new model, not yet compiled, with this one's body, parameters and metadata and `layers` in the place of its head:
   * the last layer that has parameters and everything after it. It is as deterministic and threaded as this one, and
   * starts from a seed of its own, unless `options` say otherwise.
   */
  replaceHead<const L extends readonly Layer[]>(layers: L, options: ModelOptions = {}): Model<HeadNames<L>> {
    const last = this.engine.places[this.engine.places.length - 1]
    if (!last) throw new Error('replaceHead: the model has no layer with parameters')
    const head = reviveLayers('replaceHead', layers, forTraining)
    checkOptions('replaceHead', options, ['seed', 'deterministic', 'threads'])
    const body = this.parameters.filter((_, i) => this.engine.places[i].layer < last.layer)
    const values = body.map((parameter) => parameter.get())
    const made = Model.make<HeadNames<L>>([...this.layers.slice(0, last.layer), ...head], {
      ...inherited(this),
      ...options,
    })
    return endow(made, this, values)
  }

  /**
   * The same model once more, which shares nothing with it: compiled alike, with the same parameters, optimizer state and stream of
   * random numbers, so that both would train on to the same bits. Keras' `clone_model` starts anew.
   */
  clone(): Model<K> {
    const model = Model.make<K>(this.layers, { ...inherited(this), seed: this.seed }, true)
    const { compiled } = this
    if (compiled) {
      const { clipping, heads, ...options } = compiled
      const task = new Task(model.engine, { ...options, ...heads, ...clipping } as CompileOptions)
      task.begin()
      model.#task = task
    }
    copyState(model.engine, this.engine)
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
    const snapshot = snapshotOf(where, this as unknown as Saved, includeOptimizer)
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
   * The same; undefined before `compile`.
   * @internal
   */
  get tasked(): Task | undefined {
    return this.#task
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
