// onnx checks what exportOnnx gives, and onnxruntime runs it, where Python has them.
import { exportOnnx } from '../src/entries/formats.js'
import { Dice } from '../test/fuzz/dice.js'
import { randomRows, randomStack } from '../test/support/randomStacks.js'
import { readByPython } from './support/python.mjs'

const files = {}
for (let opset = 9; opset <= 23; opset++) {
  for (let number = 0; number < 2; number++) {
    const dice = new Dice(opset, 100 + number)
    const model = randomStack(dice)
    const x = randomRows(dice, 3, model.layers[0].size)
    const name = `opset-${String(opset).padStart(2, '0')}-${number}`
    files[`${name}.onnx`] = exportOnnx(model, { opset })
    files[`${name}.json`] = JSON.stringify({ x: [...x], y: [...model.predict(x)] })
  }
}
readByPython('onnx', ['onnx', 'onnxruntime'], files)
