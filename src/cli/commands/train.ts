/** `fourlane train`: from a table to a model that predicts one of its columns. */
import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { writePieces } from '#runtime'
import type { Callback, History } from '../../entries/core.ts'
import { prepare, readTable, type TrainedTabular, trainTabular } from '../../entries/table.ts'
import type { Encoder, Examples } from '../../entries/tablePredictor.ts'
import { DEFAULT_PRESET, embeds, PRESETS } from '../../tables/tabular.ts'
import { type Call, type Command, type Io, quoted, UsageError } from '../command.ts'
import { isStdin, reading } from '../data.ts'
import { columnImportances } from '../importance.ts'
import { showProgress } from '../progress.ts'
import { reportHtml } from '../report.ts'
import { type Judgement, scoreExamples } from '../scores.ts'
import { fractionOf, timeOf, wholeOf, wordOf } from '../values.ts'
import { textOf } from './evaluate.ts'

export const train: Command = {
  name: 'train',
  usage: 'DATA --target COLUMN',
  arity: [1, 1],
  summary: 'Trains a model that predicts a column of a table from the others.',
  options: [
    { name: 'target', value: 'COLUMN', text: 'the column to predict' },
    { name: 'out', value: 'FILE', text: 'where the model goes; default model.safetensors' },
    { name: 'task', value: 'TASK', text: 'auto (default), classification or regression' },
    { name: 'preset', value: 'NAME', text: `${PRESETS.join(', ')}; default ${DEFAULT_PRESET}` },
    { name: 'epochs', value: 'N', text: 'passes over the rows; default what the preset says' },
    { name: 'seed', value: 'N', text: 'the same seed gives the same model; default 0' },
    {
      name: 'test',
      value: 'FRACTION',
      text: 'rows that are kept apart and tested with, classes in proportion; default none',
    },
    { name: 'test-file', value: 'FILE', text: 'a table to test with' },
    { name: 'ensemble', value: 'N', text: 'trains N networks and averages them; default 1' },
    { name: 'threads', value: 'N', text: 'a number, or auto (default)' },
    { name: 'time-limit', value: 'TIME', text: 'such as 60s, 5m, 1h: training ends then, with the best epoch so far' },
    { name: 'report', value: 'FILE', text: 'an HTML file with scores, confusion, which columns matter, and curves' },
    { name: 'json', text: 'one JSON object on standard output, and nothing else' },
  ],
  notes: [
    'DATA is CSV, packed by gzip or not, or Parquet; a dash is standard input. Columns of words, dates and missing cells need nothing done to them.',
    'A fifth of the rows, classes in proportion, is not trained on: it chooses the epoch that is kept. Ctrl-C ends training and keeps the best epoch so far; a second one ends the program.',
  ],
  async run({ positionals: [data], options }, io) {
    const wanted = readOptions(options)
    for (const path of [wanted.out, wanted.report]) if (path !== undefined) await checkPlace(path)
    const started = performance.now()
    const { prepared, test } = await reading(data, () => readData(data, wanted, io))
    const { encoder } = prepared
    for (const note of prepared.notes) io.note(`${note}\n`)
    const trained = await trainUntilStopped(prepared, wanted, io)
    const seconds = (performance.now() - started) / 1000
    const { model, validation } = trained
    const judgements = {
      ...(test && { test: scoreExamples(encoder, model, test) }),
      ...(validation && { validation: scoreExamples(encoder, model, validation) }),
    }
    await model.save(wanted.out)
    if (wanted.report !== undefined) {
      const html = report({
        data,
        encoder,
        trained,
        judgements,
        seconds,
        examples: test ?? validation ?? prepared,
        notes: prepared.notes,
      })
      await writePieces(wanted.report, [new TextEncoder().encode(html)])
    }
    const result = resultOf({ encoder, trained, judgements, seconds, rows: prepared.rows.length, out: wanted.out })
    if (options.json) await io.out(`${JSON.stringify(result)}\n`)
    else await io.out(spoken(result, judgements, test, validation, wanted))
    model.close()
  },
}

interface Wanted {
  readonly target: string
  readonly out: string
  readonly task: 'auto' | 'classification' | 'regression'
  readonly preset: (typeof PRESETS)[number]
  readonly epochs: number | undefined
  readonly seed: number
  readonly test: number | undefined
  readonly testFile: string | undefined
  readonly ensemble: number
  readonly threads: number | 'auto'
  readonly timeLimit: number | undefined
  readonly report: string | undefined
}

const MOST_SEED = 2 ** 32 - 1
const MOST_EPOCHS = 1e6
const MOST_THREADS = 32

function readOptions(options: Call['options']): Wanted {
  const where = 'train'
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined)
  const target = text('target')
  if (target === undefined) throw new UsageError('train: which column to predict? say --target COLUMN')
  const test = fractionOf(where, options, 'test')
  const testFile = text('test-file')
  if (test !== undefined && testFile !== undefined) {
    throw new UsageError('train: --test and --test-file exclude each other')
  }
  return {
    target,
    out: text('out') ?? 'model.safetensors',
    task: wordOf(where, options, 'task', ['auto', 'classification', 'regression']) ?? 'auto',
    preset: wordOf(where, options, 'preset', PRESETS) ?? DEFAULT_PRESET,
    epochs: wholeOf(where, options, 'epochs', [1, MOST_EPOCHS]),
    seed: wholeOf(where, options, 'seed', [0, MOST_SEED]) ?? 0,
    test,
    testFile,
    ensemble: wholeOf(where, options, 'ensemble', [1, 100]) ?? 1,
    threads:
      options.threads === undefined || options.threads === 'auto'
        ? 'auto'
        : (wholeOf(where, options, 'threads', [1, MOST_THREADS]) ?? 'auto'),
    timeLimit: timeOf(where, options, 'time-limit'),
    report: text('report'),
  }
}

/** @throws Error for a file that could not be written once training is done. */
async function checkPlace(path: string): Promise<void> {
  const folder = dirname(resolve(path))
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) throw new Error(`${quoted(path)}: there is no folder ${quoted(folder)}`)
  if ((await stat(path).catch(() => undefined))?.isDirectory()) throw new Error(`${quoted(path)} is a folder`)
}

async function readData(data: string, { target, task, preset, seed, test, testFile }: Wanted, { input }: Io) {
  const table = await readTable(isStdin(data) ? input : data)
  const prepared = prepare(table, {
    target,
    task,
    seed,
    ...(test !== undefined && { test }),
    // a preset without embeddings takes a column for every category
    ...(!embeds(preset) && { oneHotLimit: 2 ** 16 }),
  })
  const { encoder, notes } = prepared
  const all = { ...prepared, notes: [...table.notes, ...notes] }
  if (testFile === undefined) return { prepared: all, test: prepared.test }
  const types = { ...encoder.types, [target]: encoder.targetType }
  const tested = await reading(testFile, async () => encoder.examples(await readTable(testFile, { types })))
  if (tested.rows.length === 0)
    throw new Error(`${quoted(testFile)}: no row has a ${JSON.stringify(target)} to test with`)
  return { prepared: all, test: tested }
}

/** Ctrl-C ends training as a callback would: what has been learned is kept. */
async function trainUntilStopped(
  prepared: Examples & { readonly encoder: Encoder },
  { preset, epochs, seed, ensemble, threads, timeLimit }: Wanted,
  io: Io,
): Promise<TrainedTabular> {
  let stopped = false
  const ignore = io.onStop(() => {
    stopped = true
  })
  const look: NonNullable<Callback['onEpochEnd']> = (_epoch, _logs, context) => {
    if (stopped) context.stop('asked to')
  }
  const stopping: Callback = { onProgress: ({ epoch, logs }, context) => look(epoch, logs, context), onEpochEnd: look }
  try {
    return await trainTabular(prepared, {
      preset,
      seed,
      ensemble,
      threads,
      ...(epochs !== undefined && { epochs }),
      ...(timeLimit !== undefined && { timeLimit }),
      callbacks: [stopping, showProgress(io)],
    })
  } finally {
    ignore()
  }
}

type Judgements = Readonly<Partial<Record<'test' | 'validation', Judgement>>>

interface Finished {
  readonly encoder: Encoder
  readonly trained: TrainedTabular
  readonly judgements: Judgements
  readonly seconds: number
}

const epochsOf = (histories: readonly History[]): number => Math.max(...histories.map(({ epoch }) => epoch.length))

/** What `--json` says. */
function resultOf({ encoder, trained, judgements, seconds, rows, out }: Finished & { rows: number; out: string }) {
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

function spoken(
  { task, target, rows, columns, seconds, epochs, model }: ReturnType<typeof resultOf>,
  judgements: Judgements,
  test: Examples | undefined,
  validation: Examples | undefined,
  { report: to }: Wanted,
): string {
  const parts = { test, validation }
  const lines = [
    `${task} of ${quoted(target)} from ${columns} columns and ${rows} rows: ${epochs} epochs, ${seconds.toFixed(1)} s`,
  ]
  for (const name of ['test', 'validation'] as const) {
    const judgement = judgements[name]
    if (judgement)
      lines.push(`${name}: ${textOf(parts[name]?.rows.length ?? 0, judgement.metrics, judgement.baseline)}`)
  }
  lines.push(`${quoted(model)} written${to === undefined ? '' : `, ${quoted(to)} too`}`)
  return `${lines.join('\n')}\n`
}

function report({
  data,
  encoder,
  trained,
  judgements,
  seconds,
  examples,
  notes,
}: Finished & { data: string; examples: Examples; notes: readonly string[] }): string {
  const { target } = encoder
  const { model, histories, stopReason } = trained
  return reportHtml({
    title: `${target.name}, from ${isStdin(data) ? 'standard input' : basename(data)}`,
    facts: {
      task: target.task,
      'rows of training': `${encoder.rows}`,
      columns: `${encoder.columns.length}, which became ${encoder.width}`,
      parameters: `${model.countParameters()}`,
      epochs: `${epochsOf(histories)}${stopReason === undefined ? '' : ` (${stopReason})`}`,
      seconds: seconds.toFixed(1),
    },
    judgements,
    ...(target.task === 'classification' && { classes: target.classes }),
    importances: columnImportances(model, encoder, examples),
    metric: target.task === 'classification' ? 'accuracy' : 'R²',
    histories,
    notes,
  })
}
