/** Cyclic redundancy checks of 32 bits, bits reflected: one loop, two polynomials. */

function tableOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    return crc >>> 0
  })
}

type Checksum = (bytes: Uint8Array, before?: number) => number

function checksum(polynomial: number): Checksum {
  let table: Uint32Array | undefined
  return (bytes, before = 0) => {
    table ??= tableOf(polynomial)
    let crc = ~before
    for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8)
    return ~crc >>> 0
  }
}

/** CRC-32 as in zip and PNG (ISO-HDLC). `before` is the checksum of the bytes that precede these. */
export const crc32: Checksum = checksum(0xedb88320)

/** CRC-32C as in iSCSI and TFRecord (Castagnoli). */
export const crc32c: Checksum = checksum(0x82f63b78)
