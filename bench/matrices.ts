/** Training steps by rules that see whole matrices, against AdamW's step of the same model. */
import {
  adamw,
  type MatrixRule,
  type Model,
  muon,
  type Optimizer,
  pathSgd,
  shampoo,
  soap,
} from '../src/entries/public.ts'
import { type Contender, repeated, sideBySide } from './measure.ts'
import { trainingModel } from './models.ts'
import type { Report } from './report.ts'
import { classes, WORKLOADS } from './workloads.ts'
import { benchTargets } from './yardstick.ts'

const BATCHES = [128, 512] as const
const [, , PLAIN] = WORKLOADS

const RULES: Readonly<Record<string, () => Optimizer | MatrixRule>> = {
  'muon, 512 x 512': () => muon(),
  'muon, 784 x 512 too': () => muon({ match: ['dense_1', 'dense_2'] }),
  // without decompositions, which take seconds on one thread, but for the first update's
  'shampoo, factors of 512 and 784': () => shampoo({ preconditionerEvery: 1e6 }),
  'soap, factors of 512 and 784': () => soap({ preconditionerEvery: 1e6 }),
  pathSgd: () => pathSgd({ learningRate: 1e-6 }),
}

export async function matrices(report: Report): Promise<void> {
  for (const target of benchTargets) {
    for (const batch of BATCHES) {
      const { x, y } = classes({ ...PLAIN, batch, batches: 1 })
      const stepping = (name: string, optimizer: Optimizer | MatrixRule): Contender => {
        const model: Model = trainingModel(PLAIN, target)
        model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' })
        return repeated(name, () => {
          model.trainStep(x, y)
        })
      }
      const contenders = Object.entries(RULES).map(([name, make]) => stepping(name, make()))
      for (const timing of await sideBySide(stepping('adamw', adamw()), contenders, { windows: 6, warmup: 1 })) {
        report.add({
          group: 'matrices',
          name: `${timing.name}, batch ${batch}`,
          target,
          best: 1 / timing.best,
          median: 1 / timing.median,
          unit: 'steps/s',
          ratio: timing.bestRatio,
          medianRatio: timing.medianRatio,
          of: "AdamW's step",
          note: `${(1 / timing.bestRatio).toFixed(1)} of AdamW's steps; ${PLAIN.widths.join('-')}`,
        })
      }
    }
  }
}
