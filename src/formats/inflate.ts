/** DEFLATE decompression (RFC 1951), synchronous, unlike DecompressionStream. */

/** The order in which code lengths are stored (RFC 1951, 3.2.7). */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/** A canonical Huffman code: the number of codes of each length, and the symbols in order of their codes. */
interface Code {
  readonly counts: Uint16Array
  readonly symbols: Uint16Array
}

function makeCode(lengths: ArrayLike<number>): Code {
  const counts = new Uint16Array(16)
  for (let i = 0; i < lengths.length; i++) counts[lengths[i]]++
  counts[0] = 0
  const next = new Uint16Array(16)
  for (let bits = 1; bits < 16; bits++) next[bits] = next[bits - 1] + counts[bits - 1]
  const symbols = new Uint16Array(lengths.length)
  for (let i = 0; i < lengths.length; i++) if (lengths[i]) symbols[next[lengths[i]]++] = i
  return { counts, symbols }
}

/** Base and number of extra bits of lengths 3 to 258 (symbols 257 to 284) and of distances. */
const lengthOf = (symbol: number): [base: number, bits: number] => {
  const bits = symbol < 4 ? 0 : (symbol >> 2) - 1
  return [bits === 0 ? symbol + 3 : ((4 + (symbol & 3)) << bits) + 3, bits]
}
const distanceOf = (symbol: number): [base: number, bits: number] => {
  const bits = symbol < 2 ? 0 : (symbol >> 1) - 1
  return [bits === 0 ? symbol + 1 : ((2 + (symbol & 1)) << bits) + 1, bits]
}

/** @throws RangeError unless the bytes are an intact raw DEFLATE stream that unpacks to at most `maximum` bytes. */
export function inflate(bytes: Uint8Array, maximum = Number.POSITIVE_INFINITY): Uint8Array {
  let out = new Uint8Array(Math.min(bytes.length * 5, maximum))
  let size = 0
  let at = 0
  let hold = 0
  let held = 0
  const damaged = () => new RangeError('inflate: the compressed bytes are damaged')

  const read = (count: number): number => {
    while (held < count) {
      if (at >= bytes.length) throw damaged()
      hold |= bytes[at++] << held
      held += 8
    }
    const value = hold & ((1 << count) - 1)
    hold >>>= count
    held -= count
    return value
  }
  const decode = ({ counts, symbols }: Code): number => {
    let code = 0
    let first = 0
    let index = 0
    for (let bits = 1; bits < 16; bits++) {
      code |= read(1)
      if (code - counts[bits] < first) return symbols[index + code - first]
      index += counts[bits]
      first = (first + counts[bits]) << 1
      code <<= 1
    }
    throw damaged()
  }
  const reserve = (count: number): void => {
    if (size + count <= out.length) return
    if (size + count > maximum) throw new RangeError(`inflate: the bytes unpack to more than ${maximum}`)
    const larger = new Uint8Array(Math.min((size + count) * 2, maximum))
    larger.set(out.subarray(0, size))
    out = larger
  }

  const readCodes = (): [literals: Code, distances: Code] => {
    const literals = read(5) + 257
    const distances = read(5) + 1
    const count = read(4) + 4
    const lengths = new Uint8Array(19)
    for (let i = 0; i < count; i++) lengths[LENGTH_ORDER[i]] = read(3)
    const code = makeCode(lengths)
    const all = new Uint8Array(literals + distances)
    for (let i = 0; i < all.length; ) {
      const symbol = decode(code)
      if (symbol < 16) {
        all[i++] = symbol
        continue
      }
      const value = symbol === 16 ? all[i - 1] : 0
      const repeat = symbol === 16 ? 3 + read(2) : symbol === 17 ? 3 + read(3) : 11 + read(7)
      all.fill(value, i, i + repeat)
      i += repeat
    }
    return [makeCode(all.subarray(0, literals)), makeCode(all.subarray(literals))]
  }
  const fixedCodes = (): [literals: Code, distances: Code] => [
    makeCode(Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
    makeCode(new Uint8Array(30).fill(5)),
  ]
  const inflateBlock = ([literals, distances]: [Code, Code]): void => {
    for (;;) {
      const symbol = decode(literals)
      if (symbol === 256) return
      if (symbol < 256) {
        reserve(1)
        out[size++] = symbol
        continue
      }
      const [base, bits] = symbol === 285 ? [258, 0] : lengthOf(symbol - 257)
      const length = base + read(bits)
      const [near, more] = distanceOf(decode(distances))
      const distance = near + read(more)
      if (distance > size) throw damaged()
      reserve(length)
      // byte by byte: source and destination may overlap
      for (let i = 0; i < length; i++, size++) out[size] = out[size - distance]
    }
  }

  for (let last = 0; !last; ) {
    last = read(1)
    const type = read(2)
    if (type === 0) {
      hold = 0
      held = 0
      const length = bytes[at] | (bytes[at + 1] << 8)
      at += 4
      if (at + length > bytes.length) throw damaged()
      reserve(length)
      out.set(bytes.subarray(at, at + length), size)
      at += length
      size += length
    } else if (type === 3) throw damaged()
    else inflateBlock(type === 1 ? fixedCodes() : readCodes())
  }
  return out.subarray(0, size)
}
