/**
 * A model as a plain value between files and models: formats convert it from and to bytes; `fromSnapshot` and
 * `Model.snapshot` are the only way into and out of a model.
 */
import { type Place, writeParameter } from '../compiler/parameterLayout.ts'
import { hasChecksum, readHeader, verifyChecksum } from '../formats/safetensorsHeader.ts'
import { showShape } from '../formats/shapes.ts'
import type { ByteSource } from '../lib/bytes.ts'
import { checkBoolean, checkOptions, quote } from '../lib/check.ts'
import type { Arena } from '../machine/arena.ts'
import type { SolverSession } from '../optimizers/solvers/solver.ts'
import { parseSettings, type Settings } from './settings.ts'

export interface Snapshot extends Settings {
  /** Parameters by path, such as `dense_1.kernel`, and with `progress` the optimizer's state: `optimizer.STATE.PATH`. */
  readonly tensors: ReadonlyMap<string, SnapshotTensor>
  /** The metric for which a checkpoint was kept. */
  readonly score?: { readonly monitor: string; readonly value: number }
}

/** A float32 tensor that stays in a model or a file until it is read. */
export interface SnapshotTensor {
  readonly shape: readonly number[]
  /** Fills `out` with the row-major values from `first` on. */
  read(first: number, out: Float32Array): void
}

/** How to read files. */
export interface ReadOptions {
  /**
   * Whether to require the checksum that files are saved with. Default true; false accepts files that another program has
   * rewritten, damaged or not.
   */
  verify?: boolean
  /** Whether to accept NaN and infinite values in parameters and optimizer state. Default false. */
  allowNonFinite?: boolean
}

export const READ_OPTIONS = ['verify', 'allowNonFinite'] as const

/** @throws TypeError naming the option. */
export function checkReadOptions(where: string, options: ReadOptions, known: readonly string[]): Required<ReadOptions> {
  checkOptions(where, options, known)
  const { verify = true, allowNonFinite = false } = options
  return {
    verify: checkBoolean(where, 'verify', verify),
    allowNonFinite: checkBoolean(where, 'allowNonFinite', allowNonFinite),
  }
}

/**
 * The snapshot in a file. Only the header is read yet.
 * @throws RangeError unless the bytes are an intact model file.
 */
export function decodeSnapshot(where: string, source: ByteSource, verify: boolean): Snapshot {
  const header = readHeader(source)
  const settings = parseSettings(where, header.metadata)
  if (verify) {
    if (!hasChecksum(header)) {
      throw new RangeError(
        `${where}: the file has no checksum, so another program has written it, or it is damaged; { verify: false } loads it as it is`,
      )
    }
    verifyChecksum(header, source)
  }
  const tensors = new Map<string, SnapshotTensor>()
  for (const { name, dtype, shape, from } of header.entries) {
    if (dtype !== 'F32') throw new RangeError(`${where}: tensor ${quote(name)} is ${dtype}, expected F32`)
    const start = header.start + from
    tensors.set(name, {
      shape,
      read(first, { buffer, byteOffset, byteLength }) {
        const at = start + first * 4
        new Uint8Array(buffer, byteOffset, byteLength).set(source.read(at, at + byteLength))
      },
    })
  }
  return { ...settings, tensors }
}

/**
 * The snapshot's tensor for each parameter.
 * @throws RangeError for one that is missing or of another shape, before memory is allocated.
 */
export function matchTensors(
  where: string,
  places: readonly Pick<Place, 'path' | 'shape'>[],
  tensors: ReadonlyMap<string, SnapshotTensor>,
  prefix = '',
): SnapshotTensor[] {
  return places.map(({ path, shape }) => {
    const name = prefix + path
    const tensor = tensors.get(name)
    if (!tensor) throw new RangeError(`${where}: the file has no tensor ${quote(name)}`)
    if (tensor.shape.join() !== shape.join()) {
      throw new RangeError(
        `${where}: tensor ${quote(name)} has shape ${showShape(tensor.shape)}, expected ${showShape(shape)}`,
      )
    }
    return tensor
  })
}

/** Values copied per call: a tensor may be as large as memory. */
const PIECE = 2 ** 20

/**
 * Copies tensors to their places in the block at `address`.
 * @throws RangeError for a value that is not finite, unless allowed.
 */
export function fillPlaces(
  where: string,
  arena: Arena,
  address: number,
  places: readonly Place[],
  tensors: readonly SnapshotTensor[],
  allowNonFinite: boolean,
): void {
  for (const [i, place] of places.entries()) {
    fill(where, place, tensors[i], allowNonFinite, (first, values) =>
      writeParameter(arena, address, place, values, first),
    )
  }
}

/** Reads a tensor in chunks. */
function fill(
  where: string,
  { path, shape }: Pick<Place, 'path' | 'shape'>,
  tensor: SnapshotTensor,
  allowNonFinite: boolean,
  write: (first: number, values: Float32Array) => void,
): void {
  const size = shape.reduce((product, length) => product * length, 1)
  const buffer = new Float32Array(Math.min(size, PIECE))
  for (let first = 0; first < size; first += PIECE) {
    const values = buffer.subarray(0, Math.min(size - first, PIECE))
    tensor.read(first, values)
    const bad = allowNonFinite ? -1 : values.findIndex((value) => value - value !== 0)
    if (bad >= 0) {
      throw new RangeError(
        `${where}: value ${first + bad} of ${quote(path)} is ${values[bad]}; { allowNonFinite: true } loads it as it is`,
      )
    }
    write(first, values)
  }
}

/**
 * Copies tensors to a solver's matrices.
 * @throws RangeError for a tensor that is missing or of another shape, and for values that are not finite, unless allowed.
 */
export function fillMatrices(
  where: string,
  session: Pick<SolverSession, 'matrices' | 'restored'> | undefined,
  tensors: ReadonlyMap<string, SnapshotTensor>,
  allowNonFinite: boolean,
): void {
  const matrices = session?.matrices ?? []
  const places = matrices.map(({ name, shape }) => ({ path: `optimizer.${name}`, shape }))
  for (const [i, tensor] of matchTensors(where, places, tensors).entries()) {
    fill(where, places[i], tensor, allowNonFinite, matrices[i].write)
  }
  session?.restored?.()
}
