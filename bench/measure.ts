/** Side-by-side measurement: contenders alternate in short windows of one process, each right after the yardstick. */
import { Bench } from 'tinybench'

/** Something to be timed. */
export interface Contender {
  readonly name: string
  /** One sample; it stands for `calls` calls of what is measured. */
  readonly run: () => unknown
  readonly calls?: number
  /** Before every sample, not timed. */
  readonly before?: () => void
  readonly async?: boolean
}

export interface Timing {
  readonly name: string
  /** Seconds a call: the fastest window, and the middle one. */
  readonly best: number
  readonly median: number
  /** Time of the yardstick over time of the contender: fastest against fastest, and the median of neighbouring windows. */
  readonly bestRatio: number
  readonly medianRatio: number
  /** Seconds a call of the yardstick's fastest window. */
  readonly yardstick: number
}

export interface Windows {
  readonly windows?: number
  readonly milliseconds?: number
  /** Milliseconds every contender runs before the first window, so that its code is compiled for good. */
  readonly warmup?: number
}

/** Samples much shorter than this would measure the clock. */
const SAMPLE_MILLISECONDS = 0.3

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** A contender whose samples are loops of calls, long enough for the clock. */
export function repeated(name: string, call: () => void): Contender {
  let calls = 1
  for (;;) {
    const started = performance.now()
    for (let i = 0; i < calls; i++) call()
    if (performance.now() - started > SAMPLE_MILLISECONDS || calls >= 1 << 20) break
    calls *= 2
  }
  const run = () => {
    for (let i = 0; i < calls; i++) call()
  }
  return { name, run, calls }
}

async function warm({ run, before }: Contender, milliseconds: number): Promise<void> {
  const started = performance.now()
  do {
    before?.()
    await run()
  } while (performance.now() - started < milliseconds)
}

/** Windows of yardstick, first contender, yardstick, second contender, ...; a window's time is the median of its samples. */
export async function sideBySide(
  yardstick: Contender,
  contenders: readonly Contender[],
  { windows = 10, milliseconds = 5, warmup = 20 }: Windows = {},
): Promise<Timing[]> {
  const bench = new Bench({ iterations: 1, time: milliseconds, warmup: false, throws: true })
  const tasks = contenders.flatMap((contender, i) => [
    { key: `yardstick ${i}`, ...yardstick },
    { key: `contender ${i}`, ...contender },
  ])
  const seconds = new Map<string, number[]>()
  for (const { key, run, before, async } of tasks) {
    bench.add(key, run, { async: async ?? false, ...(before && { beforeEach: () => before() }) })
    seconds.set(key, [])
  }
  for (const contender of contenders) await warm(contender, warmup)
  for (let window = 0; window < windows; window++) {
    bench.reset()
    await bench.run()
    for (const { key, calls = 1 } of tasks) {
      const result = bench.getTask(key)?.result
      if (result?.state !== 'completed') throw new Error(`bench: ${key} did not complete`)
      seconds.get(key)?.push(result.latency.p50 / 1e3 / calls)
    }
  }
  const yard = Math.min(...contenders.flatMap((_, i) => seconds.get(`yardstick ${i}`) ?? []))
  return contenders.map(({ name }, i) => {
    const own = seconds.get(`contender ${i}`) ?? []
    const neighbours = seconds.get(`yardstick ${i}`) ?? []
    const best = Math.min(...own)
    return {
      name,
      best,
      median: median(own),
      bestRatio: yard / best,
      medianRatio: median(own.map((time, window) => neighbours[window] / time)),
      yardstick: yard,
    }
  })
}
