/** Products with the curvature of a model's loss, in gradients of the same rows. */

import { Products } from '../src/engine/products.ts'
import { dense, gaussNewtonVectorProduct, hessianVectorProduct, input, sequential } from '../src/entries/full.ts'
import { configureRuntime } from '../src/machine/wasm.ts'
import { type Contender, sideBySide } from './measure.ts'
import type { Report } from './report.ts'
import { noise } from './workloads.ts'
import { benchTargets } from './yardstick.ts'

const WIDTHS = [784, 512, 512, 10]
const ROWS = [32, 128, 512]
/** Gradients that a Hessian product may cost, the call and its program included. */
const MOST = 2.5

export async function curvature(report: Report): Promise<void> {
  for (const target of benchTargets) {
    configureRuntime({ target })
    const [inputs, ...units] = WIDTHS
    const layers = units.map((n, i) => dense(n, { activation: i < units.length - 1 ? 'relu' : 'softmax' }))
    const model = sequential([input(inputs), ...layers], { seed: 1 })
    configureRuntime()
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' })
    const v = noise(model.countParameters(), 3)
    for (const rows of ROWS) {
      const x = noise(rows * inputs, 1)
      const y = Int32Array.from({ length: rows }, (_, i) => i % 10)
      const data = model.task('bench').readRows('bench', x, y)
      const standing = new Products(model.engine, data, 'hessian')
      const contenders: (Contender & { most?: number })[] = [
        { name: 'Hessian product', run: () => hessianVectorProduct(model, x, y, v), most: MOST },
        { name: 'Gauss-Newton product', run: () => gaussNewtonVectorProduct(model, x, y, v), most: MOST },
        { name: 'Hessian product at the same point', run: () => standing.times(v) },
      ]
      const gradient = { name: 'gradient', run: () => model.gradients(x, y) }
      const timings = await sideBySide(gradient, contenders, { windows: 12, milliseconds: 20 })
      for (const [i, { name, best, median, bestRatio, medianRatio }] of timings.entries()) {
        const { most } = contenders[i]
        report.add({
          group: 'curvature',
          name: `${name}, ${rows} rows`,
          target,
          best: best * 1e3,
          median: median * 1e3,
          unit: 'ms',
          ratio: 1 / bestRatio,
          medianRatio: 1 / medianRatio,
          of: 'a gradient',
          ...(most && rows >= 128 && { required: most, atMost: true }),
          note: WIDTHS.join('-'),
        })
      }
    }
  }
}
