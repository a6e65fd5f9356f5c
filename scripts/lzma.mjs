// The LZMA encoder for the decoder in src/runtime/lzma.ts, which documents the format: an optimal parse of the whole file under the bit costs of
// the previous parse, repeated. Slow, for what is compressed once and downloaded often.

const LONGEST = 273
const ROUNDS = 6
/** Number of earlier positions with the same three bytes that are tried. */
const LOOKS = 1024
/** Of longer matches, only the full length is considered. */
const NICE = 48

const [IS_MATCH, IS_REP, IS_REP_FAR, IS_REP_LONG, IS_REP_THIRD, IS_REP_FOURTH, SLOTS] = [0, 12, 24, 36, 48, 60, 72]
const NEAR = SLOTS + 4 * 64
const FAR = NEAR + 128
const LENGTHS = FAR + 16
const REP_LENGTHS = LENGTHS + 274
const LITERALS = REP_LENGTHS + 274
const CONTEXTS = LITERALS + 8 * 0x300

/** Kinds of symbols: a literal, a match at one of the last four distances, or a match at another distance. */
const LITERAL = -1
const MATCH = 4

const afterLiteral = (state) => (state < 4 ? 0 : state < 10 ? state - 3 : state - 6)
const afterMatch = (state) => (state < 7 ? 7 : 10)
const afterRep = (state, length) => (state < 7 ? (length === 1 ? 9 : 8) : 11)

/** Sends a number's bits, each in the context of the higher ones. */
function number(bit, contexts, bits, value) {
  for (let i = bits - 1, path = 1; i >= 0; i--) {
    const one = (value >> i) & 1
    bit(contexts + path, one)
    path = (path << 1) | one
  }
}

/** The same, lowest bit first. */
function reversed(bit, contexts, bits, value) {
  for (let i = 0, path = 1; i < bits; i++) {
    const one = (value >> i) & 1
    bit(contexts + path, one)
    path = (path << 1) | one
  }
}

function sendLiteral(bit, bytes, at, state, distance) {
  const contexts = LITERALS + ((bytes[at - 1] ?? 0) >> 5) * 0x300
  let isLike = state >= 7
  let like = bytes[at - distance - 1]
  for (let i = 7, path = 1; i >= 0; i--) {
    like <<= 1
    const one = (bytes[at] >> i) & 1
    bit(contexts + path + (isLike ? 256 + (like & 256) : 0), one)
    isLike &&= one === ((like >> 8) & 1)
    path = (path << 1) | one
  }
}

function sendLength(bit, contexts, length) {
  bit(contexts, length < 10 ? 0 : 1)
  if (length < 10) return number(bit, contexts + 2, 3, length - 2)
  bit(contexts + 1, length < 18 ? 0 : 1)
  if (length < 18) return number(bit, contexts + 10, 3, length - 10)
  number(bit, contexts + 18, 8, length - 18)
}

const slotOf = (distance) => {
  if (distance < 4) return distance
  const top = 31 - Math.clz32(distance)
  return 2 * top + ((distance >> (top - 1)) & 1)
}

/** @param direct sends bits without a context. */
function sendDistance(bit, direct, length, distance) {
  const slot = slotOf(distance)
  number(bit, SLOTS + Math.min(length - 2, 3) * 64, 6, slot)
  if (slot < 4) return
  const bits = (slot >> 1) - 1
  const base = (2 | (slot & 1)) << bits
  if (slot < 14) return reversed(bit, NEAR + base - slot, bits, distance - base)
  direct((distance - base) >> 4, bits - 4)
  reversed(bit, FAR, 4, distance & 15)
}

/** Sends which of the last distances a match of this length uses. */
function sendRep(bit, state, which, length) {
  bit(IS_REP_FAR + state, which > 0 ? 1 : 0)
  if (which === 0) return bit(IS_REP_LONG + state, length > 1 ? 1 : 0)
  bit(IS_REP_THIRD + state, which > 1 ? 1 : 0)
  if (which > 1) bit(IS_REP_FOURTH + state, which - 2)
}

const latest = (distances, which) => [distances[which], ...distances.filter((_, i) => i !== which)]

/** Sends symbols, [kind, length, distance] each. */
function send(bytes, symbols, bit, direct) {
  let state = 0
  let distances = [0, 0, 0, 0]
  let at = 0
  for (const [kind, length, distance] of symbols) {
    bit(IS_MATCH + state, kind === LITERAL ? 0 : 1)
    if (kind === LITERAL) {
      sendLiteral(bit, bytes, at, state, distances[0])
      state = afterLiteral(state)
    } else {
      bit(IS_REP + state, kind === MATCH ? 0 : 1)
      if (kind === MATCH) {
        sendLength(bit, LENGTHS, length)
        sendDistance(bit, direct, length, distance)
        distances = [distance, ...distances.slice(0, 3)]
        state = afterMatch(state)
      } else {
        sendRep(bit, state, kind, length)
        if (length > 1) sendLength(bit, REP_LENGTHS, length)
        distances = latest(distances, kind)
        state = afterRep(state, length)
      }
    }
    at += length
  }
}

/** For every position, the useful matches of two bytes and more, longer ones at larger distances, as [length, distance, length, distance, ...]. */
function findMatches(bytes) {
  const lastTwo = new Int32Array(1 << 16).fill(-1)
  const lastThree = new Map()
  const before = new Int32Array(bytes.length)
  return Array.from(bytes, (_, at) => {
    const found = []
    const most = Math.min(LONGEST, bytes.length - at)
    if (most < 2) return found
    let best = 1
    const look = (place) => {
      let length = 0
      while (length < most && bytes[place + length] === bytes[at + length]) length++
      if (length > best) found.push(length, at - place - 1)
      best = Math.max(best, length)
    }
    const two = bytes[at] | (bytes[at + 1] << 8)
    if (lastTwo[two] >= 0) look(lastTwo[two])
    lastTwo[two] = at
    if (most < 3) return found
    const three = two | (bytes[at + 2] << 16)
    let place = lastThree.get(three) ?? -1
    before[at] = place
    lastThree.set(three, at)
    for (let looks = LOOKS; place >= 0 && best < most && looks > 0; place = before[place], looks--) look(place)
    return found
  })
}

/** Bit costs from the counts of the previous parse: costs[2 * context + bit]. */
function costsOf(counts) {
  return Float64Array.from(counts, (n, i) => {
    const other = counts[i ^ 1]
    return Math.log2((n + other + 0.8) / (n + 0.4))
  })
}

/** The cheapest sequence of symbols. */
function cheapest(bytes, matches, costs) {
  const size = bytes.length
  let sum = 0
  const bit = (context, one) => {
    sum += costs[2 * context + one]
  }
  const direct = (_, bits) => {
    sum += bits
  }
  const price = (sending, ...args) => {
    sum = 0
    sending(...args)
    return sum
  }
  const prices = (contexts) =>
    Float64Array.from({ length: LONGEST + 1 }, (_, n) => (n < 2 ? 0 : price(sendLength, bit, contexts, n)))
  const lengths = prices(LENGTHS)
  const repLengths = prices(REP_LENGTHS)
  const known = new Map()
  const distancePrice = (length, distance) => {
    const key = Math.min(length - 2, 3) + 4 * distance
    if (!known.has(key)) known.set(key, price(sendDistance, bit, direct, length, distance))
    return known.get(key)
  }

  const cost = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY)
  const states = new Uint8Array(size + 1)
  const kinds = new Int8Array(size + 1)
  const sizes = new Uint16Array(size + 1)
  const away = new Int32Array(size + 1)
  const distances = new Array(size + 1)
  const arrive = (at, sum, kind, length, distance) => {
    if (sum >= cost[at]) return
    cost[at] = sum
    kinds[at] = kind
    sizes[at] = length
    away[at] = distance
  }
  cost[0] = 0
  for (let at = 0; at < size; at++) {
    if (at === 0) distances[0] = [0, 0, 0, 0]
    else {
      // the cheapest path to this position is known now
      const from = at - sizes[at]
      const kind = kinds[at]
      const old = distances[from]
      const state = states[from]
      if (kind === LITERAL) states[at] = afterLiteral(state)
      else states[at] = kind === MATCH ? afterMatch(state) : afterRep(state, sizes[at])
      if (kind === MATCH) distances[at] = [away[at], old[0], old[1], old[2]]
      else distances[at] = kind > 0 ? latest(old, kind) : old
    }
    const state = states[at]
    const last = distances[at]
    const here = cost[at]
    const literal = price(sendLiteral, bit, bytes, at, state, last[0])
    arrive(at + 1, here + costs[2 * (IS_MATCH + state)] + literal, LITERAL, 1, 0)

    const room = Math.min(LONGEST, size - at)
    const copy = here + costs[2 * (IS_MATCH + state) + 1]
    const again = copy + costs[2 * (IS_REP + state) + 1]
    for (let which = 0; which < 4; which++) {
      const distance = last[which]
      if (distance >= at || (which > 0 && last.indexOf(distance) < which)) continue
      const begun = again + price(sendRep, bit, state, which, 2)
      let most = 0
      while (most < room && bytes[at + most] === bytes[at + most - distance - 1]) most++
      if (which === 0 && most > 0) arrive(at + 1, again + price(sendRep, bit, state, 0, 1), 0, 1, distance)
      for (let length = most > NICE ? most : 2; length <= most; length++)
        arrive(at + length, begun + repLengths[length], which, length, distance)
    }
    const found = matches[at]
    const begun = copy + costs[2 * (IS_REP + state)]
    for (let i = 0, length = found.at(-2) > NICE ? found.at(-2) : 2; i < found.length; i += 2) {
      for (; length <= found[i]; length++) {
        const distance = found[i + 1]
        arrive(at + length, begun + lengths[length] + distancePrice(length, distance), MATCH, length, distance)
      }
    }
  }
  const symbols = []
  for (let at = size; at > 0; at -= sizes[at]) symbols.push([kinds[at], sizes[at], away[at]])
  return symbols.reverse()
}

/** How often each context has seen a 0 and a 1. */
function countBits(bytes, symbols) {
  const counts = new Float64Array(2 * CONTEXTS)
  const bit = (context, one) => {
    counts[2 * context + one]++
  }
  send(bytes, symbols, bit, () => {})
  return counts
}

/** The range coder, with adaptive probabilities per context. */
function encode(bytes, symbols) {
  const odds = new Uint16Array(CONTEXTS).fill(1024)
  const out = []
  let low = 0
  let range = 0x3fffffff
  /** A byte that a carry may still change, and how many bytes of 255 after it would propagate the carry. */
  let held = 0
  let waiting = 1
  const shift = () => {
    if (low < 0xff000000 || low > 0xffffffff) {
      const carry = low > 0xffffffff ? 1 : 0
      for (; waiting > 0; waiting--, held = 0xff) out.push((held + carry) & 255)
      held = Math.floor(low / 0x1000000) & 255
    }
    waiting++
    low = (low % 0x1000000) * 256
  }
  const renormalize = () => {
    if (range >= 1 << 22) return
    range *= 256
    shift()
  }
  const bit = (context, one) => {
    const bound = (range >>> 11) * odds[context]
    if (one) {
      low += bound
      range -= bound
      odds[context] -= odds[context] >> 4
    } else {
      range = bound
      odds[context] += (2048 - odds[context]) >> 4
    }
    renormalize()
  }
  const direct = (value, bits) => {
    for (let i = bits - 1; i >= 0; i--) {
      range = Math.floor(range / 2)
      if ((value >> i) & 1) low += range
      renormalize()
    }
  }
  send(bytes, symbols, bit, direct)
  for (let i = 0; i < 5; i++) shift()
  // the first byte is always 0
  return Buffer.from(out.slice(1))
}

/** The bytes, compressed. */
export function lzma(bytes) {
  const matches = findMatches(bytes)
  let costs = new Float64Array(2 * CONTEXTS).fill(1)
  let best
  for (let round = 0; round < ROUNDS; round++) {
    const symbols = cheapest(bytes, matches, costs)
    costs = costsOf(countBits(bytes, symbols))
    const packed = encode(bytes, symbols)
    if (!best || packed.length < best.length) best = packed
  }
  return best
}
