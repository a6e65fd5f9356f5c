// DEFLATE (RFC 1951) as small as it gets. zlib takes the longest match at each byte, this the cheapest way through the whole file, under
// the costs of the codes that the way before arrived at, as Zopfli does. For what is compressed once and downloaded often.
import { inflateRawSync } from 'node:zlib'

const LEAST = 3
const MOST = 258
const WINDOW = 32768
const ROUNDS = 15
/** Places with the same first bytes that are looked at. */
const LOOKS = 2048
/** Symbols of a block at least, and places at which one may be split. */
const LEAST_BLOCK = 512
const SPLITS = 48
const END = 256
/** Code lengths are sent in this order (RFC 1951, 3.2.7). */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/** Symbol, number of extra bits and their value: of a length, and of a distance. */
const LENGTHS = Array.from({ length: MOST + 1 }, (_, length) => {
  const value = length - LEAST
  if (length === MOST) return [285, 0, 0]
  const bits = value < 8 ? 0 : 29 - Math.clz32(value)
  return [257 + 4 * bits + (value >> bits), bits, value & ((1 << bits) - 1)]
})
const DISTANCES = Array.from({ length: WINDOW + 1 }, (_, distance) => {
  const value = distance - 1
  const bits = value < 4 ? 0 : 30 - Math.clz32(value)
  return [2 * bits + (value >> bits), bits, value & ((1 << bits) - 1)]
})

/** For every place, the matches worth a thought: longer ones farther away, as [length, distance] after [length, distance]. */
function findMatches(bytes) {
  const last = new Map()
  const before = new Int32Array(bytes.length)
  return Array.from(bytes, (_, at) => {
    const found = []
    if (at + LEAST > bytes.length) return found
    const key = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)
    let place = last.get(key) ?? -1
    before[at] = place
    last.set(key, at)
    const most = Math.min(MOST, bytes.length - at)
    let best = LEAST - 1
    for (
      let looks = LOOKS;
      place >= 0 && at - place <= WINDOW && best < most && looks;
      place = before[place], looks--
    ) {
      let length = LEAST
      while (length < most && bytes[place + length] === bytes[at + length]) length++
      if (length > best) found.push(length, at - place)
      best = Math.max(best, length)
    }
    return found
  })
}

/** How often each symbol of a list of [length or literal, distance or 0] occurs. */
function count(symbols) {
  const literals = new Array(286).fill(0)
  const distances = new Array(30).fill(0)
  for (const [value, distance] of symbols) {
    literals[distance ? LENGTHS[value][0] : value]++
    if (distance) distances[DISTANCES[distance][0]]++
  }
  literals[END] = 1
  return [literals, distances]
}

/** Bits of each symbol by its share; of one that does not occur, as if it would once. */
function entropies(counts) {
  const total = counts.reduce((sum, n) => sum + n, 0) || 1
  return counts.map((n) => Math.log2(total / Math.max(n, 0.7)))
}

/** The cheapest symbols for bytes [from, to). */
function cheapest(bytes, matches, from, to, [literals, distances]) {
  const size = to - from
  const cost = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY)
  const lengths = new Uint16Array(size + 1)
  const places = new Uint16Array(size + 1)
  const lengthCosts = Float64Array.from(LENGTHS, ([symbol, bits], length) =>
    length < LEAST ? 0 : literals[symbol] + bits,
  )
  cost[0] = 0
  for (let at = 0; at < size; at++) {
    const alone = cost[at] + literals[bytes[from + at]]
    if (alone < cost[at + 1]) {
      cost[at + 1] = alone
      lengths[at + 1] = 1
    }
    const found = matches[from + at]
    for (let i = 0, length = LEAST; i < found.length; i += 2) {
      const [symbol, bits] = DISTANCES[found[i + 1]]
      const begun = cost[at] + distances[symbol] + bits
      for (const most = Math.min(found[i], size - at); length <= most; length++) {
        if (begun + lengthCosts[length] >= cost[at + length]) continue
        cost[at + length] = begun + lengthCosts[length]
        lengths[at + length] = length
        places[at + length] = found[i + 1]
      }
    }
  }
  const symbols = []
  for (let at = size; at > 0; at -= lengths[at]) {
    symbols.push(lengths[at] === 1 ? [bytes[from + at - 1], 0] : [lengths[at], places[at]])
  }
  return symbols.reverse()
}

/** Lengths of a Huffman code of at most `limit` bits; where it would be deeper, of one for flatter counts. */
function codeLengths(counts, limit) {
  const lengths = counts.map(() => 0)
  const leaves = counts.flatMap((n, symbol) => (n > 0 ? [{ weight: n, symbol }] : []))
  if (leaves.length < 2) {
    for (const { symbol } of leaves) lengths[symbol] = 1
    return lengths
  }
  leaves.sort((a, b) => a.weight - b.weight)
  // the two lightest become one: leaves and pairs each come in order
  const pairs = []
  let [leaf, pair] = [0, 0]
  const lightest = () =>
    pair < pairs.length && (leaf === leaves.length || pairs[pair].weight < leaves[leaf].weight)
      ? pairs[pair++]
      : leaves[leaf++]
  while (pairs.length < leaves.length - 1) {
    const below = [lightest(), lightest()]
    pairs.push({ weight: below[0].weight + below[1].weight, below })
  }
  const descend = ({ below, symbol }, depth) => {
    if (below) for (const node of below) descend(node, depth + 1)
    else lengths[symbol] = depth
  }
  descend(pairs[pairs.length - 1], 0)
  if (Math.max(...lengths) <= limit) return lengths
  return codeLengths(
    counts.map((n) => (n + 1) >> 1),
    limit,
  )
}

/** The code lengths as they are sent: [symbol, number of extra bits, their value]. */
function runs(lengths) {
  const out = []
  for (let at = 0; at < lengths.length; ) {
    let end = at
    while (end < lengths.length && lengths[end] === lengths[at]) end++
    let left = end - at
    if (lengths[at] === 0) {
      for (; left >= 11; left -= Math.min(left, 138)) out.push([18, 7, Math.min(left, 138) - 11])
      if (left >= 3) out.push([17, 3, left - 3])
      if (left >= 3) left = 0
    } else {
      out.push([lengths[at], 0, 0])
      left--
      for (; left >= 3; left -= Math.min(left, 6)) out.push([16, 2, Math.min(left, 6) - 3])
    }
    for (; left > 0; left--) out.push([lengths[at], 0, 0])
    at = end
  }
  return out
}

/** The code that a block is sent with, and the bits that it takes in all. */
function plan(symbols) {
  const [literalCounts, distanceCounts] = count(symbols)
  const literals = codeLengths(literalCounts, 15)
  const distances = codeLengths(distanceCounts, 15)
  const used = (lengths, least) => Math.max(least, lengths.findLastIndex((length) => length > 0) + 1)
  const sizes = [used(literals, 257), used(distances, 1)]
  const sent = runs([...literals.slice(0, sizes[0]), ...distances.slice(0, sizes[1])])
  const header = codeLengths(
    LENGTH_ORDER.map((_, symbol) => sent.filter(([other]) => other === symbol).length),
    7,
  )
  const order = Math.max(4, LENGTH_ORDER.findLastIndex((symbol) => header[symbol] > 0) + 1)
  let bits = 3 + 14 + 3 * order
  for (const [symbol, extra] of sent) bits += header[symbol] + extra
  literalCounts.forEach((n, symbol) => {
    bits += n * (literals[symbol] + (symbol > 264 && symbol < 285 ? (symbol - 261) >> 2 : 0))
  })
  distanceCounts.forEach((n, symbol) => {
    bits += n * (distances[symbol] + (symbol > 3 ? (symbol - 2) >> 1 : 0))
  })
  return { literals, distances, sizes, sent, header, order, bits }
}

/** Cuts symbols into blocks where codes of their own pay. */
function split(symbols) {
  const whole = plan(symbols).bits
  let best = { bits: whole, at: 0 }
  for (let i = 1; i < SPLITS; i++) {
    const at = Math.round((symbols.length * i) / SPLITS)
    if (at < LEAST_BLOCK || symbols.length - at < LEAST_BLOCK) continue
    const bits = plan(symbols.slice(0, at)).bits + plan(symbols.slice(at)).bits
    if (bits < best.bits) best = { bits, at }
  }
  return best.at === 0 ? [symbols] : [...split(symbols.slice(0, best.at)), ...split(symbols.slice(best.at))]
}

const bytesOf = (symbols) => symbols.reduce((sum, [value, distance]) => sum + (distance ? value : 1), 0)

/** The best that rounds over bytes [from, to) come to. */
function settle(bytes, matches, from, to, first) {
  let symbols = first
  let best = { symbols, bits: plan(symbols).bits }
  for (let round = 0; round < ROUNDS; round++) {
    symbols = cheapest(bytes, matches, from, to, count(symbols).map(entropies))
    const { bits } = plan(symbols)
    if (bits < best.bits) best = { symbols, bits }
  }
  return best.symbols
}

function write(blocks) {
  const out = []
  let hold = 0
  let held = 0
  const put = (value, bits) => {
    hold |= value << held
    for (held += bits; held > 7; held -= 8, hold >>>= 8) out.push(hold & 255)
  }
  /** Codes by symbol, ready to be sent from the highest bit on. */
  const codesOf = (lengths) => {
    const codes = []
    let code = 0
    for (let bits = 1; bits < 16; bits++, code <<= 1) {
      lengths.forEach((length, symbol) => {
        if (length !== bits) return
        codes[symbol] = 0
        for (let i = 0; i < bits; i++) codes[symbol] |= ((code >> i) & 1) << (bits - 1 - i)
        code++
      })
    }
    return codes
  }
  for (const [i, symbols] of blocks.entries()) {
    const { literals, distances, sizes, sent, header, order } = plan(symbols)
    const [literalCodes, distanceCodes, headerCodes] = [literals, distances, header].map(codesOf)
    put(i === blocks.length - 1 ? 1 : 0, 1)
    put(2, 2)
    put(sizes[0] - 257, 5)
    put(sizes[1] - 1, 5)
    put(order - 4, 4)
    for (const symbol of LENGTH_ORDER.slice(0, order)) put(header[symbol], 3)
    for (const [symbol, bits, value] of sent) {
      put(headerCodes[symbol], header[symbol])
      put(value, bits)
    }
    for (const [value, distance] of symbols) {
      const [symbol, bits, rest] = distance ? LENGTHS[value] : [value, 0, 0]
      put(literalCodes[symbol], literals[symbol])
      put(rest, bits)
      if (!distance) continue
      const [far, farBits, farRest] = DISTANCES[distance]
      put(distanceCodes[far], distances[far])
      put(farRest, farBits)
    }
    put(literalCodes[END], literals[END])
  }
  if (held > 0) put(0, 8 - held)
  return Buffer.from(out)
}

/** The bytes, compressed. */
export function deflate(bytes) {
  const matches = findMatches(bytes)
  const guess = [new Array(286).fill(8), new Array(30).fill(5)]
  const whole = settle(bytes, matches, 0, bytes.length, cheapest(bytes, matches, 0, bytes.length, guess))
  let from = 0
  const blocks = split(whole).map((symbols) => {
    const to = from + bytesOf(symbols)
    const settled = settle(bytes, matches, from, to, symbols)
    from = to
    return settled
  })
  const packed = write(blocks)
  if (Buffer.compare(inflateRawSync(packed), bytes) !== 0) throw new Error('deflate: does not unpack to what it was')
  return packed
}
