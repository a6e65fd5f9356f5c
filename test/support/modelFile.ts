/** Model files that say something else than what was saved. */
import { nadam } from '../../src/entries/public.ts'
import { readSafetensors, type SafetensorsTensor, writeSafetensors } from '../../src/formats/safetensors.ts'
import { classifier, labels, wave } from './samples.ts'

interface NamedTensor extends SafetensorsTensor {
  readonly name: string
}

/** Settings as JSON has them. */
export type Json = Record<string, unknown>

/** The settings of a model's file. */
export const settingsOf = (bytes: Uint8Array): Json => JSON.parse(readSafetensors(bytes).metadata.settings)

/** The file with other settings, an object or the text itself, and a checksum that is right. */
export function withSettings(bytes: Uint8Array, change: (settings: Json) => Json | string): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes)
  const changed = change(JSON.parse(metadata.settings))
  const settings = typeof changed === 'string' ? changed : JSON.stringify(changed)
  return writeSafetensors(tensors, { ...metadata, settings }, { checksum: true })
}

/** The file with other tensors, and a checksum that is right. */
export function withTensors(bytes: Uint8Array, change: (tensors: NamedTensor[]) => readonly NamedTensor[]): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes)
  const changed = change(Array.from(tensors, ([name, tensor]) => ({ name, ...tensor })))
  return writeSafetensors(new Map(changed.map(({ name, ...tensor }) => [name, tensor])), metadata, { checksum: true })
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
  const zeros = Object.entries(tensors).map(([name, shape]) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1))
    return [name, { shape, data }] as const
  })
  return writeSafetensors(new Map(zeros), { format: 'fourlane/1', settings }, { checksum: true })
}

/** A file with everything that files may hold. */
export function trainedFile() {
  const model = classifier()
  model.compile({ optimizer: nadam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], clipValue: 5 })
  model.trainStep(wave(4 * 8), labels(8))
  return model.toBytes({ includeOptimizer: true })
}
