/** Runs a quantized model in a memory of its own: predictions, and ranges for calibration. */
import { MOST, ROW_BYTES, ROW_SCALE, ROW_ZERO } from '../abi/int8.ts'
import { RECORD_ROWS, RECORD_WORDS } from '../abi/records.ts'
import { type Int8Dense, Int8Lowering, layoutInt8 } from '../compiler/int8.ts'
import { layoutParameters, type ParameterPlace, valuesOf, writeParameter } from '../compiler/parameterLayout.ts'
import { ProgramBuilder, passRows } from '../compiler/programBuilder.ts'
import { admitRows, outputBuffer, TINY_FEATURES, unloadRows } from '../engine/rows.ts'
import { type Layer, withoutActivation } from '../layers/layers.ts'
import { forPredicting } from '../layers/resolvers.ts'
import { quote } from '../lib/check.ts'
import { Arena } from '../machine/arena.ts'
import { packedBytes, packWeights } from '../machine/bytesLayout.ts'
import type { Range } from '../machine/program.ts'
import { exactTarget } from '../machine/relaxedDots.ts'
import { pickTarget } from '../machine/wasm.ts'
import { type Int8Snapshot, matchInt8, readTensor } from './int8File.ts'
import { type Architecture, readArchitecture, readingFile } from './settings.ts'

/** Runs a range of a program on one record. */
type Run = (program: number, range: Range, record: number, rows: number) => void

export interface ForwardOptions {
  readonly allowNonFinite?: boolean
  /** Omits the last layer's activation. Default false. */
  readonly logits?: boolean
  /** How to run programs in this memory. Default: on this thread. */
  readonly runner?: (arena: Arena) => Run
}

const alone =
  ({ machine }: Arena): Run =>
  (program, range, record) =>
    machine.run(program, range[0], range[1], record, 1, 0)

/** Values copied per call: a tensor may be as large as memory. */
const PIECE = 2 ** 20

export class Int8Forward {
  readonly inputs: number
  readonly outputs: number
  /** What layers require of the features. */
  readonly doors: Architecture['doors']
  /** Layers with 8-bit kernels. */
  readonly quantized: readonly Int8Dense[]
  readonly #arena: Arena
  readonly #run: Run
  readonly #layers: readonly Layer[]
  readonly #places: readonly ParameterPlace[]
  readonly #parameters: number
  readonly #end: number
  /** Rows per pass. */
  readonly #most: number
  #plan: ReturnType<Int8Forward['prepare']> | undefined
  #told = false

  /** @throws RangeError for a snapshot that does not describe a model. */
  constructor(where: string, snapshot: Int8Snapshot, options: ForwardOptions = {}) {
    const { allowNonFinite = false, logits = false, runner = alone } = options
    const { layers, widths, doors, deterministic } = readingFile(where, () => readArchitecture(snapshot, forPredicting))
    const all = layoutParameters(layers, widths)
    this.quantized = matchInt8(where, all, snapshot.tensors)
    const { floats, places, bytes } = layoutInt8(all, this.quantized)
    const arena = new Arena(exactTarget(pickTarget(deterministic, 'infer'), 'infer'), 'infer')
    this.#arena = arena
    this.#places = places
    this.#parameters = arena.reserve(bytes)
    this.#end = arena.top
    arena.commit()
    this.#fillFloats(where, floats, snapshot, allowNonFinite)
    for (const dense of this.quantized) this.#fillDense(where, dense, snapshot)
    this.#layers = logits ? [...layers.slice(0, -1), withoutActivation(layers[layers.length - 1])] : layers
    this.#most = passRows(widths)
    this.#run = runner(arena)
    this.doors = doors
    this.inputs = widths[0]
    this.outputs = widths[widths.length - 1]
  }

  #fillFloats(where: string, floats: readonly ParameterPlace[], { tensors }: Int8Snapshot, allowNonFinite: boolean) {
    for (const place of floats) {
      const size = valuesOf(place)
      for (let first = 0; first < size; first += PIECE) {
        const values = this.#read(tensors, place.path, new Float32Array(Math.min(size - first, PIECE)), first)
        const bad = allowNonFinite ? -1 : values.findIndex((value) => value - value !== 0)
        if (bad >= 0) {
          throw new RangeError(
            `${where}: value ${first + bad} of ${quote(place.path)} is ${values[bad]}; { allowNonFinite: true } loads it as it is`,
          )
        }
        writeParameter(this.#arena, this.#parameters, place, values, first)
      }
      this.#arena.flush(this.#parameters + place.offset * 4, place.stored)
    }
  }

  /** Loads weights, scales and sums. */
  #fillDense(where: string, { inputs, units, path }: Int8Dense, { tensors }: Int8Snapshot): void {
    const scales = this.#read(tensors, `${path}kernelScale`, new Float32Array(units))
    const bad = scales.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY))
    if (bad >= 0) throw new RangeError(`${where}: ${quote(`${path}kernelScale`)}[${bad}] is ${scales[bad]}, no scale`)
    this.#arena.floats(this.#at(`${path}kernelScale`), units).set(scales)
    const packed = new Int8Array(this.#arena.i32.buffer, this.#at(`${path}kernel`), packedBytes(inputs, units))
    const sums = this.#arena.ints(this.#at(`${path}kernelSums`), units)
    const size = inputs * units
    for (let first = 0; first < size; first += PIECE) {
      const values = this.#read(tensors, `${path}kernel`, new Int8Array(Math.min(size - first, PIECE)), first)
      packWeights(values, inputs, units, packed, first)
      for (let i = 0; i < values.length; i++) sums[(first + i) % units] -= values[i]
    }
  }

  #read<T extends Float32Array | Int8Array>(tensors: Int8Snapshot['tensors'], name: string, out: T, first = 0): T {
    const tensor = tensors.get(name)
    if (!tensor) throw new Error(`no tensor ${quote(name)}`)
    return readTensor(tensor, out, first)
  }

  #at(path: string): number {
    const place = this.#places.find((other) => other.path === path)
    if (!place) throw new Error(`no place ${quote(path)}`)
    return this.#parameters + place.offset * 4
  }

  /** Memory for a block of rows is allocated when the first rows arrive: a small file may describe very wide rows. */
  private prepare() {
    const arena = this.#arena
    arena.top = this.#end
    const builder = new ProgramBuilder({
      arena,
      places: this.#places,
      parameters: this.#parameters,
      gradients: 0,
      rows: this.#most,
      frozen: new Set(),
      frozenStatistics: false,
    })
    const x = builder.matrix(this.inputs)
    const kernels = this.quantized.map((dense) => [this.#at(`${dense.path}kernel`), dense] as const)
    const lowering = new Int8Lowering(builder, new Map(kernels))
    const y = lowering.forward(this.#layers, x)
    const program = builder.write(this.#end)
    const record = arena.reserve(RECORD_WORDS * 4)
    arena.commit()
    const rows = this.quantized.map((dense) => lowering.inputs.get(dense)?.rows ?? 0)
    return { x, y, program, record, range: builder.span(0, builder.steps.length), rows }
  }

  /** The ranges, which include 0, of the inputs of each 8-bit layer over some rows. */
  rangesOf(values: Float32Array, rows: number): [least: number, greatest: number][] {
    const found = this.quantized.map((): [number, number] => [0, 0])
    this.predict(values, rows, new Float32Array(rows * this.outputs), false, (count) => {
      const { f32, i32 } = this.#arena
      for (const [i, range] of found.entries()) {
        for (let r = 0; r < count; r++) {
          const at = ((this.#plan?.rows[i] ?? 0) + r * ROW_BYTES) / 4
          const [scale, zero] = [f32[at + ROW_SCALE], i32[at + ROW_ZERO]]
          // NaN is propagated
          range[0] = Math.min(range[0], -zero * scale)
          range[1] = Math.max(range[1], (MOST - zero) * scale)
        }
      }
    })
    return found
  }

  /**
   * Writes the outputs of all rows, packed, to `out`; `visit` is called after each block of rows.
   * @param given whether `out` is the user's, so that it must not change if features are rejected.
   * @throws RangeError naming row and column of a feature that is not finite.
   */
  predict(values: Float32Array, rows: number, out: Float32Array, given: boolean, visit?: (rows: number) => void): void {
    this.#plan ??= this.prepare()
    const { x, y, program, record, range } = this.#plan
    const arena = this.#arena
    const buffer = given && rows > this.#most ? outputBuffer('predict', values, this.inputs, out) : out
    for (let first = 0; first < rows; first += this.#most) {
      const count = Math.min(this.#most, rows - first)
      if (admitRows('predict', arena, x, values, first, count) && !this.#told) {
        console.warn(TINY_FEATURES)
        this.#told = true
      }
      arena.i32[record / 4 + RECORD_ROWS] = count
      this.#run(program, range, record, rows)
      unloadRows(arena, y, buffer, first, count)
      visit?.(count)
    }
    if (buffer !== out) out.set(buffer)
  }
}
