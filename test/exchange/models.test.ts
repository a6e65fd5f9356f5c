// Networks, the plain values between files and models: from a model and back, and what no model can be made of.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  activation,
  batchNorm,
  batchRenorm,
  blend,
  dense,
  dropout,
  groupNorm,
  input,
  instanceNorm,
  type Layer,
  layerNorm,
  leakyRelu,
  prelu,
  residual,
  rmsNorm,
  scale,
  sequential,
} from '../../src/entries/public.ts'
import { modelOf, networkOf } from '../../src/exchange/models.ts'
import { block, inside, type Network, placed, type Stage, stage } from '../../src/formats/network.ts'
import { refuses } from '../support/refuses.ts'
import { bits, wave } from '../support/samples.ts'

const LAYERS: readonly Layer[] = [
  dense(6, { activation: leakyRelu({ alpha: 0.2 }), weightNorm: true, name: 'first' }),
  batchNorm({ momentum: null }),
  batchRenorm(),
  layerNorm(),
  groupNorm(2),
  instanceNorm({ channels: 3 }),
  rmsNorm(),
  scale(),
  blend('selu'),
  dropout(0.5),
  residual([dense(5), prelu(), residual([batchNorm(), dense(5, { name: 'deep' })]), dense(6, { useBias: false })]),
  activation('tanh'),
  dense(1, { trainable: false }),
]

test('a model of every layer comes back from its network to the bit', () => {
  const model = sequential([input(3), ...LAYERS], { seed: 1 })
  for (const [i, parameter] of model.parameters.entries())
    parameter.set(wave(parameter.size, i).map((value) => 0.5 + Math.abs(value)))
  const network = networkOf(model)
  assert.is(network.inputs, 3)
  assert.equal(
    placed(network.stages, 3).map(({ outputs }) => outputs),
    [6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 1],
  )
  const again = modelOf('test', network, { seed: 1 })
  assert.equal(again.layers, model.layers)
  assert.equal(bits(again), bits(model))
  assert.equal(again.predict(wave(15)), model.predict(wave(15)))
})

test('a block is taken apart and put together again', () => {
  const model = sequential([input(6), LAYERS[10]], { seed: 2 })
  const [whole] = networkOf(model).stages
  const stages = inside(whole) as Stage[]
  assert.equal(
    stages.map(({ layer, values }) => [layer.kind, Object.keys(values).join()]),
    [
      ['dense', 'kernel,bias'],
      ['prelu', 'alpha'],
      [
        'residual',
        'batchNorm_1.gamma,batchNorm_1.beta,batchNorm_1.runningMean,batchNorm_1.runningVariance,deep.kernel,deep.bias',
      ],
      ['dense', 'kernel'],
    ],
  )
  assert.equal(block(stages), whole)
  assert.is(inside(stages[0]), undefined)
})

test('a network without stages is a model that hands on its input', () => {
  assert.equal(modelOf('test', { inputs: 2, stages: [] }).predict([1, -2]), Float32Array.of(1, -2))
})

const kernel = new Float32Array(6)
const REFUSED: Record<string, [network: Network, says: string]> = {
  'a parameter that is missing': [
    { inputs: 3, stages: [stage(dense(2), { kernel })] },
    'test: the file describes no model that can be made: dense: the parameter "bias" is missing',
  ],
  'a parameter that belongs nowhere': [
    { inputs: 3, stages: [stage(dense(2, { useBias: false }), { kernel, bias: kernel })] },
    'dense: there is no parameter "bias"',
  ],
  'a parameter of another length': [
    { inputs: 4, stages: [stage(dense(2, { useBias: false }), { kernel })] },
    'dense: "kernel" has 6 values, expected 8 (4 x 2)',
  ],
  'a value that is not finite': [
    {
      inputs: 3,
      stages: [stage(dense(2, { useBias: false }), { kernel: Float32Array.of(0, 1, 2, 3, Number.NaN, 5) })],
    },
    'dense: value 4 of "kernel" is NaN',
  ],
  'layers that do not fit together': [
    { inputs: 3, stages: [block([stage(dense(2, { useBias: false }), { kernel })])] },
    'residual: the block maps 3 to 2 units',
  ],
  'two layers of one name': [
    { inputs: 3, stages: [stage(prelu({ name: 'a' })), stage(prelu({ name: 'a' }))] },
    'two layers with parameters are named "a"',
  ],
  'no inputs': [{ inputs: 0, stages: [] }, 'input: "size"'],
}
for (const [name, [network, says]] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => refuses(() => modelOf('test', network), RangeError, says))
}

test('class names and metadata go along', () => {
  const network: Network = { inputs: 2, stages: [], classNames: ['no', 'yes'], metadata: { scaler: [1, 2] } }
  const model = modelOf('test', network)
  assert.equal([model.classNames, model.metadata], [['no', 'yes'], { scaler: [1, 2] }])
  const { classNames, metadata } = networkOf(model)
  assert.equal({ classNames, metadata }, { classNames: ['no', 'yes'], metadata: { scaler: [1, 2] } })
  const says = 'test: the file describes no model that can be made: model: "classNames" must have 2 names'
  refuses(() => modelOf('test', { ...network, classNames: ['one'] }), RangeError, says)
  refuses(() => modelOf('test', { ...network, metadata: () => 1 }), RangeError, 'which JSON cannot hold')
})

test('what the user asks for is not the fault of the file', () => {
  const network: Network = { inputs: 2, stages: [] }
  refuses(() => modelOf('test', network, { seed: -1 }), RangeError, /^sequential: "seed"/)
  refuses(() => modelOf('test', network, { sed: 1 } as object), TypeError, 'unknown option "sed"; did you mean "seed"?')
})
test.run()
