import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { modelFromBytes } from '../../src/entries/full.ts'
import { type Encoder, encoderFromJSON, prepare, presetFit, readTable, tabular } from '../../src/entries/table.ts'
import { Random } from '../../src/lib/random.ts'
import { refuses } from '../support/refuses.ts'

/** scikit-learn's network, its gradients and its Adam in float64: parameters after one epoch of whole batches. */
function trainSlowly(
  start: readonly Float64Array[],
  width: number,
  outputs: number,
  x: Float32Array,
  y: ArrayLike<number>,
  task: 'classes' | 'pair' | 'number',
): Float64Array[] {
  const [w1, b1, w2, b2] = start.map((values) => values.slice())
  const parameters = [w1, b1, w2, b2]
  const units = b1.length
  const m = parameters.map(({ length }) => new Float64Array(length))
  const v = parameters.map(({ length }) => new Float64Array(length))
  for (let step = 1; step * 200 <= y.length; step++) {
    const g = parameters.map(({ length }) => new Float64Array(length))
    for (let row = (step - 1) * 200; row < step * 200; row++) {
      const hidden = new Float64Array(units)
      for (let j = 0; j < units; j++) {
        let sum = b1[j]
        for (let i = 0; i < width; i++) sum += x[row * width + i] * w1[i * units + j]
        hidden[j] = Math.max(sum, 0)
      }
      const out = Float64Array.from(b2, (bias, k) => hidden.reduce((sum, h, j) => sum + h * w2[j * outputs + k], bias))
      const total = out.reduce((sum, value) => sum + Math.exp(value), 0)
      const delta = out.map((value, k) => {
        if (task === 'classes') return Math.exp(value) / total - Number(y[row] === k)
        return (task === 'pair' ? 1 / (1 + Math.exp(-value)) : value) - y[row]
      })
      for (let j = 0; j < units; j++) {
        let back = 0
        for (let k = 0; k < outputs; k++) {
          g[2][j * outputs + k] += (delta[k] * hidden[j]) / 200
          back += delta[k] * w2[j * outputs + k]
        }
        if (hidden[j] === 0) continue
        g[1][j] += back / 200
        for (let i = 0; i < width; i++) g[0][i * units + j] += (back * x[row * width + i]) / 200
      }
      for (let k = 0; k < outputs; k++) g[3][k] += delta[k] / 200
    }
    // alpha is divided by the rows of the batch, and for the weights only
    for (const p of [0, 2]) for (const [i, w] of parameters[p].entries()) g[p][i] += (1e-4 * w) / 200
    for (const [p, values] of parameters.entries()) {
      for (let i = 0; i < values.length; i++) {
        m[p][i] = 0.9 * m[p][i] + 0.1 * g[p][i]
        v[p][i] = 0.999 * v[p][i] + 0.001 * g[p][i] ** 2
        const mean = m[p][i] / (1 - 0.9 ** step)
        values[i] -= (0.001 * mean) / (Math.sqrt(v[p][i] / (1 - 0.999 ** step)) + 1e-8)
      }
    }
  }
  return parameters
}

const random = new Random(7)
const LINES = Array.from({ length: 600 }, () => {
  const [a, b] = [random.normal(), random.normal()]
  const y = a + b * b
  return [
    a.toFixed(3),
    b.toFixed(3),
    'pqrs'[random.integer(4)],
    y.toFixed(3),
    y > 1 ? 'yes' : 'no',
    y > 1 ? 'high' : y > 0 ? 'mid' : 'low',
  ].join()
})
const table = await readTable(['a,b,k,number,pair,three', ...LINES].join('\n'))

for (const [target, outputs, task] of [
  ['three', 3, 'classes'],
  ['pair', 1, 'pair'],
  ['number', 1, 'number'],
] as const) {
  test(`tabular: preset mlp trains as scikit-learn's network does, target "${target}"`, () => {
    const { x, y, encoder } = prepare(table, { target })
    const model = tabular({ encoder, preset: 'mlp', seed: 3 })
    const parameters = () => model.parameters.map((parameter) => Float64Array.from(parameter.get()))
    const start = parameters()
    const { width } = encoder
    assert.equal(
      start.map(({ length }) => length),
      [width * 100, 100, 100 * outputs, outputs],
    )
    for (const [i, fans] of [width + 100, width + 100, 100 + outputs, 100 + outputs].entries()) {
      const largest = Math.max(...start[i].map(Math.abs))
      assert.ok(largest <= Math.sqrt(6 / fans) && largest > 0)
      if (start[i].length > 50) assert.ok(largest > 0.9 * Math.sqrt(6 / fans))
    }
    const expected = trainSlowly(start, width, outputs, x, y, task)
    for (let first = 0; first < 600; first += 200) {
      model.trainStep(x.subarray(first * width, (first + 200) * width), y.subarray(first, first + 200))
    }
    for (const [p, values] of parameters().entries()) {
      values.forEach((value, i) => {
        const moved = Math.abs(value - expected[p][i])
        assert.ok(moved < 2e-6, `parameter ${p}, ${i}: ${value}, expected ${expected[p][i]}`)
      })
    }
  })
}

test('tabular: penguins, through a file', async () => {
  const penguins = await readTable(dataFile('penguins.csv'))
  const { x, y, encoder, test: tested } = prepare(penguins, { target: 'species', test: 0.2 })
  const model = tabular({ encoder, preset: 'mlp', seed: 1 })
  const options = presetFit(encoder, 'mlp')
  assert.equal([options.epochs, options.batchSize], [200, 200])
  const history = await model.fit(x, y, options)
  assert.ok(history.epoch.length <= 200)
  if (!tested) throw new Error('no rows to test with')
  assert.ok(model.evaluate(tested.x, tested.y).accuracy >= 0.97)
  const again = modelFromBytes(model.toBytes())
  const known: Encoder = encoderFromJSON((again.metadata as { encoder: unknown }).encoder)
  assert.equal(again.classNames, ['Adelie', 'Chinstrap', 'Gentoo'])
  assert.equal(again.predict(known.transform(penguins)), model.predict(encoder.transform(penguins)))
  const names = known.decode(again.predictClasses(tested.x)) as string[]
  assert.is(names.length, tested.rows.length)
})

test('tabular: training ends when the loss stays', () => {
  const { encoder } = prepare(table, { target: 'three' })
  const [{ onTrainBegin, onEpochEnd }] = presetFit(encoder, 'mlp').callbacks
  const reasons: string[] = []
  const context = { stop: (reason: string) => void reasons.push(reason) } as never
  for (let round = 0; round < 2; round++) {
    onTrainBegin?.(context)
    let epoch = 0
    const end = (loss: number) => onEpochEnd?.(epoch++, { loss }, context)
    for (const loss of [1, 0.9, 0.8]) end(loss)
    // less than 1e-4 better each time: ten epochs are borne
    for (let i = 1; i <= 10; i++) end(0.8 - i * 5e-5)
    assert.is(reasons.length, round)
    end(0.7995)
    assert.is(reasons.length, round + 1)
  }
  assert.is(reasons[0], 'the loss has not fallen by 0.0001 for 11 epochs')
})

test('tabular: errors', async () => {
  const { encoder } = prepare(table, { target: 'three' })
  const refused = (options: object, kind: typeof TypeError | typeof RangeError, message: string) =>
    refuses(() => tabular(options as never), kind, `tabular: ${message}`)
  refused({ encoder, preset: 'mpl' }, RangeError, 'unknown preset "mpl"; did you mean "mlp"?')
  refused({ encoder, preset: null }, TypeError, '"preset" must be a name, got null')
  refused({ encoder, epochs: 0 }, RangeError, '"epochs" must be a whole number at least 1, got 0')
  refuses(() => presetFit(encoder, 'mlp', { rows: 0.5 }), RangeError, 'presetFit: "rows" must be a whole number')
  refused({ encoder: encoder.toJSON(), preset: 'mlp' }, TypeError, '"encoder" must be an encoder')
  refused({ encoder, preset: 'mlp', sede: 1 }, TypeError, 'unknown option "sede"; did you mean "seed"?')
  const lines = Array.from({ length: 30 }, (_, i) => `w${i % 10},${i}.5`)
  const wide = await readTable(['w,y', ...lines].join('\n'))
  refused(
    { encoder: prepare(wide, { target: 'y' }).encoder, preset: 'mlp' },
    RangeError,
    'preset "mlp" has no embedding for column "w"; prepare the table with oneHotLimit: 10',
  )
  assert.is(prepare(wide, { target: 'y', oneHotLimit: 10 }).encoder.width, 10)
})

test.run()
