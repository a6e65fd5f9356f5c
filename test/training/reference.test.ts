// Training on real data reaches what PyTorch reaches with the same settings, as means over seeds: see `band`.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ActivationName } from '../../src/catalogue/activations.ts'
import {
  activation as activationLayer,
  batchNorm,
  dense,
  dropout,
  input,
  type Layer,
  readCsv,
  readIdx,
  sequential,
  standardScaler,
} from '../../src/entries/public.ts'
import { readGolden } from '../support/golden.ts'
import { fromGolden } from '../support/optimizerCases.ts'

interface Spread {
  mean: number
  std: number
}
interface ReferenceCase {
  id: string
  dataset: string
  task: 'multiclass' | 'binary' | 'regression'
  sizes: number[]
  activation: ActivationName
  epochs: number
  batch_size: number
  init?: string
  batch_norm?: boolean
  dropout?: number
  optimizer: string
  optimizer_config: Record<string, unknown>
  seeds: number[]
  n_test: number
  train_indices?: number[]
  test_indices?: number[]
  expect: { test_accuracy?: Spread; test_r2?: Spread }
}
const SEEDS = 8
const cases = readGolden<{ cases: ReferenceCase[] }>('reference_results').cases

const folder = new URL(`${import.meta.url.includes('/build/') ? '../../../' : '../../'}examples/data/`, import.meta.url)
const file = (name: string) => readFileSync(fileURLToPath(new URL(name, folder)))

/** Rows of features and one target each. */
function load(name: string): { x: Float32Array; y: Float32Array; cols: number } {
  if (name === 'digits') {
    const read = (part: string) => Float32Array.from(readIdx(gunzipSync(file(part))).values)
    return { x: read('digits-images-idx3-ubyte.gz'), y: read('digits-labels-idx1-ubyte.gz'), cols: 64 }
  }
  const { columns, rows, values } = readCsv(file(`${name}.csv`).toString('utf8'))
  const cols = columns.length - 1
  const x = Float32Array.from({ length: rows * cols }, (_, i) => values[Math.floor(i / cols) * (cols + 1) + (i % cols)])
  return { x, y: Float32Array.from({ length: rows }, (_, row) => values[row * (cols + 1) + cols]), cols }
}

function build({ sizes, activation, task, init, batch_norm, dropout: rate }: ReferenceCase): Layer[] {
  const layers: Layer[] = [input(sizes[0])]
  sizes.slice(1, -1).forEach((units) => {
    const kernelInitializer = init === 'he_normal' ? 'heNormal' : 'glorotUniform'
    if (batch_norm)
      layers.push(dense(units, { useBias: false, kernelInitializer }), batchNorm(), activationLayer(activation))
    else layers.push(dense(units, { activation, kernelInitializer }))
    if (rate) layers.push(dropout(rate))
  })
  const last = task === 'multiclass' ? 'softmax' : task === 'binary' ? 'sigmoid' : 'linear'
  return [...layers, dense(sizes[sizes.length - 1], { activation: last })]
}

for (const golden of cases.filter(({ train_indices }) => train_indices !== undefined)) {
  const { id, dataset, task, epochs, batch_size, train_indices = [], test_indices = [] } = golden
  if (!['digits', 'iris', 'wine', 'breast_cancer', 'diabetes'].includes(dataset)) continue
  test(`${id}: the mean of ${SEEDS} seeds lies in PyTorch's band`, async () => {
    const { x, y, cols } = load(dataset)
    const pick = (rows: readonly number[]) => ({
      x: Float32Array.from(rows.flatMap((row) => Array.from(x.subarray(row * cols, (row + 1) * cols)))),
      y: Float32Array.from(rows, (row) => y[row]),
    })
    const train = pick(train_indices)
    const held = pick(test_indices)
    const scaler = standardScaler()
    const xTrain = scaler.fitTransform(train.x, cols)
    const xTest = scaler.transform(held.x)
    const ofTarget = standardScaler()
    const yTrain = task === 'regression' ? ofTarget.fitTransform(train.y, 1) : Int32Array.from(train.y)
    const yTest = task === 'regression' ? ofTarget.transform(held.y) : Int32Array.from(held.y)
    const loss = {
      multiclass: 'sparseCategoricalCrossentropy',
      binary: 'binaryCrossentropy',
      regression: 'meanSquaredError',
    } as const
    const score = task === 'regression' ? 'r2Score' : 'accuracy'

    let sum = 0
    for (let seed = 0; seed < SEEDS; seed++) {
      const model = sequential(build(golden), { seed })
      model.compile({
        optimizer: fromGolden({ optimizer: golden.optimizer, config: golden.optimizer_config }),
        loss: loss[task],
        metrics: [score],
      })
      await model.fit(xTrain, yTrain, { epochs, batchSize: batch_size })
      sum += model.evaluate(xTest, yTest)[score]
    }
    const expected = golden.expect.test_accuracy ?? golden.expect.test_r2
    assert.ok(expected)
    const mean = sum / SEEDS
    const floor = task === 'regression' ? 0.03 : Math.max(0.005, 1 / golden.n_test)
    const band = 3 * Math.max(expected.std, floor) * Math.sqrt(1 / SEEDS + 1 / golden.seeds.length)
    assert.ok(Math.abs(mean - expected.mean) <= band, `${score} ${mean}, expected ${expected.mean} ± ${band}`)
  })
}
test.run()
