// Scores parts as they come: `node worker.mjs model.safetensors`, as many as there are cores, on as many machines as see the files.
// One that dies keeps its part for two seconds; then another takes it. An output that is there already is not made again.
import { readFileSync } from 'node:fs'
import { Worker } from 'bullmq'
import { loadModel } from 'fourlane'
import { readNpy, writeNpy } from 'fourlane/formats'
import { connection, isDone, pathOf, QUEUE, writeWhole } from './parts.mjs'

const model = await loadModel(process.argv[2])
const [{ units: outputs }] = model.layers.slice(-1)
/** The file that the last part was of. */
let held = { path: '', values: new Float32Array(0), columns: 0 }

function rowsIn(path, first, end) {
  if (held.path !== path) {
    const { data, shape } = readNpy(readFileSync(path))
    held = { path, values: data, columns: shape[1] }
  }
  return held.values.subarray(first * held.columns, end * held.columns)
}

const worker = new Worker(
  QUEUE,
  async ({ data: { data, folder, index, count, first, end } }) => {
    const path = pathOf(folder, index, count)
    if (isDone(path)) return
    const scores = model.predict(rowsIn(data, first, end))
    writeWhole(path, writeNpy({ data: scores, shape: [end - first, outputs] }))
  },
  // parts of dead workers are looked for every second; how often one may be left behind is no sign of a bad part
  { connection: connection(), lockDuration: 2000, stalledInterval: 1000, maxStalledCount: 1000 },
)
// a queue that is away comes back
worker.on('error', () => {})
worker.on('failed', (job, error) => console.error(`part ${job?.data.index}: ${error.message}`))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => worker.close())
