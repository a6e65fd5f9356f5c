/** Prediction by quantized models, compared with their float models. */
import { quantize } from '../src/entries/public.ts'
import { configureRuntime } from '../src/machine/wasm.ts'
import { repeated, sideBySide } from './measure.ts'
import { inferenceModel } from './models.ts'
import type { Report } from './report.ts'
import { INFERENCE, noise } from './workloads.ts'
import { benchTargets } from './yardstick.ts'

export async function int8(report: Report): Promise<void> {
  for (const target of benchTargets) {
    for (const load of INFERENCE) {
      const { id, widths, rows } = load
      const model = inferenceModel(load, target)
      const x = noise(rows * widths[0], 3)
      const out = new Float32Array(rows * widths[widths.length - 1])
      configureRuntime({ target })
      const contenders = [
        { name: 'rows of their own', quantized: quantize(model) },
        { name: 'calibrated', quantized: quantize(model, { calibration: x }) },
      ].map(({ name, quantized }) => repeated(name, () => quantized.predict(x, { out })))
      configureRuntime()
      const float = repeated('float', () => model.predict(x, { out }))
      for (const { name, best, median, bestRatio, medianRatio } of await sideBySide(float, contenders)) {
        report.add({
          group: 'int8',
          name: `${id} ${name}`,
          target,
          best: best * 1e6,
          median: median * 1e6,
          unit: 'us',
          ratio: bestRatio,
          medianRatio,
          of: 'float',
          note: `${widths.join('-')}, ${rows} rows`,
        })
      }
    }
  }
}
