import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { portableLog, Random, type RandomState } from '../../src/lib/random.ts'

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

test('random: the stream is xoshiro128**', () => {
  // what Blackman and Vigna's own program (version 1.1) prints from this state
  const random = new Random(0)
  random.state = { words: [1, 2, 3, 4], spare: null }
  const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804]
  assert.equal(
    Array.from(expected, () => random.uint32()),
    expected,
  )
})

test('random: every method is pinned to its bits', () => {
  // computed apart from this code, in Python
  const random = new Random(37)
  const values = [random.uint32(), random.uniform(), random.normal(), random.normal(), random.integer(10)]
  assert.equal(values, [1498230863, 0.9030792298625907, 0.0009958115045489851, -1.2670303118488475, 8])
  const large = new Random(2 ** 40 + 5)
  assert.equal([large.uint32(), large.uint32(), large.uint32()], [3165605792, 3569439837, 1248355748])
})

test('random: streams depend on every bit of the seed', () => {
  const first = (seed: number) => {
    const random = new Random(seed)
    return [random.uint32(), random.uint32(), random.uint32(), random.uint32()].join()
  }
  const streams = new Set([first(0)])
  for (let bit = 0; bit < 53; bit++) streams.add(first(2 ** bit))
  assert.is(streams.size, 54)
})

test('random: portableLog is ln', () => {
  for (const x of [1, 0.5, 2, Math.SQRT1_2, Math.SQRT2, 1e-300, 2 ** -104, 1e300, 0.9999999999, 1.0000000001]) {
    const expected = Math.log(x)
    assert.ok(Math.abs(portableLog(x) - expected) <= 4e-16 * Math.abs(expected), `ln ${x}`)
  }
  fc.assert(
    fc.property(fc.double({ min: Number.MIN_VALUE * 2 ** 60, max: 1e308, noNaN: true }), (x) => {
      return Math.abs(portableLog(x) - Math.log(x)) <= 4e-16 * Math.abs(Math.log(x))
    }),
  )
})

test('random: uniform numbers are multiples of 2^-53 in [0, 1) with the right moments', () => {
  const random = new Random(1)
  const n = 200_000
  let sum = 0
  let squares = 0
  let odd = 0
  for (let i = 0; i < n; i++) {
    const u = random.uniform()
    assert.ok(u >= 0 && u < 1)
    assert.ok(Number.isInteger(u * 2 ** 53))
    if ((u * 2 ** 53) % 2 === 1) odd++
    sum += u
    squares += u * u
  }
  // five standard errors
  assert.ok(Math.abs(sum / n - 1 / 2) < 5 * Math.sqrt(1 / 12 / n))
  assert.ok(Math.abs(squares / n - 1 / 3) < 5 * Math.sqrt(4 / 45 / n))
  assert.ok(Math.abs(odd / n - 1 / 2) < 5 * Math.sqrt(1 / 4 / n))
})

test('random: uniformBetween stays within its bounds', () => {
  const random = new Random(2)
  for (let i = 0; i < 10_000; i++) {
    const u = random.uniformBetween(-3, -1)
    assert.ok(u >= -3 && u < -1)
  }
  assert.is(random.uniformBetween(4, 4), 4)
})

test('random: normal deviates have the moments and quantiles of N(0, 1)', () => {
  const random = new Random(3)
  const n = 200_000
  const moments = [0, 0, 0, 0]
  const within = [0, 0, 0]
  let previous = 0
  let correlation = 0
  for (let i = 0; i < n; i++) {
    const z = random.normal()
    for (let k = 0; k < 4; k++) moments[k] += z ** (k + 1) / n
    for (let k = 0; k < 3; k++) if (Math.abs(z) < k + 1) within[k] += 1 / n
    correlation += (z * previous) / n
    previous = z
  }
  const standardErrors = [1, 2, 15, 96].map((variance) => Math.sqrt(variance / n))
  const expected = [0, 1, 0, 3]
  for (const [k, moment] of moments.entries()) {
    assert.ok(Math.abs(moment - expected[k]) < 5 * standardErrors[k], `moment ${k + 1}: ${moment}`)
  }
  const quantiles = [0.6826894921, 0.9544997361, 0.9973002039]
  for (const [k, share] of within.entries()) {
    const p = quantiles[k]
    assert.ok(Math.abs(share - p) < 5 * Math.sqrt((p * (1 - p)) / n), `within ${k + 1} deviations: ${share}`)
  }
  assert.ok(Math.abs(correlation) < 5 / Math.sqrt(n))
})

test('random: integer is in range and unbiased', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
      const value = new Random(seed).integer(n)
      return Number.isInteger(value) && value >= 0 && value < n
    }),
  )
  // chi-squared with 6 degrees of freedom: beyond 30.7 once in 34,000
  const counts = new Array(7).fill(0)
  const random = new Random(4)
  for (let i = 0; i < 70_000; i++) counts[random.integer(7)]++
  assert.ok(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0) < 30.7)
  // 3 · 2^30 does not divide 2^32: without rejection the lowest third would come up half of the time
  let low = 0
  for (let i = 0; i < 9_000; i++) if (random.integer(3 * 2 ** 30) < 2 ** 30) low++
  assert.ok(Math.abs(low / 9_000 - 1 / 3) < 5 * Math.sqrt(2 / 9 / 9_000))
  for (const n of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) {
    assert.throws(
      () => random.integer(n),
      (error: Error) => error instanceof RangeError && error.message.includes('"n"'),
    )
  }
})

test('random: integer is the remainder of a word, unless that is of the last, incomplete run', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
      const [random, words] = [new Random(seed), new Random(seed)]
      for (let i = 0; i < 20; i++) {
        let word = words.uint32()
        while (word - (word % n) + n > 2 ** 32) word = words.uint32()
        assert.is(random.integer(n), word % n)
      }
    }),
  )
})

test('random: shuffle swaps by the numbers of integer', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 0, max: 3000 }), (seed, length) => {
      const [random, numbers] = [new Random(seed), new Random(seed)]
      const order = Int32Array.from({ length }, (_, i) => i)
      const expected = order.slice()
      random.shuffle(order)
      for (let i = length - 1; i > 0; i--) {
        const j = numbers.integer(i + 1)
        ;[expected[i], expected[j]] = [expected[j], expected[i]]
      }
      assert.equal(order, expected)
      assert.equal(random.state, numbers.state)
    }),
  )
})

test('random: shuffle permutes, and every permutation is as likely', () => {
  fc.assert(
    fc.property(seeds, fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), (seed, values) => {
      const order = Int32Array.from(values)
      new Random(seed).shuffle(order)
      assert.equal(order.sort(), Int32Array.from(values).sort())
    }),
  )
  const random = new Random(5)
  const counts = new Map<string, number>()
  for (let i = 0; i < 24_000; i++) {
    const order = Int32Array.of(0, 1, 2, 3)
    random.shuffle(order)
    counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1)
  }
  assert.is(counts.size, 24)
  // chi-squared with 23 degrees of freedom: beyond 65 once in 150,000
  assert.ok([...counts.values()].reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0) < 65)
})

test('random: a stream resumes bit for bit from its state, through JSON', () => {
  fc.assert(
    fc.property(seeds, fc.nat(20), (seed, draws) => {
      const random = new Random(seed)
      for (let i = 0; i < draws; i++) random.normal()
      const resumed = new Random(0)
      resumed.state = JSON.parse(JSON.stringify(random.state)) as RandomState
      for (let i = 0; i < 5; i++) {
        assert.is(resumed.normal(), random.normal())
        assert.is(resumed.uint32(), random.uint32())
      }
    }),
  )
})

test('random: bad seeds and states are refused and change nothing', () => {
  for (const seed of [-1, 1.5, Number.NaN, 2 ** 53])
    assert.throws(() => new Random(seed), /Random: "seed" must be a whole number/)
  const random = new Random(6)
  const before = random.state
  const bad: [unknown, RegExp][] = [
    [{ words: [1, 2, 3], spare: null }, /four whole numbers/],
    [{ words: [1, 2, 3, -4], spare: null }, /"state.words" must be a whole number/],
    [{ words: [0, 0, 0, 0], spare: null }, /must not all be 0/],
    [{ words: [1, 2, 3, 4], spare: Number.NaN }, /"state.spare"/],
    [{ words: [1, 2, 3, 4] }, /"state.spare"/],
  ]
  for (const [state, message] of bad) {
    assert.throws(() => {
      random.state = state as RandomState
    }, message)
  }
  assert.equal(random.state, before)
})

test.run()
