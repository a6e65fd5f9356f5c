/** Safetensors files put together by hand, and what a file holds. */
import type { SafetensorsFile, SafetensorsInput } from '../../src/formats/safetensors.ts'

export const utf8 = (text: string) => new TextEncoder().encode(text)

/** A file with the given header, whatever it says. */
export function fileOf(header: unknown, data: Uint8Array | number = 0): Uint8Array {
  const json = utf8(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = typeof data === 'number' ? new Uint8Array(data) : data
  const file = new Uint8Array(8 + json.length + bytes.length)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  file.set(bytes, 8 + json.length)
  return file
}

export const headerOf = (file: Uint8Array) => {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true))
  return { length, text: new TextDecoder().decode(file.subarray(8, 8 + length)), data: file.subarray(8 + length) }
}

export const sample: Record<string, SafetensorsInput> = {
  'dense_1.kernel': {
    dtype: 'F32',
    shape: [2, 3],
    data: Float32Array.of(1, -2, 3.5, 0, Number.NaN, Number.POSITIVE_INFINITY),
  },
  labels: { dtype: 'I32', shape: [3], data: Int32Array.of(-1, 0, 2 ** 31 - 1) },
  scalar: { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) },
  empty: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
}

/** What a file holds, as plain values. */
export const plain = ({ tensors }: SafetensorsFile) =>
  Array.from(tensors, ([name, { dtype, shape, data }]) => [name, dtype, shape, data.constructor.name, [...data]])
