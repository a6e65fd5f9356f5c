/** Splitting rows among several processes. */
import { UsageError } from './command.ts'

export interface Shard {
  /** From 0. */
  readonly index: number
  readonly count: number
}

/** Environment variables in which schedulers give the index of this process, from 0. */
const INDEX_VARIABLES = [
  'JOB_COMPLETION_INDEX',
  'AWS_BATCH_JOB_ARRAY_INDEX',
  'SLURM_ARRAY_TASK_ID',
  'CLOUD_RUN_TASK_INDEX',
]

const MOST = 1e6

/** @throws UsageError unless it is I/N with I below N, or /N if a scheduler provides I. */
export function readShard(
  where: string,
  given: string | true | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Shard | undefined {
  if (given === undefined) return undefined
  const [, first, last] = /^(\d{0,7})\/(\d{1,7})$/.exec(String(given)) ?? []
  if (last === undefined) throw new UsageError(`${where}: --shard must be I/N, such as 0/4, got "${given}"`)
  const variable = INDEX_VARIABLES.find((name) => environment[name] !== undefined)
  const text = first !== '' ? first : variable && environment[variable]
  if (text === undefined) {
    throw new UsageError(`${where}: --shard ${given} says no part, and none of ${INDEX_VARIABLES.join(', ')} is set`)
  }
  const index = /^\d+$/.test(text) ? Number(text) : Number.NaN
  const count = Number(last)
  if (!(index < count) || count > MOST) {
    throw new UsageError(`${where}: --shard must be of parts 0 to ${Math.min(count, MOST) - 1}, got ${text}`)
  }
  return { index, count }
}

/** Rows [first, end) of a shard: the shards partition the rows in order. */
export const rowsOfShard = ({ index, count }: Shard, rows: number): [first: number, end: number] => [
  Math.floor((index * rows) / count),
  Math.floor(((index + 1) * rows) / count),
]

/** predictions.csv of shard 3 of 16: predictions.03-of-16.csv, so that names sort in row order. */
export function fileOfShard(path: string, { index, count }: Shard): string {
  const [, base, ending] = /^(.*?)(\.[^./\\]*)?$/s.exec(path) ?? ['', path, '']
  return `${base}.${String(index).padStart(String(count - 1).length, '0')}-of-${count}${ending ?? ''}`
}
