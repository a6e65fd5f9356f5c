/** What a run leaves: rows printed as they are measured, and one JSON file. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

export interface Row {
  readonly group: string
  readonly name: string
  readonly target: string
  /** The fastest window and the middle one, in `unit`. */
  readonly best: number
  readonly median: number
  readonly unit: string
  /** Share of the yardstick, see `of` for what it is: fastest window of either, unless a group says otherwise. */
  readonly ratio?: number
  /** The same, less dependent on luck: the median over neighbouring windows, or of medians. */
  readonly medianRatio?: number
  /** What the ratio is to. */
  readonly of?: string
  /** Bound on the ratio, or on `best` where there is no ratio. */
  readonly required?: number
  /** The bound is an upper one. */
  readonly atMost?: boolean
  readonly note?: string
}

const RESULTS = new URL('../../bench/results/', import.meta.url)
/** A run with less of a core than this was disturbed. */
const LEAST_SHARE = 0.95

/** Groups whose ratios go into the history; of gemm those with a bound. */
const HISTORY: ReadonlySet<string> = new Set(['gemm', 'training', 'inference'])
const COLUMNS = [34, 8, 11, 11, 13, 8, 8, 9] as const

const digits = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : value >= 100 ? value.toFixed(0) : value.toPrecision(3)

const line = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 || i === 4 ? cell.padEnd(COLUMNS[i] ?? 0) : cell.padStart(COLUMNS[i] ?? 0))).join(' ')

const passes = ({ required, ratio, best, atMost }: Row): boolean | undefined =>
  required === undefined ? undefined : atMost ? (ratio ?? best) <= required : (ratio ?? best) >= required

export class Report {
  readonly rows: Row[] = []
  readonly #host = {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform}-${process.arch}`,
  }
  readonly #started = { wall: performance.now(), cpu: process.cpuUsage() }
  #group = ''

  constructor() {
    const { cpu, cores, node } = this.#host
    console.log(`Node ${node}, ${cpu}, ${cores} cores`)
  }

  add(row: Row): void {
    if (row.group !== this.#group) {
      this.#group = row.group
      console.log(`\n${line([row.group, 'target', 'best', 'median', 'unit', 'ratio', 'median', 'required'])}`)
    }
    this.rows.push(row)
    const passed = passes(row)
    const bound = row.required === undefined ? '' : `${row.atMost ? '<=' : '>='} ${digits(row.required)}`
    const verdict = passed === undefined ? '' : passed ? ' ok' : ' BELOW'
    const ratios = [row.ratio, row.medianRatio].map((ratio) => (ratio === undefined ? '' : ratio.toFixed(2)))
    const cells = [row.name, row.target, digits(row.best), digits(row.median), row.unit, ...ratios, bound]
    console.log(
      `${line(cells)}${row.atMost && passed === false ? ' ABOVE' : verdict}${row.note ? `  ${row.note}` : ''}`,
    )
  }

  /** Processor time over wall time so far. Well below 1, other programs took turns on the core and the ratios are noise. */
  get #share(): number {
    const { user, system } = process.cpuUsage(this.#started.cpu)
    return (user + system) / 1e3 / (performance.now() - this.#started.wall)
  }

  /** Writes results/latest.json and, when asked to, adds a line to results/history.jsonl. */
  save(version: string, keep: boolean): void {
    const round = (value: number | undefined) => (value === undefined ? undefined : Number(value.toPrecision(4)))
    const rows = this.rows.map((row) => ({
      ...row,
      best: round(row.best),
      median: round(row.median),
      ratio: round(row.ratio),
      medianRatio: round(row.medianRatio),
    }))
    const head = { date: new Date().toISOString(), version, ...this.#host, processorShare: round(this.#share) }
    mkdirSync(RESULTS, { recursive: true })
    const body = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
    const header = JSON.stringify(head, null, 2).slice(0, -2)
    writeFileSync(new URL('latest.json', RESULTS), `${header},\n  "rows": [\n${body}\n  ]\n}\n`)
    if (!keep) return
    const kept = rows.filter(({ group, required }) => HISTORY.has(group) && (group !== 'gemm' || required))
    const ratios = Object.fromEntries(kept.map((row) => [`${row.name}, ${row.target}`, row.ratio ?? row.best]))
    appendFileSync(new URL('history.jsonl', RESULTS), `${JSON.stringify({ ...head, ratios })}\n`)
  }

  /** How many of the bounds hold, and whether to believe it. */
  summary(): string {
    const judged = this.rows.map(passes).filter((passed) => passed !== undefined)
    const held = judged.filter(Boolean).length
    const share = this.#share
    const bounds = judged.length ? `${held} of ${judged.length} required ratios reached; ` : ''
    const doubt = share < LEAST_SHARE ? ': other programs ran beside it, do not trust these ratios' : ''
    return `${bounds}this process had ${Math.round(100 * share)} % of a core${doubt}`
  }
}
