/**
 * TensorBoard's event files: TFRecords of protocol buffers, both hand-written.
 *
 *   record  = u64 length, u32 masked CRC-32C of it, data, u32 masked CRC-32C of the data; little-endian
 *   Event   { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5 }
 *   Summary { repeated Value value = 1 }     Value { string tag = 1; float simple_value = 2 }
 */
import { crc32c } from './crc.ts'

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** Seven bits per byte, low ones first, the top bit set on all but the last. */
function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return bytes
}

const key = (field: number, type: number): number[] => varint(field * 8 + type)
const chunk = (field: number, bytes: ArrayLike<number>): number[] => [
  ...key(field, BYTES),
  ...varint(bytes.length),
  ...Array.from(bytes),
]
const text = (field: number, value: string): number[] => chunk(field, new TextEncoder().encode(value))

function double(field: number, value: number): number[] {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value, true)
  return [...key(field, FIXED64), ...new Uint8Array(view.buffer)]
}

function float(field: number, value: number): number[] {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value, true)
  return [...key(field, FIXED32), ...new Uint8Array(view.buffer)]
}

/** Checksums stored beside their data are rotated and offset, because a CRC of data that contains its own CRC is weak. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function record(data: ArrayLike<number>): Uint8Array {
  const { length } = data
  const bytes = new Uint8Array(16 + length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(length), true)
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true)
  bytes.set(data, 12)
  view.setUint32(12 + length, maskedCrc(bytes.subarray(12, 12 + length)), true)
  return bytes
}

/** The first record of every event file. `wallTime` is in seconds since 1970. */
export function encodeVersion(wallTime: number): Uint8Array {
  return record([...double(1, wallTime), ...text(3, 'brain.Event:2')])
}

/** One event with the scalars of one step. `step` is an integer >= 0. */
export function encodeScalars(
  wallTime: number,
  step: number,
  scalars: readonly (readonly [tag: string, value: number])[],
): Uint8Array {
  const values = scalars.flatMap(([tag, value]) => chunk(1, [...text(1, tag), ...float(2, value)]))
  return record([...double(1, wallTime), ...key(2, VARINT), ...varint(step), ...chunk(5, values)])
}
