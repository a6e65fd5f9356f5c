/** What predictors of saved models do with features that nobody has checked before they are copied, block by block. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dense, input, quantize, sequential } from '../../src/entries/full.ts'
import { predictorFromBytes as int8FromBytes } from '../../src/entries/int8Predict.ts'
import { predictorFromBytes } from '../../src/entries/predict.ts'
import { refuses } from '../support/refuses.ts'
import { wave } from '../support/samples.ts'

const INPUTS = 5
/** One block of rows, and more. */
const ROWS = [1, 64, 65, 300]
/** Fewer outputs than inputs, and more; rows that are copied as a whole. */
const OUTPUTS = [2, 9, 300]

const modelOf = (outputs: number) =>
  sequential([input(INPUTS), dense(8, { activation: 'relu' }), dense(outputs)], { seed: 1 })
type Made = ReturnType<typeof modelOf>

const PREDICTORS = {
  'a predictor': (model: Made) => predictorFromBytes(model.toBytes()),
  'a quantized model': (model: Made) => quantize(model),
  'a predictor of a quantized model': (model: Made) => int8FromBytes(quantize(model).toBytes()),
}

for (const [name, make] of Object.entries(PREDICTORS)) {
  const test = suite(name)

  test('names the value that is not finite, and leaves everything as it was', () => {
    for (const outputs of OUTPUTS) {
      const predictor = make(modelOf(outputs))
      for (const rows of ROWS) {
        const x = wave(rows * INPUTS)
        const before = predictor.predict(x)
        for (const row of [0, rows - 1]) {
          for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
            const spoilt = x.slice()
            spoilt[row * INPUTS + 3] = value
            const out = new Float32Array(rows * outputs).fill(7)
            const says = `predict: "x" has ${value} at row ${row}, column 3`
            refuses(() => predictor.predict(spoilt, { out }), RangeError, says)
            assert.ok(out.every((entry) => entry === 7))
            refuses(() => predictor.predict(spoilt), RangeError, says)
          }
        }
        const out = new Float32Array(rows * outputs)
        assert.is(predictor.predict(x, { out }), out)
        assert.equal(out, before)
      }
    }
  })

  test('predicts of blocks what it predicts of rows one by one', () => {
    for (const outputs of OUTPUTS) {
      const predictor = make(modelOf(outputs))
      const x = wave(130 * INPUTS)
      const all = predictor.predict(x)
      for (const row of [0, 63, 64, 129]) {
        const one = predictor.predict(x.subarray(row * INPUTS, (row + 1) * INPUTS))
        assert.equal(all.subarray(row * outputs, (row + 1) * outputs), one)
      }
    }
  })

  test('refuses arrays that are no rows', () => {
    const predictor = make(modelOf(2))
    refuses(() => predictor.predict(new Float32Array(0)), RangeError, 'predict: "x" is empty')
    refuses(
      () => predictor.predict(wave(7)),
      RangeError,
      `predict: "x" has 7 values, not a multiple of the model's 5 inputs`,
    )
  })

  test.run()
}
