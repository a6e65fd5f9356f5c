// Dropout and noise: how much, how independent, and the same on the way back, on every target.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dropout, gaussianNoise } from '../../src/layers/layers.ts'
import { normalOf, randomBits } from '../oracles/layers.ts'
import { assertClose, type GoldenTensor, numbers, readGolden } from '../support/golden.ts'
import { Bench } from '../support/layerHarness.ts'
import { targets } from '../support/targets.ts'

const ones = (count: number) => new Float32Array(count).fill(1)
/** Correlation of two equally long lists of numbers. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (v: ArrayLike<number>) => Array.from(v).reduce((sum, x) => sum + x, 0) / v.length
  const [ma, mb] = [mean(a), mean(b)]
  let ab = 0
  let aa = 0
  let bb = 0
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb)
    aa += (a[i] - ma) ** 2
    bb += (b[i] - mb) ** 2
  }
  return ab / Math.sqrt(aa * bb)
}

interface DropoutCase {
  readonly id: string
  readonly config: { readonly p: number }
  readonly inputs: { readonly x: GoldenTensor; readonly mask: GoldenTensor; readonly dy: GoldenTensor }
  readonly expect: { readonly f64: { readonly y: GoldenTensor; readonly dx: GoldenTensor } }
}
const golden = readGolden<{ cases: DropoutCase[] }>('layers').cases.filter(({ id }) => id.startsWith('dropout'))

for (const target of targets) {
  const test = suite(`noise (${target})`)
  const rows = 200
  const cols = 100
  const count = rows * cols

  for (const rate of [0.01, 0.2, 0.5, 0.9, 0.999]) {
    test(`dropout(${rate}): the fraction, the scale, the same mask back`, () => {
      const bench = new Bench(target, cols, [dropout(rate)], { rows, seed: 7 })
      const { y, dx } = bench.train(ones(count), ones(count))
      const scale = Math.fround(1 / (1 - rate))
      assert.ok(y.every((v) => v === 0 || v === scale))
      assert.equal(dx, y)
      const kept = y.filter((v) => v !== 0).length
      // five standard deviations of a binomial
      assert.ok(Math.abs(kept - count * (1 - rate)) < 5 * Math.sqrt(count * rate * (1 - rate)), `kept ${kept}`)
      assert.equal(bench.forward('inference', y), y)
    })
  }

  test('dropout(0) and noise of deviation 0 are the identity', () => {
    for (const layer of [dropout(0), gaussianNoise(0)]) {
      const bench = new Bench(target, 5, [layer], { rows: 3 })
      const x = Float32Array.from({ length: 15 }, (_, i) => i - 7)
      const { y, dx } = bench.train(x, x)
      assert.equal(y, x)
      assert.equal(dx, x)
    }
  })

  test('masks of other steps, seeds and layers, and of neighbouring rows and columns, are independent', () => {
    const mask = (seed: number, step: number, before = 0) => {
      // layers before it that draw nothing still count as streams
      const layers = [...Array.from({ length: before }, () => dropout(0)), dropout(0.5)]
      const bench = new Bench(target, cols, layers, { rows, seed })
      bench.step = step
      return bench.train(ones(count), ones(count)).y
    }
    const first = mask(1, 1)
    assert.equal(mask(1, 1), first)
    const limit = 5 / Math.sqrt(count)
    const others = [
      mask(1, 2),
      mask(1, 3),
      mask(2, 1),
      mask(3, 1),
      mask(2 ** 31, 1),
      mask(1, -1),
      mask(1, 1, 1),
      mask(1, 1, 2),
    ]
    for (const other of others) assert.ok(Math.abs(correlation(first, other)) < limit)
    for (const lag of [1, 2, 4, 8, 99, cols, cols + 1, 2 * cols]) {
      assert.ok(Math.abs(correlation(first.subarray(lag), first.subarray(0, count - lag))) < limit, `lag ${lag}`)
    }
    const perColumn = Array.from({ length: cols }, (_, c) =>
      Array.from({ length: rows }, (_, r) => first[r * cols + c] / 2),
    )
    for (const column of perColumn)
      assert.ok(Math.abs(column.reduce((a, b) => a + b) - rows / 2) < 5 * Math.sqrt(rows / 4))
  })

  test('two dropouts of one model drop differently', () => {
    const bench = new Bench(target, cols, [dropout(0.5), dropout(0.5)], { rows, seed: 3 })
    const kept = bench.train(ones(count), ones(count)).y.filter((v) => v === 4).length
    assert.ok(Math.abs(kept - count / 4) < 5 * Math.sqrt((count * 3) / 16))
  })

  test('what is dropped does not depend on the rows after it', () => {
    const bench = new Bench(target, 13, [dropout(0.5)], { rows: 9, seed: 3 })
    const all = bench.train(ones(9 * 13), ones(9 * 13)).y
    assert.equal(bench.train(ones(4 * 13), ones(4 * 13), 4).y, all.subarray(0, 4 * 13))
  })

  for (const { id, config, inputs, expect } of golden) {
    test(`golden ${id}, where our mask agrees with it`, () => {
      const [n, width] = inputs.x.shape
      const x = numbers(inputs.x)
      const dy = numbers(inputs.dy)
      const wanted = numbers(inputs.mask)
      const bench = new Bench(target, width, [dropout(config.p)], { rows: n, seed: 5 })
      const mask = bench.train(ones(n * width), ones(n * width)).y
      const { y, dx } = bench.train(x, dy)
      const same = Array.from(wanted, (keep, i) => (keep !== 0) === (mask[i] !== 0))
      assert.ok(same.filter(Boolean).length > n)
      const at = (v: ArrayLike<number>) => Array.from(v).filter((_, i) => same[i])
      assertClose(at(y), at(numbers(expect.f64.y)), { absolute: 2e-6, relative: 2e-5 }, 'y')
      assertClose(at(dx), at(numbers(expect.f64.dx)), { absolute: 2e-6, relative: 2e-5 }, 'dx')
    })
  }

  test('gaussian noise: mean, deviation, tails, and the gradient passes', () => {
    const bench = new Bench(target, cols, [gaussianNoise(2)], { rows, seed: 9 })
    const dy = Float32Array.from({ length: count }, (_, i) => i % 7)
    const { y, dx } = bench.train(new Float32Array(count), dy)
    assert.equal(dx, dy)
    const moment = (power: number) => y.reduce((sum, v) => sum + (v / 2) ** power, 0) / count
    const near = (actual: number, expected: number, deviation: number) =>
      assert.ok(Math.abs(actual - expected) < (5 * deviation) / Math.sqrt(count), `${actual}, expected ${expected}`)
    near(moment(1), 0, 1)
    near(moment(2), 1, Math.sqrt(2))
    near(moment(3), 0, Math.sqrt(15))
    near(moment(4), 3, Math.sqrt(96))
    const beyond = (z: number) => y.filter((v) => Math.abs(v) > 2 * z).length / count
    near(beyond(1), 0.3173, Math.sqrt(0.3173 * 0.6827))
    near(beyond(3), 0.0027, Math.sqrt(0.0027))
    assert.ok(Math.abs(correlation(y.subarray(1), y.subarray(0, count - 1))) < 5 / Math.sqrt(count))
  })

  test('gaussian noise is the inverse normal distribution of the bits, to float32', () => {
    const bench = new Bench(target, 64, [gaussianNoise(1)], { rows: 64, seed: 21 })
    bench.step = 5
    const { y } = bench.train(new Float32Array(4096), new Float32Array(4096))
    const expected = Float64Array.from({ length: 4096 }, (_, i) => normalOf(randomBits({ seed: 21, step: 5 }, 0, i)))
    assertClose(y, expected, { absolute: 1e-6, relative: 2e-6 }, 'z')
  })
  test.run()
}
