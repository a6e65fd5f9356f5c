/** `fourlane predict`: predictions for a table's rows, in order. */
import { stat } from 'node:fs/promises'
import type { Table } from '../../entries/table.ts'
import { loadTablePredictor, type TablePredictor } from '../../entries/tablePredictor.ts'
import { type Command, quoted, UsageError } from '../command.ts'
import { cellOf, isStdin, numberText, reading, slice, tablesFor, write } from '../data.ts'
import { fileOfShard, readShard, rowsOfShard, type Shard } from '../shard.ts'

export const predict: Command = {
  name: 'predict',
  usage: 'MODEL [DATA]',
  arity: [1, 2],
  summary: 'Predicts every row of a table: a line in, a line out, below a header.',
  options: [
    { name: 'out', value: 'FILE', text: 'where to, all or nothing, instead of standard output' },
    { name: 'proba', text: 'the probability of every class, a column each, beside the class' },
    { name: 'no-header', text: 'DATA begins with a row; its columns are those of training, without the target' },
    { name: 'shard', value: 'I/N', text: 'of N parts of the rows, the I-th, from 0; /N takes I from the scheduler' },
  ],
  notes: [
    'DATA is CSV, packed by gzip or not, or Parquet; without it rows are read from standard input, and answered as soon as their line is there. Columns go by their names; those the model does not know are ignored.',
    'With --shard, a file predictions.csv becomes predictions.I-of-N.csv, and one that is there already is left as it is. The scheduler is one that sets JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX, SLURM_ARRAY_TASK_ID or CLOUD_RUN_TASK_INDEX.',
  ],
  async run({ positionals: [model, data], options }, io) {
    const shard = readShard('predict', options.shard)
    if (shard && (isStdin(data) || typeof options.out !== 'string')) {
      throw new UsageError('predict: --shard needs a file to read, and --out for its name')
    }
    const out = typeof options.out === 'string' ? options.out : undefined
    const to = shard && out ? fileOfShard(out, shard) : out
    if (shard && to && (await stat(to).catch(() => undefined))) {
      io.note(`${quoted(to)} is there already\n`)
      return
    }
    const predictor = await loadTablePredictor(model)
    if (options.proba && predictor.encoder.target.task === 'regression') {
      throw new UsageError('predict: --proba is for classes, and the model predicts numbers')
    }
    const header = !options['no-header']
    await reading(data, async () => {
      const tables = tablesFor(predictor.encoder, data, io, { header })
      const chosen = shard
        ? await partOf(tables, shard, () => tablesFor(predictor.encoder, data, io, { header }))
        : tables
      await write(linesOf(predictor, chosen, { header, proba: options.proba === true }), to, io)
    })
    if (to) io.note(`${quoted(to)} written\n`)
  },
}

/** The rows of a shard; the total is counted first. */
async function partOf(
  counted: AsyncIterable<Table>,
  shard: Shard,
  again: () => AsyncIterable<Table>,
): Promise<AsyncIterable<Table>> {
  let total = 0
  for await (const { rows } of counted) total += rows
  const [first, end] = rowsOfShard(shard, total)
  return (async function* () {
    let at = 0
    for await (const table of again()) {
      const [from, to] = [Math.max(first - at, 0), Math.min(end - at, table.rows)]
      if (from < to) yield from === 0 && to === table.rows ? table : slice(table, from, to)
      at += table.rows
      if (at >= end) return
    }
  })()
}

async function* linesOf(
  predictor: TablePredictor,
  tables: AsyncIterable<Table>,
  { header, proba }: { header: boolean; proba: boolean },
): AsyncGenerator<string, void, undefined> {
  const { target } = predictor.encoder
  const classes = target.task === 'classification' ? target.classes : []
  const names = [target.name, ...(proba ? classes.map((name) => `${target.name}=${name}`) : [])]
  const top = header ? `${names.map(cellOf).join()}\n` : ''
  let isFirst = true
  for await (const table of tables) {
    const predicted = predictor.predict(table)
    const shares = proba ? predictor.probabilities(table) : undefined
    let text = isFirst ? top : ''
    isFirst = false
    for (const [row, value] of predicted.entries()) {
      text += typeof value === 'string' ? cellOf(value) : numberText(value)
      if (shares) {
        for (let c = 0; c < classes.length; c++) text += `,${numberText(shares[row * classes.length + c])}`
      }
      text += '\n'
    }
    yield text
  }
  if (isFirst) yield top
}
