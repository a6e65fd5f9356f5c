/** Steps with named operands become words: what the types reject, and what is written where. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DENSE_ALPHA, DENSE_B, DENSE_UNITS } from '../../src/abi/layers.ts'
import { OP, OP_ADD, OP_DENSE, OP_DENSE_DW, OP_GATHER, OP_NONE, STEP_GOES_ON, STEP_WORDS } from '../../src/abi/ops.ts'
import * as ops from '../../src/machine/ops/ops.ts'
import { encode, patch, programBytes, step } from '../../src/machine/program.ts'

const sum = { a: 64, b: 128, to: 192, stride: 32, cols: 8 }
const dense = { x: 64, xStride: 32, inputs: 3, units: 5, w: 128, y: 192, yStride: 32, activation: 2 }
const dw = { x: 64, xStride: 32, inputs: 3, units: 5, dz: 192, dzStride: 32, dw: 256 }
const gather = { from: 64, to: 128, order: 192, cols: 4, toStride: 32 }

function memory(steps: number) {
  const buffer = new ArrayBuffer(programBytes(steps))
  return { f32: new Float32Array(buffer), i32: new Int32Array(buffer) }
}

/** Compiled, not run: an operand that is missing or foreign is an error of types. */
export const refused = () => {
  const { cols: _, ...incomplete } = sum
  // @ts-expect-error a missing operand
  step(ops.add, incomplete)
  // @ts-expect-error a foreign operand, written out
  step(ops.add, { ...sum, alpha: 1 })
  const more = { ...sum, alpha: 1 }
  // @ts-expect-error a foreign operand, spread in
  step(ops.add, { ...more })
  // @ts-expect-error undefined for an operand that must be there
  step(ops.add, { ...sum, cols: undefined })
  // @ts-expect-error another op's words
  patch(memory(1), 0, 0, ops.gather, { limit: 1 })
  return [step(ops.dense, dense), step(ops.dense, { ...dense, b: undefined, alpha: 0.5 })]
}

test('operands lie at their words, integers and floats; what is left out is 0', () => {
  const words = memory(2)
  words.i32.fill(-1)
  encode(words, 0, [step(ops.dense, { ...dense, alpha: 0.25 }), step(ops.add, sum)])
  assert.is(words.i32[OP], OP_DENSE)
  assert.is(words.i32[DENSE_UNITS], 5)
  assert.is(words.i32[DENSE_B], 0)
  assert.is(words.f32[DENSE_ALPHA], 0.25)
  assert.is(words.i32[STEP_WORDS + OP], OP_ADD)
})

test('a step says whether threads may go on to the next one', () => {
  const goesOn = (...steps: Parameters<typeof encode>[2]) => {
    const { i32, f32 } = memory(steps.length)
    encode({ i32, f32 }, 0, steps)
    return steps.map((_, i) => i32[i * STEP_WORDS + STEP_GOES_ON])
  }
  const [add, one, none] = [step(ops.add, sum), step(ops.gather, gather), step(ops.none, {})]
  assert.equal(goesOn(one, one, one, add), [1, 1, 0, 0])
  assert.equal(goesOn(none, add, none), [1, 0, 1])
  assert.equal(goesOn(step(ops.denseDw, dw), add), [0, 0])
})

test('a patch changes the operands it names, and the op', () => {
  const words = memory(2)
  encode(words, 0, [step(ops.denseDw, dw), step(ops.gather, gather)])
  const before = words.i32.slice()
  patch(words, 0, 1, ops.gather, { from: 4096 })
  const changed = Array.from(words.i32.keys()).filter((i) => words.i32[i] !== before[i])
  assert.equal(changed, [STEP_WORDS + ops.gather.ints.from])
  assert.is(words.i32[changed[0]], 4096)
  patch(words, 0, 1, ops.none, {})
  assert.equal([words.i32[OP], words.i32[STEP_WORDS + OP]], [OP_DENSE_DW, OP_NONE])
  patch(words, 0, 1, ops.gather, { order: 0 })
  assert.equal([words.i32[STEP_WORDS + OP], words.i32[STEP_WORDS + ops.gather.ints.order]], [OP_GATHER, 0])
})

test.run()
