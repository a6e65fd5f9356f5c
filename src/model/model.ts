/** What users hold: compile, train, evaluate, save, and derive other models. Checks arguments; the engine does the work. */
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
 * Options: `seed` (default random), `threads` (default 1), `deterministic` (default false).
 * @throws TypeError or RangeError naming the layer or option.
 */
export function sequential<const L extends readonly Layer[]>(
  layers: L,
  options: ModelOptions = {},
): Model<HeadNames<L>> {
  return Model.make<HeadNames<L>>(reviveLayers('sequential', layers, forTraining), options)
}

/** With one output, or several named ones. */
export type AnyModel = Model | Model<string>

export class Model<K extends string = never> extends UntrainedModel<K> {
  #task: Task | undefined

  /**
   * @internal
   * @param blank leaves the parameters zero, because those of a file will replace them.
   */
  static make<K extends string = never>(layers: readonly Layer[], options: ModelOptions = {}, blank = false): Model<K> {
    return new Model<K>(layers, options, blank)
  }

  /** The resolved options of `compile`; undefined before. */
  get compiled(): Compiled | undefined {
    return this.#task?.compiled
  }

  /**
   * Sets optimizer, loss, metrics and clipping, and discards any optimizer state.
   * @throws TypeError or RangeError naming the option; for a loss that does not fit the last layer, with the fix.
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
   * Defaults: 1 epoch, batches of 32, shuffled, no validation. Optimizer state persists between calls; a learning rate scaled by
   * callbacks only if `initialEpoch` continues a training. Arrays are copied once per call, not per epoch, and read anew by the next
   * call; beyond 256 MiB they are copied part by part as training needs them, so leave them as they are until it ends.
   * @returns the metrics of every epoch; rejects with the signal's reason when aborted (completed steps are kept).
   * @throws TypeError or RangeError (as a rejection) naming the argument, before anything changes.
   */
  async fit(x: Features, y: TargetsOf<K>, options?: FitOptionsOf<K>): Promise<History>
  async fit(batches: BatchSourceOf<K>, options?: FitOptionsOf<K>): Promise<History>
  async fit(...args: readonly unknown[]): Promise<History> {
    return this.#fit(args as unknown as FitArguments)
  }

  /** @param goesOn whether to keep the learning rate as scaled by callbacks. */
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

  /** One more pass over the data in the given order, keeping the optimizer state; scikit-learn's `partial_fit`. */
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
   * With a callback, the loss is what the callback returns for the outputs it is given: those of the last layer, after its activation,
   * packed, [rows, outputs]. It must write the loss's derivative by each output into `gradient`, which has the same length and is zeroed.
   * Both arrays are only valid during the call, in which this model must not be used. `compile` then needs no loss. For a model with
   * heads, outputs and gradients are objects with one array per head.
   * @throws TypeError or RangeError naming the argument, before anything changes.
   */
  trainStep(x: Features, y: TargetsOf<K>, options?: StepOptions<K>): number
  trainStep(x: Features, callback: LossCallbackOf<K>): number
  trainStep(x: Features, second: unknown, options: StepOptions<K> = {}): number {
    return step('trainStep', this, x, second, options)
  }

  /**
   * Loss on these rows and its gradient (all parameters concatenated in canonical order), without an update.
   * Rows are weighted by `sampleWeight`. The gradient includes penalties, but no clipping. Dropout and noise are those of the next
   * training step; running statistics are unchanged. A callback works as for `trainStep`.
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
   * Loss and metrics on these rows; Keras' `evaluate`. With `training: true` the rows are processed as one training
   * batch: with batch statistics, dropout and noise. A stream of batches gives the same loss and metrics as all rows
   * at once, yielding to the event loop in between.
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
   * The class of every row: the argmax of its outputs, the first on ties. If outputs are independent labels, as after sigmoid or
   * with binary and hinge losses, 0 or 1 for every output, row-major.
   * For a model with heads, an object with the classes of each head whose outputs are classes.
   * @throws RangeError if a single output is a quantity, or an output is NaN.
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
   * A new, equivalent model for inference, not compiled, that does less work: batch normalization folded into
   * adjacent dense layers, weight normalization resolved, dropout and noise removed. Everything else is kept.
   */
  fold(): Model<K> {
    const { layers, values } = foldLayers(this.layers, readerOf(this.engine))
    const model = Model.make<K>(layers, { ...inherited(this), seed: this.seed }, true)
    model.classNames = this.classNames
    return endow(model, this, values)
  }

  /**
   * A new model, not compiled, with this one's body, parameters and metadata, and `layers` instead of its head, which is
   * the last layer with parameters and everything after it. `deterministic` and `threads` are inherited, and the seed is new,
   * unless given in `options`.
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
   * An independent copy of the model: compiled alike, with the same parameters, optimizer state and random
   * state, so that both would train on to the same bits. Keras' `clone_model` reinitializes.
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
   * The model as a plain value, whose tensors are read from this model on demand.
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
   * @throws Error if the optimizer's state is requested and a schedule or group is a custom function; without the
   * state, the file stores what it can, and a warning on the console says what was left out.
   */
  toBytes(options: SaveOptions = {}): Uint8Array {
    return encodeSnapshot(this.snapshot('toBytes', options))
  }

  /**
   * Writes `toBytes` to a file, given by path or `file:` URL, atomically. The mode of an existing file is preserved, and
   * links are followed. Models above 128 MB are written in chunks: do not train them before the promise resolves.
   */
  async save(path: string | URL, options: SaveOptions = {}): Promise<void> {
    if (!isA(path, 'URL') && (typeof path !== 'string' || path === ''))
      throw new TypeError(`save: "path" must be a file's path or URL, got ${show(path)}`)
    await writePieces(path, snapshotPieces(this.snapshot('save', options)))
  }

  /**
   * Likewise; undefined before `compile`.
   * @internal
   */
  get tasked(): Task | undefined {
    return this.#task
  }

  /**
   * What the model is compiled for.
   * @internal
   * @throws Error before `compile`.
   */
  task(where: string): Task {
    if (!this.#task) throw new Error(`${where}: the model is not compiled; call compile({ optimizer, loss }) first`)
    return this.#task
  }
}
