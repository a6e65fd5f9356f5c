import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeScalars, encodeVersion } from '../../src/formats/tensorboard.ts'
import { readEvents } from '../support/events.ts'

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

// as TensorBoard's own Python package writes them
const VERSION = '1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a'
const SCALARS =
  '2600000000000000734fe30009000000000000044010ac022a180a0b0a046c6f7373150000003f0a090a02c3a915000080bf1d689aee'

test('tensorboard: the bytes that protobuf and TFRecord prescribe', () => {
  assert.is(hex(encodeVersion(1)), VERSION)
  assert.is(
    hex(
      encodeScalars(2.5, 300, [
        ['loss', 0.5],
        ['é', -1],
      ]),
    ),
    SCALARS,
  )
})

test('tensorboard: whatever is written is read', () => {
  const scalar = fc.tuple(fc.string({ unit: 'grapheme' }), fc.float({ noNaN: true }))
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e10, noNaN: true }),
      fc.nat(Number.MAX_SAFE_INTEGER),
      fc.array(scalar),
      (wallTime, step, scalars) => {
        const [event] = readEvents(encodeScalars(wallTime, step, scalars))
        assert.is(event.step, step)
        assert.is(event.wallTime, wallTime)
        assert.equal(event.scalars, scalars)
      },
    ),
  )
})

test.run()
