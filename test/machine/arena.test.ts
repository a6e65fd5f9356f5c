// Floats copied into memory: NaN is found, tiny values are flushed to 0, nothing else changes.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkFloats } from '../../src/data/arrays.ts'
import { Arena } from '../../src/machine/arena.ts'
import { wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const PIECE = 8192
const LENGTHS = [1, 3, 4, 7, 8, 31, 33, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 5]

const noNumber = (word: number) => new Float32Array(Uint32Array.of(word).buffer)[0]
const NON_FINITE = [Number.NaN, noNumber(0xff800001), noNumber(0x7f800001), Number.POSITIVE_INFINITY, -1 / 0]
const FINITE = [0, -0, 1e-45, -1e-45, 2 ** -126, 2 ** -63, -(2 ** -64), 3.4028234663852886e38, -3.4028234663852886e38]

/** The ends of the values, of their last whole vectors, and of pieces. */
const placesOf = (length: number) =>
  [0, 1, 3, 4, 7, PIECE - 1, PIECE, PIECE + 1, length - 8, length - 4, length - 2, length - 1].filter(
    (at) => at >= 0 && at < length,
  )

for (const target of targets) {
  const test = suite(`arena (${target})`)

  test('whatever is finite is, whatever is not is found, wherever it is', () => {
    const arena = new Arena(target)
    for (const length of LENGTHS) {
      const values = wave(length + 1).subarray(1)
      for (const at of placesOf(length)) {
        const kept = values[at]
        for (const value of FINITE) {
          values[at] = value
          assert.ok(arena.areFinite(values), `${value} at ${at} of ${length}`)
          assert.ok(Object.is(values[at], Math.fround(value)))
        }
        for (const value of NON_FINITE) {
          values[at] = value
          assert.not(arena.areFinite(values), `${value} at ${at} of ${length}`)
        }
        values[at] = kept
      }
    }
  })

  test('nothing that is in use changes, and no room is taken', () => {
    const arena = new Arena(target)
    const address = arena.reserve(1000 * 4)
    arena.commit()
    arena.load(address, wave(1000))
    const { top } = arena
    assert.ok(arena.areFinite(wave(3 * PIECE, 2)))
    assert.is(arena.top, top)
    assert.ok(arena.f32.subarray(top / 4).every((value) => value === 0))
    assert.equal(arena.floats(address, 1000), wave(1000))
  })

  test('memory that the host refuses is given up, and nothing needs more to be checked', () => {
    const arena = new Arena(target)
    arena.commit()
    const { top } = arena
    const { memory } = arena.machine
    arena.reserve(2 ** 33)
    assert.throws(() => arena.commit(), /out of memory: .* need 8\d\d\d MiB/)
    assert.ok(arena.top <= memory.buffer.byteLength)
    assert.ok(arena.areFinite(wave(PIECE)))
    arena.reserve(memory.buffer.byteLength - arena.top)
    Object.defineProperty(memory, 'grow', {
      value: () => {
        throw new RangeError('refused')
      },
    })
    arena.top = memory.buffer.byteLength
    assert.is(
      checkFloats('fit', 'x', wave(PIECE), 1, (values) => arena.areFinite(values)),
      PIECE,
    )
    assert.is(arena.top, memory.buffer.byteLength)
    arena.top = top
    assert.ok(arena.areFinite(wave(PIECE)))
  })

  test('values too small to count become 0, all others stay, beside them nothing changes', () => {
    const arena = new Arena(target)
    const address = arena.reserve((2 * PIECE + 16) * 4)
    arena.commit()
    for (const length of LENGTHS) {
      const values = wave(length)
      const end = address / 4 + length
      arena.f32[end] = 1e-30
      assert.not(arena.load(address, values))
      assert.equal(arena.floats(address, length), values)
      for (const at of placesOf(length)) {
        for (const [value, becomes, told] of [
          [2 ** -64, 0, true],
          [-1e-45, 0, true],
          [-0, 0, false],
          [2 ** -63, 2 ** -63, false],
          [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, false],
        ] as const) {
          const loaded = values.slice()
          loaded[at] = value
          assert.is(arena.load(address, loaded), told, `${value} at ${at} of ${length}`)
          loaded[at] = becomes
          assert.equal(arena.floats(address, length), loaded)
          assert.ok(Object.is(arena.f32[address / 4 + at], becomes))
        }
      }
      assert.is(arena.f32[end], Math.fround(1e-30))
    }
  })

  test('a door that is given this check says what one without says', () => {
    const arena = new Arena(target)
    const said = (values: Float32Array, finite?: (values: Float32Array) => boolean) => {
      try {
        return checkFloats('fit', 'x', values, 5, finite)
      } catch (error) {
        return String(error)
      }
    }
    for (const length of [1000, 1024, 1025, 2 * PIECE + 1]) {
      const values = wave(length)
      for (const at of [undefined, length - 1, Math.floor(length / 2), 0]) {
        if (at !== undefined) values[at] = at % 2 ? Number.NaN : Number.NEGATIVE_INFINITY
        const expected = said(values)
        assert.is(
          said(values, (all) => arena.areFinite(all)),
          expected,
        )
        if (length % 5 === 0)
          assert.ok(`${expected}`.includes(at === undefined ? `${length / 5}` : `at row ${Math.floor(at / 5)}`))
      }
    }
  })

  test.run()
}
