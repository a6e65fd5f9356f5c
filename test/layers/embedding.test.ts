// Embeddings, one-hot columns, branches and selections: what they compute and what they reject.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { predictorFromBytes } from '../../src/entries/predict.ts'
import {
  adam,
  type CompileOptions,
  concatenate,
  configureRuntime,
  dense,
  dropout,
  embedding,
  input,
  inputGradients,
  type Layer,
  modelFromBytes,
  oneHotColumns,
  residual,
  select,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { type Lowerable, outputsOf } from '../../src/layers/layers.ts'
import { forward } from '../oracles/layers.ts'
import { assertClose } from '../support/golden.ts'
import { Bench } from '../support/layerHarness.ts'
import { pairs, ratings, recommender, USERS } from '../support/recommender.ts'
import { refuses } from '../support/refuses.ts'
import { bits, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const CATEGORIES = 7
/** Rows of width 5: columns 1 and 3 are indices from -1 on, 4 is one of 0 to 2. */
const rowsOf = (rows: number, seed = 1): number[][] =>
  Array.from({ length: rows }, (_, r) => [
    Math.sin(r * 1.7 + seed),
    ((r * 5 + seed) % (CATEGORIES + 1)) - 1,
    Math.cos(r * 0.9 + seed),
    (r * r + seed) % CATEGORIES,
    (r + seed) % 3,
  ])

const stacks: Readonly<Record<string, () => Lowerable[]>> = {
  'one column': () => [embedding({ columns: 1, categories: CATEGORIES, units: 3 })],
  'one column, whole panels': () => [embedding({ columns: 3, categories: CATEGORIES, units: 8 })],
  'a shared table': () => [embedding({ columns: [3, 1], categories: CATEGORIES, units: 5 })],
  'two tables': () => [
    embedding([
      { columns: [1, 3], categories: CATEGORIES, units: 2 },
      { columns: 4, categories: 3, units: 9 },
    ]),
    dense(4, { activation: 'tanh' }),
  ],
  'embedding after embedding': () => [
    embedding({ columns: 1, categories: CATEGORIES, units: 1 }),
    embedding({ columns: 2, categories: CATEGORIES, units: 13 }),
  ],
  'one-hot columns': () => [oneHotColumns({ columns: [1, 4], categories: CATEGORIES }), dense(3)],
  'a column alone': () => [select({ columns: 3 }), embedding({ columns: 0, categories: CATEGORIES, units: 4 })],
  'selected twice': () => [select({ columns: [2, 0, 2, 3] }), dense(3, { activation: 'gelu' })],
  'wide and deep': () => [
    concatenate([
      [select({ columns: [0, 2] }), dense(3, { activation: 'relu' }), dense(2, { activation: 'gelu' })],
      [select({ columns: [1, 3] }), embedding({ columns: [0, 1], categories: CATEGORIES, units: 3 })],
      [],
    ]),
    dense(2),
  ],
  'branches behind an activation': () => [
    select({ columns: [0, 2] }),
    dense(6, { activation: 'silu' }),
    concatenate([[dense(3, { activation: 'softmax' })], [], [dropout(0.3), dense(2, { activation: 'sigmoid' })], []]),
    dense(2, { activation: 'tanh' }),
  ],
  'branches in a block, in branches': () => [
    select({ columns: [0, 2] }),
    concatenate([[residual([concatenate([[dense(3)], [dense(2, { activation: 'tanh' })]]), dense(2)])], [dense(9)]]),
  ],
}

for (const target of targets) {
  const test = suite(`columns (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  for (const [name, make] of Object.entries(stacks)) {
    test(`${name}: values and gradients against float64`, () => {
      for (const count of [1, 2, 9]) {
        const layers = make()
        const bench = new Bench(target, 5, layers, { rows: count, seed: 3 })
        const parameters = Object.fromEntries(
          bench.places.map(({ path }) => [path, Float64Array.from(bench.get(path))]),
        )
        const x = rowsOf(count)
        const pass = { training: true, seed: 3, step: bench.step, renorm: new Map() }
        const outputs = () => forward(layers, x, parameters, pass).flat()
        const near = { absolute: 2e-5, relative: 2e-5 }
        assertClose(
          bench.forward('inference', x.flat()),
          forward(layers, x, parameters, { ...pass, training: false }).flat(),
          near,
          'y',
        )
        const dy = wave(outputs().length, 4)
        // twice: nothing of the first may be left in the second
        bench.train(
          x.flatMap((row) => [...row.slice(0, 3), (row[3] + 2) % CATEGORIES, row[4]]),
          dy,
        )
        const { y, dx, padding } = bench.train(x.flat(), dy)
        assertClose(y, outputs(), near, 'training')
        assert.equal(bench.padding(), [])
        assert.ok(padding.every((value) => value === 0))
        const total = () => outputs().reduce((sum, value, i) => sum + value * dy[i], 0)
        const slope = (put: (h: number) => void) => {
          put(1e-6)
          const above = total()
          put(-1e-6)
          const below = total()
          put(0)
          return (above - below) / 2e-6
        }
        for (const { path } of bench.places) {
          const at = parameters[path]
          const kept = at.slice()
          const slopes = Array.from(at, (_, i) =>
            slope((h) => {
              at[i] = kept[i] + h
            }),
          )
          assertClose(bench.gradient(path), slopes, { absolute: 2e-4, relative: 2e-4 }, path)
        }
        for (const [r, row] of x.entries()) {
          for (const c of [0, 2]) {
            const kept = row[c]
            const found = slope((h) => {
              row[c] = kept + h
            })
            assertClose([dx[r * 5 + c]], [found], { absolute: 2e-4, relative: 2e-4 }, `dx ${r}, ${c}`)
          }
          // indices have no gradient
          if (name === 'a shared table' || name === 'two tables') assert.equal([dx[r * 5 + 1], dx[r * 5 + 3]], [0, 0])
        }
      }
    })
  }

  test('an embedding is one-hot columns and a dense layer', async () => {
    const tables = [embedding({ columns: 0, categories: USERS, units: 6 }), dense(1)]
    const zeros = [oneHotColumns({ columns: 0, categories: USERS }), dense(7), dense(1)]
    const a = sequential([input(2), ...tables], { seed: 2 })
    const b = sequential([input(2), ...zeros], { seed: 2 })
    // the dense layer hands on the column that stays, and adds nothing
    const [table, kernel, bias] = a.parameters.map((parameter) => parameter.get())
    const inner = new Float32Array((1 + USERS) * 7)
    inner[0] = 1
    for (let user = 0; user < USERS; user++) inner.set(table.subarray(user * 6, user * 6 + 6), (1 + user) * 7 + 1)
    b.parameters[0].set(inner)
    b.parameters[2].set(kernel)
    b.parameters[3].set(bias)
    const x = pairs.map((value, i) => (i % 2 ? value / 9 : value))
    assertClose(b.predict(x), a.predict(x), { absolute: 1e-6, relative: 1e-6 }, 'outputs')
    for (const model of [a, b]) model.compile({ optimizer: sgd({ learningRate: 0.05 }), loss: 'meanSquaredError' })
    const ga = a.gradients(x, ratings)
    const gb = b.gradients(x, ratings)
    assert.ok(Math.abs(ga.loss - gb.loss) < 1e-6)
    const gradient = b.parameters[0].gradient()
    const expected = Array.from({ length: USERS * 6 }, (_, i) => gradient[(1 + Math.floor(i / 6)) * 7 + 1 + (i % 6)])
    assertClose(a.parameters[0].gradient(), expected, { absolute: 1e-6, relative: 1e-6 }, 'gradients')
  })

  test('indices are checked at every door, by row and column', async () => {
    const model = recommender({})
    const bad = [0, 1, 2, 9]
    const says = 'row 1, column 1 is 9; embedding takes whole numbers from 0 to 8 there, or -1 for missing'
    const before = bits(model)
    refuses(() => model.predict(bad), RangeError, `predict: "x" ${says}`)
    refuses(() => model.trainStep(bad, [1, 2]), RangeError, `trainStep: "x" ${says}`)
    refuses(() => model.gradients(bad, () => 0), RangeError, says)
    refuses(() => model.evaluate(bad, [1, 2]), RangeError, says)
    refuses(() => inputGradients(model, bad, [1, 2]), RangeError, says)
    refuses(
      () => model.predict([0.5, 1]),
      RangeError,
      'row 0, column 0 is 0.5; embedding takes whole numbers from 0 to 39',
    )
    refuses(() => model.predict([-2, 1]), RangeError, 'column 0 is -2')
    refuses(() => predictorFromBytes(model.toBytes()).predict(bad), RangeError, says)
    let message = ''
    await model.fit(bad, [1, 2]).catch((error: Error) => {
      message = error.message
    })
    assert.ok(message.includes(says), message)
    assert.equal(bits(model), before)
  })

  test('indices that layers change are refused when the model is built', () => {
    const table = () => embedding({ columns: 1, categories: 3, units: 2 })
    const built =
      (...layers: Layer[]) =>
      () =>
        sequential([input(3), ...layers])
    const says = 'embedding: column 1 is computed by the layers before'
    refuses(built(dense(3), table()), RangeError, says)
    refuses(built(dropout(0.5), table()), RangeError, says)
    refuses(built(residual([dense(3)]), table()), RangeError, says)
    refuses(
      built(embedding({ columns: 0, categories: 3, units: 1 }), embedding({ columns: 2, categories: 3, units: 1 })),
      RangeError,
      'column 2',
    )
    refuses(
      built(concatenate([[dense(1)], []]), embedding({ columns: 0, categories: 3, units: 1 })),
      RangeError,
      'column 0',
    )
    refuses(
      built(residual([dense(3), oneHotColumns({ columns: 0, categories: 1 })])),
      RangeError,
      'oneHotColumns: column 0',
    )
    for (const fine of [
      [select({ columns: [2, 1] }), table()],
      [concatenate([[dense(1)], []]), embedding({ columns: [1, 2, 3], categories: 3, units: 1 })],
      [embedding({ columns: 0, categories: 3, units: 1 }), table()],
      [residual([table(), dense(3)])],
    ]) {
      assert.not.throws(built(...fine))
    }
  })

  test('every table keeps its place in files, snapshots and summaries', () => {
    const model = recommender({})
    const again = modelFromBytes(model.toBytes())
    assert.equal(again.layers, model.layers)
    assert.equal(bits(again), bits(model))
    assert.equal(again.predict(pairs), model.predict(pairs))
    const weights = model.getWeights()
    model.trainStep(pairs, ratings)
    model.setWeights(weights)
    assert.equal(bits(again), bits(model))
    model.setWeights(Float32Array.from(weights))
    assert.ok(model.summary().includes('embedding_1'))
    assert.equal(model.parameters.map(({ name, shape }) => `${name} ${shape.join(' x ')}`).slice(0, 2), [
      'embedding_1.table_1 40 x 11',
      'embedding_1.table_2 9 x 8',
    ])
    assert.is(outputsOf(model.layers[1] as Lowerable, 2), 19)
  })

  test('folding goes into branches', () => {
    const model = sequential([input(4), concatenate([[dense(3), dropout(0.5), dense(2)], [dropout(0.1)]]), dense(2)], {
      seed: 1,
    })
    const folded = model.fold()
    const x = wave(12)
    assertClose(folded.predict(x), model.predict(x), { absolute: 1e-6, relative: 1e-6 }, 'folded')
    assert.is(JSON.stringify(folded.layers).includes('dropout'), false)
  })

  test('any number of threads, the same bits', async () => {
    const train = async (threads: number, optimizer: CompileOptions['optimizer']) => {
      const model = recommender({ optimizer }, {}, threads)
      await model.fit(pairs, ratings, { epochs: 4, batchSize: 32 })
      model.close()
      return bits(model)
    }
    for (const optimizer of [sgd({ learningRate: 0.1 }), adam()]) {
      assert.equal(await train(3, optimizer), await train(1, optimizer))
    }
  })

  test.run()
}
