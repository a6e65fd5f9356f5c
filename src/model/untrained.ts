/** The part of a model that is independent of its training goal: prediction, parameters, freezing, names. */
import { type Features, readFeatures } from '../data/features.ts'
import { Engine } from '../engine/engine.ts'
import { checkLayers, type Layer } from '../layers/layers.ts'
import { checkBoolean, checkInteger, checkOptions, orDefault, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import { checkThreads, defaultThreads, type ThreadCount } from '../machine/threads/threads.ts'
import { pickTarget } from '../machine/wasm.ts'
import type { ClassNames, ClassNamesOf, Each } from './compileOptions.ts'
import { classNamesFor } from './goals.ts'
import { findLayer } from './layerNames.ts'
import { readMetadata } from './metadata.ts'
import { Parameter } from './parameters.ts'
import { type FeatureSource, isFeatureSource, predictBatches } from './predictBatches.ts'
import { summarize } from './summary.ts'
import { checkRows } from './task.ts'
import { checkSnapshot, takeSnapshot } from './weightSnapshots.ts'

export interface ModelOptions {
  /** Seed of initial weights, shuffling and all noise. Default: random. */
  seed?: number
  /** Whether to use the plain SIMD build, so that results are the same bits in every runtime. Default false. */
  deterministic?: boolean
  /**
   * Threads for training and for `evaluate` and `predict` of many rows: 1 to 32, or 'auto', the number that makes
   * this model's steps fastest, found by timing during training. Does not affect the bits of results. Default 1, or
   * FOURLANE_THREADS. Hosts without workers or shared memory use one.
   */
  threads?: ThreadCount
}

function onlyOut(options: unknown): boolean {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return false
  for (const name in options) if (name !== 'out') return false
  return true
}

export interface PredictOptions<K extends string = never> {
  /** Receives the result; must have exactly its length. */
  out?: Each<K, Float32Array>
  /** Whether to process the rows as one training batch. Default false. */
  training?: boolean
}

/** The part of a model that needs no `compile`. */
export class UntrainedModel<K extends string = never> {
  readonly layers: readonly Layer[]
  readonly seed: number
  readonly deterministic: boolean
  readonly threads: ThreadCount
  /** @internal */
  readonly engine: Engine
  /**
   * The stream for initialization and shuffling; its state is part of a resumable checkpoint.
   * @internal
   */
  readonly random: Random
  /**
   * Whether a `fit` is running.
   * @internal
   */
  fitting = false
  #classNames: ClassNames | undefined
  #metadata: unknown

  /** Use `sequential`. */
  protected constructor(layers: readonly Layer[], options: ModelOptions, blank: boolean) {
    checkOptions('sequential', options, ['seed', 'deterministic', 'threads'])
    const { seed = Math.floor(Math.random() * 2 ** 32), deterministic = false } = options
    this.seed = checkInteger('sequential', 'seed', seed, 0, 2 ** 32 - 1)
    this.deterministic = checkBoolean('sequential', 'deterministic', deterministic)
    this.threads = options.threads === undefined ? defaultThreads() : checkThreads('sequential', options.threads)
    const widths = checkLayers(layers)
    this.layers = Object.freeze([...layers])
    this.random = new Random(this.seed)
    this.engine = new Engine(this.layers, widths, this.seed, pickTarget(deterministic), this.threads)
    if (!blank) this.engine.initialize(this.random)
  }

  /**
   * Class names of the outputs, saved in files: one per output, or for a single output those of classes 0 and 1.
   * `model.classNames[model.predictClasses(x)[row]]` is a row's class. Undefined until set; reading returns a frozen copy. For a model
   * with heads an object with the names of each head that has any.
   */
  get classNames(): ClassNamesOf<K> | undefined {
    return this.#classNames as ClassNamesOf<K> | undefined
  }
  /** @throws TypeError or RangeError unless they are an array of the right number of strings, or an object of such arrays by head. */
  set classNames(names: ClassNamesOf<K> | undefined) {
    this.#classNames = names === undefined ? undefined : classNamesFor('model', names, this.engine)
  }

  /**
   * A user-defined value saved in files: plain JSON, up to 1 MiB, such as a scaler. Undefined until set; reading returns a
   * frozen copy. Objects with `toJSON`, such as scalers, are stored as its result.
   */
  get metadata(): unknown {
    return this.#metadata
  }
  /** @throws TypeError for what JSON cannot represent, naming its place; RangeError beyond 1 MiB. */
  set metadata(value: unknown) {
    this.#metadata = value === undefined ? undefined : readMetadata('model', 'metadata', value)
  }

  /** All parameters, layer by layer; values in canonical [inputs, units] row-major order. */
  get parameters(): Parameter[] {
    return this.engine.places.map((place) => Parameter.at(place, this.engine))
  }

  /**
   * Outputs of the last layer, [rows, outputs], row-major.
   * @param options.out receives the result; must have exactly its length.
   * @param options.training whether to process the rows as one training batch: with batch statistics, and fresh dropout and
   * noise in every call. Nothing is updated. Default false.
   * For a stream of features it returns a promise of the outputs of all rows, and yields to the event loop in between.
   * A model with heads returns, and takes as `out`, an object with one array per head.
   */
  predict(x: Features, options?: PredictOptions<K>): Each<K, Float32Array>
  predict(batches: FeatureSource): Promise<Each<K, Float32Array>>
  predict(
    x: Features | FeatureSource,
    options?: PredictOptions<K>,
  ): Each<K, Float32Array> | Promise<Each<K, Float32Array>> {
    const { named } = this.engine
    const all = isFeatureSource(x) ? this.#predictBatches(x, options) : this.#predict(x, options)
    if (!named) return all as Each<K, Float32Array>
    if (all instanceof Promise) return all.then((outputs) => named.split(outputs) as Each<K, Float32Array>)
    const { out } = options ?? {}
    return (
      out === undefined ? named.split(all) : named.splitInto(all, out as Readonly<Record<string, Float32Array>>)
    ) as Each<K, Float32Array>
  }

  #predictBatches(source: FeatureSource, options: unknown): Promise<Float32Array> {
    if (options !== undefined) throw new TypeError('predict: options are for features, not for a source of them')
    return predictBatches(source, (features) => this.#predict(features))
  }

  /** Outputs of all rows, packed. */
  #predict(x: Features, options?: PredictOptions<K>): Float32Array {
    // fast path without garbage: most calls have no options or only `out`
    if (options !== undefined && !onlyOut(options)) checkOptions('predict', options, ['out', 'training'])
    const training = orDefault(options?.training, false)
    const { named } = this.engine
    const { values, rows } = readFeatures(
      'predict',
      'x',
      x,
      this.engine.inputs,
      this.engine.doors,
      this.engine.areFinite,
    )
    const size = rows * this.engine.outputs
    if (named && options?.out !== undefined) named.checkOut('predict', options.out, rows)
    const out = options?.out === undefined || named ? new Float32Array(size) : options.out
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

  /** Number of parameter values, without padding. */
  countParameters(): number {
    return this.parameters.reduce((sum, { size }) => sum + size, 0)
  }

  /**
   * Excludes layers from training: given by index in the list passed to `sequential`, or by the prefix of their parameters' names,
   * such as `dense_1`.
   */
  freeze(...layers: (number | string)[]): void {
    this.#setFrozen('freeze', layers, true)
  }

  /** Undoes `freeze`. */
  unfreeze(...layers: (number | string)[]): void {
    this.#setFrozen('unfreeze', layers, false)
  }

  /** Makes training use the running statistics of batch normalization as constants, without updating them. */
  freezeStatistics(): void {
    this.refuseWhileFitting('freezeStatistics')
    this.engine.setFrozenStatistics(true)
  }

  /** Undoes `freezeStatistics`. */
  unfreezeStatistics(): void {
    this.refuseWhileFitting('unfreezeStatistics')
    this.engine.setFrozenStatistics(false)
  }

  /** A copy of all parameters in storage layout: a snapshot for `setWeights` of this model, or of one with the same shapes. */
  getWeights(): Float32Array {
    this.engine.flush()
    const { storage, places } = this.engine
    return takeSnapshot(storage.view(storage.parameters), places)
  }

  /**
   * Restores a snapshot taken by `getWeights`.
   * @throws TypeError or RangeError for anything else, and for a snapshot of a model with other shapes (which, for a copy of a
   * snapshot, is only detected by nonzero padding).
   */
  setWeights(weights: Float32Array): void {
    const { storage, places } = this.engine
    const stored = storage.view(storage.parameters)
    checkSnapshot(weights, stored, places)
    this.engine.flush()
    storage.version++
    stored.set(weights)
    storage.flushParameters()
  }

  /** Stops the model's threads; it continues with one. Otherwise they stop when the model is garbage collected. */
  close(): void {
    this.engine.runner.close()
  }

  #setFrozen(where: string, layers: readonly (number | string)[], frozen: boolean): void {
    if (layers.length === 0) {
      throw new RangeError(`${where}: name at least one layer by its index, from 0 to ${this.layers.length - 1}`)
    }
    const indices = layers.map((layer) => findLayer(where, 'layers', this, layer))
    this.refuseWhileFitting(where)
    this.engine.setFrozen(indices, frozen)
  }

  /** @internal */
  refuseWhileFitting(where: string): void {
    if (this.fitting) throw new Error(`${where}: a fit of this model is still running; await it first`)
  }
}
