/**
 * Ranks that train together, against one by itself, in turns: `mpirun -n 2 node build/bench/ranks.js [W3 W5]`. What as many ranks can give
 * at most on the machine as it is just then is measured in the same turns: the same training on each, with nothing in common. The
 * first rank prints medians, and how long an all-reduce of so many floats takes, as JSON: what scripts/scale.mjs works with.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../src/entries/mpi.ts'
import { median } from './measure.ts'
import { trainingModel } from './models.ts'
import { classes, WORKLOADS, type Workload } from './workloads.ts'

const WINDOWS = 11
/** So long that what a call of fit begins and ends with, which epochs need not repeat, is a hundredth of it. */
const WINDOW_MILLISECONDS = 1000
/** Floats of an all-reduce: from a word to more than the largest model of the workloads. */
const FLOATS = [1, 64, 1024, 16384, 131072, 669706, 2097152]
const REPEATS = 200

const mpi = await connect()
const asked = process.argv.slice(2)

async function rowsPerSecond(workload: Workload): Promise<object> {
  const model = trainingModel(workload, 'relaxed')
  const { x, y } = classes(workload)
  const train = async (steps: number, together: boolean): Promise<number> => {
    const parallel = together ? { parallel: mpi } : {}
    const started = performance.now()
    await model.fit(x, y, { batchSize: workload.batch, epochs: 1e9, maxSteps: steps, ...parallel })
    return (workload.batch * steps) / (performance.now() - started)
  }
  await train(64, false)
  await train(64, true)
  const [rate] = mpi.sums(Float64Array.of(await train(64, false))).map((sum) => sum / mpi.size)
  const steps = Math.max(4, Math.round((WINDOW_MILLISECONDS * rate) / workload.batch))
  const rates = { one: [] as number[], apart: [] as number[], together: [] as number[] }
  for (let window = 0; window < WINDOWS; window++) {
    mpi.barrier()
    // the others sleep: waiting in a barrier is work
    if (mpi.rank === 0) rates.one.push(await train(steps, false))
    else await sleep(WINDOW_MILLISECONDS)
    mpi.barrier()
    const own = await train(steps, false)
    rates.apart.push(mpi.sums(Float64Array.of(own))[0])
    mpi.barrier()
    rates.together.push((await train(steps, true)) * mpi.size)
  }
  const ratio = (to: readonly number[]) => median(rates.together.map((rate, i) => rate / to[i]))
  return {
    id: workload.id,
    floats: model.engine.storage.bytes / 4,
    batch: workload.batch,
    stepMilliseconds: workload.batch / median(rates.one),
    bestStepMilliseconds: workload.batch / Math.max(...rates.one),
    toOne: ratio(rates.one),
    toApart: ratio(rates.apart),
    apartToOne: median(rates.apart.map((rate, i) => rate / rates.one[i])),
  }
}

/** Milliseconds of an all-reduce: the middle one, and the fastest. */
function allReduces(): object[] {
  return FLOATS.map((floats) => {
    const values = new Float32Array(floats)
    const times = Array.from({ length: REPEATS }, () => {
      mpi.barrier()
      const started = performance.now()
      mpi.add(values)
      return performance.now() - started
    })
    return { floats, median: median(times), best: Math.min(...times) }
  })
}

const results = {
  ranks: mpi.size,
  library: mpi.library,
  allReduces: allReduces(),
  workloads: [] as object[],
}
for (const workload of WORKLOADS.filter(({ id }) => (asked.length > 0 ? asked : ['W3', 'W5']).includes(id))) {
  results.workloads.push(await rowsPerSecond(workload))
}
if (mpi.rank === 0) console.log(JSON.stringify(results, null, 2))
mpi.close()
