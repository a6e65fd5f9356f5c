/** Bounds-checked reading of a file of blocks that point to one another; the file is untrusted. */
import { quote } from '../../lib/check.ts'

/** The undefined address. */
export const NOWHERE = Number.POSITIVE_INFINITY

/** A file's bytes. Every read is checked against the end, and the total of all reads is limited. */
export class Hdf5Bytes {
  readonly bytes: Uint8Array
  readonly #view: DataView
  /**
   * Bytes that may still be claimed. Blocks do not overlap, so a file whose blocks add up to more than its size has a cycle;
   * four times its size, since names and values are claimed separately from the blocks that contain them.
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

  /** Claims a block of `size` bytes at `at`. @throws RangeError if it is outside of the file, or the file has a cycle. */
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

  /** A length or an address; NOWHERE if all bits are set. */
  u64(at: number): number {
    this.#check(at, 8)
    const [low, high] = [this.#view.getUint32(at, true), this.#view.getUint32(at + 4, true)]
    return low === 0xffffffff && high === 0xffffffff ? NOWHERE : low + high * 2 ** 32
  }

  /** An unsigned integer of up to 6 bytes. */
  uint(at: number, size: number): number {
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.u8(at + i)
    return value
  }

  /** Text of `size` bytes, or up to the first zero byte. */
  text(at: number, size: number): string {
    this.claim(at, size)
    const bytes = this.bytes.subarray(at, at + size)
    const end = bytes.indexOf(0)
    // a copy, since text decoders reject shared memory
    return new TextDecoder().decode(bytes.slice(0, end < 0 ? size : end))
  }

  /** Zero-terminated text; the zero must come before `limit`. */
  textTo(at: number, limit: number): string {
    const found = at < limit ? this.bytes.subarray(at, Math.min(limit, at + LONGEST_NAME)).indexOf(0) : -1
    if (found < 0) throw this.fail(`is damaged: the name at ${at} does not end`)
    return this.text(at, found)
  }

  /** @throws RangeError unless the four-letter signature is at `at`. */
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
