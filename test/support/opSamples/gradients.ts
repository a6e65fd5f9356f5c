/** Steps of the ops of gradients. */
import * as ops from '../../../src/machine/ops/gradients.ts'
import { type Step, step } from '../../../src/machine/program.ts'
import { COLS, COUNT, STRIDE } from './sizes.ts'

export function gradientSamples(room: () => number): { readonly [Name in keyof typeof ops]: Step } {
  const activity = () => ({ y: room(), stride: STRIDE, cols: COLS, l1: 0.1, l2: 0.2 })
  const norm = () => ({ gradients: room(), count: COUNT, partials: room(), order: 2 })
  return {
    penalty: step(ops.penalty, {
      parameters: room(),
      gradients: room(),
      count: COUNT,
      partials: room(),
      l1: 0.1,
      l2: 0.2,
    }),
    penaltySum: step(ops.penaltySum, { partials: room(), count: 3 }),
    activity: step(ops.activity, activity()),
    activityBack: step(ops.activityBack, { ...activity(), dy: room(), to: room() }),
    gradientSums: step(ops.gradientSums, norm()),
    clipNorm: step(ops.clipNorm, { ...norm(), limit: 1e-6 }),
    clipValue: step(ops.clipValue, { gradients: room(), count: COUNT, limit: 0.75 }),
  }
}
