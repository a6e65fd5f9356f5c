/** A training report as one self-contained HTML file. */
import { bars, confusion, lineChart } from '../entries/charts.ts'
import type { History } from '../entries/core.ts'
import type { ColumnImportance } from './importance.ts'
import type { Judgement, Scores } from './scores.ts'

export interface Report {
  readonly title: string
  /** Facts by name. */
  readonly facts: Readonly<Record<string, string>>
  /** Scores by the set of rows; the first are drawn. */
  readonly judgements: Readonly<Record<string, Judgement>>
  readonly classes?: readonly string[]
  readonly importances: readonly ColumnImportance[]
  /** The metric that decreases when a column is shuffled. */
  readonly metric: string
  readonly histories: readonly History[]
  readonly notes: readonly string[]
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replace(/[&<>"]/g, (letter) => ENTITIES[letter])

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 720px; margin: 2rem auto; padding: 0 1rem; color: #1f2328; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { padding: .25rem 1rem .25rem 0; text-align: left; border-bottom: 1px solid #d8dee4 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
svg { max-width: 100%; height: auto }
.note { color: #59636e }`

const MOST_BARS = 25
const MOST_CLASSES = 30

const numberText = (value: number | null): string => (value === null ? 'undefined' : `${Number(value.toPrecision(4))}`)

export function reportHtml(report: Report): string {
  const { title, facts, judgements, notes } = report
  const list = Object.entries(facts).map(
    ([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  )
  const sections = [
    `<table>${list.join('')}</table>`,
    scoresTable(judgements),
    ...charts(report),
    ...notes.map((note) => `<p class="note">${escaped(note)}</p>`),
  ]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
<h1>${escaped(title)}</h1>
${sections.filter((part) => part !== '').join('\n')}
</html>
`
}

function scoresTable(judgements: Report['judgements']): string {
  const columns = Object.entries(judgements)
  if (columns.length === 0) return ''
  const [[, first]] = columns
  const head = columns.flatMap(([name]) => [name, 'baseline']).map((name) => `<th>${escaped(name)}</th>`)
  const cell = (scores: Scores, name: string) =>
    `<td class="number">${Object.hasOwn(scores, name) ? numberText(scores[name]) : ''}</td>`
  const rows = Object.keys(first.metrics).map((name) => {
    const cells = columns.map(([, { metrics, baseline }]) => cell(metrics, name) + cell(baseline, name))
    return `<tr><th>${name}</th>${cells.join('')}</tr>`
  })
  return `<h2>Scores</h2>\n<table><tr><th></th>${head.join('')}</tr>${rows.join('')}</table>`
}

function charts({ judgements, classes, importances, metric, histories }: Report): string[] {
  const out: string[] = []
  const [first] = Object.entries(judgements)
  if (first?.[1].confusion && classes && classes.length <= MOST_CLASSES) {
    const title = `${first[0][0].toUpperCase()}${first[0].slice(1)} rows by class`
    out.push('<h2>Confusion</h2>', confusion({ matrix: first[1].confusion, labels: classes, title }))
  }
  if (importances.length > 0) {
    const chart = bars({
      labels: importances.map(({ column }) => column),
      values: importances.map(({ mean }) => mean),
      errors: importances.map(({ standardDeviation }) => standardDeviation),
      top: Math.min(MOST_BARS, importances.length),
      xLabel: `${metric}, minus that with the column shuffled`,
    })
    out.push('<h2>Which columns matter</h2>', chart)
  }
  const curves = histories.length > 0 ? Object.keys(histories[0].metrics) : []
  // a metric and its validation metric share a chart
  for (const name of curves.filter((key) => !key.startsWith('val_'))) {
    const series: Record<string, readonly number[]> = {}
    for (const [i, { metrics }] of histories.entries()) {
      const member = histories.length > 1 ? ` ${i + 1}` : ''
      series[`training${member}`] = metrics[name]
      if (curves.includes(`val_${name}`)) series[`validation${member}`] = metrics[`val_${name}`]
    }
    if (!Object.values(series).some((values) => values.some(Number.isFinite))) continue
    out.push(`<h2>${escaped(name)}</h2>`, lineChart({ series, xLabel: 'epoch', yLabel: name }))
  }
  return out
}
