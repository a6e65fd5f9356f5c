/** Fitting too little and too much, and what is done about it. */
import { adam, adamw, earlyStopping, l1, l2, type Optimizer, type Regularizer } from 'fourlane'
import { experiment } from './frame/experiment.ts'
import { digits, mean } from './frame/numbers.ts'
import { page, type Results } from './regularization/page.ts'
import { DECAYS, GRID_SEEDS, LEARNING_RATES, PENALTIES, RATES, SEEDS, WIDTHS } from './regularization/settings.ts'
import { sparsity, train } from './regularization/training.ts'

export const regularization = experiment<Results>({
  name: 'regularization',
  title: 'Too little and too much',
  async run({ smoke, once }) {
    const seeds = smoke ? SEEDS.slice(0, 1) : SEEDS
    const short = smoke ? { epochs: 3 } : {}
    const some = <Value>(list: readonly Value[]) => (smoke ? list.slice(0, 2) : list)
    const each = async <Result>(work: (seed: number) => Promise<Result>, most = seeds.length) => {
      const found: Result[] = []
      for (const seed of seeds.slice(0, most)) found.push(await work(seed))
      return found
    }
    const widths = []
    for (const width of some(WIDTHS)) {
      const runs = await once(`width ${width}`, () =>
        each(async (seed) => (await train(seed, { width, ...short })).course),
      )
      widths.push({ width, runs })
    }
    const penalties = []
    for (const penalty of some(PENALTIES)) {
      const measured = (make: (strength: number) => Regularizer) => () =>
        each(async (seed): Promise<[number, number]> => {
          const { course, model } = await train(seed, { ...(penalty > 0 && { regularizer: make(penalty) }), ...short })
          return [sparsity(model), course.testAccuracy]
        })
      penalties.push({
        penalty,
        l1: await once(`L1 ${penalty}`, measured(l1)),
        l2: await once(`L2 ${penalty}`, measured(l2)),
      })
    }
    const dropouts = []
    for (const rate of some(RATES)) {
      const runs = await once(`dropout ${rate}`, () =>
        each(async (seed) => (await train(seed, { dropout: rate, ...short })).course),
      )
      dropouts.push({ rate, runs })
    }
    const stopping = await once('early stopping', () =>
      each(async (seed) => {
        const callback = earlyStopping({ monitor: 'val_loss', patience: 10, restoreBestWeights: true })
        const { course: stopped } = await train(seed, { callbacks: [callback], ...short })
        const { course: on } = await train(seed, short)
        return { epochs: stopped.test.length, stopped, on }
      }),
    )
    const grid = (key: string, make: (learningRate: number, weightDecay: number) => Optimizer) =>
      once(key, async () => {
        const found: number[] = []
        for (const learningRate of some(LEARNING_RATES))
          for (const weightDecay of some(DECAYS)) {
            const runs = await each(
              (seed) => train(seed, { optimizer: make(learningRate, weightDecay), ...short }),
              GRID_SEEDS,
            )
            found.push(digits(mean(runs.map(({ course }) => course.testAccuracy)), 4) ?? Number.NaN)
          }
        return found
      })
    const decays = {
      coupled: await grid('Adam with L2', (learningRate, weightDecay) => adam({ learningRate, weightDecay })),
      decoupled: await grid('AdamW', (learningRate, weightDecay) => adamw({ learningRate, weightDecay })),
    }
    return { seeds: seeds.length, widths, penalties, dropouts, stopping, decays }
  },
  page,
})
