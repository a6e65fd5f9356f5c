// Parameter groups: which parameters match, what they get, and what files keep of them.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  adamw,
  configureRuntime,
  dense,
  input,
  type Layer,
  linearWarmup,
  type Model,
  modelFromBytes,
  type Optimizer,
  type ParameterGroup,
  rprop,
  sequential,
  sgd,
} from '../../src/entries/public.ts'
import { matcherOf } from '../../src/optimizers/optimizers.ts'
import { settingsOf, withSettings } from '../support/modelFile.ts'
import { refuses } from '../support/refuses.ts'
import { bits, wave } from '../support/samples.ts'
import { targets } from '../support/targets.ts'

const layers: readonly Layer[] = [input(3), dense(4, { activation: 'tanh', name: 'body' }), dense(2)]

function model(optimizer: Optimizer): Model {
  const made = sequential(layers, { seed: 2 })
  made.compile({ optimizer, loss: 'meanSquaredError' })
  return made
}

const step = (made: Model) => made.trainStep(wave(3 * 8), wave(2 * 8, 2))

{
  const test = suite('matches of parameter groups')
  const names = ['body.kernel', 'body.bias', 'dense_1.kernel', 'dense_1.bias', 'residual_1.dense_1.bias']
  const matched = (match: ParameterGroup['match']) => names.filter(matcherOf({ match }))

  test('a name, its beginning, its end, a list, an expression, a function', () => {
    assert.equal(matched('body.kernel'), ['body.kernel'])
    assert.equal(matched('body'), ['body.kernel', 'body.bias'])
    assert.equal(matched('bias'), ['body.bias', 'dense_1.bias', 'residual_1.dense_1.bias'])
    assert.equal(matched('dense_1'), ['dense_1.kernel', 'dense_1.bias'])
    assert.equal(matched('dense_1.bias'), ['dense_1.bias', 'residual_1.dense_1.bias'])
    assert.equal(matched('residual_1.dense_1'), ['residual_1.dense_1.bias'])
    assert.equal(matched('bod'), [])
    assert.equal(matched(['kernel', 'body']), ['body.kernel', 'body.bias', 'dense_1.kernel'])
    for (const flags of ['', 'g', 'y', 'gi'])
      assert.equal(matched(new RegExp('^body\\.', flags)), ['body.kernel', 'body.bias'])
    assert.equal(matched({ exactly: ['dense_1.bias', 'bias'] }), ['dense_1.bias'])
    assert.equal(matched(/BIAS$/i), ['body.bias', 'dense_1.bias', 'residual_1.dense_1.bias'])
    assert.equal(
      matched((name) => name.length > 15),
      ['residual_1.dense_1.bias'],
    )
  })

  test('what is no group is refused', () => {
    const group = (options: object) => () => adam({ parameterGroups: [options as ParameterGroup] })
    const says = 'adam: "parameterGroups[0].match" must be a name, an array of names, an expression or a function, got'
    for (const match of [undefined, '', 5, [], ['a', 5], [''], {}, { exactly: [] }, { exactly: ['a'], b: 1 }])
      refuses(group({ match }), TypeError, says)
    refuses(
      group({ match: 'a', epsilon: 0 }),
      RangeError,
      '"parameterGroups[0].epsilon" must be a finite number at least 1e-30',
    )
    const without = () => sgd({ parameterGroups: [{ match: 'bias', epsilon: 1 }] })
    refuses(without, TypeError, 'sgd: parameterGroups[0] sets "epsilon", which sgd does not have')
    refuses(group({ match: 'a', weightDecay: 0.1, weightDecayScale: 2 }), TypeError, 'one of them is enough')
    refuses(group({ match: 'a', weightDecayScale: -1 }), RangeError, '"parameterGroups[0].weightDecayScale"')
    const rprops = () => rprop({ parameterGroups: [{ match: 'bias', weightDecayScale: 1 }] })
    refuses(rprops, TypeError, 'rprop has no "weightDecay"')
    refuses(group({ match: 'a', rate: 0 }), TypeError, 'adam: parameterGroups[0]: unknown option "rate"')
    const many = () => adam({ parameterGroups: Array.from({ length: 1001 }, () => ({ match: 'a' })) })
    refuses(many, RangeError, 'adam: "parameterGroups" must be at most 1000, got 1001')
    const compile = (match: ParameterGroup['match']) => () => model(sgd({ parameterGroups: [{ match }] }))
    const none = 'compile: "parameterGroups[0].match" "biass" matches none of body.kernel, body.bias, dense_2.kernel'
    refuses(compile('biass'), RangeError, none)
    refuses(compile(/^x/), RangeError, '"parameterGroups[0].match" /^x/ matches none of')
    refuses(compile(['x', 'y']), RangeError, 'an array of 2 matches none of')
    compile(() => false)()
  })
  test.run()
}

for (const target of targets) {
  const test = suite(`parameter groups (${target})`)
  test.before(() => configureRuntime({ target }))
  test.after(() => configureRuntime())

  test('a group gets its rate, decay and epsilon, all others those of the optimizer', () => {
    const common = { learningRate: 0.01, weightDecay: 0.1, epsilon: 1e-3 }
    const groups: ParameterGroup[] = [
      { match: 'body.bias', epsilon: 0.5, weightDecay: 0 },
      { match: /^body/, learningRateScale: 0.25 },
    ]
    const grouped = model(adamw({ ...common, parameterGroups: groups }))
    const alone = [
      adamw({ ...common, learningRate: 0.0025 }),
      adamw({ ...common, epsilon: 0.5, weightDecay: 0 }),
      adamw(common),
      adamw(common),
    ].map(model)
    // one step: each parameter's update does not depend on those of the others
    step(grouped)
    for (const [i, each] of alone.entries()) {
      step(each)
      assert.equal(grouped.parameters[i].get(), each.parameters[i].get(), each.parameters[i].name)
    }
  })

  test('a group scales a decay that a schedule gives', () => {
    const weightDecay = linearWarmup({ learningRate: 0.2, warmup: 4 })
    const half = linearWarmup({ learningRate: 0.1, warmup: 4 })
    const parameterGroups = [{ match: 'body.kernel', weightDecayScale: 0.5 }]
    const grouped = model(sgd({ learningRate: 0.1, weightDecay, parameterGroups }))
    const other = model(
      sgd({ learningRate: 0.1, weightDecay: half, parameterGroups: [{ match: /bias|dense/, weightDecayScale: 2 }] }),
    )
    for (let i = 0; i < 3; i++) {
      step(grouped)
      step(other)
    }
    for (const [i, { name }] of grouped.parameters.entries())
      assert.equal(grouped.parameters[i].get(), other.parameters[i].get(), name)
    const plain = model(sgd({ learningRate: 0.1, weightDecay }))
    for (let i = 0; i < 3; i++) step(plain)
    assert.not.equal(grouped.parameters[0].get(), plain.parameters[0].get())
  })
  test.run()
}

const test = suite('parameter groups in files')

test('names and expressions are kept, and training goes on to the same bits', () => {
  const groups: ParameterGroup[] = [
    { match: 'bias', weightDecay: 0 },
    { match: ['body.kernel'], epsilon: 0.25 },
    { match: /^dense_.*kernel$/, learningRateScale: 0.5 },
  ]
  const made = model(adamw({ parameterGroups: groups }))
  step(made)
  const bytes = made.toBytes({ includeOptimizer: true })
  const { compiled } = settingsOf(bytes) as { compiled: { optimizer: { options: { parameterGroups: unknown } } } }
  const kept = [...groups.slice(0, 2), { match: { exactly: ['dense_2.kernel'] }, learningRateScale: 0.5 }]
  assert.equal(compiled.optimizer.options.parameterGroups, kept)
  const again = modelFromBytes(bytes)
  for (let i = 0; i < 3; i++) assert.is(step(again), step(made))
  assert.equal(bits(again), bits(made))
  assert.equal(again.toBytes({ includeOptimizer: true }), made.toBytes({ includeOptimizer: true }))
  assert.equal(bits(made.clone()), bits(made))
})

test('groups of a file are checked as those of a program', () => {
  const bytes = model(adam({ parameterGroups: [{ match: 'bias', weightDecay: 0 }] })).toBytes()
  const file = (groups: unknown) =>
    withSettings(bytes, (settings) =>
      JSON.stringify(settings).replace('[{"match":"bias","weightDecay":0}]', JSON.stringify(groups)),
    )
  const cases: [groups: unknown, says: string][] = [
    [{}, 'adam: "parameterGroups" must be an array of groups, got an object'],
    [[null], 'adam: parameterGroups[0]: options must be an object, got null'],
    [[{ match: {} }], '"parameterGroups[0].match" must be a name, an array of names'],
    [[{ match: 'bias', weightDecay: '0' }], '"parameterGroups[0].weightDecay" must be a number, got "0"'],
    [[{ match: 'x' }], '"parameterGroups[0].match" "x" matches none of body.kernel'],
    [Array.from({ length: 2000 }, () => ({ match: 'bias' })), '"parameterGroups" must be at most 1000, got 2000'],
  ]
  for (const [groups, says] of cases) refuses(() => modelFromBytes(file(groups)), RangeError, says)
})

test('a function stays behind, and that is said', () => {
  const { warn } = console
  const said: string[] = []
  console.warn = (text: string) => said.push(text)
  try {
    const groups: ParameterGroup[] = [
      { match: () => true, weightDecay: 0 },
      { match: 'bias', weightDecay: 0.5 },
    ]
    const made = model(adam({ parameterGroups: groups }))
    const { compiled } = modelFromBytes(made.toBytes())
    assert.equal(compiled?.optimizer, adam({ parameterGroups: groups.slice(1) }))
    assert.equal(said, [
      'toBytes: "parameterGroups" that match by functions of your own are not in the file; match by names or expressions',
    ])
    const resume = () => made.toBytes({ includeOptimizer: true })
    refuses(resume, Error, 'use the built-in schedules, and groups that match by names')
  } finally {
    console.warn = warn
  }
})
test.run()
