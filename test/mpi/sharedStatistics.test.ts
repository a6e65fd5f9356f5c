/** Synchronized batch norm without MPI: two ranks of which the other is a mirror. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  activation,
  batchNorm,
  type CompileOptions,
  customLoss,
  dense,
  type FitOptions,
  input,
  lbfgs,
  type Model,
  residual,
  sequential,
} from '../../src/entries/full.ts'
import { ALONE, type Communicator } from '../../src/mpi/communicator.ts'
import { Mpi } from '../../src/mpi/mpi.ts'
import { SharedStatistics } from '../../src/mpi/sharedStatistics.ts'
import { bits, labels, wave } from '../support/samples.ts'

/** What the other says is what this one says. */
const MIRROR: Communicator = {
  ...ALONE,
  size: 2,
  sum(values) {
    for (let i = 0; i < values.length; i++) values[i] *= 2
  },
  sumInOrder(values) {
    this.sum(values)
  },
  gather: (values) => Float64Array.of(...values, ...values),
}
const twins = (syncEvery = 1) => Mpi.over(MIRROR, undefined, { deterministic: true, overlap: false, syncEvery })

const ROWS = 24
const BATCH = 6
const x = wave(ROWS * 5)
const y = labels(ROWS)

function makeModel(synchronized: boolean, compile: Partial<CompileOptions> = {}): Model {
  const layers = [
    input(5),
    dense(7, { useBias: false }),
    batchNorm({ synchronized }),
    activation('tanh'),
    residual([batchNorm({ synchronized, momentum: null }), dense(7, { activation: 'tanh' })]),
    batchNorm({ synchronized, affine: false }),
    dense(3, { activation: 'softmax' }),
  ]
  const model = sequential(layers, { seed: 3 })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', ...compile })
  return model
}

/** The largest difference of two models' parameters. */
const apart = (a: Model, b: Model): number => {
  const others = bits(b)
  return bits(a).reduce((most, value, i) => Math.max(most, Math.abs(value - others[i])), 0)
}

test('two ranks with the same rows are one process that sees every row twice', async () => {
  const [joint, alone, local] = [makeModel(true), makeModel(true), makeModel(false)]
  // a mirror updates nothing: whom a callback watches updates everything
  const options = { epochs: 10, batchSize: BATCH, shuffle: false, callbacks: [{ onBatchEnd() {} }] }
  await joint.fit(x, y, { ...options, parallel: twins() })
  await local.fit(x, y, { ...options, parallel: twins() })
  for (let step = 0; step < joint.engine.steps; step++) {
    const at = (step * BATCH) % ROWS
    const rows = x.subarray(at * 5, (at + BATCH) * 5)
    const classes = y.subarray(at, at + BATCH)
    alone.trainStep(Float32Array.of(...rows, ...rows), Int32Array.of(...classes, ...classes))
  }
  assert.ok(apart(joint, alone) < 1e-6, `off by ${apart(joint, alone)}`)
  // the unbiased variance of 12 rows is not that of 6
  assert.ok(apart(local, alone) > 1e-3)
})

test('where nobody comes in between, its steps are those of batch norm, bit for bit', async () => {
  const [plain, cut] = [makeModel(false), makeModel(true)]
  const statistics = new SharedStatistics(cut.engine, () => assert.unreachable())
  for (let step = 0; step < 5; step++) for (const model of [plain, cut]) model.trainStep(x, y)
  // three on the way there, and three on the way back
  assert.is(statistics.seams.length, 6)
  assert.equal(bits(cut), bits(plain))
  statistics.leave()
  for (const model of [plain, cut]) model.trainStep(x, y)
  assert.equal(bits(cut), bits(plain))
})

test('a process by itself trains as without the option', async () => {
  const [alone, plain] = [makeModel(true), makeModel(false)]
  for (const model of [alone, plain]) await model.fit(x, y, { epochs: 2, batchSize: BATCH })
  assert.equal(bits(alone), bits(plain))
})

test('refusals', async () => {
  const own = customLoss({ name: 'own', targets: 'classes', compute: () => 0 })
  const refused = async (pattern: RegExp, compile: Partial<CompileOptions>, options: FitOptions = {}) => {
    const model = makeModel(true, compile)
    const before = bits(model)
    const error = await model.fit(x, y, { parallel: twins(), ...options }).then(
      () => undefined,
      (error: Error) => error,
    )
    assert.instance(error, TypeError)
    assert.match(error?.message ?? '', pattern)
    assert.equal(bits(model), before)
  }
  await refused(/synchronized: true \}\) does not go with the solver lbfgs; leave "synchronized" out/, {
    optimizer: lbfgs(),
  })
  await refused(/does not go with a loss of your own/, { loss: own })
  await refused(/does not go with "accumulate"/, {}, { accumulate: 2 })
  // steps by oneself have statistics of their own
  await makeModel(true).fit(x, y, { parallel: twins(2), epochs: 1, batchSize: BATCH })
})

test.run()
