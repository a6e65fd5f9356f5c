/** Cholesky factors, systems and inverses, as steps of the op list, against the peak. */
import { RECORD_SCALAR } from '../src/abi/records.ts'
import { choleskySteps, inverseSteps, solveSteps } from '../src/machine/linear.ts'
import { rowStride } from '../src/machine/matrixLayout.ts'
import * as ops from '../src/machine/ops/linear.ts'
import { type Step, step } from '../src/machine/program.ts'
import type { Target } from '../src/machine/wasm.ts'
import { Squares } from '../test/support/squares.ts'
import { repeated, sideBySide } from './measure.ts'
import { record } from './replay.ts'
import type { Report } from './report.ts'
import { noise } from './workloads.ts'
import { benchTargets, Yardstick } from './yardstick.ts'

const SIZES = [256, 512, 785, 1024]
const WARMUP_MILLISECONDS = 500

interface Case {
  readonly name: string
  readonly call: () => void
  readonly flops: number
  readonly required?: number
}

/** Each call starts from A or b again: a copy of n² floats, which counts. */
export function cases(target: Target, n: number): Case[] {
  const a = noise(n * n, 1)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = i === j ? 2 : a[i * n + j] / n
  }
  const squares = new Squares(target, n, a)
  const { sheet, factor } = squares
  const { arena } = sheet
  const [sides, room, to] = [squares.square(a), squares.square(), squares.square()]
  const copied = { x: squares.a.address, y: squares.a.address, to: sides.address, count: (n * rowStride(n)) / 4 }
  const call = (...steps: Step[]) => {
    sheet.clear()
    sheet.add(...steps)
    const recording = record(arena.machine)
    sheet.run(n, { [RECORD_SCALAR]: 1, [RECORD_SCALAR + 1]: 0.1 })
    return recording.stop().replay
  }
  const factored = choleskySteps(factor, squares.a.address, 1)
  const cube = n * n * n
  const moments = { x: sides.address, xStride: rowStride(n), to: to.address, toRow: rowStride(n), toPanel: 32 }
  const made: Case[] = [
    { name: 'cholesky', call: call(...factored), flops: cube / 3, required: 0.5 },
    {
      name: 'solve',
      call: call(step(ops.combine, copied), ...solveSteps(factor, sides)),
      flops: 2 * cube,
      required: 0.5,
    },
    {
      name: 'inverse',
      call: call(...factored, ...inverseSteps(factor, room.address, to.address, 'rows')),
      flops: cube,
    },
    { name: 'moments', call: call(step(ops.gram, { ...moments, n })), flops: cube },
  ]
  if (arena.i32[factor.status / 4]) throw new Error('bench: the matrix is not positive definite')
  return made
}

export async function linear(report: Report): Promise<void> {
  for (const target of benchTargets) {
    const { peak } = new Yardstick(target)
    const started = performance.now()
    const warm = cases(target, 100)
    while (performance.now() - started < WARMUP_MILLISECONDS) for (const { call } of warm) call()
    for (const n of SIZES) {
      const all = cases(target, n)
      const contenders = all.map(({ name, call, flops }) => {
        const contender = repeated(name, call)
        return { ...contender, calls: (contender.calls ?? 1) * flops }
      })
      for (const [i, timing] of (await sideBySide(peak, contenders)).entries()) {
        const { required } = all[i]
        report.add({
          group: 'linear',
          name: `${n} ${all[i].name}`,
          target,
          best: 1e-9 / timing.best,
          median: 1e-9 / timing.median,
          unit: 'GFLOP/s',
          ratio: timing.bestRatio,
          medianRatio: timing.medianRatio,
          of: 'peak',
          ...(required !== undefined && n >= 512 && { required }),
        })
      }
    }
  }
}
