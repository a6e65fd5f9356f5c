// MNIST on as many ranks as there are: `FOURLANE_DATA=~/data mpirun -n 4 node build/examples/mpi/mnist.js [epochs]`. FOURLANE_DATA names
// the folder that holds mnist/train-images-idx3-ubyte.gz and its three companions; every rank reads them, and keeps its share of the rows.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { activation, adam, batchNorm, dense, input, progressBar, readIdx, sequential } from 'fourlane'
import { connect } from 'fourlane/mpi'

const folder = process.env.FOURLANE_DATA
if (!folder) {
  console.error('Set FOURLANE_DATA to the folder that holds mnist/*.gz (the four original files).')
  process.exit(1)
}
const PIXELS = 784
/** Rows of an update, of all ranks together: the same training, however many there are. */
const BATCH = 256

const mpi = await connect()

/** This rank's share of the rows of a pair of files; of the images it keeps no others. */
function own(part: string) {
  const read = (name: string) => readIdx(gunzipSync(readFileSync(join(folder as string, 'mnist', name)))).values
  const labels = read(`${part}-labels-idx1-ubyte.gz`)
  const { first, end } = mpi.share(labels.length)
  const pixels = read(`${part}-images-idx3-ubyte.gz`).slice(first * PIXELS, end * PIXELS)
  return { x: new Float32Array(pixels).map((pixel) => pixel / 255), y: new Int32Array(labels.slice(first, end)) }
}

// Batch norm goes by the rows of all ranks, as it would with one.
const model = sequential(
  [
    input(PIXELS),
    dense(256, { useBias: false }),
    batchNorm({ synchronized: true }),
    activation('relu'),
    dense(10, { activation: 'softmax' }),
  ],
  { seed: 1 },
)
model.compile({ optimizer: adam({ learningRate: 2e-3 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })

const train = own('train')
const started = performance.now()
await model.fit(train.x, train.y, {
  parallel: mpi,
  epochs: Number(process.argv[2] ?? 5),
  batchSize: Math.ceil(BATCH / mpi.size),
  callbacks: [progressBar()],
})
const seconds = (performance.now() - started) / 1000
const test = own('t10k')
const { accuracy } = mpi.evaluate(model, test.x, test.y)
if (mpi.rank === 0) {
  console.log(`${mpi.size} ranks: test accuracy ${accuracy.toFixed(4)} after ${seconds.toFixed(1)} s`)
}
mpi.close()
