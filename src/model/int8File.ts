/** Files of quantized models: safetensors like those of other models, with 8-bit kernels. */
import { denseOf, type Grain, type Int8Dense, isKernel } from '../compiler/int8.ts'
import type { ParameterPlace } from '../compiler/parameterLayout.ts'
import { DTYPE_BYTES, hasChecksum, readHeader, verifyChecksum } from '../formats/safetensorsHeader.ts'
import { encodeTensors, type TensorBytes } from '../formats/safetensorsWriter.ts'
import { showShape } from '../formats/shapes.ts'
import type { ByteSource } from '../lib/bytes.ts'
import { quote } from '../lib/check.ts'
import { parseSettings, type Settings } from './settings.ts'

/** The format stated in files. */
export const INT8_FORMAT = 'fourlane-int8/1'

/**
 * A quantized model as a plain value. `dense_1.kernel` is I8 [inputs, units], its real values times `dense_1.kernelScale`, F32
 * [units]; a calibrated layer has `dense_1.inputScale`, F32 [1], and `dense_1.inputZero`, U8 [1]. All others are F32 as in
 * ordinary model files.
 */
export interface Int8Snapshot extends Pick<Settings, 'seed' | 'deterministic' | 'layers' | 'classNames' | 'user'> {
  readonly tensors: ReadonlyMap<string, TensorBytes>
}

export function encodeInt8({ tensors, ...settings }: Int8Snapshot): Uint8Array {
  return encodeTensors([...tensors.values()], { format: INT8_FORMAT, settings: JSON.stringify(settings) })
}

/**
 * The snapshot in a file. Only the header is read yet.
 * @throws RangeError unless the bytes are an intact file of a quantized model.
 */
export function decodeInt8(where: string, source: ByteSource, verify: boolean): Int8Snapshot {
  const header = readHeader(source)
  const settings = parseSettings(where, header.metadata, [INT8_FORMAT])
  if (verify) {
    if (!hasChecksum(header)) {
      throw new RangeError(
        `${where}: the file has no checksum, so another program has written it, or it is damaged; { verify: false } loads it as it is`,
      )
    }
    verifyChecksum(header, source)
  }
  const tensors = new Map<string, TensorBytes>()
  for (const { name, dtype, shape, from } of header.entries) {
    const start = header.start + from
    const copy = (first: number, out: Uint8Array) => out.set(source.read(start + first, start + first + out.length))
    tensors.set(name, { name, dtype, shape, copy })
  }
  return { ...settings, tensors }
}

/** A tensor's values from `first` on, as many as fit. */
export function readTensor<T extends Float32Array | Int8Array | Uint8Array>(
  { dtype, copy }: TensorBytes,
  out: T,
  first = 0,
): T {
  copy(first * DTYPE_BYTES[dtype], new Uint8Array(out.buffer, out.byteOffset, out.byteLength))
  return out
}

/**
 * The 8-bit layers of a snapshot.
 * @throws RangeError for tensors that are missing, superfluous, or of another type or shape, and for invalid scales, before
 * memory is allocated.
 */
export function matchInt8(
  where: string,
  places: readonly ParameterPlace[],
  tensors: Int8Snapshot['tensors'],
): Int8Dense[] {
  const known = new Set<string>()
  const find = (name: string, dtype: string, shape: readonly number[]): TensorBytes => {
    const tensor = tensors.get(name)
    if (!tensor) throw new RangeError(`${where}: the file has no tensor ${quote(name)}`)
    if (tensor.dtype !== dtype || tensor.shape.join() !== shape.join()) {
      throw new RangeError(
        `${where}: tensor ${quote(name)} is ${quote(tensor.dtype)} ${showShape(tensor.shape)}, expected ${dtype} ${showShape(shape)}`,
      )
    }
    known.add(name)
    return tensor
  }
  const grainOf = (path: string): Grain | undefined => {
    const [scale, zero] = [`${path}inputScale`, `${path}inputZero`]
    if (!tensors.has(scale) && !tensors.has(zero)) return undefined
    const grain = {
      scale: readTensor(find(scale, 'F32', [1]), new Float32Array(1))[0],
      zero: readTensor(find(zero, 'U8', [1]), new Uint8Array(1))[0],
    }
    checkGrain(where, path, grain)
    return grain
  }
  const found: Int8Dense[] = []
  for (const place of places) {
    const { path, shape } = place
    if (!isKernel(place) || tensors.get(path)?.dtype !== 'I8') {
      find(path, 'F32', shape)
      continue
    }
    find(path, 'I8', shape)
    find(`${path}Scale`, 'F32', [shape[1]])
    found.push(denseOf(place, places, grainOf(path.slice(0, -'kernel'.length))))
  }
  for (const name of tensors.keys()) {
    if (!known.has(name)) throw new RangeError(`${where}: tensor ${quote(name)} belongs to no layer of the model`)
  }
  return found
}

/** Bounds on scales: their reciprocals must be finite and normal. */
const LARGEST = 2 ** 100
const SMALLEST = 2 ** -100

function checkGrain(where: string, path: string, { scale, zero }: Grain): void {
  if (!(scale >= SMALLEST && scale <= LARGEST))
    throw new RangeError(`${where}: ${quote(`${path}inputScale`)} is ${scale}, expected 2^-100 to 2^100`)
  if (zero > 127) throw new RangeError(`${where}: ${quote(`${path}inputZero`)} is ${zero}, expected 0 to 127`)
}

/** A tensor backed by an array. */
export function tensorOf(
  name: string,
  shape: readonly number[],
  data: Float32Array | Int8Array | Uint8Array,
): [name: string, tensor: TensorBytes] {
  const dtype = data instanceof Float32Array ? 'F32' : data instanceof Int8Array ? 'I8' : 'U8'
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return [name, { name, dtype, shape, copy: (from, out) => out.set(bytes.subarray(from, from + out.length)) }]
}
