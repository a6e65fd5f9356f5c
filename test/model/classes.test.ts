// Outputs as classes, and what they are called.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type ActivationName,
  binaryCrossentropy,
  configureRuntime,
  dense,
  input,
  type LossName,
  type Model,
  modelFromBytes,
  sequential,
} from '../../src/entries/public.ts'
import { refuses } from '../support/refuses.ts'
import { bits, classifier, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const small = (outputs: number, activation: ActivationName = 'linear'): Model =>
  sequential([input(3), dense(outputs, { activation })], { seed: 3 })

/** Whose outputs are these, whatever goes in. */
function biased(values: readonly number[], activation: ActivationName = 'linear'): Model {
  const model = small(values.length, activation)
  model.parameters[0].set(new Float32Array(3 * values.length))
  model.parameters[1].set(values)
  return model
}

for (const target of targets) {
  const test = suite(`classes (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('the largest output is the class, the first of several', () => {
    const x = wave(3 * 7)
    for (const activation of ['linear', 'softmax', 'logSoftmax', 'tanh'] as const) {
      const model = small(5, activation)
      const outputs = model.predict(x)
      const expected = Array.from({ length: 7 }, (_, row) => {
        const own = [...outputs.subarray(row * 5, (row + 1) * 5)]
        return own.indexOf(Math.max(...own))
      })
      const classes = model.predictClasses(x)
      assert.instance(classes, Int32Array)
      assert.equal([...classes], expected, activation)
    }
    assert.equal([...biased([1, 2, 2, 1]).predictClasses(wave(6))], [1, 1])
  })

  test('outputs of sigmoid are labels, above one half', () => {
    for (const activation of ['sigmoid', 'hardSigmoid'] as const) {
      assert.equal([...biased([1e-3, -1e-3, 0], activation).predictClasses(wave(6))], [1, 0, 0, 1, 0, 0], activation)
      assert.equal([...biased([2], activation).predictClasses(wave(3))], [1])
    }
  })

  test('a loss of labels says where yes begins', () => {
    const cases: [loss: LossName | ReturnType<typeof binaryCrossentropy>, bias: number][] = [
      [binaryCrossentropy({ fromLogits: true }), 0],
      ['hinge', 0],
      ['squaredHinge', 0],
    ]
    for (const [loss, bias] of cases) {
      const model = biased([bias + 1e-3, bias - 1e-3, bias])
      model.compile({ optimizer: 'sgd', loss })
      assert.equal([...model.predictClasses(wave(3))], [1, 0, 0])
      assert.equal([...modelFromBytes(model.toBytes()).predictClasses(wave(3))], [1, 0, 0])
    }
    const classes = biased([0.9, 0.8], 'softmax')
    classes.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' })
    assert.equal([...classes.predictClasses(wave(3))], [0])
  })

  test('a quantity is no class, and NaN is none', () => {
    const model = small(1)
    const says = 'predictClasses: a single output with activation "linear" is a quantity, not a class'
    refuses(() => model.predictClasses(wave(3)), RangeError, says)
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    refuses(() => model.predictClasses(wave(3)), RangeError, says)
    refuses(() => small(2).predictClasses(wave(4)), RangeError, 'predict: "x"')
    const spoilt = classifier()
    spoilt.setWeights(spoilt.getWeights().fill(Number.NaN))
    refuses(() => spoilt.predictClasses(wave(8)), RangeError, 'predictClasses: output 0 of row 0 is NaN')
  })
  test.run()
}

const test = suite('names of classes')

test('names are kept by files and by models made of the model', () => {
  const model = classifier()
  assert.is(model.classNames, undefined)
  const names = ['iris', 'rosa', 'vulgaris "é" \ud800']
  model.classNames = names
  names[0] = 'changed'
  assert.equal(model.classNames, ['iris', 'rosa', 'vulgaris "é" \ud800'])
  assert.throws(() => (model.classNames as string[]).push('x'), TypeError)
  const again = modelFromBytes(model.toBytes())
  assert.equal(again.classNames, model.classNames)
  assert.equal(bits(again), bits(model))
  assert.equal(model.fold().classNames, model.classNames)
  assert.is(model.replaceHead([dense(3)]).classNames, undefined)
  const [row] = again.predictClasses(wave(4))
  assert.type(again.classNames?.[row], 'string')
  model.classNames = undefined
  assert.is(modelFromBytes(model.toBytes()).classNames, undefined)
})

test('a single output has names for 0 and 1', () => {
  const model = small(1, 'sigmoid')
  model.classNames = ['no', 'yes']
  assert.equal(modelFromBytes(model.toBytes()).classNames, ['no', 'yes'])
  const says = 'model: "classNames" must have 2 names, those of classes 0 and 1; got 1'
  const one = () => {
    model.classNames = ['yes']
  }
  refuses(one, RangeError, says)
})

test('what are no names is refused, and changes nothing', () => {
  const model = classifier()
  model.classNames = ['a', 'b', 'c']
  const set = (names: unknown) => () => {
    model.classNames = names as string[]
  }
  refuses(set('abc'), TypeError, 'model: "classNames" must be an array of texts, got "abc"')
  refuses(set(null), TypeError, 'model: "classNames" must be an array of texts, got null')
  refuses(set(['a', 'b']), RangeError, `must have 3 names, one for each of the model's 3 outputs; got 2`)
  refuses(set(['a', 'b', 3]), TypeError, 'model: "classNames" must be texts, got 3 for class 2')
  refuses(set(new Array(3)), TypeError, 'must be texts, got undefined for class 0')
  assert.equal(model.classNames, ['a', 'b', 'c'])
})
test.run()
