/** `fourlane evaluate`: scores a model on rows with a known target. */
import { basename } from 'node:path'
import { loadTablePredictor } from '../../entries/tablePredictor.ts'
import type { Command } from '../command.ts'
import { reading, tablesFor } from '../data.ts'
import { type Scores, scorerFor, scoreTable } from '../scores.ts'

export const evaluate: Command = {
  name: 'evaluate',
  usage: 'MODEL DATA',
  arity: [2, 2],
  summary: 'Compares predictions with the column that they are for.',
  options: [{ name: 'json', text: 'one JSON object on standard output, and nothing else' }],
  notes: [
    'DATA is CSV, packed by gzip or not, or Parquet; a dash is standard input. Rows without a target are left out.',
    'The baseline is what always the same answer reaches: the most frequent class of these rows, or their mean.',
  ],
  async run({ positionals: [model, data], options }, io) {
    const predictor = await loadTablePredictor(model)
    const { encoder } = predictor
    const scorer = scorerFor(encoder)
    await reading(data, async () => {
      for await (const table of tablesFor(encoder, data, io, { withTarget: true })) scoreTable(scorer, predictor, table)
    })
    if (scorer.rows === 0)
      throw new Error(`${data}: no row has a ${JSON.stringify(encoder.target.name)} to compare with`)
    const { metrics, baseline, confusion } = scorer.result()
    const { task, name } = encoder.target
    const result = { task, target: name, rows: scorer.rows, metrics, baseline, ...(confusion && { confusion }) }
    await io.out(
      options.json ? `${JSON.stringify(result)}\n` : `${basename(data)}: ${textOf(scorer.rows, metrics, baseline)}\n`,
    )
  },
}

/** 70 rows: accuracy 0.9857 (baseline 0.4429), logLoss 0.05 */
export function textOf(rows: number, metrics: Scores, baseline: Scores): string {
  const parts = Object.entries(metrics).map(([name, value]) => {
    const plain = Object.hasOwn(baseline, name) ? ` (baseline ${shown(baseline[name])})` : ''
    return `${name} ${value === null ? 'unknown' : shown(value)}${plain}`
  })
  return `${rows} rows: ${parts.join(', ')}`
}

const shown = (value: number | null): string => (value === null ? 'unknown' : `${Number(value.toPrecision(4))}`)
