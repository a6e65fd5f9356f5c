// ONNX in and out: files by PyTorch and scikit-learn predict what these do; models of every layer go out and come back the same.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exportOnnx, importOnnx } from '../../src/entries/formats.ts'
import {
  alphaDropout,
  blend,
  concatenate,
  dense,
  dropout,
  embedding,
  gaussianNoise,
  heads,
  input,
  layerNorm,
  oneHotColumns,
  periodicEmbedding,
  prelu,
  residual,
  scale,
  select,
  sequential,
  unitNorm,
} from '../../src/entries/public.ts'
import { networkOf } from '../../src/exchange/models.ts'
import { encodeOnnx } from '../../src/formats/onnx/export.ts'
import { decodeOnnx } from '../../src/formats/onnx/import.ts'
import { parseModel } from '../../src/formats/onnx/parse.ts'
import { Dice } from '../fuzz/dice.ts'
import { evaluate } from '../oracles/onnx.ts'
import { INTEROP, type InteropCase, interopCases, interopFile } from '../support/interop.ts'
import { runLines, source } from '../support/process.ts'
import { randomRows, randomStack } from '../support/randomStacks.ts'
import { refuses } from '../support/refuses.ts'
import { wave } from '../support/samples.ts'

const goldenOnnx = (name: string): Uint8Array => {
  const root = import.meta.url.includes('/build/') ? '../../../' : '../../'
  return new Uint8Array(readFileSync(new URL(`${root}test/golden/onnx/${name}`, import.meta.url)))
}
const listed = (name: string): readonly (InteropCase & { classNames?: readonly string[] })[] =>
  JSON.parse(new TextDecoder().decode(goldenOnnx(name))).cases

function near(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.is(found.length, expected.length)
  for (let i = 0; i < found.length; i++) {
    const most = INTEROP.absolute + INTEROP.relative * Math.abs(expected[i])
    assert.ok(Math.abs(found[i] - expected[i]) <= most, `value ${i} is ${found[i]}, expected ${expected[i]}`)
  }
}

function checkFile(
  bytes: Uint8Array,
  { x, y, error_must_name: words }: InteropCase,
  externalData?: (name: string) => Uint8Array,
): void {
  const read = () => importOnnx(bytes, { ...(externalData && { externalData }) })
  if (words) {
    refuses(read, RangeError, /^importOnnx: /)
    for (const word of words) refuses(read, RangeError, word)
    return
  }
  const model = read()
  near(model.predict(x.flat()), y.flat())
  // out and in again
  for (const opset of [9, 17, 23]) {
    const again = importOnnx(exportOnnx(model, { opset }))
    near(again.predict(x.flat()), y.flat())
  }
}

for (const each of interopCases) {
  for (const file of Object.values(each.files)) {
    if (file.endsWith('.onnx')) test(`interop: ${file}`, () => checkFile(interopFile(file), each))
  }
}
for (const list of ['torch.json', 'torch2/torch.json', 'sklearn.json']) {
  const folder = list.slice(0, list.lastIndexOf('/') + 1)
  for (const each of listed(list)) {
    for (const file of Object.values(each.files)) {
      test(`${list}: ${file}`, () => {
        const bytes = goldenOnnx(folder + file)
        checkFile(bytes, each, goldenOnnx)
        if (each.classNames) assert.equal(decodeOnnx('importOnnx', bytes).classNames, each.classNames)
      })
    }
  }
}

const OPSETS = Array.from({ length: 15 }, (_, i) => 9 + i)

test('models of all layers come back as they went out, at every opset', () => {
  for (let number = 0; number < 150; number++) {
    const dice = new Dice(11, number)
    const model = randomStack(dice)
    const { size } = model.layers[0] as { size: number }
    const x = randomRows(dice, 4, size)
    const bytes = exportOnnx(model, { opset: OPSETS[number % OPSETS.length] })
    near(importOnnx(bytes).predict(x), model.predict(x))
  }
})

test('layers that ONNX has come back as they were, to the bit', () => {
  const model = sequential(
    [
      input(5),
      dense(6, { activation: 'gelu' }),
      layerNorm({ epsilon: 1e-6 }),
      dropout(0.25),
      residual([dense(6, { activation: 'mish' }), dense(6, { useBias: false })]),
      prelu(),
      dense(3, { activation: 'softmax' }),
    ],
    { seed: 4 },
  )
  for (const opset of [9, 17, 20, 23]) {
    const again = importOnnx(exportOnnx(model, { opset }), { seed: 4 })
    assert.equal(
      again.layers.map(({ kind }) => kind),
      model.layers.map(({ kind }) => kind),
    )
    assert.equal(
      again.parameters.map((parameter) => [parameter.name, ...parameter.get()]),
      model.parameters.map((parameter) => [parameter.name, ...parameter.get()]),
    )
  }
})

test('layers that ONNX lacks go out as what they compute', () => {
  const model = sequential(
    [
      input(5),
      scale({ initializer: 'torchLinear' }),
      periodicEmbedding({ frequencies: 6, units: 2 }),
      dense(7),
      unitNorm(),
      blend('mish'),
    ],
    { seed: 3 },
  )
  for (const parameter of model.parameters) if (parameter.name.includes('alpha')) parameter.set(wave(parameter.size, 2))
  const x = wave(20, 1)
  for (const opset of [9, 12, 13, 17, 23]) {
    const { data } = evaluate(parseModel('oracle', exportOnnx(model, { opset })), { shape: [4, 5], data: [...x] })
    near(Float32Array.from(data), model.predict(x))
  }
})

test('tables and branches go out as what they compute', () => {
  const model = sequential(
    [
      input(4),
      concatenate([
        [
          embedding([
            { columns: [1, 3], categories: 5, units: 3 },
            { columns: 2, categories: 4, units: 1 },
          ]),
          dense(3, { activation: 'tanh' }),
        ],
        [select({ columns: [3, 1] }), oneHotColumns({ columns: 1, categories: 5 })],
        [],
      ]),
      dense(2),
    ],
    { seed: 3 },
  )
  const x = [0.5, 4, 3, 0, -0.25, -1, -1, -1, 1.5, 2, 0, 4]
  for (const opset of [9, 13, 17, 23]) {
    const { data } = evaluate(parseModel('oracle', exportOnnx(model, { opset })), { shape: [3, 4], data: x })
    near(Float32Array.from(data), model.predict(x))
  }
})

test('heads go out as outputs of their names, of which an import takes one or all', () => {
  const model = sequential(
    [
      input(4),
      dense(5, { activation: 'relu' }),
      heads({ x: [dense(2), layerNorm()], kind: [dense(3, { activation: 'softmax' })], body: [], again: [] }),
    ],
    { seed: 3 },
  )
  const x = wave(4 * 3)
  const expected = model.predict(x)
  for (const opset of [9, 13, 17, 23]) {
    const bytes = exportOnnx(model, { opset })
    const parsed = parseModel('oracle', bytes)
    const outputs = parsed.graph.outputs.map(({ name }) => name)
    // the input is called x
    assert.equal(outputs, ['x_2', 'kind', 'body', 'again'])
    for (const [i, name] of (['x', 'kind', 'body', 'again'] as const).entries()) {
      const { data } = evaluate(parsed, { shape: [3, 4], data: [...x] }, outputs[i])
      near(Float32Array.from(data), expected[name])
      near(importOnnx(bytes, { output: outputs[i] }).predict(x), expected[name])
    }
    const whole = importOnnx<'x_2' | 'kind' | 'body' | 'again'>(bytes, { custom: { heads } })
    const { x_2, ...others } = whole.predict(x)
    for (const [name, values] of Object.entries({ x: x_2, ...others })) near(values, expected[name as 'kind'])
    assert.equal(
      whole.parameters.map(({ name }) => name.replace('x_2', 'x')),
      model.parameters.map(({ name }) => name),
    )
    const names = parsed.graph.initializers.map(({ name }) => name)
    for (const { name } of model.parameters) assert.ok(names.includes(name), name)
  }
})

test('several outputs are refused by a program that names no heads, by what to pass', () => {
  const bytes = exportOnnx(sequential([input(2), heads({ a: [dense(1)], b: [dense(1)] })], { seed: 1 }))
  const { printed } = runLines(`
    const { importOnnx } = await import('${source('entries/formats')}')
    try { importOnnx(Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64')) } catch (error) { console.log(error.name, error.message) }`)
  assert.is(
    printed,
    'TypeError importOnnx: the file has a layer of the kind heads, which this program does not name; pass { custom: { heads } }, or choose one output with { output }',
  )
})

test('a file says who wrote it, for which opset, with any number of rows, its tensors named as the parameters', () => {
  const model = sequential([input(4), dense(3), gaussianNoise(1), alphaDropout(0.1)], { seed: 1 })
  const { producer, opsets, graph } = parseModel('test', exportOnnx(model))
  assert.is(producer, 'fourlane')
  assert.equal([...opsets], [['', 17]])
  assert.equal(graph.inputs, [{ name: 'x', type: 1, shape: [undefined, 4] }])
  assert.equal(graph.outputs, [{ name: 'y', type: 1, shape: [undefined, 3] }])
  assert.equal(
    graph.initializers.map(({ name }) => name),
    model.parameters.map(({ name }) => name),
  )
  assert.equal(
    graph.nodes.map(({ op, outputs }) => [op, ...outputs]),
    [['Gemm', 'y']],
  )
})

test('a model that does nothing has a node all the same', () => {
  const model = sequential([input(2), gaussianNoise(1)])
  assert.equal(
    parseModel('test', exportOnnx(model)).graph.nodes.map(({ op }) => op),
    ['Identity'],
  )
  assert.equal([...importOnnx(exportOnnx(model)).predict([1, 2])], [1, 2])
})

test('class names go along', () => {
  const network = { ...networkOf(sequential([input(2), dense(2)])), classNames: ['no', 'yes\n"1"'] }
  assert.equal(decodeOnnx('importOnnx', encodeOnnx('exportOnnx', network)).classNames, network.classNames)
})

test('options are checked', () => {
  const model = sequential([input(2), dense(2)], { seed: 1 })
  refuses(
    () => exportOnnx(model, { opset: 8 }),
    RangeError,
    'exportOnnx: "opset" must be a whole number from 9 to 23, got 8',
  )
  refuses(() => exportOnnx(model, { opsets: 9 } as object), TypeError, 'unknown option "opsets"; did you mean "opset"?')
  const bytes = exportOnnx(model)
  refuses(() => importOnnx(bytes, { sed: 1 } as object), TypeError, 'unknown option "sed"; did you mean "seed"?')
  refuses(() => importOnnx(bytes, { seed: -1 }), RangeError, '"seed"')
  refuses(
    () => importOnnx('model.onnx' as unknown as Uint8Array),
    TypeError,
    'importOnnx: "bytes" must be a Uint8Array',
  )
  assert.equal([...importOnnx(bytes.buffer as ArrayBuffer).predict([1, 2])], [...model.predict([1, 2])])
})
test.run()
