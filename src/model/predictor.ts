/** Saved models that only predict: `fourlane/predict` where there are wasm files to read. */
import { readBytes } from '#runtime'
import { RECORD_ROWS, RECORD_WORDS } from '../abi/records.ts'
import { blockFloats, layoutParameters, writeSlot } from '../compiler/parameterLayout.ts'
import { Draft } from '../compiler/programBuilder.ts'
import { type Features, readFeatures } from '../data/features.ts'
import { decodeSafetensors } from '../formats/safetensors.ts'
import type { Matrix } from '../layers/builder.ts'
import { checkLayers, reviveLayer } from '../layers/layers.ts'
import { checkOptions, isA, show } from '../lib/check.ts'
import { Arena } from '../machine/arena.ts'
import { pickTarget } from '../machine/wasm.ts'
import { readSettings } from './settings.ts'

/** Rows that go through in one call into the machine. */
const ROWS = 64

/** A model that predicts. */
export interface Predictor {
  readonly inputs: number
  readonly outputs: number
  /**
   * Outputs of the last layer, rows x outputs, row-major: what `Model.predict` gives on the same build.
   * @param options.out receives the result instead of a new array; it must have exactly its length.
   * @throws TypeError or RangeError naming the argument.
   */
  predict(x: Features, options?: { out?: Float32Array }): Float32Array
}

/**
 * The model in a file's bytes, for predictions only: what it was compiled with is ignored.
 * @throws TypeError or RangeError for bytes that are not an intact model file.
 */
export function predictorFromBytes(bytes: Uint8Array): Predictor {
  const where = 'predictorFromBytes'
  const file = decodeSafetensors(bytes)
  const settings = readSettings(file)
  const layers = settings.layers.map(reviveLayer)
  const widths = checkLayers(layers)
  const slots = layoutParameters(layers, widths)
  const values = slots.map(({ path, shape }) => {
    const tensor = file.tensors.find(({ name }) => name === path)
    if (tensor?.dtype !== 'F32' || tensor.shape.join() !== shape.join()) {
      throw new RangeError(`${where}: the file has no F32 tensor "${path}" of shape [${shape.join(', ')}]`)
    }
    return tensor.data
  })

  const arena = new Arena(pickTarget(settings.deterministic))
  const parameters = arena.reserve(blockFloats(slots) * 4)
  arena.commit()
  for (const [i, slot] of slots.entries()) writeSlot(arena, parameters, slot, values[i])
  const draft = new Draft({
    arena,
    slots,
    parameters,
    gradients: 0,
    rows: ROWS,
    frozen: new Set(),
    frozenStatistics: false,
  })
  const from = arena.top
  const x = draft.matrix(widths[0])
  const { y } = draft.forward(layers, x, 'inference')
  const program = draft.write(from)
  const record = arena.reserve(RECORD_WORDS * 4)
  arena.commit()

  const steps = draft.steps.length
  const [inputs, outputs] = [x.cols, y.cols]
  return Object.freeze({
    inputs,
    outputs,
    predict(features: Features, options: { out?: Float32Array } = {}): Float32Array {
      checkOptions('predict', options, ['out'])
      const { values, rows } = readFeatures('predict', 'x', features, inputs)
      const out = options.out ?? new Float32Array(rows * outputs)
      if (!(out instanceof Float32Array) || out.length !== rows * outputs) {
        throw new RangeError(`predict: "out" must be a Float32Array of ${rows * outputs} values, got ${show(out)}`)
      }
      for (let first = 0; first < rows; first += ROWS) {
        const count = Math.min(ROWS, rows - first)
        for (let r = 0; r < count; r++) {
          arena.f32.set(values.subarray((first + r) * inputs, (first + r + 1) * inputs), rowOf(x, r))
        }
        arena.i32[record / 4 + RECORD_ROWS] = count
        arena.machine.run(program, 0, steps, record, 1, 0)
        for (let r = 0; r < count; r++) {
          out.set(arena.f32.subarray(rowOf(y, r), rowOf(y, r) + outputs), (first + r) * outputs)
        }
      }
      return out
    },
  })
}

/** Index of a row's first float in the memory. */
const rowOf = ({ address, stride }: Matrix, row: number): number => (address + row * stride) / 4

/**
 * The model saved at a path or URL, or in the given bytes, for predictions only.
 * @throws the host's error when there is no such file; TypeError or RangeError when it is not an intact model file.
 */
export async function loadPredictor(pathOrBytes: string | URL | Uint8Array): Promise<Predictor> {
  if (isA(pathOrBytes, 'Uint8Array')) return predictorFromBytes(pathOrBytes)
  if (typeof pathOrBytes !== 'string' && !isA(pathOrBytes, 'URL')) {
    throw new TypeError(`loadPredictor: expected a path, a URL or a Uint8Array, got ${show(pathOrBytes)}`)
  }
  return predictorFromBytes(await readBytes(pathOrBytes))
}
