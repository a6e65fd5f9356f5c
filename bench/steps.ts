/** Where the time of a training step goes: every op of its program by itself, in the program's order; the rest is JavaScript. */
import { DENSE_INPUTS, DENSE_UNITS } from '../src/abi/layers.ts'
import { OP, OP_DENSE, OP_DENSE_DW, OP_DENSE_DX, STEP_WORDS } from '../src/abi/ops.ts'
import { OPT_COUNT } from '../src/abi/optimizers.ts'
import { RECORD_WORDS } from '../src/abi/records.ts'
import * as rows from '../src/machine/ops/ops.ts'
import type { Target } from '../src/machine/wasm.ts'
import { median, sideBySide } from './measure.ts'
import { trainingModel } from './models.ts'
import { record } from './replay.ts'
import type { Report } from './report.ts'
import { fitting } from './training.ts'
import { classes, SMALL_BATCHES, WORKLOADS, type Workload } from './workloads.ts'
import { benchTargets, Yardstick } from './yardstick.ts'

const UPDATES: ReadonlySet<number> = new Set([rows.sgd, rows.adam, rows.adadelta].map(({ code }) => code))
const NAMES = new Map(Object.entries(rows).map(([name, { code }]) => [code, name]))
const PRODUCTS: ReadonlySet<number> = new Set([OP_DENSE, OP_DENSE_DW, OP_DENSE_DX])
/** How long a program is watched. */
const MILLISECONDS = 1000
const SAMPLES = 40

interface Counter {
  readonly name: string
  /** Floating-point operations of a product. */
  readonly flops: number
  readonly seconds: number[]
}

async function count(report: Report, workload: Workload, target: Target): Promise<void> {
  const { id, batch } = workload
  const { peak } = new Yardstick(target)
  const model = trainingModel(workload, target)
  const { arena } = model.engine
  const fit = await fitting('fit', model, classes(workload), batch)
  const recording = record(arena.machine)
  await fit.run()
  const { replay, records, call } = recording.stop()
  const [program, from, to, first, , thread] = call
  const word = (step: number, index: number) => arena.i32[program / 4 + step * STEP_WORDS + index]
  const counters = Array.from({ length: to - from }, (_, i): Counter => {
    const op = word(from + i, OP)
    const [inputs, units] = [word(from + i, DENSE_INPUTS), word(from + i, DENSE_UNITS)]
    const shape = PRODUCTS.has(op) ? ` ${inputs}x${units}` : UPDATES.has(op) ? ` ${word(from + i, OPT_COUNT)}` : ''
    const flops = PRODUCTS.has(op) ? 2 * batch * inputs * units : 0
    return { name: `${NAMES.get(op) ?? op}${shape}`, flops, seconds: [] }
  })
  const { run } = arena.machine
  // what looking at the clock takes, and a call that does nothing
  const idle: number[] = []
  const started = performance.now()
  for (let i = 0; performance.now() - started < MILLISECONDS || i < SAMPLES; i++) {
    const at = first + (i % records) * RECORD_WORDS * 4
    let before = performance.now()
    run(program, from, from, at, 1, thread)
    let after = performance.now()
    idle.push((after - before) / 1e3)
    for (const [step, { seconds }] of counters.entries()) {
      before = performance.now()
      run(program, from + step, from + step + 1, at, 1, thread)
      after = performance.now()
      seconds.push((after - before) / 1e3)
    }
  }
  const lost = median(idle)
  const [whole, machine] = await sideBySide(peak, [fit, { name: 'machine', run: replay, calls: records }], {
    windows: 4,
    warmup: 1,
  })
  const row = (name: string, seconds: number, flops = 0) =>
    report.add({
      group: 'steps',
      name: `${id} ${name}`,
      target,
      best: seconds * 1e6,
      median: seconds * 1e6,
      unit: 'us',
      ...(flops && { ratio: (whole.yardstick * flops) / seconds, of: 'peak' }),
      note: `${((100 * seconds) / whole.best).toFixed(1)} % of the step`,
    })
  // what is done again and again, of layers alike or block by block, is one row
  const ops = new Map<string, { time: number; flops: number }>()
  for (const { name, flops, seconds } of counters) {
    const before = ops.get(name) ?? { time: 0, flops: 0 }
    const time = before.time + Math.max(median(seconds) - lost, 0)
    ops.set(name, { time, flops: before.flops + flops })
  }
  let sum = 0
  let all = 0
  for (const [name, { time, flops }] of ops) {
    sum += time
    all += flops
    row(name, time, flops)
  }
  row('sum of the ops', sum, all)
  row('the list in one call', machine.best, all)
  row('JavaScript', whole.best - machine.best)
  row('fit', whole.best, all)
}

export async function steps(report: Report): Promise<void> {
  const [target] = benchTargets
  for (const workload of [...WORKLOADS, ...SMALL_BATCHES]) await count(report, workload, target)
}
