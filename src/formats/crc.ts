/**
 * 32-bit cyclic redundancy checks, bit-reflected: one loop, two polynomials. Four bytes at a time (slicing-by-4): a model is often
 * read before the JIT has compiled this loop, and half the bytecodes take half the time.
 */

/** 4 x 256 entries: the effect of a byte on the checksum when 0, 1, 2 or 3 more bytes follow it in its word. */
function tableOf(polynomial: number): Int32Array {
  const table = new Int32Array(4 * 256)
  // the CRC is linear: entries of single bits by definition, all others as sums of two known ones
  for (let bit = 128, crc = 1; bit > 0; bit >>= 1) {
    crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    for (let lower = 0; lower < 256; lower += 2 * bit) table[bit + lower] = crc ^ table[lower]
  }
  for (let i = 256; i < table.length; i++) {
    const crc = table[i - 256]
    table[i] = (crc >>> 8) ^ table[crc & 255]
  }
  return table
}

function addWords(table: Int32Array, words: Int32Array, before: number): number {
  let crc = before
  for (let i = 0; i < words.length; i++) {
    crc ^= words[i]
    crc =
      table[768 + (crc & 255)] ^
      table[512 + ((crc >>> 8) & 255)] ^
      table[256 + ((crc >>> 16) & 255)] ^
      table[crc >>> 24]
  }
  return crc
}

function addBytes(table: Int32Array, bytes: Uint8Array, before: number): number {
  let crc = before
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8)
  return crc
}

type Checksum = (bytes: Uint8Array, before?: number) => number

function checksum(polynomial: number): Checksum {
  let table: Int32Array | undefined
  return (bytes, before = 0) => {
    table ??= tableOf(polynomial)
    // words must be aligned
    const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
    const words = new Int32Array(buffer, byteOffset, length >>> 2)
    return ~addBytes(table, bytes.subarray(words.byteLength), addWords(table, words, ~before)) >>> 0
  }
}

/** CRC-32 as in zip and PNG (ISO-HDLC). `before` is the checksum of the preceding bytes. */
export const crc32: Checksum = checksum(0xedb88320)

/** CRC-32C as in iSCSI and TFRecord (Castagnoli). */
export const crc32c: Checksum = checksum(0x82f63b78)
