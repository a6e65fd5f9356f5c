/** Pages as Markdown, and their tables for a terminal. */
import type { AnyExperiment, Page } from './experiment.ts'

/** A paragraph, a table, or pictures: more than one stand side by side. */
export type Part = string | Table | { readonly pictures: readonly Picture[] }

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface Picture {
  /** Of the file, unique in its experiment. */
  readonly name: string
  /** What is to be seen, for those who do not see it. */
  readonly alt: string
  readonly svg: string
}

/** When, where and how long an experiment ran. */
export interface Record {
  readonly date: string
  readonly machine: string
  /** Of all threads, so that what else the machine did hardly counts. */
  readonly cpuSeconds: number
  readonly results: unknown
}

export const fileOf = (experiment: string, picture: string): string => `images/${experiment}-${picture}.svg`

const markdownTable = ({ head, rows }: Table): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')

function markdown(experiment: string, part: Part): string {
  if (typeof part === 'string') return part
  if ('head' in part) return markdownTable(part)
  const images = part.pictures.map(({ name, alt }) => `![${alt}](${fileOf(experiment, name)})`)
  return images.length === 1 ? images[0] : `| ${images.join(' | ')} |\n|${' --- |'.repeat(images.length)}`
}

const list = (items: readonly string[]): string => items.map((item) => `* ${item}`).join('\n')

export function cpuTime(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  return seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`
}

export function toMarkdown({ name, title }: AnyExperiment, page: Page, record: Record): string {
  const { source, claim, settings, parts, verdict } = page
  const run = `\`npm run experiment -- ${name}\``
  return `${[
    `# ${title}`,
    `**Claim.** ${claim} (${source})`,
    `**Verdict.** ${verdict}`,
    '## What was measured',
    ...parts.map((part) => markdown(name, part)),
    '## How',
    list([
      ...settings,
      `${run}, ${record.date}, ${record.machine}: ${cpuTime(record.cpuSeconds)} of processor time.`,
      `Numbers: [results/${name}.json](results/${name}.json). Program: [${name}.ts](../../examples/experiments/${name}.ts).`,
    ]),
    '[All experiments](README.md)',
  ].join('\n\n')}\n`
}

/** Markdown that a terminal does not show. */
const plain = (text: string): string => text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/\*\*|`/g, '')

function terminalTable({ head, rows }: Table): string {
  const lines = [head, ...rows].map((cells) => cells.map(plain))
  const widths = head.map((_, i) => Math.max(...lines.map((cells) => (cells[i] ?? '').length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd()
  return [line(lines[0]), widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1).map(line)].join('\n')
}

export function toTerminal({ title }: AnyExperiment, { parts, claim, verdict }: Page): string {
  const tables = parts.filter((part) => typeof part === 'object' && 'head' in part) as readonly Table[]
  return [title, `Claim: ${plain(claim)}`, ...tables.map(terminalTable), `Verdict: ${plain(verdict)}`].join('\n\n')
}
