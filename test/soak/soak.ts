/**
 * A long life: a million steps, thousands of fits, a thousand models. Memory must be as flat at the end as it was near the start,
 * without a word to the garbage collector. Every case runs in a process of its own, so that its peak is its own.
 *
 *   npm run soak                     # all of it, minutes
 *   npm run soak -- --share 0.02     # a fiftieth of the work
 *   npm run soak -- --only models
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  dense,
  earlyStopping,
  input,
  loadModel,
  type Model,
  modelFromBytes,
  sequential,
} from '../../src/entries/full.ts'
import { wave } from '../support/samples.ts'

interface Case {
  readonly name: string
  /** How often `act` runs in the whole soak. */
  readonly times: number
  /** The peak that is allowed, in MiB. */
  readonly peak: number
  /** Makes what is done again and again. */
  prepare(threads: number): (i: number) => unknown
}

/** What memory may grow by from the second quarter of the work to the last, in MiB: the middle of each, for collections make saw teeth. */
const GROWTH = 32
/** However small the share: fewer models than this are hardly collected. */
const LEAST_TIMES = 80
/** Looks at memory over the whole case. */
const LOOKS = 200

const classesOf = (rows: number, classes: number) => Int32Array.from({ length: rows }, (_, i) => (i * 7) % classes)

function compiled(widths: readonly number[], threads: number): Model {
  const layers = widths
    .slice(1)
    .map((units, i) => dense(units, { activation: i === widths.length - 2 ? 'softmax' : 'relu' }))
  const model = sequential([input(widths[0]), ...layers], { seed: 1, threads })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

const DIGITS = [784, 512, 512, 10]

const CASES: readonly Case[] = [
  {
    name: 'steps',
    times: 1_000_000,
    peak: 200,
    prepare(threads) {
      const model = compiled([8, 16, 3], threads)
      const [x, y] = [wave(32 * 8), classesOf(32, 3)]
      return () => model.trainStep(x, y)
    },
  },
  {
    name: 'fits',
    times: 2000,
    peak: 250,
    prepare(threads) {
      const model = compiled([8, 16, 3], threads)
      const [x, y] = [wave(160 * 8), classesOf(160, 3)]
      return () =>
        model.fit(x, y, { epochs: 3, batchSize: 32, validationSplit: 0.2, callbacks: [earlyStopping({ patience: 5 })] })
    },
  },
  {
    name: 'models that are loaded, predict and are dropped',
    times: 1000,
    peak: 300,
    prepare(threads) {
      const bytes = compiled(DIGITS, 1).toBytes()
      const x = wave(64 * 784)
      return async () => (await loadModel(bytes, { threads })).predict(x)
    },
  },
  {
    name: 'models that are loaded at once and closed',
    times: 1000,
    peak: 300,
    prepare(threads) {
      const bytes = compiled(DIGITS, 1).toBytes()
      const x = wave(64 * 784)
      return async (i) => {
        const model = modelFromBytes(bytes, { threads })
        model.predict(x)
        model.close()
        // as in a server, whose requests do not all come in one turn of the event loop
        if (i % 20 === 19) await new Promise((resolve) => setImmediate(resolve))
      }
    },
  },
  {
    name: 'models that are trained and dropped',
    times: 150,
    peak: 300,
    prepare(threads) {
      const [x, y] = [wave(256 * 784), classesOf(256, 10)]
      return () => compiled(DIGITS, threads).fit(x, y, { batchSize: 64 })
    },
  },
]

const {
  values: { share, only, run, threads },
} = parseArgs({
  options: {
    share: { type: 'string', default: '1' },
    only: { type: 'string' },
    run: { type: 'string' },
    threads: { type: 'string', default: '1' },
  },
})

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]
const mebibytes = () => process.memoryUsage.rss() / 2 ** 20

/** Runs one case here; prints what memory it took, as JSON. */
async function soak({ times, prepare }: Case): Promise<void> {
  // the first quarter is long enough for caches and pools to have filled
  const count = Math.min(times, Math.max(LEAST_TIMES, Math.round(times * Number(share))))
  const act = prepare(Number(threads))
  const before = mebibytes()
  const looks: number[] = []
  const every = Math.max(1, Math.floor(count / LOOKS))
  const started = performance.now()
  for (let i = 0; i < count; i++) {
    const made = act(i)
    if (made instanceof Promise) await made
    if (i % every === 0) looks.push(mebibytes())
  }
  const quarter = looks.length >> 2
  const [early, late] = [looks.slice(quarter, 2 * quarter), looks.slice(-quarter)].map(median)
  const seconds = (performance.now() - started) / 1000
  const peak = process.resourceUsage().maxRSS / 1024
  console.log(JSON.stringify({ count, before, early, late, peak, seconds }))
}

if (run !== undefined) {
  const chosen = CASES.find(({ name }) => name === run)
  if (!chosen) throw new RangeError(`unknown case ${run}`)
  await soak(chosen)
} else {
  let failed = 0
  for (const { name, peak: most } of CASES.filter(({ name }) => only === undefined || name.includes(only))) {
    for (const count of [1, 2]) {
      const script = fileURLToPath(import.meta.url)
      const flags = ['--run', name, '--share', share, '--threads', `${count}`]
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...flags], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`${name}, ${count} threads: ${stderr}`)
      const result = JSON.parse(stdout) as Record<'count' | 'before' | 'early' | 'late' | 'peak' | 'seconds', number>
      const isFlat = result.late - result.early <= GROWTH && result.peak <= most
      if (!isFlat) failed++
      const figures = (['before', 'early', 'late', 'peak'] as const).map((key) => `${key} ${result[key].toFixed(0)}`)
      console.log(
        `${isFlat ? 'flat' : 'GROWS'}: ${result.count} ${name}, ${count} threads, ${result.seconds.toFixed(0)} s: MiB ${figures.join(', ')}`,
      )
    }
  }
  process.exitCode = failed === 0 ? 0 : 1
}
