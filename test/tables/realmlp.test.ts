/** RealMLP's simpler defaults step by step beside float64, and which epoch is kept. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dataFile } from '../../examples/data.ts'
import { prepare, presetFit, readTable, tabular, trainTabular } from '../../src/entries/table.ts'
import { Random } from '../../src/lib/random.ts'
import { keepBest } from '../../src/tables/presets/keepBest.ts'
import { trainRealMlp } from '../oracles/realmlp.ts'

const STEPS = 50
const BATCH = 16

for (const [target, task] of [
  ['species', 'classification'],
  ['sex', 'classification'],
  ['body_mass_g', 'regression'],
] as const) {
  test(`realmlp-small: the first ${STEPS} losses are those of float64, target "${target}"`, async () => {
    const { x, y, encoder } = prepare(await readTable(dataFile('penguins.csv')), { target })
    // the learning rate of a training of 256 steps
    const model = tabular({ encoder, preset: 'realmlp-small', seed: 3, epochs: 64, rows: 4 * 256 })
    const { width } = encoder
    const [factors, ...rest] = model.parameters.map((parameter) => Float64Array.from(parameter.get()))
    const kernels = rest.filter((_, i) => i % 2 === 0)
    const biases = rest.filter((_, i) => i % 2 === 1)
    assert.ok(factors.every((value) => value === 1))
    for (const [l, kernel] of kernels.entries()) {
      const inputs = kernel.length / biases[l].length
      for (const i of kernel.keys()) kernel[i] *= Math.sqrt(inputs)
      const spread = (values: Float64Array) => Math.sqrt(values.reduce((sum, w) => sum + w * w, 0) / values.length)
      const isLast = l === kernels.length - 1
      assert.ok(isLast ? spread(kernel) === 0 : Math.abs(spread(kernel) - 1) < 0.05)
      assert.ok(isLast ? spread(biases[l]) === 0 : Math.abs(spread(biases[l]) - 1) < 0.15)
    }
    const random = new Random(5)
    const steps = Array.from({ length: STEPS }, () => {
      const rows = Int32Array.from({ length: BATCH }, () => random.integer(y.length))
      const batch = new Float32Array(BATCH * width)
      for (const [i, row] of rows.entries()) batch.set(x.subarray(row * width, (row + 1) * width), i * width)
      const targets = task === 'classification' ? new Int32Array(BATCH) : new Float32Array(BATCH)
      for (const [i, row] of rows.entries()) targets[i] = y[row]
      return { x: batch, y: targets }
    })
    const expected = trainRealMlp({ factors, kernels, biases }, steps, 256, task)
    for (const [step, { x: rows, y: targets }] of steps.entries()) {
      const loss = model.trainStep(rows, targets)
      assert.ok(Math.abs(loss - expected[step]) < 1e-4, `step ${step}: ${loss}, expected ${expected[step]}`)
    }
    assert.ok(expected[STEPS - 1] < expected[0])
  })
}

test('keepBest: of epochs that are as good, the last', () => {
  for (const [monitor, scores, kept] of [
    ['val_accuracy', [0.5, 0.9, 0.7, 0.9, 0.8], 3],
    ['val_rootMeanSquaredError', [3, 1, 2, 1, 5], 3],
    ['val_accuracy', [Number.NaN, 0.1], 1],
  ] as const) {
    const callback = keepBest(monitor)
    let epoch = 0
    let restored: Float32Array | undefined
    const context = {
      model: {
        getWeights: () => Float32Array.of(epoch),
        setWeights: (weights: Float32Array) => {
          restored = weights
        },
      },
    } as never
    callback.onTrainBegin?.(context)
    for (; epoch < scores.length; epoch++) callback.onEpochEnd?.(epoch, { [monitor]: scores[epoch] }, context)
    callback.onTrainEnd?.(context)
    assert.equal(restored, Float32Array.of(kept))
  }
})

test('trainTabular: an ensemble is the softmax of the mean of what its members have before theirs', async () => {
  const prepared = prepare(await readTable(dataFile('penguins.csv')), { target: 'species' })
  const { encoder, x } = prepared
  const options = { preset: 'realmlp-small', epochs: 6 } as const
  const { model, histories, validation } = await trainTabular(prepared, { ...options, seed: 4, ensemble: 2 })
  assert.is(histories.length, 2)
  assert.is(validation?.rows.length, 69)
  const { validationSplit: _, ...fit } = presetFit(encoder, 'realmlp-small', { epochs: 6 })
  assert.equal([fit.epochs, fit.batchSize, fit.dropLast], [6, 256, true])
  const got = model.predict(x)
  // the members again, on the same rows
  const held = new Set(validation?.rows)
  const rows = [...prepared.rows.keys()].filter((row) => !held.has(prepared.rows[row]))
  const width = encoder.width
  const train = Float32Array.from(rows.flatMap((row) => [...x.subarray(row * width, (row + 1) * width)]))
  const labels = Int32Array.from(rows, (row) => prepared.y[row])
  const logs: Float64Array[] = []
  for (const seed of [4, 5]) {
    const member = tabular({ encoder, ...options, seed })
    if (!validation) throw new Error('no rows to validate with')
    const again = presetFit(encoder, 'realmlp-small', { epochs: 6 })
    await member.fit(train, labels, {
      epochs: 6,
      batchSize: again.batchSize,
      dropLast: true,
      callbacks: again.callbacks,
      validationData: [validation.x, validation.y],
    })
    logs.push(Float64Array.from(member.predict(x), Math.log))
  }
  for (let row = 0; row < 344; row++) {
    const mean = [0, 1, 2].map((c) => Math.exp((logs[0][row * 3 + c] + logs[1][row * 3 + c]) / 2))
    const sum = mean[0] + mean[1] + mean[2]
    for (let c = 0; c < 3; c++) assert.ok(Math.abs(got[row * 3 + c] - mean[c] / sum) < 1e-5)
  }
})

test.run()
