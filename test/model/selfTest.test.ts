// The digest that switches of the engine are judged by: it repeats, and it sees what changes a kernel's bits.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configureRuntime, describeRuntime } from '../../src/entries/public.ts'
import { digestOfKernels } from '../../src/model/selfTest.ts'

test('a digest repeats, whatever the tile', () => {
  const first = digestOfKernels(true)
  configureRuntime({ tile: '4x8' })
  const again = digestOfKernels(true)
  configureRuntime()
  assert.is(again, first)
})

test('builds that round otherwise have another digest', () => {
  const { target } = describeRuntime()
  if (target === 'relaxed') assert.is.not(digestOfKernels(false), digestOfKernels(true))
  else assert.is(digestOfKernels(false), digestOfKernels(true))
})

test.run()
