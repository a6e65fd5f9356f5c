// onnxruntime-node runs the graphs of tables: columns as they are in, what encoder and model say out, at every opset.
import { createRequire } from 'node:module'
import { exportOnnx } from '../src/entries/formats.js'
import { activation, dense, input, sequential } from '../src/entries/full.js'
import { prepare, readTable } from '../src/entries/table.js'
import { header, newRows, trainingRows } from '../test/support/tableRows.js'

const runtime = createRequire(import.meta.url)('onnxruntime-node')
const table = await readTable(`${header}\n${trainingRows.join('\n')}\n`, { types: { label: 'category' } })

function feedsOf(encoder) {
  const shape = [newRows.length, 1]
  const feeds = encoder.columns.map((name) => {
    const cells = newRows.map((row) => row[name])
    const type = encoder.types[name]
    if (type === 'category') return [name, new runtime.Tensor('string', cells.map(String), shape)]
    const numberOf = (cell) => (cell === '' ? Number.NaN : type === 'date' ? Date.parse(cell) : Number(cell))
    return [name, new runtime.Tensor('float64', Float64Array.from(cells, numberOf), shape)]
  })
  return Object.fromEntries(feeds)
}

/** The largest difference, in units of 1e-5 absolute + 1e-5 relative. */
const differenceOf = (actual, expected) =>
  Math.max(...expected.map((value, i) => Math.abs(value - actual[i]) / (1e-5 + 1e-5 * Math.abs(value))))

let passed = 0
let failed = 0
let most = 0
for (const target of ['label', 'price']) {
  const { encoder } = prepare(table, { target })
  const head = target === 'label' ? [activation('linear')] : [dense(1)]
  const model = sequential([input(encoder.width), ...head], { seed: 2 })
  const outputs = model.predict(encoder.transform(newRows))
  const expected = target === 'label' ? outputs : encoder.decode(outputs)
  for (let opset = 9; opset <= 23; opset++) {
    const difference = await runtime.InferenceSession.create(exportOnnx(model, { opset, encoder }), {
      logSeverityLevel: 3,
    })
      .then((session) => session.run(feedsOf(encoder)))
      .then((results) => differenceOf(Object.values(results)[0].data, expected))
      .catch(({ message }) => message)
    if (difference <= 1) {
      passed++
      most = Math.max(most, difference)
    } else {
      failed++
      console.log(`${target}, opset ${opset}: ${difference}`)
    }
  }
}
console.log(`onnxruntime: tables, at most ${most.toFixed(2)} of the tolerance: ${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
