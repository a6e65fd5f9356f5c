/** Reading a file of blocks that point at one another, none of which is to be trusted. */
import { quote } from '../../lib/check.ts'

/** An address that leads nowhere. */
export const NOWHERE = Number.POSITIVE_INFINITY

/** A file's bytes. Every read is checked against its end, and what is read of it all in all has a limit. */
export class Hdf5Bytes {
  readonly bytes: Uint8Array
  readonly #view: DataView
  /**
   * Bytes that may still be claimed. Blocks do not share bytes, so a file whose blocks are larger than itself goes in circles;
   * four times, as names and values are claimed apart from the blocks that hold them.
   */
  #budget: number
  readonly #where: string

  constructor(where: string, bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#budget = 4 * bytes.length
    this.#where = where
  }

  fail(text: string): RangeError {
    return new RangeError(`${this.#where}: the HDF5 file ${text}`)
  }

  /** Asks for a block of `size` bytes at `at`. @throws RangeError when it is not in the file, or the file goes in circles. */
  claim(at: number, size: number): void {
    if (!(at >= 0 && size >= 0 && at + size <= this.bytes.length))
      throw this.fail(`is damaged or cut short: ${size} bytes at ${at} are beyond its ${this.bytes.length}`)
    this.#budget -= size + 8
    if (this.#budget < 0) throw this.fail('is damaged: its blocks lie in one another')
  }

  u8(at: number): number {
    this.#check(at, 1)
    return this.#view.getUint8(at)
  }

  u16(at: number): number {
    this.#check(at, 2)
    return this.#view.getUint16(at, true)
  }

  u32(at: number): number {
    this.#check(at, 4)
    return this.#view.getUint32(at, true)
  }

  /** A length, or an address; NOWHERE when all bits are set. */
  u64(at: number): number {
    this.#check(at, 8)
    const [low, high] = [this.#view.getUint32(at, true), this.#view.getUint32(at + 4, true)]
    return low === 0xffffffff && high === 0xffffffff ? NOWHERE : low + high * 2 ** 32
  }

  /** A whole number of up to 6 bytes. */
  uint(at: number, size: number): number {
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.u8(at + i)
    return value
  }

  /** Text of `size` bytes, or up to the first zero. */
  text(at: number, size: number): string {
    this.claim(at, size)
    const bytes = this.bytes.subarray(at, at + size)
    const end = bytes.indexOf(0)
    // a copy, as text decoders take no shared memory
    return new TextDecoder().decode(bytes.slice(0, end < 0 ? size : end))
  }

  /** Text up to its zero, which comes before `limit`. */
  textTo(at: number, limit: number): string {
    const found = at < limit ? this.bytes.subarray(at, Math.min(limit, at + LONGEST_NAME)).indexOf(0) : -1
    if (found < 0) throw this.fail(`is damaged: the name at ${at} does not end`)
    return this.text(at, found)
  }

  /** @throws RangeError unless the four letters stand at `at`. */
  expect(signature: string, at: number): void {
    this.#check(at, 4)
    for (let i = 0; i < 4; i++)
      if (this.bytes[at + i] !== signature.charCodeAt(i))
        throw this.fail(`is damaged: no ${quote(signature)} at byte ${at}`)
  }

  #check(at: number, size: number): void {
    if (!(at >= 0 && at + size <= this.bytes.length))
      throw this.fail(`is damaged or cut short: byte ${at} is beyond its ${this.bytes.length}`)
  }
}

const LONGEST_NAME = 4096
