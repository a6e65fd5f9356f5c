/** Saved models for prediction only: `fourlane/predict` on hosts with access to wasm files. */
import { RECORD_ROWS, RECORD_WORDS } from '../abi/records.ts'
import { blockFloats, layoutParameters } from '../compiler/parameterLayout.ts'
import { ProgramBuilder, passRows } from '../compiler/programBuilder.ts'
import { type Features, takeFeatures } from '../data/features.ts'
import { admitRows, outputBuffer, TINY_FEATURES, unloadRows } from '../engine/rows.ts'
import { CARRIED_KINDS, checkLayerFactory, type LayerFactory, learnKinds } from '../layers/carried.ts'
import { namedOutputsOf } from '../layers/layers.ts'
import { forPredicting } from '../layers/resolvers.ts'
import { asBytes, type Bytes, inMemory } from '../lib/bytes.ts'
import { checkOptions, show } from '../lib/check.ts'
import { Arena } from '../machine/arena.ts'
import { pickTarget } from '../machine/wasm.ts'
import type { Each } from './compileOptions.ts'
import { readArchitecture, readingFile } from './settings.ts'
import {
  checkReadOptions,
  decodeSnapshot,
  fillPlaces,
  matchTensors,
  READ_OPTIONS,
  type ReadOptions,
  type Snapshot,
} from './snapshot.ts'
import { type ModelSource, withSource } from './source.ts'

export interface PredictorOptions extends ReadOptions {
  /** Factories of layers that files refer to by name only, such as `{ scale }`: only what a program imports is bundled. */
  custom?: Readonly<Record<string, LayerFactory>>
}

/** A model that only predicts; one with heads returns, and takes as `out`, an object with one array per head. */
export interface Predictor<K extends string = never> {
  readonly inputs: number
  readonly outputs: number
  /**
   * Outputs of the last layer, [rows, outputs], row-major: bit-identical to `Model.predict` on the same build.
   * @param options.out receives the result; must have exactly its length.
   * @throws TypeError or RangeError naming the argument.
   */
  predict(x: Features, options?: { out?: Each<K, Float32Array> }): Each<K, Float32Array>
}

/**
 * The predictor for a snapshot; compile options in it are ignored.
 * @param reading `custom` contains the factories of layers that files refer to by name only.
 * @throws RangeError for a snapshot that does not describe a model.
 */
export function predictorOf(
  where: string,
  snapshot: Snapshot,
  {
    allowNonFinite,
    custom,
  }: { readonly allowNonFinite: boolean; readonly custom: Readonly<Record<string, LayerFactory>> },
): Predictor {
  learnKinds(where, snapshot.layers, custom)
  const { layers, widths, doors, deterministic } = readingFile(where, () => readArchitecture(snapshot, forPredicting))
  const places = layoutParameters(layers, widths)
  const tensors = matchTensors(where, places, snapshot.tensors)
  const arena = new Arena(pickTarget(deterministic, 'infer'), 'infer')
  const parameters = arena.reserve(blockFloats(places) * 4)
  const end = arena.top
  arena.commit()
  fillPlaces(where, arena, parameters, places, tensors, allowNonFinite)
  arena.flush(parameters, blockFloats(places))

  const named = namedOutputsOf(layers, widths)
  const [inputs, outputs] = [widths[0], widths[widths.length - 1]]
  const most = passRows(widths)
  let told = false
  let passage: ReturnType<typeof plan> | undefined
  /** Memory for a block of rows is allocated when the first rows arrive: a small file may describe very wide rows. */
  const plan = () => {
    arena.top = end
    const builder = new ProgramBuilder({
      arena,
      places,
      parameters,
      gradients: 0,
      rows: most,
      frozen: new Set(),
      frozenStatistics: false,
    })
    const x = builder.matrix(inputs)
    const { y } = builder.forward(layers, x, 'inference')
    const program = builder.write(end)
    const record = arena.reserve(RECORD_WORDS * 4)
    arena.commit()
    return { x, y, program, record, steps: builder.steps.length }
  }
  return Object.freeze({
    inputs,
    outputs,
    predict(features: Features, options: { out?: Float32Array } = {}): Float32Array {
      checkOptions('predict', options, ['out'])
      const { values, rows } = takeFeatures('predict', 'x', features, inputs, doors)
      const apart = named && options.out !== undefined ? named.checkOut('predict', options.out, rows) : undefined
      const out = (named ? undefined : options.out) ?? new Float32Array(rows * outputs)
      if (!(out instanceof Float32Array) || out.length !== rows * outputs) {
        throw new RangeError(`predict: "out" must be a Float32Array of ${rows * outputs} values, got ${show(out)}`)
      }
      passage ??= plan()
      const { x, y, program, record, steps } = passage
      const buffer = rows > most && out === options.out ? outputBuffer('predict', values, inputs, out) : out
      for (let first = 0; first < rows; first += most) {
        const count = Math.min(most, rows - first)
        if (admitRows('predict', arena, x, values, first, count) && !told) {
          console.warn(TINY_FEATURES)
          told = true
        }
        arena.i32[record / 4 + RECORD_ROWS] = count
        arena.machine.run(program, 0, steps, record, 1, 0)
        unloadRows(arena, y, buffer, first, count)
      }
      if (buffer !== out) out.set(buffer)
      if (!named) return out
      return (apart ? named.splitInto(out, apart) : named.split(out)) as never
    },
  })
}

/** @throws TypeError naming the option. */
export function checkPredictorOptions(where: string, options: PredictorOptions) {
  const reading = checkReadOptions(where, options, [...READ_OPTIONS, 'custom'])
  const { custom = {} } = options
  checkOptions(`${where}: "custom"`, custom, CARRIED_KINDS)
  for (const [kind, factory] of Object.entries(custom)) checkLayerFactory(where, kind, factory)
  return { ...reading, custom }
}

/**
 * A predictor from a model file's bytes; compile options in it are ignored.
 * @param options.custom factories of layers that the file refers to by name only, such as `{ scale }`.
 * @param options.verify false accepts files with a missing or wrong checksum. Default true.
 * @param options.allowNonFinite true accepts NaN and infinite parameters. Default false.
 * @throws TypeError or RangeError unless the bytes are an intact model file.
 */
export function predictorFromBytes<K extends string = never>(
  bytes: Bytes,
  options: PredictorOptions = {},
): Predictor<K> {
  const where = 'predictorFromBytes'
  const checked = checkPredictorOptions(where, options)
  const source = inMemory(asBytes(where, 'bytes', bytes))
  return predictorOf(where, decodeSnapshot(where, source, checked.verify), checked) as unknown as Predictor<K>
}

/**
 * A predictor for the model saved at a path or URL, or in the given bytes or response.
 * @param options as for `predictorFromBytes`.
 * @throws the host's error if the file does not exist; TypeError or RangeError unless it is an intact model file.
 */
export async function loadPredictor<K extends string = never>(
  source: ModelSource,
  options: PredictorOptions = {},
): Promise<Predictor<K>> {
  const where = 'loadPredictor'
  const checked = checkPredictorOptions(where, options)
  const read = withSource(where, source, (bytes) =>
    predictorOf(where, decodeSnapshot(where, bytes, checked.verify), checked),
  )
  return read as unknown as Promise<Predictor<K>>
}
