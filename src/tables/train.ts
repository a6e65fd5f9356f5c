/** Trains a preset on prepared rows: adds to `model.fit` the validation split, a time limit and ensembles. */
import type { BatchSource } from '../data/dataset.ts'
import { stratified } from '../data/split.ts'
import type { Targets } from '../data/targets.ts'
import { checkInteger, checkNumber, checkOptions, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import type { Model } from '../model/model.ts'
import type { ModelOptions } from '../model/untrained.ts'
import { adam } from '../optimizers/optimizers.ts'
import type { Callback } from '../training/callbacks/callback.ts'
import type { History } from '../training/history.ts'
import { average } from './average.ts'
import type { Encoder, Examples } from './encoder.ts'
import { DEFAULT_PRESET, kindOf, type Preset, presetFit, tabular } from './tabular.ts'

export interface TrainTabularOptions extends ModelOptions {
  /** Default 'realmlp-small'. */
  readonly preset?: Preset
  /** Default: the preset's. */
  readonly epochs?: number
  /** Number of networks, with different seeds, that are averaged into the model (default 1). */
  readonly ensemble?: number
  /**
   * Milliseconds after which training stops, keeping the best epoch so far. The first tenth is spent measuring
   * how many epochs fit, up to `epochs`, which the learning rate schedule must know.
   */
  readonly timeLimit?: number
  /** Passed to `fit`, after the preset's. */
  readonly callbacks?: readonly Callback[]
  /** Aborts training: rejects with its reason, without a model. */
  readonly signal?: AbortSignal
}

export interface TrainedTabular {
  readonly model: Model
  /** One per network. */
  readonly histories: readonly History[]
  /** The rows that selected the epoch, if the preset selects one. */
  readonly validation?: Examples
  /** Why training ended before its last epoch, if it did. */
  readonly stopReason?: string
}

/** Rows to train on: prepared ones, or batches that are read once per epoch plus validation rows. */
export type TrainingRows =
  | (Examples & { readonly encoder: Encoder })
  | { readonly batches: BatchSource; readonly rows: number; readonly validation: Examples; readonly encoder: Encoder }

const WHERE = 'trainTabular'
const OPTIONS = ['preset', 'epochs', 'ensemble', 'timeLimit', 'callbacks', 'signal', 'seed', 'threads', 'deterministic']
const MOST_NETWORKS = 100
/** Rows of a stream used for data-dependent initialization. */
const FIRST_ROWS = 2 ** 14
/** Fractions of the time limit: for measuring, and for the epochs that follow. */
const PROBE = 0.1
const SURE = 0.9

/**
 * Trains a preset on the rows from `prepare`. For presets that select the best epoch, a stratified fifth of them is held out for it;
 * with `ensemble`, the same rows for every network.
 * @throws TypeError or RangeError naming the argument, before training starts; the signal's reason.
 */
export async function trainTabular(data: TrainingRows, options: TrainTabularOptions = {}): Promise<TrainedTabular> {
  checkOptions(WHERE, options, OPTIONS)
  const { preset = DEFAULT_PRESET, epochs, ensemble = 1, timeLimit, callbacks = [], signal, ...network } = options
  const { seed = 0 } = network
  const kind = kindOf(WHERE, data?.encoder, preset)
  checkInteger(WHERE, 'ensemble', ensemble, 1, MOST_NETWORKS)
  if (timeLimit !== undefined) checkNumber(WHERE, 'timeLimit', timeLimit, { above: 0 })
  if (!Array.isArray(callbacks)) throw new TypeError(`${WHERE}: "callbacks" must be an array, got ${show(callbacks)}`)
  const random = new Random(seed)
  const { encoder } = data
  const { source, rows, validation } =
    'batches' in data
      ? { source: [data.batches] as const, ...data }
      : splitOff(data, kind.trained(data.rows.length), random)
  const started = performance.now()
  /** Trains from one seed. */
  const run = async (memberSeed: number, most: number | undefined, added: readonly Callback[]) => {
    const length = { rows, ...(most !== undefined && { epochs: most }) }
    const x = kind.start && (source.length === 2 ? source[0] : await firstRows(source[0], encoder.width))
    const model = tabular({ encoder, preset, ...length, ...network, seed: memberSeed % 2 ** 32, ...(x && { x }) })
    const { validationSplit, ...fit } = presetFit(encoder, preset, length)
    const fitOptions = {
      ...fit,
      callbacks: [...fit.callbacks, ...added],
      ...(validationSplit && validation && { validationData: [validation.x, validation.y] as const }),
      ...(signal && { signal }),
    }
    if (source.length === 2) return { model, history: await model.fit(source[0], source[1], fitOptions) }
    // a stream determines its own batch size
    const { batchSize: _, dropLast: __, ...streamed } = fitOptions
    return { model, history: await model.fit(source[0], streamed) }
  }
  const most = epochs ?? kind.epochs
  let affordable = most
  if (timeLimit !== undefined) {
    const share = timeLimit / ensemble
    let trained = 0
    const count: Callback = {
      onEpochEnd: (_epoch, _logs, context) => {
        trained += context.rows
      },
    }
    const probe = await run(seed, most, [stopAt(started + PROBE * share, 'measured'), count])
    probe.model.close()
    const took = performance.now() - started
    const epoch = (took * rows) / Math.max(trained, 1)
    affordable = Math.min(most, Math.max(1, Math.floor((SURE * (share - took / ensemble)) / epoch)))
  }
  const histories: History[] = []
  const models: Model[] = []
  let stopReason: string | undefined
  for (let member = 0; member < ensemble; member++) {
    const until = timeLimit && started + (timeLimit * (member + 1)) / ensemble
    const limit = until && timeLimit ? [stopAt(until, `the time limit of ${timeLimit / 1000} s is reached`)] : []
    const heard: Callback = {
      onTrainEnd: (context) => {
        stopReason ??= context.stopReason
      },
    }
    const { model, history } = await run(seed + member, affordable, [...limit, ...callbacks, heard])
    histories.push(history)
    models.push(model)
  }
  const [first] = models
  const model = ensemble === 1 ? first : averageOf(models, network)
  return {
    model,
    histories,
    ...(validation && { validation }),
    ...(stopReason !== undefined && { stopReason }),
  }
}

/** Stops as soon as the time is up, also in the middle of an epoch. */
function stopAt(time: number, reason: string): Callback {
  const look: NonNullable<Callback['onEpochEnd']> = (_epoch, _logs, context) => {
    if (performance.now() >= time) context.stop(reason)
  }
  return { onProgress: ({ epoch, logs }, context) => look(epoch, logs, context), onEpochEnd: look }
}

function averageOf(models: readonly Model[], options: ModelOptions): Model {
  const [{ compiled, classNames, metadata }] = models
  const model = average(models, options)
  if (compiled?.loss) model.compile({ optimizer: adam(), loss: compiled.loss, metrics: compiled.metrics })
  model.classNames = classNames
  model.metadata = metadata
  for (const member of models) member.close()
  return model
}

/** The arguments of `fit`, and the rows held out. */
interface Split {
  readonly source: readonly [x: Float32Array, y: Targets] | readonly [batches: BatchSource]
  readonly rows: number
  readonly validation?: Examples
}

/** Holds out all but `trained` rows; both parts stay in order. */
function splitOff(data: Examples & { readonly encoder: Encoder }, trained: number, random: Random): Split {
  const count = data.rows.length
  if (trained === count) return { source: [data.x, data.y], rows: count }
  const order = Int32Array.from({ length: count }, (_, i) => i)
  random.shuffle(order)
  const held = count - trained
  const isClasses = data.encoder.target.task === 'classification'
  const chosen = isClasses ? stratified((row) => data.y[row], order, held) : new Set(order.subarray(0, held))
  order.sort()
  const take = (isHeld: boolean) => {
    const rows = order.filter((row) => chosen.has(row) === isHeld)
    return takeExamples(data, rows)
  }
  const { x, y } = take(false)
  return { source: [x, y], rows: trained, validation: take(true) }
}

/** The first FIRST_ROWS rows of a stream. */
async function firstRows(batches: BatchSource, width: number): Promise<Float32Array> {
  const parts: Float32Array[] = []
  let length = 0
  for await (const { x } of batches) {
    if (!(x instanceof Float32Array)) throw new TypeError(`${WHERE}: batches must hold Float32Arrays, got ${show(x)}`)
    parts.push(x)
    length += x.length
    if (length >= FIRST_ROWS * width) break
  }
  const out = new Float32Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

function takeExamples({ x, y, rows }: Examples, chosen: Int32Array): Examples {
  const width = x.length / rows.length
  const taken = new Float32Array(chosen.length * width)
  for (const [i, row] of chosen.entries()) taken.set(x.subarray(row * width, (row + 1) * width), i * width)
  const targets = y instanceof Int32Array ? new Int32Array(chosen.length) : new Float32Array(chosen.length)
  for (const [i, row] of chosen.entries()) targets[i] = y[row]
  return { x: taken, y: targets, rows: Int32Array.from(chosen, (row) => rows[row]) }
}
