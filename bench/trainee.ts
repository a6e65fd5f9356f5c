/** A workload being trained: its model, its data, and how fast it goes. */
import type { Model, ModelOptions } from '../src/entries/public.ts'
import { trainingModel } from './models.ts'
import { classes, type Workload } from './workloads.ts'

/** Until tiles and threads are chosen. */
const WARMUP_MILLISECONDS = 1500
/** Steps of a fit at most. */
const MOST_STEPS = 4096

export class Trainee {
  readonly model: Model
  readonly #batch: number
  readonly #data: ReturnType<typeof classes>

  constructor(workload: Workload, threads: ModelOptions['threads']) {
    this.#batch = workload.batch
    this.#data = classes(workload)
    this.model = trainingModel(workload, 'relaxed', threads)
  }

  async warm(): Promise<void> {
    const end = performance.now() + WARMUP_MILLISECONDS
    for (let steps = 1; performance.now() < end; steps = Math.min(2 * steps, MOST_STEPS)) await this.rate(steps)
  }

  /** Steps a second. */
  async rate(steps: number): Promise<number> {
    const { x, y } = this.#data
    const started = performance.now()
    await this.model.fit(x, y, { batchSize: this.#batch, epochs: 1e9, maxSteps: steps })
    return (1000 * steps) / (performance.now() - started)
  }
}
