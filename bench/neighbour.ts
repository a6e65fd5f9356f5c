/** In a worker: the same training on one thread, whenever it is asked, with nothing in common with the asker's. */
import { parentPort, workerData } from 'node:worker_threads'
import { Trainee } from './trainee.ts'
import type { Workload } from './workloads.ts'

const { workload, flags } = workerData as { workload: Workload; flags: Int32Array }
const trainee = new Trainee(workload, 1)
await trainee.warm()
parentPort?.postMessage('ready')
for (;;) {
  Atomics.wait(flags, 0, 0)
  const steps = Atomics.load(flags, 0)
  if (steps < 0) break
  parentPort?.postMessage(await trainee.rate(steps))
  Atomics.store(flags, 0, 0)
}
