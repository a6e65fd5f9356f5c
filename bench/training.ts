/** Whole training steps through `fit` and `trainStep`, and the machine's share of them, against the peak. */
import type { Model } from '../src/entries/public.ts'
import type { Target } from '../src/machine/wasm.ts'
import { type Contender, repeated, sideBySide, type Windows } from './measure.ts'
import { trainingModel } from './models.ts'
import { record } from './replay.ts'
import type { Report, Row } from './report.ts'
import { classes, describe, flopsOfStep, WORKLOADS, type Workload } from './workloads.ts'
import { benchTargets, Yardstick } from './yardstick.ts'

/** A fit lasts about this long: it checks the data and copies it in first, which should not count for much. */
const FIT_MILLISECONDS = 200
/** Rows of the smallest data sets people fit. */
const FEW_ROWS = 150

interface Data {
  readonly x: Float32Array
  readonly y: Int32Array
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await act()
  return performance.now() - started
}

/** Updates through `fit`, as many a sample as take FIT_MILLISECONDS. */
export async function fitting(name: string, model: Model, { x, y }: Data, batchSize: number): Promise<Contender> {
  const fit = (maxSteps: number) => model.fit(x, y, { batchSize, epochs: 1e9, maxSteps })
  let steps = 1
  for (;;) {
    const milliseconds = await timed(() => fit(steps))
    if (milliseconds > FIT_MILLISECONDS / 2) break
    steps *= Math.max(2, Math.min(16, Math.floor(FIT_MILLISECONDS / 2 / milliseconds)))
  }
  return { name, run: () => fit(steps), calls: steps, async: true }
}

/** The machine's part of a fit: the same program on the same records, without the loop around it. */
async function machineOnly(model: Model, fit: Contender): Promise<Contender> {
  const recording = record(model.engine.arena.machine)
  await fit.run()
  const { replay, records } = recording.stop()
  const { calls = 1, ...rest } = repeated('machine', replay)
  return { ...rest, calls: calls * records }
}

const perFlop = (contender: Contender, flops: number): Contender => ({
  ...contender,
  calls: (contender.calls ?? 1) * flops,
})

async function train(report: Report, workload: Workload, target: Target, windows: Windows): Promise<void> {
  const { id, batch } = workload
  const { peak } = new Yardstick(target)
  const model = trainingModel(workload, target)
  const data = classes(workload)
  const before = model.evaluate(data.x, data.y).loss
  const fit = await fitting('fit', model, data, batch)
  const contenders = [fit]
  const small = flopsOfStep(workload) < 1e6
  if (small) {
    const few = classes(workload, FEW_ROWS)
    const other = trainingModel(workload, target)
    contenders.push(await fitting(`fit, ${FEW_ROWS} rows an epoch`, other, few, batch))
    const x = data.x.subarray(0, batch * workload.widths[0])
    const y = data.y.subarray(0, batch)
    contenders.push(repeated('trainStep', () => trainingModelStep(model, x, y)))
  }
  contenders.push(await machineOnly(model, fit))
  const flops = flopsOfStep(workload)
  const timings = await sideBySide(
    peak,
    contenders.map((contender) => perFlop(contender, flops)),
    windows,
  )
  const after = model.evaluate(data.x, data.y).loss
  if (!(after < before)) throw new Error(`bench: ${id} does not learn: loss ${before} before, ${after} after`)
  for (const { name, best, median, bestRatio, medianRatio } of timings) {
    const steps = 1 / (best * flops)
    const isFit = name === 'fit'
    const bound = isFit && target === 'relaxed' ? workload.requiredRatio : undefined
    const row: Row = {
      group: 'training',
      name: isFit ? `${id} fit` : `${id} ${name}`,
      target,
      best: steps,
      median: 1 / (median * flops),
      unit: 'steps/s',
      ratio: bestRatio,
      medianRatio,
      of: 'peak',
      ...(bound !== undefined && { required: bound }),
      note: `${Math.round(steps * batch).toLocaleString('en-US')} samples/s${isFit ? `; ${describe(workload)}` : ''}`,
    }
    report.add(row)
    if (isFit && target === 'relaxed' && workload.requiredSteps !== undefined) {
      const { ratio: _, medianRatio: __, of: ___, note: ____, ...rate } = row
      report.add({ ...rate, name: `${id} fit, steps`, required: workload.requiredSteps })
    }
  }
}

const trainingModelStep = (model: Model, x: Float32Array, y: Int32Array): void => {
  model.trainStep(x, y)
}

export async function training(report: Report): Promise<void> {
  for (const target of benchTargets) {
    // without fused multiply-adds the large ones say nothing that the products do not
    for (const workload of target === 'simd' ? WORKLOADS.slice(0, 3) : WORKLOADS) {
      await train(report, workload, target, { windows: flopsOfStep(workload) > 2e9 ? 4 : 6, warmup: 1 })
    }
  }
}
