// Encoders as nodes: the graph of a table's model gives what the encoder and the model do.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exportOnnx, importOnnx } from '../../src/entries/formats.ts'
import { activation, dense, input, sequential } from '../../src/entries/public.ts'
import { type Encoder, prepare, readTable } from '../../src/entries/table.ts'
import { parseModel } from '../../src/formats/onnx/parse.ts'
import { evaluate, type Tensor } from '../oracles/onnx.ts'
import { refuses } from '../support/refuses.ts'
import { header, newRows, trainingRows } from '../support/tableRows.ts'

const table = await readTable(`${header}\n${trainingRows.join('\n')}\n`, { types: { label: 'category' } })

/** The graph's inputs, column by column. */
function columnsOf(encoder: Encoder): Map<string, Tensor> {
  const shape = [newRows.length, 1]
  return new Map(
    encoder.columns.map((name) => {
      const cells = newRows.map((row) => (row as Readonly<Record<string, string | number>>)[name])
      const type = encoder.types[name]
      if (type === 'category') return [name, { shape, data: [], texts: cells.map(String) }]
      const numberOf = (cell: string | number) => {
        if (cell === '') return Number.NaN
        return type === 'date' ? Date.parse(String(cell)) : Number(cell)
      }
      return [name, { shape, data: cells.map(numberOf) }]
    }),
  )
}

function near(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.is(found.length, expected.length)
  for (let i = 0; i < found.length; i++) {
    const most = 1e-5 + 1e-5 * Math.abs(expected[i])
    assert.ok(Math.abs(found[i] - expected[i]) <= most, `value ${i} is ${found[i]}, expected ${expected[i]}`)
  }
}

const { encoder } = prepare(table, { target: 'label' })

test('the encoder of every kind of column, with holes and new words, at every opset', () => {
  const kinds = new Set(encoder.outputs.map(({ kind }) => kind))
  assert.is(kinds.size, 9, [...kinds].join())
  const model = sequential([input(encoder.width), activation('linear')])
  for (const opset of [9, 12, 13, 17, 18, 23]) {
    const file = parseModel('oracle', exportOnnx(model, { opset, encoder }))
    near(evaluate(file, columnsOf(encoder)).data, encoder.transform(newRows))
  }
})

test('a regression gives numbers of the table', () => {
  const { encoder: numbers } = prepare(table, { target: 'price' })
  const model = sequential([input(numbers.width), dense(1)], { seed: 2 })
  const file = parseModel('oracle', exportOnnx(model, { encoder: numbers }))
  const expected = numbers.decode(model.predict(numbers.transform(newRows))) as Float64Array
  near(evaluate(file, columnsOf(numbers)).data, expected)
  assert.ok(expected.includes(10) && expected.includes(28), 'no further out than those of training')
})

test('inputs are the columns, whatever they are called, and classes have names', () => {
  const model = sequential([input(encoder.width), dense(4, { activation: 'softmax' })], { seed: 2 })
  const { graph, opsets, metadata } = parseModel('test', exportOnnx(model, { encoder }))
  assert.equal(
    graph.inputs.map(({ name, type, shape }) => [name, type, shape]),
    encoder.columns.map((name) => [name, encoder.types[name] === 'category' ? 8 : 11, [undefined, 1]]),
  )
  assert.ok(encoder.columns.includes('y'))
  assert.equal(
    graph.outputs.map(({ name, shape }) => [name, shape]),
    [['y_2', [undefined, 4]]],
  )
  assert.equal([...opsets.keys()], ['', 'ai.onnx.ml'])
  assert.ok([...metadata.values()].includes('["0","1","2","3"]'))
  const made = [...graph.inputs, ...graph.initializers].map(({ name }) => name)
  const all = [...made, ...graph.nodes.flatMap(({ outputs }) => outputs)]
  assert.is(new Set(all).size, all.length)
})

test('options are checked, and the graph is refused by name on its way back', () => {
  const model = sequential([input(3), dense(4)], { seed: 2 })
  refuses(
    () => exportOnnx(model, { encoder }),
    RangeError,
    `exportOnnx: "encoder" gives ${encoder.width} columns, but the model takes 3`,
  )
  const json = encoder.toJSON() as unknown as Encoder
  refuses(() => exportOnnx(model, { encoder: json }), TypeError, '"encoder" must be an encoder of fourlane/table')
  const right = sequential([input(encoder.width), dense(4)], { seed: 2 })
  refuses(() => importOnnx(exportOnnx(right, { encoder })), RangeError, /^importOnnx: /)
})
test.run()
