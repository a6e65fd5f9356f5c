/** The outcome of a training: as JSON, as text, and as a report. */
import { basename } from 'node:path'
import type { History } from '../entries/core.ts'
import type { TrainedTabular } from '../entries/table.ts'
import type { Encoder, Examples } from '../entries/tablePredictor.ts'
import { quoted } from './command.ts'
import { textOf } from './commands/evaluate.ts'
import { isStdin } from './data.ts'
import { columnImportances } from './importance.ts'
import { reportHtml } from './report.ts'
import type { Judgement } from './scores.ts'

/** Scores, and the number of rows they are based on. */
export interface Judged extends Judgement {
  readonly rows: number
}

type Judgements = Readonly<Partial<Record<'test' | 'validation', Judged>>>

export interface Finished {
  readonly encoder: Encoder
  readonly trained: TrainedTabular
  readonly judgements: Judgements
  readonly seconds: number
  readonly rows: number
}

const epochsOf = (histories: readonly History[]): number => Math.max(...histories.map(({ epoch }) => epoch.length))

/** The output of `--json`. */
export function resultOf({ encoder, trained, judgements, seconds, rows }: Finished, out: string) {
  const { test, validation } = judgements
  return {
    task: encoder.target.task,
    target: encoder.target.name,
    rows,
    columns: encoder.columns.length,
    seconds: Number(seconds.toFixed(3)),
    epochs: epochsOf(trained.histories),
    metrics: {
      test: test?.metrics ?? null,
      validation: validation?.metrics ?? null,
      baseline: (test ?? validation)?.baseline ?? null,
    },
    model: out,
  }
}

/** The output otherwise; `to` is the report's path. */
export function spoken(
  { task, target, rows, columns, seconds, epochs, model }: ReturnType<typeof resultOf>,
  judgements: Judgements,
  to: string | undefined,
): string {
  const lines = [
    `${task} of ${quoted(target)} from ${columns} columns and ${rows} rows: ${epochs} epochs, ${seconds.toFixed(1)} s`,
  ]
  for (const name of ['test', 'validation'] as const) {
    const judged = judgements[name]
    if (judged) lines.push(`${name}: ${textOf(judged.rows, judged.metrics, judged.baseline)}`)
  }
  lines.push(`${quoted(model)} written${to === undefined ? '' : `, ${quoted(to)} too`}`)
  return `${lines.join('\n')}\n`
}

/** The HTML report. */
export function report({
  data,
  encoder,
  trained,
  judgements,
  seconds,
  rows,
  examples,
  notes,
}: Finished & { data: string; examples?: Examples; notes: readonly string[] }): string {
  const { target } = encoder
  const { model, histories, stopReason } = trained
  return reportHtml({
    title: `${target.name}, from ${isStdin(data) ? 'standard input' : basename(data)}`,
    facts: {
      task: target.task,
      'rows of training': `${rows}`,
      columns: `${encoder.columns.length}, which became ${encoder.width}`,
      parameters: `${model.countParameters()}`,
      epochs: `${epochsOf(histories)}${stopReason === undefined ? '' : ` (${stopReason})`}`,
      seconds: seconds.toFixed(1),
    },
    judgements,
    ...(target.task === 'classification' && { classes: target.classes }),
    importances: examples ? columnImportances(model, encoder, examples) : [],
    metric: target.task === 'classification' ? 'accuracy' : 'R²',
    histories,
    notes,
  })
}
