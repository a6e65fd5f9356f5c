/** Every public function with arguments that it takes. */
import * as charts from '../../src/entries/charts.ts'
import * as formats from '../../src/entries/formats.ts'
import { predictorFromBytes } from '../../src/entries/predict.ts'
import * as fourlane from '../../src/entries/public.ts'
import { kerasFile } from './interop.ts'
import { wave } from './samples.ts'

const f = fourlane

type Call = readonly [act: (...args: never[]) => unknown, args: readonly unknown[]]

const classes = Int32Array.of(0, 1, 2, 0, 1, 2)
const x = wave(6 * 4)
const rows = [
  [0, 1],
  [1, 2],
  [2, 4],
]

function network(compiled = true): fourlane.Model {
  const model = f.sequential([f.input(4), f.dense(5, { activation: 'tanh' }), f.dense(3, { activation: 'softmax' })], {
    seed: 1,
  })
  if (compiled) model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}
const bytes = network().toBytes()

const names = <T extends object>(of: T) => Object.entries(of) as [string, (...args: never[]) => unknown][]

/** Functions by name, each with arguments that it takes. */
export const calls: Record<string, () => Call> = {}
const add = (name: string, act: unknown, ...args: unknown[]) => {
  calls[name] = () => [act as Call[0], args]
}
/** A method of a fresh model. */
const method = (name: string, args: readonly unknown[], compiled = true) => {
  calls[name] = () => {
    const model = network(compiled) as unknown as Record<string, (...args: never[]) => unknown>
    return [(...given: never[]) => model[name](...given), args]
  }
}

for (const name of [
  'adabelief',
  'adadelta',
  'adagrad',
  'adam',
  'adamax',
  'adamw',
  'asgd',
  'lamb',
  'lion',
  'nadam',
  'novograd',
  'radam',
  'rmsprop',
  'rprop',
  'sgd',
  'yogi',
] as const)
  add(name, f[name], { learningRate: 0.1 })
for (const name of [
  'glorotNormal',
  'glorotUniform',
  'heNormal',
  'heUniform',
  'identity',
  'lecunNormal',
  'lecunUniform',
  'ones',
  'orthogonal',
  'torchLinear',
  'zeros',
] as const)
  add(name, f[name])
add('constant', f.constant, 0.5)
add('randomNormal', f.randomNormal, { mean: 0, stddev: 1 })
add('randomUniform', f.randomUniform, { minimum: 0, maximum: 1 })
add('truncatedNormal', f.truncatedNormal, { mean: 0, stddev: 1 })
add('varianceScaling', f.varianceScaling, { scale: 2, mode: 'fanIn', distribution: 'uniform' })
add('initialGain', f.initialGain, 'relu')
add('softplus', f.softplus, { beta: 2, threshold: 20 })
add('gelu', f.gelu, { approximate: 'tanh' })
add('exponential', f.exponential)
add('cos', f.cos)
add('sin', f.sin)
add('elu', f.elu, { alpha: 1 })
add('leakyRelu', f.leakyRelu, { alpha: 0.1 })
for (const name of [
  'binaryCrossentropy',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'huber',
  'hinge',
  'meanSquaredError',
  'klDivergence',
  'logCosh',
  'meanAbsoluteError',
  'poisson',
  'squaredHinge',
  'categoricalHinge',
  'meanAbsolutePercentageError',
] as const)
  add(name, f[name], name === 'huber' ? { delta: 2 } : {})
add('accuracy', f.accuracy)
add('auc', f.auc, {})
add('binaryAccuracy', f.binaryAccuracy, { threshold: 0.5 })
add('precision', f.precision, { average: 'macro' })
add('recall', f.recall, { average: 'macro' })
add('f1Score', f.f1Score, { average: 'macro' })
add('topKAccuracy', f.topKAccuracy, { k: 2 })
add('confusionMatrix', f.confusionMatrix, [0, 1, 1], [0, 1, 0], 2)
add('classificationReport', f.classificationReport, [0, 1, 1], [0, 1, 0])
add('score', f.score, 'accuracy', [0, 1], Float32Array.of(0.9, 0.1, 0.2, 0.8), { sampleWeight: [1, 2] })
add('l1', f.l1, 0.1)
add('l2', f.l2, 0.1)
add('l1l2', f.l1l2, { l1: 0.1, l2: 0.1 })
add('kFold', f.kFold, 12, { folds: 3, shuffle: true, seed: 1 })
add('takeRows', f.takeRows, rows, [0, 2])
add('minMaxScaler', f.minMaxScaler, { minimum: 0, maximum: 1 })
add('standardScaler', f.standardScaler, {})
for (const [kind, make] of [
  ['minMaxScaler', f.minMaxScaler],
  ['standardScaler', f.standardScaler],
] as const) {
  add(`fit of ${kind}`, (...args: [never]) => make().fit(...args), rows)
  add(
    `transform of ${kind}`,
    (...args: [never]) =>
      make()
        .fit(rows)
        .transform(...args),
    rows,
  )
  add(
    `inverseTransform of ${kind}`,
    (...args: [never]) =>
      make()
        .fit(rows)
        .inverseTransform(...args),
    rows,
  )
}
add('oneHot', f.oneHot, [0, 1, 2], 3)
add('shuffle', f.shuffle, [rows, [1, 2, 3]], { seed: 1 })
add('trainTestSplit', f.trainTestSplit, [rows, [1, 2, 3]], { testFraction: 0.34, seed: 1 })
add('readCsv', f.readCsv, 'a,b\n1,2', { header: true, delimiter: ',' })
add('readIdx', f.readIdx, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7))
add('gunzip', f.gunzip, Uint8Array.of(0x1f, 0x8b, 8), { maximumBytes: 100 })
add('activation', f.activation, 'relu')
add('batchNorm', f.batchNorm, { momentum: 0.1, epsilon: 1e-3, name: 'a', trainable: true })
add('batchRenorm', f.batchRenorm, { momentum: 0.1, rMax: 3, dMax: 5 })
add('dense', f.dense, 3, {
  activation: 'relu',
  useBias: true,
  kernelInitializer: 'zeros',
  kernelRegularizer: f.l2(0.1),
  name: 'a',
})
add('dropout', f.dropout, 0.5)
add('alphaDropout', f.alphaDropout, 0.1)
add('gaussianNoise', f.gaussianNoise, 0.1)
add('groupNorm', f.groupNorm, 2, { epsilon: 1e-3 })
add('input', f.input, 4)
add('instanceNorm', f.instanceNorm, 2, {})
add('layerNorm', f.layerNorm, { epsilon: 1e-3 })
add('prelu', f.prelu, {})
add('residual', f.residual, [f.dense(4)], {})
add('blend', f.blend, 'relu', { initializer: 'ones', name: 'a' })
add('periodicEmbedding', f.periodicEmbedding, { frequencies: 4, units: 2, stddev: 0.2, name: 'a' })
add('unitNorm', f.unitNorm)
add('select', f.select, { columns: [0, 1] })
add('concatenate', f.concatenate, [[f.dense(2)], []])
add('embedding', f.embedding, { columns: 0, categories: 3, units: 2 }, { name: 'a', trainable: true })
add('oneHotColumns', f.oneHotColumns, { columns: 0, categories: 3 })
add('scale', f.scale, { initializer: 'ones', name: 'a', trainable: true })
add('rmsNorm', f.rmsNorm, { epsilon: 1e-3 })
add('configureRuntime', f.configureRuntime, { target: 'simd', tile: '4x8' })
add('diagnose', f.diagnose, network(), x, classes)
add('diagnosisTable', f.diagnosisTable, f.diagnose(network(), x, classes))
add('modelFromBytes', f.modelFromBytes, bytes, { threads: 1, verify: true, allowNonFinite: false })
add('loadModel', f.loadModel, bytes, { threads: 1, verify: true })
add('predictorFromBytes', predictorFromBytes, bytes, { verify: true })
add('predict of predictors', (...args: [never]) => predictorFromBytes(bytes).predict(...args), x, {
  out: new Float32Array(18),
})
add('sequential', f.sequential, [f.input(2), f.dense(2)], { seed: 1, deterministic: true, threads: 1 })
add('cosineDecay', f.cosineDecay, { learningRate: 0.1, totalSteps: 10 })
add('cosineDecayRestarts', f.cosineDecayRestarts, { learningRate: 0.1, firstCycleSteps: 10 })
add('coslog', f.coslog, { learningRate: 0.1, totalSteps: 10, cycles: 3 })
add('flatCosine', f.flatCosine, { learningRate: 0.1, totalSteps: 10, flatFraction: 0.2 })
add('cyclic', f.cyclic, { minimum: 0.1, maximum: 0.2, stepSize: 5 })
add('exponentialDecay', f.exponentialDecay, { learningRate: 0.1, decayRate: 0.9, decaySteps: 5 })
add('harmonic', f.harmonic, { learningRate: 0.1 })
add('inverseTimeDecay', f.inverseTimeDecay, { learningRate: 0.1, decayRate: 0.9, decaySteps: 5 })
add('linearWarmup', f.linearWarmup, { learningRate: 0.1, warmupSteps: 5 })
add('multiStepDecay', f.multiStepDecay, { learningRate: 0.1, milestones: [3, 5], factor: 0.1 })
add('oneCycle', f.oneCycle, { maximum: 0.1, totalSteps: 10 })
add('piecewiseConstant', f.piecewiseConstant, { boundaries: [3], values: [0.1, 0.2] })
add('polynomialDecay', f.polynomialDecay, { learningRate: 0.1, decaySteps: 5 })
add('stepDecay', f.stepDecay, { learningRate: 0.1, stepSize: 5, factor: 0.1 })
add('warmupCosine', f.warmupCosine, { learningRate: 0.1, warmupSteps: 5, totalSteps: 10 })
add('joinSchedules', f.joinSchedules, [{ schedule: 0.1, until: 3 }, { schedule: 0.2 }])
add('restoreSchedule', f.restoreSchedule, f.describeSchedule(f.cosineDecay({ learningRate: 0.1, totalSteps: 10 })))
add('describeSchedule', f.describeSchedule, 0.1)
add('lbfgs', f.lbfgs, { historySize: 5 })
for (const name of ['kfac', 'muon', 'pathSgd', 'shampoo', 'soap'] as const) add(name, f[name], { learningRate: 0.1 })
add('conjugateGradient', f.conjugateGradient, {})
add('newtonCg', f.newtonCg, {})
add('naturalGradient', f.naturalGradient, {})
add('csvLogger', f.csvLogger, '/tmp/never-written.csv', { append: true })
add('earlyStopping', f.earlyStopping, { monitor: 'loss', patience: 2, minDelta: 0.1 })
add('lambdaCallback', f.lambdaCallback, { onEpochEnd: () => {} })
add('modelCheckpoint', f.modelCheckpoint, '/tmp/never-written', { monitor: 'loss', saveBestOnly: true })
add('progressBar', f.progressBar, {})
add('reduceLearningRateOnPlateau', f.reduceLearningRateOnPlateau, { monitor: 'loss', factor: 0.1, patience: 2 })
add('tensorBoard', f.tensorBoard, '/tmp/never-written')
const quadratic = (values: readonly Float32Array[], gradients?: readonly Float32Array[]) => {
  gradients?.[0].set(values[0])
  return values[0].reduce((sum, value) => sum + value * value, 0) / 2
}
add('minimize', f.minimize, quadratic, [Float32Array.of(1, 2)], { optimizer: 'sgd', steps: 3 })
add('optimize', f.optimize, [Float32Array.of(1, 2)], { optimizer: 'sgd' })
for (const [name, act] of names(charts)) {
  if (name === 'lineChart' || name === 'scatter')
    add(name, act, [{ name: 'a', x: [1, 2, 3], y: [1, 4, 9] }], { title: 't', width: 300 })
  else if (name === 'bars') add(name, act, [1, 2, 3], { title: 't' })
  else if (name === 'confusion')
    add(
      name,
      act,
      [
        [3, 1],
        [0, 2],
      ],
      { labels: ['a', 'b'] },
    )
  else add(name, act, { values: [1, 2, 3, 4], rows: 2, columns: 2 }, { title: 't' })
}
const values = { shape: [2], data: Float32Array.of(1, 2) }
add('readSafetensors', formats.readSafetensors, formats.writeSafetensors({ a: values }))
add('writeSafetensors', formats.writeSafetensors, { a: { ...values, dtype: 'F32' } }, { k: 't' }, { checksum: true })
for (const layout of ['torch', 'keras'] as const) {
  const state = Object.fromEntries(formats.exportWeights(network(), { layout }))
  const [name] = Object.keys(state)
  const names = { 'dense_1.kernel': name }
  calls[`loadWeights: ${layout}`] = () => [formats.loadWeights, [network(), { ...state }, { layout, names }]]
  calls[`exportWeights: ${layout}`] = () => [formats.exportWeights, [network(), { layout }]]
}
add('importKeras', formats.importKeras, kerasFile('flat.keras'), { seed: 1, threads: 1, maximumBytes: 1e6 })
calls.exportTfjs = () => [formats.exportTfjs, [network()]]
const { modelJson, weights } = formats.exportTfjs(network())
calls.importTfjs = () => [formats.importTfjs, [JSON.parse(JSON.stringify(modelJson)), weights, { seed: 1 }]]
add('readNpy', formats.readNpy, formats.writeNpy({ shape: [2], data: Float32Array.of(1, 2) }))
add('writeNpy', formats.writeNpy, { shape: [2], data: Float32Array.of(1, 2), dtype: 'float32' })
add('writeNpz', formats.writeNpz, { a: { shape: [2], data: Float32Array.of(1, 2) } })
add('readNpz', formats.readNpz, formats.writeNpz({ a: { shape: [2], data: Float32Array.of(1, 2) } }), {
  maximumBytes: 1e6,
})
method(
  'compile',
  [
    {
      optimizer: 'adam',
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
      weightedMetrics: [],
      clipNorm: 1,
    },
  ],
  false,
)
method('fit', [
  x,
  classes,
  { epochs: 1, batchSize: 4, shuffle: true, validationSplit: 0.5, sampleWeight: [1, 1, 1, 1, 1, 1], callbacks: [] },
])
method('partialFit', [x, classes, { batchSize: 4 }])
method('evaluate', [x, classes, { sampleWeight: [1, 1, 1, 1, 1, 1] }])
method('predict', [x, { out: new Float32Array(18) }])
method('trainStep', [x, classes, { sampleWeight: [1, 1, 1, 1, 1, 1] }])
method('gradients', [x, classes, { sampleWeight: [1, 1, 1, 1, 1, 1] }])
method('setWeights', [network().getWeights()])
method('freeze', [1])
method('unfreeze', [1])
method('summary', [])
method('replaceHead', [[f.dense(2)], {}])
method('toBytes', [{ includeOptimizer: true }])
calls['set of parameters'] = () => {
  const [, bias] = network().parameters
  return [(...args: [never]) => bias.set(...args), [new Float32Array(5)]]
}
