import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { gunzip, readIdx } from '../../src/formats/idx.ts'
import { rejects } from '../support/refuses.ts'

/** Element types: code, size and how a DataView writes them. */
const TYPES = [
  { code: 8, size: 1, set: 'setUint8', Kind: Uint8Array },
  { code: 9, size: 1, set: 'setInt8', Kind: Int8Array },
  { code: 11, size: 2, set: 'setInt16', Kind: Int16Array },
  { code: 12, size: 4, set: 'setInt32', Kind: Int32Array },
  { code: 13, size: 4, set: 'setFloat32', Kind: Float32Array },
  { code: 14, size: 8, set: 'setFloat64', Kind: Float64Array },
] as const

function encode({ code, size, set }: (typeof TYPES)[number], shape: number[], values: ArrayLike<number>): Uint8Array {
  const start = 4 + 4 * shape.length
  const view = new DataView(new ArrayBuffer(start + size * values.length))
  view.setUint8(2, code)
  view.setUint8(3, shape.length)
  for (const [i, dimension] of shape.entries()) view.setUint32(4 + 4 * i, dimension)
  for (let i = 0; i < values.length; i++) view[set](start + size * i, values[i])
  return new Uint8Array(view.buffer)
}

test('idx: two images as MNIST stores them', () => {
  const bytes = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 30, 40, 50, 255)
  const { shape, values } = readIdx(bytes)
  assert.equal(shape, [2, 1, 3])
  assert.instance(values, Uint8Array)
  assert.equal([...values], [10, 20, 30, 40, 50, 255])
  bytes[16] = 99
  assert.is(values[0], 10)
})

test('idx: every element type and shape comes back, from any offset in a buffer', () => {
  const shapes = fc.array(fc.nat(4), { maxLength: 4 })
  fc.assert(
    fc.property(
      fc.constantFrom(...TYPES),
      shapes,
      fc.uint8Array({ minLength: 2048, maxLength: 2048 }),
      fc.nat(7),
      (type, shape, seed, shift) => {
        const count = shape.reduce((product, size) => product * size, 1)
        const expected = new type.Kind(seed.slice().buffer, 0, count)
        const encoded = encode(type, shape, expected)
        const shifted = new Uint8Array(encoded.length + shift)
        shifted.set(encoded, shift)
        const read = readIdx(shifted.subarray(shift))
        assert.equal(read.shape, shape)
        assert.instance(read.values, type.Kind)
        assert.equal([...read.values], [...expected])
      },
    ),
  )
})

test('idx: what is not an IDX file is refused', () => {
  const good = encode(TYPES[0], [2, 2], [1, 2, 3, 4])
  for (let length = 0; length < good.length; length++) {
    assert.throws(
      () => readIdx(good.slice(0, length)),
      (error: Error) => error instanceof RangeError && /cut short/.test(error.message),
    )
  }
  assert.throws(
    () => readIdx(Uint8Array.of(...good, 0)),
    /readIdx: the file is too long: shape \[2, 2\] needs 16 bytes, but it has 17/,
  )
  assert.throws(
    () => readIdx(new TextEncoder().encode('label,pixel')),
    /not an IDX file: it begins with bytes 6c 61 62 65/,
  )
  assert.throws(() => readIdx(Uint8Array.of(0, 0, 10, 1, 0, 0, 0, 0)), /expected 00 00 and an element type of 08 to 0e/)
  assert.throws(
    () => readIdx(Uint8Array.of(0x1f, 0x8b, 8, 0)),
    /the file is compressed; use readIdx\(await gunzip\(bytes\)\)/,
  )
  assert.throws(
    () => readIdx('bytes' as never),
    (error: Error) => error instanceof TypeError,
  )
  const huge = Uint8Array.of(0, 0, 14, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)
  assert.throws(() => readIdx(huge), /the file is cut short: shape/)
})

test('idx: gunzip unpacks, passes plain bytes through and refuses damage', async () => {
  const plain = encode(
    TYPES[0],
    [1000],
    new Uint8Array(1000).map((_, i) => i % 7),
  )
  const packed = new Uint8Array(gzipSync(plain))
  assert.equal(await gunzip(packed), plain)
  assert.is(await gunzip(plain), plain)
  const damaged = packed.slice()
  damaged[packed.length - 6] ^= 1
  for (const bad of [packed.slice(0, -9), damaged]) {
    try {
      await gunzip(bad)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, RangeError)
      assert.match((error as Error).message, /gunzip: the file is damaged or cut short/)
    }
  }
})

test('idx: gunzip stops where it is told', async () => {
  const packed = new Uint8Array(gzipSync(new Uint8Array(10_000_000)))
  assert.ok(packed.length < 10_000)
  await rejects(
    gunzip(packed, { maximumBytes: 1e6 }),
    RangeError,
    'gunzip: the file unpacks to more than "maximumBytes"',
  )
  await rejects(gunzip(packed, { maximumBytes: 9_999_999 }), RangeError, 'more than "maximumBytes", 9999999')
  assert.is((await gunzip(packed, { maximumBytes: 1e7 })).length, 1e7)
  await rejects(gunzip(packed, { maximumBytes: -1 }), RangeError, 'gunzip: "maximumBytes" must be a whole number')
  await rejects(gunzip(packed, { limit: 1 } as object), TypeError, 'gunzip: unknown option "limit"')
})

test('idx: bytes come as they are at hand', async () => {
  const plain = encode(TYPES[0], [2, 2], [1, 2, 3, 4])
  const packed = gzipSync(plain)
  const buffer = new Uint8Array(packed).buffer
  for (const given of [packed, buffer, new DataView(buffer), new Response(buffer), new Blob([buffer])]) {
    assert.equal(await gunzip(given), plain)
  }
  for (const given of [Buffer.from(plain), plain.buffer, new DataView(plain.buffer)]) {
    const { values } = readIdx(given)
    assert.equal([...values], [1, 2, 3, 4])
    plain[12] = 1
    values[0] = 9
    assert.is(plain[12], 1)
  }
  assert.throws(
    () => readIdx(new Response() as never),
    /readIdx: "bytes" must be a Uint8Array or an ArrayBuffer, got a Response; pass new Uint8Array\(await it.arrayBuffer\(\)\)/,
  )
  await rejects(gunzip('bytes' as never), TypeError, 'gunzip: "bytes" must be a Uint8Array')
})

test('idx: sizes of a hostile file are neither believed nor repeated', () => {
  const many = new Uint8Array(4 + 4 * 255).fill(255)
  many.set([0, 0, 8, 255])
  assert.throws(() => readIdx(many), /the file is cut short: shape \[255 sizes\] needs Infinity bytes/)
  const none = many.slice()
  none.fill(0, 4, 8)
  assert.is(readIdx(none).values.length, 0)
})

test.run()
