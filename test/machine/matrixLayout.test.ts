import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toPanels as pack, storedFloats, fromPanels as unpack } from '../../src/machine/matrixLayout.ts'
import { fromPanels, toPanels } from '../support/sheet.ts'

const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70 }))

test('weights go into panels and back, whole or in parts of any size', () => {
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(3000), { maxLength: 4 }), ([inputs, units], cuts) => {
      const weights = Float32Array.from({ length: inputs * units }, (_, i) => i + 1)
      const expected = toPanels(weights, inputs, units)
      assert.is(expected.length, storedFloats([inputs, units], 'panels'))
      const whole = new Float32Array(expected.length)
      pack(weights, inputs, units, whole)
      assert.equal(whole, expected)

      const ends = [...cuts.map((cut) => cut % weights.length), weights.length].sort((a, b) => a - b)
      const panels = new Float32Array(expected.length)
      const back = new Float32Array(weights.length)
      let first = 0
      for (const end of ends) {
        pack(weights.subarray(first, end), inputs, units, panels, first)
        first = end
      }
      assert.equal(panels, expected)
      first = 0
      for (const end of ends) {
        unpack(panels, inputs, units, back.subarray(first, end), first)
        first = end
      }
      assert.equal(back, weights)
      assert.equal(fromPanels(panels, inputs, units), weights)
    }),
  )
})

test.run()
