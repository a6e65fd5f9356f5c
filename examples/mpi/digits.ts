// The digits on as many ranks as there are, each with its share of the rows: `mpirun -n 4 node build/examples/mpi/digits.js`.
// Given a file, training resumes from it after an interruption, with the same bits: `... digits.js digits.safetensors`.
import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import {
  adam,
  type Callback,
  dense,
  input,
  loadModel,
  type Model,
  modelCheckpoint,
  progressBar,
  readIdx,
  sequential,
  standardScaler,
  trainTestSplit,
} from 'fourlane'
import { connect } from 'fourlane/mpi'
import { dataFile } from '../data.ts'

const EPOCHS = 20
/** Rows of an update, of all ranks together. */
const BATCH = 64
const [, , checkpoint] = process.argv

const mpi = await connect()
const read = (name: string) => readIdx(gunzipSync(readFileSync(dataFile(name)))).values
const images = new Float32Array(read('digits-images-idx3-ubyte.gz'))
const labels = new Int32Array(read('digits-labels-idx1-ubyte.gz'))

// The split and the scaler are of all rows, and the same on every rank; then each keeps its share of both parts.
const split = trainTestSplit(images, labels, { columns: 64, testSize: 0.15, seed: 37 })
const scaler = standardScaler()
const all = { x: scaler.fitTransform(split.xTrain, 64), y: split.yTrain }
const heldOut = { x: scaler.transform(split.xTest), y: split.yTest }
function own({ x, y }: { x: Float32Array; y: Int32Array }) {
  const { first, end } = mpi.share(y.length)
  return { x: x.subarray(first * 64, end * 64), y: y.subarray(first, end) }
}
const train = own(all)
const test = own(heldOut)

function begin(): Model {
  const model = sequential([input(64), dense(100, { activation: 'relu' }), dense(10, { activation: 'softmax' })])
  model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

// Of the first rank's model all begin with the parameters and the optimizer's state; how many epochs it has seen, all must know.
const model = checkpoint && existsSync(checkpoint) ? await loadModel(checkpoint) : begin()
const { epochs: initialEpoch = 0 } = (model.metadata ?? {}) as { epochs?: number }
const counts: Callback = {
  onEpochEnd(epoch) {
    model.metadata = { epochs: epoch + 1 }
  },
}

const started = performance.now()
await model.fit(train.x, train.y, {
  parallel: mpi,
  epochs: EPOCHS,
  initialEpoch,
  batchSize: Math.ceil(BATCH / mpi.size),
  validationData: [test.x, test.y],
  callbacks: [
    progressBar(),
    counts,
    ...(checkpoint ? [modelCheckpoint({ path: checkpoint, includeOptimizer: true })] : []),
  ],
})
const seconds = (performance.now() - started) / 1000
const { accuracy } = mpi.evaluate(model, test.x, test.y)
if (mpi.rank === 0) {
  console.log(`${mpi.size} ranks: test accuracy ${accuracy.toFixed(4)} after ${seconds.toFixed(1)} s`)
}
mpi.close()
