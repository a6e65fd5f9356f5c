// Rows of a data set that is larger than the memory kept for it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Feed } from '../../src/engine/window.ts'
import { Arena } from '../../src/machine/arena.ts'
import { wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

for (const target of targets) {
  const test = suite(`window (${target})`)

  test('a window smaller than the data hands on the same rows', () => {
    const features = wave(37 * 3)
    const labels = Int32Array.from({ length: 37 }, (_, i) => i)
    const weights = wave(37, 4).map(Math.abs)
    const data = { rows: 37, features, targets: labels, weights }
    const order = Int32Array.from({ length: 37 }, (_, i) => (i * 5) % 37)
    const arena = new Arena(target)
    const feed = new Feed(arena, data, 4, () => {}, 20 * 5 * 4)
    for (let epoch = 0; epoch < 2; epoch++) {
      feed.begin(order)
      for (let first = 0; first < 37; first += 4) {
        const { index, rows } = feed.ready(first)
        const count = Math.min(4, 37 - first)
        assert.ok(rows >= count)
        for (let i = 0; i < count; i++) {
          const row = arena.i32[feed.source.order / 4 + index + i]
          assert.is(arena.i32[feed.source.targets / 4 + row], order[first + i])
          assert.is(arena.f32[feed.source.weights / 4 + row], weights[order[first + i]])
          assert.equal(
            arena.floats(feed.source.features + row * 12, 3),
            features.subarray(order[first + i] * 3, order[first + i] * 3 + 3),
          )
        }
      }
    }
  })

  test.run()
}
