/** Post-training quantization: 8-bit dense layers for inference. */
import { writePieces } from '#runtime'
import { MOST } from '../abi/int8.ts'
import { type Grain, isKernel } from '../compiler/int8.ts'
import { layoutParameters } from '../compiler/parameterLayout.ts'
import { type Features, readFeatures } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { THREADED_ROWS } from '../engine/propagation.ts'
import { activation, activationOf, checkLayers, input } from '../layers/layers.ts'
import { checkOptions, isA, show } from '../lib/check.ts'
import type { Arena } from '../machine/arena.ts'
import { type Job, Runner } from '../machine/runner.ts'
import { checkThreads, type ThreadCount } from '../machine/threads/threads.ts'
import type { Logs } from '../training/callbacks/callbacks.ts'
import { foldLayers } from './fold.ts'
import { encodeInt8, type Int8Snapshot, tensorOf } from './int8File.ts'
import { Int8Forward } from './int8Forward.ts'
import { predictInt8 } from './int8Predictor.ts'
import { Model } from './model.ts'
import { readerOf } from './parameters.ts'
import { inherited } from './relatives.ts'

export interface QuantizeOptions {
  /**
   * Representative rows, a few hundred, from which to choose a fixed range for every layer's inputs. Values outside are clamped.
   * Default: none, dynamic ranges per row, which are more accurate.
   */
  calibration?: Features
  /** Bits of weights. Only 8, the default, is supported. */
  bits?: 8
  /** Threads for `predict` of many rows. Default: the model's. */
  threads?: ThreadCount
}

/** Accuracy before and after quantization: `loss` and metrics as from `evaluate`, without regularizers. */
export interface QuantizationReport {
  readonly float: Logs
  readonly int8: Logs
}

const FLOOR = 2 ** -63

/** w = q scale per unit: the kernel [inputs, units] as integers of magnitude at most MOST, and float32 scales. */
function quantizeKernel(kernel: Float32Array, units: number): { weights: Int8Array; scales: Float32Array } {
  const scales = new Float32Array(units)
  kernel.forEach((value, i) => {
    scales[i % units] = Math.max(scales[i % units], Math.abs(value) / MOST)
  })
  const weights = Int8Array.from(kernel, (value, i) => {
    const scale = scales[i % units]
    return scale < FLOOR ? 0 : Math.max(-MOST, Math.min(MOST, Math.round(value / scale)))
  })
  return { weights, scales }
}

/** The quantization of a range that contains 0. */
function grainOf([least, greatest]: readonly [number, number]): Grain {
  const scale = Math.fround(Math.max((greatest - least) / MOST, FLOOR))
  return { scale, zero: Math.min(MOST, Math.round(-least / scale)) }
}

/** The model's folded layers, with 8-bit kernels where supported, or all in float. */
function snapshotOf(model: Model, bits: 8 | 32): Int8Snapshot {
  const { layers, values } = foldLayers(model.layers, readerOf(model.engine))
  const places = layoutParameters(layers, checkLayers(layers))
  const tensors = places.flatMap((place, i) => {
    const { path, shape } = place
    if (bits !== 8 || !isKernel(place)) return [tensorOf(path, shape, values[i])]
    const { weights, scales } = quantizeKernel(values[i], shape[1])
    return [tensorOf(path, shape, weights), tensorOf(`${path}Scale`, [shape[1]], scales)]
  })
  const { seed, deterministic, classNames, metadata } = model
  return {
    seed,
    deterministic,
    layers,
    ...(classNames && { classNames }),
    ...(metadata !== undefined && { user: metadata }),
    tensors: new Map(tensors),
  }
}

/** The snapshot with input ranges calibrated on these rows. */
function calibrated(where: string, snapshot: Int8Snapshot, features: Features): Int8Snapshot {
  const forward = new Int8Forward(where, snapshot)
  const { values, rows } = readFeatures(where, 'calibration', features, forward.inputs, forward.doors)
  const ranges = forward.rangesOf(values, rows)
  const more = forward.quantized.flatMap(({ path }, i) => {
    const { scale, zero } = grainOf(ranges[i])
    if (!(scale <= 2 ** 100))
      throw new RangeError(
        `${where}: with "calibration" the inputs of ${path.slice(0, -1)} are not finite or too large`,
      )
    return [
      tensorOf(`${path}inputScale`, [1], Float32Array.of(scale)),
      tensorOf(`${path}inputZero`, [1], Uint8Array.of(zero)),
    ]
  })
  return { ...snapshot, tensors: new Map([...snapshot.tensors, ...more]) }
}

/** A model for inference whose dense layers multiply 8-bit integers; everything else stays float. */
export class QuantizedModel {
  readonly inputs: number
  readonly outputs: number
  readonly #model: Model
  readonly #snapshot: Int8Snapshot
  readonly #forward: Int8Forward

  /** @internal Use `quantize`. */
  constructor(model: Model, snapshot: Int8Snapshot, threads: ThreadCount) {
    this.#model = model
    this.#snapshot = snapshot
    this.#forward = new Int8Forward('quantize', snapshot, {
      allowNonFinite: true,
      ...(threads !== 1 && { runner: (arena: Arena) => this.#runner(arena, threads) }),
    })
    this.inputs = this.#forward.inputs
    this.outputs = this.#forward.outputs
  }

  #runner(
    arena: Arena,
    threads: ThreadCount,
  ): (program: number, range: Job['range'], record: number, rows: number) => void {
    const runner = new Runner(arena, threads, this)
    return (program, range, records, rows) => {
      if (rows < THREADED_ROWS) return runner.run(program, range, records)
      const job = { program, range, records, count: 1 }
      if (!runner.start('inference', job)) runner.finish(job, () => {})
    }
  }

  /**
   * Outputs of the last layer, [rows, outputs], row-major. Dense layers and activations, except `exponential`, `sin` and `cos`, give the
   * same bits everywhere; other layers depend on the model's build.
   * @param options.out receives the result; must have exactly its length.
   * @throws TypeError or RangeError naming the argument.
   */
  predict(x: Features, options?: { out?: Float32Array }): Float32Array {
    return predictInt8(this.#forward, x, options)
  }

  /** A safetensors file, for `fourlane/predict/int8`: about a quarter of the model's size. */
  toBytes(): Uint8Array {
    return encodeInt8(this.#snapshot)
  }

  /** Writes `toBytes` to a file, given by path or `file:` URL, atomically. */
  async save(path: string | URL): Promise<void> {
    if (!isA(path, 'URL') && (typeof path !== 'string' || path === ''))
      throw new TypeError(`save: "path" must be a file's path or URL, got ${show(path)}`)
    await writePieces(path, [this.toBytes()])
  }

  /**
   * Compares loss and metrics (the compiled ones, plus accuracy for losses on classes) on these rows: of the original model
   * in its current state, and of this one.
   * @throws Error unless the model is compiled with a loss; TypeError or RangeError naming the argument.
   */
  report(x: Features, y: Targets): QuantizationReport {
    const judge = judgeOf(this.#model)
    // the loss may be fused with the last activation, and then takes logits
    const outputs = (snapshot: Int8Snapshot) =>
      predictInt8(new Int8Forward('report', snapshot, { allowNonFinite: true, logits: true }), x)
    return {
      float: judge.evaluate(outputs(snapshotOf(this.#model, 32)), y),
      int8: judge.evaluate(outputs(this.#snapshot), y),
    }
  }
}

/** A model of only the last activation, compiled with the original's loss and metrics. */
function judgeOf(model: Model): Model {
  const { compiled, judgement } = model.task('report')
  const { outputs } = model.engine
  const last = activationOf(model.layers[model.layers.length - 1])
  const judge = Model.make([input(outputs), activation(last ?? 'linear')], { ...inherited(model), seed: 0 }, true)
  const { optimizer: _, clipping: __, metrics, ...rest } = compiled
  const lacks = judgement?.classifies && !metrics.some(({ kind }) => kind === 'accuracy')
  judge.compile({ optimizer: 'sgd', ...rest, metrics: [...metrics, ...(lacks ? (['accuracy'] as const) : [])] })
  return judge
}

/**
 * A copy of the model for inference with 8-bit weights in dense layers, one scale per unit, and 8-bit inputs: a quarter of
 * the size, and several times as fast if the processor has suitable instructions. The model is folded first, see `fold`; other layers,
 * and dense ones with more than 131,072 inputs, stay float. The scheme is XNNPACK's "qd8-f32-qc8w", with inputs from 0 to 127.
 * Defaults: no calibration, bits 8, the model's threads.
 * @throws TypeError or RangeError naming the argument.
 */
export function quantize(model: Model, options: QuantizeOptions = {}): QuantizedModel {
  const where = 'quantize'
  if (model instanceof Model && model.engine.named) throw new TypeError(`${where}: models with heads stay float`)
  if (!(model instanceof Model)) throw new TypeError(`${where}: "model" must be a model, got ${show(model)}`)
  checkOptions(where, options, ['calibration', 'bits', 'threads'])
  const { calibration, bits = 8 } = options
  if (bits !== 8) throw new RangeError(`${where}: "bits" must be 8, got ${show(bits)}`)
  const threads = options.threads === undefined ? model.threads : checkThreads(where, options.threads)
  const snapshot = snapshotOf(model, 8)
  const final = calibration === undefined ? snapshot : calibrated(where, snapshot, calibration)
  return new QuantizedModel(model, final, threads)
}
