// How little plain SGD visits of tables of trained rows, and that nothing else changes by it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { adam, type CompileOptions, configureRuntime, l2, type Model, sgd } from '../../src/entries/public.ts'
import { pairs, ratings, recommender, USERS } from '../support/recommender.ts'
import { bits } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

for (const target of targets) {
  const test = suite(`rows that are visited (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  const visited = (model: Model) => model.engine.trainingPlan(16).lists.length

  test('plain SGD visits only rows that occurred, with the bits of a whole pass', async () => {
    const whole = recommender({ clipValue: 1e30 })
    const sparse = recommender({})
    assert.is(visited(whole), 0)
    assert.is(visited(sparse), 2)
    for (const model of [whole, sparse]) {
      await model.fit(pairs, ratings, { epochs: 3, batchSize: 16 })
      model.trainStep(pairs.subarray(0, 20), ratings.subarray(0, 10))
      model.trainStep(pairs.subarray(20, 26), ratings.subarray(0, 3))
      // what predictions, gradients and steps of other kinds leave in the same memory
      model.predict(pairs)
      model.trainStep(pairs.subarray(8, 18), ratings.subarray(0, 5))
      model.gradients(pairs, ratings)
      model.trainStep(pairs.subarray(0, 6), ratings.subarray(0, 3))
      model.trainStep(pairs.subarray(30, 40), (_, gradient) => gradient.fill(0.1)[0])
      model.trainStep(pairs.subarray(2, 6), ratings.subarray(0, 2))
      model.evaluate(pairs, ratings)
      await model.fit(pairs, ratings, { epochs: 2, batchSize: 8, accumulate: 2 })
      await model.fit(pairs, ratings, { epochs: 1, batchSize: 24 })
    }
    assert.equal(bits(sparse), bits(whole))
    assert.equal(
      sparse.parameters.map((parameter) => [...parameter.gradient()]),
      whole.parameters.map((parameter) => [...parameter.gradient()]),
    )
  })

  test('the table of users that did not occur stays as it was', () => {
    const model = recommender({})
    const [table] = model.parameters
    const before = table.get()
    model.trainStep([3, 0, 5, 1, -1, 2], [1, 2, 3])
    const changed = new Set<number>()
    table.get().forEach((value, i) => {
      if (value !== before[i]) changed.add(Math.floor(i / 11))
    })
    assert.equal([...changed], [3, 5])
    assert.equal(
      Array.from({ length: USERS }, (_, user) => user).filter((user) =>
        table
          .gradient()
          .subarray(user * 11, user * 11 + 11)
          .some((value) => value !== 0),
      ),
      [3, 5],
    )
  })

  test('what needs every row has it', () => {
    const others: [Partial<CompileOptions>, { regularizer?: ReturnType<typeof l2> }?][] = [
      [{ optimizer: adam() }],
      [{ optimizer: sgd({ momentum: 0.9 }) }],
      [{ optimizer: sgd({ weightDecay: 0.1 }) }],
      [{ globalClipNorm: 1 }],
    ]
    for (const [options, more] of others) assert.is(visited(recommender(options, more)), 0)
    assert.is(visited(recommender({}, { regularizer: l2(0.1) })), 1)
    const optimizer = sgd({ parameterGroups: [{ match: 'table_2', weightDecay: 0.1 }] })
    assert.is(visited(recommender({ optimizer })), 1)
    const frozen = recommender({})
    frozen.freeze(1)
    const before = bits(frozen)
    frozen.trainStep([3, 0], [1])
    assert.equal(bits(frozen).slice(0, 20), before.slice(0, 20))
  })

  test('rates of groups count for rows that are visited', async () => {
    const parameterGroups = [{ match: 'table_1', learningRateScale: 0.25 }]
    const models = [{}, { clipValue: 1e30 }].map((more) =>
      recommender({ optimizer: sgd({ learningRate: 0.2, parameterGroups }), ...more }),
    )
    for (const model of models) await model.fit(pairs, ratings, { epochs: 2, batchSize: 10 })
    assert.equal(bits(models[0]), bits(models[1]))
  })

  test.run()
}
