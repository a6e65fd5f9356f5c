/** The cost of calls between wasm modules: nearly empty steps of `train` and `solve`, alternating. */
import { Alternation, RECORDS } from '../test/support/alternation.ts'
import { median } from './measure.ts'
import type { Report } from './report.ts'
import { benchTargets } from './yardstick.ts'

/** Floats that a step works on. */
const COUNT = 16
const TURNS = 500
const SAMPLES = 200
/** Microseconds that a switch may take. */
const MOST = 2

export async function modules(report: Report): Promise<void> {
  for (const target of benchTargets) {
    const alternation = new Alternation(1, COUNT, target)
    const { train, solve, both } = alternation
    const cases = {
      'ranges of train and solve in turn': () => {
        for (let i = 0; i < TURNS; i++) {
          alternation.run(train)
          alternation.run(solve)
        }
        return 2 * TURNS
      },
      'within a range': () => {
        alternation.run(both, RECORDS)
        return 2 * RECORDS
      },
    }
    for (const [name, run] of Object.entries(cases)) {
      const samples = Array.from({ length: SAMPLES }, () => {
        const started = performance.now()
        const switches = run()
        return (1000 * (performance.now() - started)) / switches
      })
      report.add({
        group: 'modules',
        name,
        target,
        best: Math.min(...samples),
        median: median(samples),
        unit: 'us a switch',
        required: MOST,
        atMost: true,
        note: `the steps on ${COUNT} floats included`,
      })
    }
  }
}
