// A model as ONNX, for whatever reads that, and back: exclusive or once more.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adam, dense, input, sequential } from 'fourlane'
import { exportOnnx, importOnnx } from 'fourlane/formats'

const x = [0, 0, 0, 1, 1, 0, 1, 1]
const y = [0, 1, 1, 0]
const model = sequential([input(2), dense(8, { activation: 'gelu' }), dense(2, { activation: 'softmax' })], { seed: 7 })
model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: 'sparseCategoricalCrossentropy' })
await model.fit(x, y, { epochs: 300, batchSize: 4 })
model.classNames = ['same', 'different']

const folder = mkdtempSync(join(tmpdir(), 'fourlane-'))
const path = join(folder, 'xor.onnx')
writeFileSync(path, exportOnnx(model))
const again = importOnnx(readFileSync(path))
rmSync(folder, { recursive: true })

const classes = [...again.predictClasses(x)].map((index) => again.classNames?.[index])
console.log(classes.join(' '))
const differences = again.predict(x).map((value, i) => Math.abs(value - model.predict(x)[i]))
console.log(`largest difference ${Math.max(...differences)}`)
