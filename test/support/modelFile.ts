/** Model files that say something else than what was saved. */
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '../../src/formats/safetensors.ts'

/** Settings as JSON has them. */
export type Json = Record<string, unknown>

/** The settings of a model's file. */
export const settingsOf = (bytes: Uint8Array): Json => JSON.parse(decodeSafetensors(bytes).metadata.settings)

/** The file with other settings, an object or the text itself, and a checksum that is right. */
export function withSettings(bytes: Uint8Array, change: (settings: Json) => Json | string): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes)
  const changed = change(JSON.parse(metadata.settings))
  const settings = typeof changed === 'string' ? changed : JSON.stringify(changed)
  return encodeSafetensors(tensors, { ...metadata, settings })
}

/** The file with other tensors, and a checksum that is right. */
export function withTensors(
  bytes: Uint8Array,
  change: (tensors: SafetensorsTensor[]) => readonly SafetensorsTensor[],
): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes)
  return encodeSafetensors(change(tensors), metadata)
}

/** The file with the metadata as they are stored, and nothing else changed. */
export function withMetadata(bytes: Uint8Array, change: (metadata: Json) => Json): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const header: Json = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  return fileOf({ ...header, __metadata__: change(header.__metadata__ as Json) }, bytes.subarray(8 + length))
}

/** A file with the given header, whatever it says. */
export function fileOf(header: unknown, data: Uint8Array | number = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = typeof data === 'number' ? new Uint8Array(data) : data
  const file = new Uint8Array(8 + json.length + bytes.length)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  file.set(bytes, 8 + json.length)
  return file
}

/** A model's file of these layers, which are as a file has them, and zeros for the given tensors. */
export function fileOfLayers(layers: readonly unknown[], tensors: Readonly<Record<string, readonly number[]>> = {}) {
  const settings = JSON.stringify({ seed: 1, deterministic: true, layers })
  const zeros = Object.entries(tensors).map(([name, shape]): SafetensorsTensor => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1))
    return { name, dtype: 'F32', shape, data }
  })
  return encodeSafetensors(zeros, { format: 'fourlane/1', settings })
}
