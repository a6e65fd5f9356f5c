/**
 * A model as a plain value, between files and models: formats turn bytes into it and back, `fromSnapshot` and
 * `Model.snapshot` are the only way into a model and out of it.
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
  /** Parameters by their paths, such as `dense_1.kernel`, and with `progress` the optimizer's state: `optimizer.STATE.PATH`. */
  readonly tensors: ReadonlyMap<string, SnapshotTensor>
  /** The metric that a checkpoint was kept for. */
  readonly score?: { readonly monitor: string; readonly value: number }
}

/** A tensor of float32 values that stay where they are, in a model or in a file, until they are wanted. */
export interface SnapshotTensor {
  readonly shape: readonly number[]
  /** Fills `out` with the row-major values from `first` on. */
  read(first: number, out: Float32Array): void
}

/** How files are read. */
export interface ReadOptions {
  /**
   * Whether the file must have the checksum it was saved with. Default true; false takes files that another program has
   * rewritten, damaged or not.
   */
  verify?: boolean
  /** Whether parameters and optimizer state may be NaN or infinite. Default false. */
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
 * The snapshot in a file. Of the tensors only what the header says is read yet.
 * @throws RangeError for bytes that are not an intact model file.
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
 * The snapshot's tensor of each parameter.
 * @throws RangeError for one that is missing or has another shape: before memory is taken for it.
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

/** Values copied at once: a tensor may be as large as memory. */
const PIECE = 2 ** 20

/**
 * Copies tensors into the places of the block at `address`.
 * @throws RangeError for a value that is not finite, unless that is allowed.
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

/** Reads a tensor piece by piece. */
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
 * Copies tensors into what a solver keeps beside its vectors.
 * @throws RangeError for a tensor that is missing or has another shape, and for values that are not finite, unless they are allowed.
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
