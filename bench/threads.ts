/**
 * Two threads and 'auto' against one thread, in turns. What two threads can give at most on the machine as it is just then
 * is measured in the same turns: the same training twice, each on one thread, with nothing in common. That is less than
 * twice as much where cores share caches and clocks, or where another tenant sits on one of them.
 */
import { Worker } from 'node:worker_threads'
import { median } from './measure.ts'
import type { Report } from './report.ts'
import { Trainee } from './trainee.ts'
import { WORKLOADS, type Workload } from './workloads.ts'

const WINDOWS = 20
const WINDOW_MILLISECONDS = 250
/** Nothing but products of 1024³. */
const PRODUCTS: Workload = {
  id: '1024³',
  widths: [1024, 1024, 1024],
  hidden: 'relu',
  batch: 1024,
  optimizer: { kind: 'sgd', learningRate: 0.01 },
  batches: 2,
}
/** Least ratio of two threads to one; of the median. */
const REQUIRED: Readonly<Record<string, number>> = { W3: 1.75, W5: 1.8, '1024³': 1.9 }
/** Least ratio of 'auto' to one. */
const REQUIRED_AUTO = 0.97
/** Two threads should get this much out of what the machine has to give. */
const REQUIRED_SHARE = 0.95

/** The same training on another thread. */
class Neighbour {
  readonly #flags = new Int32Array(new SharedArrayBuffer(4))
  readonly #worker: Worker

  constructor(workload: Workload) {
    this.#worker = new Worker(new URL('neighbour.js', import.meta.url), {
      workerData: { workload, flags: this.#flags },
    })
  }

  message(): Promise<unknown> {
    return new Promise((resolve) => this.#worker.once('message', resolve))
  }

  /** Its steps a second. */
  async rate(steps: number): Promise<number> {
    const answer = this.message()
    Atomics.store(this.#flags, 0, steps)
    Atomics.notify(this.#flags, 0)
    return Number(await answer)
  }

  leave(): Promise<number> {
    return this.#worker.terminate()
  }
}

const best = (values: readonly number[]) => Math.max(...values)
const ratios = (above: readonly number[], below: readonly number[]) => above.map((rate, i) => rate / below[i])

function add(report: Report, name: string, rates: number[], to: number[], of: string, required?: number): void {
  report.add({
    group: 'threads',
    name,
    target: 'relaxed',
    best: best(rates),
    median: median(rates),
    unit: 'steps/s',
    // other tenants make windows of either kind fast and slow: neighbouring ones are compared
    ratio: median(ratios(rates, to)),
    medianRatio: median(rates) / median(to),
    of,
    ...(required !== undefined && { required }),
  })
}

export async function threads(report: Report): Promise<void> {
  for (const workload of [...WORKLOADS.filter(({ id }) => ['W1', 'W2', 'W3', 'W5'].includes(id)), PRODUCTS]) {
    const { id } = workload
    const neighbour = new Neighbour(workload)
    await neighbour.message()
    const [one, two, auto] = ([1, 2, 'auto'] as const).map((threads) => new Trainee(workload, threads))
    for (const trainee of [one, two, auto]) await trainee.warm()
    await one.rate(16)
    const steps = Math.max(1, Math.round((WINDOW_MILLISECONDS * (await one.rate(16))) / 1000))
    const rates = { one: [] as number[], two: [] as number[], auto: [] as number[], apart: [] as number[] }
    for (let window = 0; window < WINDOWS; window++) {
      rates.one.push(await one.rate(steps))
      rates.two.push(await two.rate(2 * steps))
      rates.auto.push(await auto.rate(steps))
      const [other, own] = await Promise.all([neighbour.rate(steps), one.rate(steps)])
      rates.apart.push(own + other)
    }
    await neighbour.leave()
    for (const { model } of [one, two, auto]) model.close()
    add(report, `${id} two trainings apart`, rates.apart, rates.one, 'one thread')
    add(report, `${id} two threads`, rates.two, rates.one, 'one thread', REQUIRED[id])
    if (REQUIRED[id]) add(report, `${id} two threads, share`, rates.two, rates.apart, 'two trainings', REQUIRED_SHARE)
    add(report, `${id} auto`, rates.auto, rates.one, 'one thread', REQUIRED_AUTO)
  }
}
