/**
 * Two threads and 'auto' against one thread, in turns. What two threads can give at most is measured beside: multiply-adds in
 * registers on two threads that have nothing to do with each other. Where that is far from 2, so are the ratios.
 */
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Model } from '../src/index.ts'
import { median } from './measure.ts'
import { trainingModel } from './models.ts'
import type { Report } from './report.ts'
import { classes, WORKLOADS } from './workloads.ts'

const WINDOWS = 30
const WINDOW_MILLISECONDS = 60
const PEAK_ROUNDS = 30_000
/** Least ratio of two threads to one. */
const REQUIRED: Readonly<Record<string, number>> = { W3: 1.75, W5: 1.8 }
/** Least ratio of 'auto' to one. */
const REQUIRED_AUTO = 0.97

/** Work a millisecond, by contender, in alternating windows. */
async function rates(contenders: Readonly<Record<string, () => Promise<number>>>): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let window = 0; window < WINDOWS; window++) {
    for (const [name, run] of Object.entries(contenders)) {
      const started = performance.now()
      const work = await run()
      found[name].push(work / (performance.now() - started))
    }
  }
  return found
}

/** Rate of one thread's peak loop, and of two together. */
async function ceiling(): Promise<Record<string, number[]>> {
  const module = new WebAssembly.Module(readFileSync(new URL('peak-relaxed.wasm', import.meta.url)))
  const { exports } = new WebAssembly.Instance(module)
  const peak = exports.peak10 as (rounds: number, x: number, y: number) => number
  const flags = new Int32Array(new SharedArrayBuffer(8))
  const script = `const { workerData: { module, flags }, parentPort } = require('node:worker_threads')
    const { peak10 } = new WebAssembly.Instance(module).exports
    for (let i = 0; i < 300; i++) peak10(${PEAK_ROUNDS}, 0.5, 1e-3)
    parentPort.postMessage('ready')
    for (;;) {
      Atomics.wait(flags, 0, 0)
      while (Atomics.load(flags, 0)) { peak10(${PEAK_ROUNDS}, 0.5, 1e-3); Atomics.add(flags, 1, 1) }
    }`
  const other = new Worker(script, { eval: true, workerData: { module, flags } })
  await new Promise((resolve) => other.once('message', resolve))
  const alone = async () => {
    let loops = 0
    for (const end = performance.now() + WINDOW_MILLISECONDS; performance.now() < end; loops++)
      peak(PEAK_ROUNDS, 0.5, 1e-3)
    return loops
  }
  const together = async () => {
    const before = Atomics.load(flags, 1)
    Atomics.store(flags, 0, 1)
    Atomics.notify(flags, 0)
    const own = await alone()
    Atomics.store(flags, 0, 0)
    return own + Atomics.load(flags, 1) - before
  }
  await alone()
  const result = await rates({ one: alone, two: together })
  await other.terminate()
  return result
}

const best = (values: readonly number[]) => Math.max(...values)

function add(report: Report, name: string, one: number[], many: number[], required?: number): void {
  const ratios = many.map((rate, i) => rate / one[i])
  report.add({
    group: 'threads',
    name,
    target: 'relaxed',
    best: best(many) * 1000,
    median: median(many) * 1000,
    unit: 'a second',
    ratio: best(many) / best(one),
    medianRatio: median(ratios),
    of: 'one thread',
    ...(required !== undefined && { required }),
  })
}

export async function threads(report: Report): Promise<void> {
  const peaks = await ceiling()
  add(report, 'two independent peak loops', peaks.one, peaks.two)
  for (const workload of WORKLOADS) {
    if (!['W1', 'W2', 'W3', 'W5'].includes(workload.id)) continue
    const { x, y } = classes(workload)
    const models = {
      one: trainingModel(workload, 'relaxed', 1),
      two: trainingModel(workload, 'relaxed', 2),
      auto: trainingModel(workload, 'relaxed', 'auto'),
    }
    const fit = async (model: Model, maxSteps: number) => {
      await model.fit(x, y, { batchSize: workload.batch, epochs: 1e9, maxSteps })
      return maxSteps
    }
    // until tiles and threads are chosen
    for (const model of Object.values(models)) {
      for (let steps = 1, end = performance.now() + 1500; performance.now() < end; steps = Math.min(2 * steps, 4096)) {
        await fit(model, steps)
      }
    }
    const started = performance.now()
    await fit(models.one, 16)
    const steps = Math.max(1, Math.round((WINDOW_MILLISECONDS * 16) / (performance.now() - started)))
    const found = await rates(
      Object.fromEntries(Object.entries(models).map(([name, model]) => [name, () => fit(model, steps)])),
    )
    add(report, `${workload.id} two threads`, found.one, found.two, REQUIRED[workload.id])
    add(report, `${workload.id} auto`, found.one, found.auto, REQUIRED_AUTO)
    for (const model of Object.values(models)) model.close()
  }
}
