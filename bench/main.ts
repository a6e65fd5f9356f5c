/**
 * `npm run bench`: every group, or those named on the command line. `--record` adds the ratios to the history, `--wide`
 * runs with wide vectors; its ratios are still to the peak of 128-bit vectors, and it does not write latest.json.
 */
import { readFileSync } from 'node:fs'
import { enableWideVectors } from '../src/entries/wide.ts'
import { curvature } from './curvature.ts'
import { denormals } from './denormals.ts'
import { elementwise } from './elementwise.ts'
import { gemm, tiles } from './gemm.ts'
import { inference } from './inference.ts'
import { int8 } from './int8.ts'
import { kroneckerFactors } from './kfac.ts'
import { layers } from './layers.ts'
import { linear } from './linear.ts'
import { matrices } from './matrices.ts'
import { modules } from './modules.ts'
import { optimizers } from './optimizers.ts'
import { recommender } from './recommender.ts'
import { Report } from './report.ts'
import { steps } from './steps.ts'
import { threads } from './threads.ts'
import { training } from './training.ts'

const GROUPS: Readonly<Record<string, (report: Report) => Promise<void>>> = {
  gemm,
  tiles,
  training,
  steps,
  inference,
  int8,
  elementwise,
  optimizers,
  denormals,
  kfac: kroneckerFactors,
  layers,
  linear,
  curvature,
  matrices,
  modules,
  recommender,
  threads,
}

const flags = process.argv.filter((argument) => argument.startsWith('--'))
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const unknown = asked.filter((name) => !(name in GROUPS))
if (unknown.length) {
  console.error(`bench: unknown group "${unknown[0]}"; known: ${Object.keys(GROUPS).join(', ')}`)
  process.exit(2)
}
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
if (flags.includes('--wide') && !enableWideVectors()) {
  console.error('bench: this host has no wide vectors')
  process.exit(2)
}
const report = new Report()
for (const [name, group] of Object.entries(GROUPS)) {
  if (asked.length === 0 || asked.includes(name)) await group(report)
}
console.log(`\n${report.summary()}`)
if (!flags.includes('--wide')) report.save(version, flags.includes('--record'))
