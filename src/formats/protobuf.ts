/**
 * Protocol buffers, hand-written: a message is a sequence of fields, each a key and a value, without a terminator.
 *
 *   key     = varint of field number * 8 + wire type
 *   varint  = seven bits per byte, low ones first, the top bit set on all but the last   wire type 0
 *   fixed64 = 8 bytes, little-endian                                                     1
 *   bytes   = varint of the length, then that many bytes: text, packed numbers, messages 2
 *   fixed32 = 4 bytes, little-endian                                                     5
 */

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** The encoding of a repeated numeric field. */
export type NumberKind = 'varint' | 'float' | 'double'

const WIRES: Readonly<Record<NumberKind, number>> = { varint: VARINT, float: FIXED32, double: FIXED64 }

/**
 * Reads a message field by field: `while (reader.next()) switch (reader.field) { ... default: reader.skip() }`.
 * Zero-copy; never reads beyond its message.
 */
export class MessageReader {
  /** Number of the field found by `next`. */
  field = 0
  #wire = 0
  #at: number
  readonly #end: number
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #fail: (text: string) => Error

  /** @param fail creates the error to throw. */
  constructor(bytes: Uint8Array, fail: (text: string) => Error, begin = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#fail = fail
    this.#at = begin
    this.#end = end
  }

  /** Advances to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at === this.#end) return false
    const key = this.#varint()
    this.field = Math.floor(key / 8)
    this.#wire = key % 8
    if (this.field < 1 || this.field >= 2 ** 29) throw this.#damaged('a field without a number')
    return true
  }

  /** A signed integer; beyond 2^53 the nearest float64. */
  int(): number {
    this.#expect(VARINT)
    return this.#varint()
  }

  float(): number {
    this.#expect(FIXED32)
    return this.#view.getFloat32(this.#take(4), true)
  }

  /** A view of the bytes, not a copy. */
  bytes(): Uint8Array {
    const [begin, end] = this.#chunk()
    return this.#bytes.subarray(begin, end)
  }

  text(): string {
    const bytes = this.bytes()
    try {
      // a copy, since text decoders reject shared memory
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes))
    } catch {
      throw this.#damaged('a text that is not UTF-8')
    }
  }

  message(): MessageReader {
    const [begin, end] = this.#chunk()
    return new MessageReader(this.#bytes, this.#fail, begin, end)
  }

  /** Appends the numbers of a repeated field, packed or not. */
  numbers(kind: NumberKind, to: NumberList): void {
    const wire = WIRES[kind]
    if (this.#wire === wire) {
      to.push(this.#number(wire))
      return
    }
    const [begin, end] = this.#chunk()
    const packed = new MessageReader(this.#bytes, this.#fail, begin, end)
    to.reserve(packed.#count(wire))
    while (packed.#at < end) to.push(packed.#number(wire))
  }

  /** Number of values in the message; truncation is detected when they are read. */
  #count(wire: number): number {
    if (wire !== VARINT) return Math.ceil((this.#end - this.#at) / (wire === FIXED32 ? 4 : 8))
    let count = 0
    for (let i = this.#at; i < this.#end; i++) if (this.#bytes[i] < 128) count++
    return count
  }

  #number(wire: number): number {
    if (wire === VARINT) return this.#varint()
    return wire === FIXED32 ? this.#view.getFloat32(this.#take(4), true) : this.#view.getFloat64(this.#take(8), true)
  }

  /** Skips a field. */
  skip(): void {
    if (this.#wire === VARINT) this.#varint()
    else if (this.#wire === FIXED64) this.#take(8)
    else if (this.#wire === FIXED32) this.#take(4)
    else this.#chunk()
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) throw this.#damaged(`field ${this.field} of another type`)
  }

  #chunk(): [begin: number, end: number] {
    this.#expect(BYTES)
    const length = this.#varint()
    if (length < 0 || length > this.#end - this.#at)
      throw this.#damaged(`${length} bytes where ${this.#end - this.#at} are left`)
    const begin = this.#take(length)
    return [begin, begin + length]
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#end - at) throw this.#damaged('a value that is cut short')
    this.#at += length
    return at
  }

  #varint(): number {
    let value = 0
    let unit = 1
    // seven bytes (49 bits) are exact; negative numbers have ten
    for (let i = 0; i < 7; i++) {
      const byte = this.#bytes[this.#take(1)]
      value += (byte & 127) * unit
      if (byte < 128) return value
      unit *= 128
    }
    let large = BigInt(value)
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#take(1)]
      large |= BigInt(byte & 127) << shift
      if (byte < 128) return Number(BigInt.asIntN(64, large))
    }
    throw this.#damaged('a number of more than ten bytes')
  }

  #damaged(what: string): Error {
    return this.#fail(`the file is damaged: ${what} at byte ${this.#at}`)
  }
}

/** A growing list of numbers. */
export class NumberList {
  #values = new Float64Array(0)
  #length = 0

  /** Reserves space for that many more. */
  reserve(more: number): void {
    if (this.#length + more <= this.#values.length) return
    const values = new Float64Array(Math.max(this.#length + more, 2 * this.#length))
    values.set(this.#values)
    this.#values = values
  }

  push(value: number): void {
    this.reserve(1)
    this.#values[this.#length++] = value
  }

  /** A view of the numbers so far, not a copy. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length)
  }
}

/** Collects the fields of a message; `finish` copies the bytes once. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  int(field: number, value: number): this {
    return this.#add(varint(field * 8 + VARINT)).#add(varint(value))
  }

  float(field: number, value: number): this {
    const word = new Uint8Array(4)
    new DataView(word.buffer).setFloat32(0, value, true)
    return this.#add(varint(field * 8 + FIXED32)).#add(word)
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#add(varint(field * 8 + BYTES))
      .#add(varint(value.length))
      .#add(value)
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  message(field: number, of: MessageWriter): this {
    this.#add(varint(field * 8 + BYTES)).#add(varint(of.#size))
    for (const part of of.#parts) this.#add(part)
    return this
  }

  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#size)
    let at = 0
    for (const part of this.#parts) {
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }

  #add(part: Uint8Array): this {
    this.#parts.push(part)
    this.#size += part.length
    return this
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Uint8Array.of(...bytes, Number(rest))
}
