// onnxruntime-node runs what exportOnnx gives, with the same outputs: random stacks of all layers, at every opset.
import { createRequire } from 'node:module'
import { exportOnnx } from '../src/entries/formats.js'
import { Dice } from '../test/fuzz/dice.js'
import { randomRows, randomStack } from '../test/support/randomStacks.js'

const runtime = createRequire(import.meta.url)('onnxruntime-node')

const MODELS = 10
const OPSETS = Array.from({ length: 15 }, (_, i) => 9 + i)

/** The largest difference, in units of 1e-5 absolute + 1e-5 relative. */
const differenceOf = (actual, expected) =>
  Math.max(...expected.map((value, i) => Math.abs(value - actual[i]) / (1e-5 + 1e-5 * Math.abs(value))))

async function predict(bytes, x, shape, graphOptimizationLevel) {
  const options = { graphOptimizationLevel, intraOpNumThreads: 1, logSeverityLevel: 3 }
  const session = await runtime.InferenceSession.create(bytes, options)
  const { y } = await session.run({ x: new runtime.Tensor('float32', x, shape) })
  await session.release()
  return y.data
}

let passed = 0
let failed = 0
let most = 0
for (const opset of OPSETS) {
  for (let number = 0; number < MODELS; number++) {
    const dice = new Dice(opset, number)
    const model = randomStack(dice)
    const [{ size }] = model.layers
    const rows = 1 + dice.below(5)
    const x = randomRows(dice, rows, size)
    const bytes = exportOnnx(model, { opset })
    const difference = await predict(bytes, x, [rows, size], number % 2 ? 'disabled' : 'all')
      .then((y) => differenceOf(y, model.predict(x)))
      .catch(({ message }) => message)
    if (difference <= 1) {
      passed++
      most = Math.max(most, difference)
    } else {
      failed++
      console.log(`opset ${opset}, model ${number}: ${difference}\n${model.summary()}`)
    }
  }
}
console.log(`onnxruntime: opsets ${OPSETS[0]} to ${OPSETS.at(-1)}, at most ${most.toFixed(2)} of the tolerance`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
