/** Prediction through `predict`, and the machine's share of it, against the peak. */
import { repeated, sideBySide } from './measure.ts'
import { inferenceModel } from './models.ts'
import { record } from './replay.ts'
import type { Report } from './report.ts'
import { flopsOfPass, INFERENCE, noise } from './workloads.ts'
import { benchTargets, Yardstick } from './yardstick.ts'

export async function inference(report: Report): Promise<void> {
  for (const target of benchTargets) {
    const { peak } = new Yardstick(target)
    for (const load of INFERENCE) {
      const { id, widths, rows } = load
      const model = inferenceModel(load, target)
      const x = noise(rows * widths[0], 3)
      const out = new Float32Array(rows * widths[widths.length - 1])
      const predict = () => model.predict(x, { out })
      predict()
      const recording = record(model.engine.arena.machine)
      predict()
      const { replay } = recording.stop()
      const flops = flopsOfPass(widths, rows)
      // a large input goes through in several calls of the machine; only one of them is replayed
      const whole = rows <= model.engine.plan().rows
      const contenders = [repeated('predict', predict), ...(whole ? [repeated('machine', replay)] : [])]
      const timings = await sideBySide(
        peak,
        contenders.map((contender) => ({ ...contender, calls: (contender.calls ?? 1) * flops })),
      )
      for (const { name, best, median, bestRatio, medianRatio } of timings) {
        const samples = Math.round(rows / (best * flops)).toLocaleString('en-US')
        report.add({
          group: 'inference',
          name: `${id} ${name}`,
          target,
          best: best * flops * 1e6,
          median: median * flops * 1e6,
          unit: 'us',
          ratio: bestRatio,
          medianRatio,
          of: 'peak',
          note: `${samples} samples/s${name === 'predict' ? `; ${widths.join('-')}, ${rows} rows` : ''}`,
        })
      }
    }
  }
}
