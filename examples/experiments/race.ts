/** Optimizers on the surfaces that introductions show them on, and on a logistic regression. */
import { newtonCg } from 'fourlane'
import { experiment } from './frame/experiment.ts'
import { digits, digitsOf } from './frame/numbers.ts'
import { RATES, RULES, SOLVERS } from './race/methods.ts'
import { page, type Results } from './race/page.ts'
import { type Run, raceOn, STEPS } from './race/paths.ts'
import { PASSES, type Regression, regress, within } from './race/regression.ts'
import { SURFACES } from './race/surfaces.ts'

export const race = experiment<Results>({
  name: 'race',
  title: 'A race of optimizers',
  async run({ smoke, once }) {
    const surfaces: { [name: string]: { [method: string]: Run } } = {}
    for (const surface of SURFACES)
      surfaces[surface.name] = await once(surface.name, () => raceOn(surface, smoke ? 200 : STEPS))
    const passes = smoke ? 10 : PASSES
    const lowest = Math.min(...(await regress(newtonCg(), smoke ? 10 : 100)))
    const regression: { [method: string]: Regression } = {}
    for (const [name, make] of RULES) {
      regression[name] = await once(`regression: ${name}`, async () => {
        const runs: Regression[] = []
        for (const rate of smoke ? [0.1] : RATES)
          runs.push({ rate, losses: digitsOf(await regress(make(rate), passes), 6) })
        const order = (run: Regression) =>
          within(run, lowest) ?? PASSES + (run.losses.at(-1) ?? Number.POSITIVE_INFINITY)
        return runs.reduce((top, run) => (order(run) < order(top) ? run : top))
      })
    }
    for (const [name, make] of SOLVERS)
      regression[name] = { rate: null, losses: digitsOf(await regress(make(), smoke ? 10 : 60), 6) }
    return { surfaces, lowest: digits(lowest, 7) ?? Number.NaN, regression }
  },
  page,
})
