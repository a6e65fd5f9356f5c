/** Every optimizer's pass over its blocks, against a copy that moves the same bytes. */
import { adam, type Optimizer, rmsprop, sgd } from '../src/entries/public.ts'
import { optimizers as factories } from '../src/optimizers/optimizers.ts'
import { repeated, sideBySide } from './measure.ts'
import { optimizerPass } from './pass.ts'
import type { Report } from './report.ts'
import { noise } from './workloads.ts'
import { benchTargets, Yardstick } from './yardstick.ts'

export const OPTIMIZERS: readonly { readonly name: string; readonly optimizer: Optimizer }[] = [
  ...Object.entries(factories).map(([name, make]) => ({ name, optimizer: make() })),
  { name: 'sgd, momentum', optimizer: sgd({ momentum: 0.9 }) },
  { name: 'adam, amsgrad', optimizer: adam({ amsgrad: true }) },
  { name: 'rmsprop, centered, momentum', optimizer: rmsprop({ centered: true, momentum: 0.9 }) },
]

/** The first stays in a core's own caches, the second does not. */
const COUNTS = [60_000, 1_700_000] as const

export async function optimizers(report: Report): Promise<void> {
  // a pass is bound by memory or by its divisions and roots: both targets take the same time
  const [target] = benchTargets
  const yardstick = new Yardstick(target)
  for (const { name, optimizer } of OPTIMIZERS) {
    for (const count of COUNTS) {
      const { parameters, gradients, bytes, run } = optimizerPass(target, optimizer, count)
      parameters.set(noise(count, 1))
      gradients.set(noise(count, 2))
      const [timing] = await sideBySide(yardstick.copy(bytes), [repeated(name, run)], { windows: 8, milliseconds: 4 })
      report.add({
        group: 'optimizers',
        name: `${name}, ${count / 1000}k`,
        target,
        best: (count * 1e-9) / timing.best,
        median: (count * 1e-9) / timing.median,
        unit: 'elements/ns',
        ratio: timing.bestRatio,
        medianRatio: timing.medianRatio,
        of: 'copy of the same bytes',
        note: `${((bytes * 1e-9) / timing.best).toFixed(1)} GB/s`,
      })
    }
  }
}
