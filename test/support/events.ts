/** Reads TensorBoard event files, independently of the code that writes them. */
import { crc32c } from '../../src/formats/crc.ts'

export interface Event {
  readonly wallTime: number
  readonly step: number
  readonly fileVersion: string
  readonly scalars: [tag: string, value: number][]
}

interface Field {
  readonly number: number
  readonly value: number
  readonly bytes: Uint8Array
}

/** The fields of a protocol buffer message, one level deep. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: Field[] = []
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const key = varint()
    const number = Math.floor(key / 8)
    const none = new Uint8Array(0)
    if (key % 8 === 0) fields.push({ number, value: varint(), bytes: none })
    else if (key % 8 === 1) {
      fields.push({ number, value: view.getFloat64(at, true), bytes: none })
      at += 8
    } else if (key % 8 === 5) {
      fields.push({ number, value: view.getFloat32(at, true), bytes: none })
      at += 4
    } else if (key % 8 === 2) {
      const length = varint()
      fields.push({ number, value: Number.NaN, bytes: bytes.subarray(at, at + length) })
      at += length
    } else throw new Error(`wire type ${key % 8}`)
  }
  return fields
}

/** @throws Error for a wrong checksum or length. */
function recordsOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const verify = (from: number, to: number) => {
    const masked = view.getUint32(to, true)
    const rotated = (masked - 0xa282ead8) >>> 0
    const crc = ((rotated >>> 17) | (rotated << 15)) >>> 0
    if (crc !== crc32c(file.subarray(from, to))) throw new Error(`bytes ${from} to ${to} do not match their checksum`)
  }
  const records: Uint8Array[] = []
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true))
    verify(at, at + 8)
    verify(at + 12, at + 12 + length)
    records.push(file.subarray(at + 12, at + 12 + length))
    at += 16 + length
  }
  return records
}

export function readEvents(file: Uint8Array): Event[] {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  return recordsOf(file).map((record) => {
    const fields = fieldsOf(record)
    const one = (number: number) => fields.find((field) => field.number === number)
    const summary = one(5)?.bytes ?? new Uint8Array(0)
    const scalars = fieldsOf(summary).map(({ bytes }): [string, number] => {
      const value = fieldsOf(bytes)
      return [
        text(value.find(({ number }) => number === 1)?.bytes ?? new Uint8Array(0)),
        value.find(({ number }) => number === 2)?.value ?? Number.NaN,
      ]
    })
    return {
      wallTime: one(1)?.value ?? Number.NaN,
      step: one(2)?.value ?? 0,
      fileVersion: text(one(3)?.bytes ?? new Uint8Array(0)),
      scalars,
    }
  })
}
