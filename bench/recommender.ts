/** Pairs of users and items a second: tables whose rows plain SGD visits, and nothing else of them. */
import { dense, embedding, input, type Layer, sequential, sgd } from '../src/entries/public.ts'
import type { Report } from './report.ts'
import { benchTargets } from './yardstick.ts'

const PAIRS = 2 ** 17
const USERS = 100_000
const ITEMS = 20_000
const UNITS = 32
const BATCH = 256
const WINDOWS = 8

const heads: readonly { readonly name: string; readonly layers: () => Layer[] }[] = [
  { name: 'recommender, dense(1)', layers: () => [dense(1)] },
  { name: 'recommender, dense(16), dense(1)', layers: () => [dense(16, { activation: 'relu' }), dense(1)] },
]

export async function recommender(report: Report): Promise<void> {
  let state = 1
  const below = (count: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
  const x = Float32Array.from({ length: PAIRS * 2 }, (_, i) => below(i % 2 ? ITEMS : USERS))
  const y = Float32Array.from({ length: PAIRS }, () => below(5))
  for (const target of benchTargets) {
    for (const { name, layers } of heads) {
      const tables = [
        { columns: 0, categories: USERS, units: UNITS },
        { columns: 1, categories: ITEMS, units: UNITS },
      ]
      const model = sequential([input(2), embedding(tables), ...layers()], {
        seed: 1,
        threads: 1,
        deterministic: target === 'simd',
      })
      model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: 'meanSquaredError' })
      const rates: number[] = []
      for (let window = 0; window <= WINDOWS; window++) {
        const started = process.cpuUsage()
        await model.fit(x, y, { batchSize: BATCH })
        const { user, system } = process.cpuUsage(started)
        // the first warms up
        if (window > 0) rates.push(PAIRS / ((user + system) / 1e6))
      }
      rates.sort((a, b) => b - a)
      report.add({
        group: 'recommender',
        name,
        target,
        best: rates[0],
        median: rates[WINDOWS >> 1],
        unit: 'pairs/s',
        required: 1e6,
        note: `${USERS} users, ${ITEMS} items, ${UNITS} units each, sgd, batch ${BATCH}; by processor time`,
      })
    }
  }
}
