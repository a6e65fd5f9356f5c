/** `fourlane train`: trains a model that predicts one column of a table. */
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { writePieces } from '#runtime'
import type { Callback } from '../../entries/core.ts'
import {
  type Preset,
  prepare,
  prepareStream,
  readTable,
  type TrainedTabular,
  type TrainingRows,
  trainTabular,
} from '../../entries/table.ts'
import type { Encoder, Examples } from '../../entries/tablePredictor.ts'
import { DEFAULT_PRESET, embeds, PRESETS } from '../../tables/tabular.ts'
import { type Call, type Command, type Io, quoted, UsageError } from '../command.ts'
import { isStdin, reading, told } from '../data.ts'
import { showProgress } from '../progress.ts'
import { outputsOf, scorerFor } from '../scores.ts'
import { type Judged, report, resultOf, spoken } from '../trained.ts'
import { fractionOf, timeOf, wholeOf, wordOf } from '../values.ts'

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
    { name: 'stream', text: 'reads the table anew for every epoch instead of keeping it: memory stays flat' },
    { name: 'report', value: 'FILE', text: 'an HTML file with scores, confusion, which columns matter, and curves' },
    { name: 'json', text: 'one JSON object on standard output, and nothing else' },
  ],
  notes: [
    'DATA is CSV, packed by gzip or not, or Parquet; a dash is standard input. Columns of words, dates and missing cells need nothing done to them.',
    'With --stream, one pass learns the types of the columns from all rows and everything else from 131072 of them, fewer where they have more than 32 columns, up to half of which are validated with; epochs are, unless given, as many passes as make 20 million rows. DATA must be a file or a URL.',
    'A fifth of the rows, classes in proportion, is not trained on: it chooses the epoch that is kept. Ctrl-C ends training and keeps the best epoch so far; a second one ends the program.',
  ],
  async run({ positionals: [data], options }, io) {
    const wanted = readOptions(options)
    for (const path of [wanted.out, wanted.report]) if (path !== undefined) await checkPlace(path)
    const started = performance.now()
    const opened = await reading(data, () => (wanted.stream ? openStream : openTable)(data, wanted, io))
    const { encoder } = opened.data
    for (const note of opened.notes) io.note(`${told(data, note)}\n`)
    const trained = await reading(data, () => trainUntilStopped(opened, wanted, io))
    const seconds = (performance.now() - started) / 1000
    const { model, validation } = trained
    const judgements = {
      ...(opened.test && { test: await reading(data, () => judge(encoder, model, opened.test ?? [])) }),
      ...(validation && { validation: await judge(encoder, model, [validation]) }),
    }
    await model.save(wanted.out)
    const finished = { encoder, trained, judgements, seconds, rows: opened.rows }
    if (wanted.report !== undefined) {
      const { data: rows } = opened
      const examples = opened.examples ?? validation ?? ('x' in rows ? rows : undefined)
      const html = report({ ...finished, data, notes: opened.notes, ...(examples && { examples }) })
      await writePieces(wanted.report, [new TextEncoder().encode(html)])
    }
    const result = resultOf(finished, wanted.out)
    await io.out(options.json ? `${JSON.stringify(result)}\n` : spoken(result, judgements, wanted.report))
    model.close()
  },
}

async function judge(
  encoder: Encoder,
  model: TrainedTabular['model'],
  parts: AsyncIterable<Examples> | Iterable<Examples>,
): Promise<Judged> {
  const scorer = scorerFor(encoder)
  for await (const { x, y } of parts) scorer.add(y, outputsOf(encoder, model, x))
  if (scorer.rows === 0) throw new Error('there are no rows to test with')
  return { ...scorer.result(), rows: scorer.rows }
}

interface Wanted {
  readonly target: string
  readonly out: string
  readonly task: 'auto' | 'classification' | 'regression'
  readonly preset: Preset
  readonly epochs: number | undefined
  readonly seed: number
  readonly test: number | undefined
  readonly testFile: string | undefined
  readonly ensemble: number
  readonly threads: number | 'auto'
  readonly timeLimit: number | undefined
  readonly report: string | undefined
  readonly stream: boolean
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
    stream: options.stream === true,
  }
}

/** @throws Error for a path that could not be written after training. */
async function checkPlace(path: string): Promise<void> {
  const folder = dirname(resolve(path))
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) throw new Error(`${quoted(path)}: there is no folder ${quoted(folder)}`)
  if ((await stat(path).catch(() => undefined))?.isDirectory()) throw new Error(`${quoted(path)} is a folder`)
}

/** A prepared table. */
interface Opened {
  readonly data: TrainingRows
  /** Number of training rows, including those that select the epoch. */
  readonly rows: number
  readonly test?: AsyncIterable<Examples> | Iterable<Examples>
  /** Rows for the importance of columns: held-out rows if there are any. */
  readonly examples?: Examples
  readonly epochs: number | undefined
  readonly notes: readonly string[]
}

/** Presets without embeddings one-hot encode all categories. */
const limitOf = (preset: Preset) => (embeds(preset) ? {} : { oneHotLimit: 2 ** 16 })

async function openTable(data: string, wanted: Wanted, { input }: Io): Promise<Opened> {
  const { target, task, preset, seed, test, testFile, epochs } = wanted
  const table = await readTable(isStdin(data) ? input : data)
  const options = { target, task, seed, ...limitOf(preset), ...(test !== undefined && { test }) }
  const prepared = prepare(table, options)
  const tested = testFile === undefined ? prepared.test : await readTest(testFile, prepared.encoder)
  return {
    data: prepared,
    rows: prepared.rows.length,
    ...(tested && { test: [tested], examples: tested }),
    epochs,
    notes: [...table.notes, ...prepared.notes],
  }
}

/** Default total of rows over all passes of a stream. */
const STREAMED_ROWS = 2e7
const MOST_PASSES = 256

async function openStream(data: string, wanted: Wanted): Promise<Opened> {
  const { target, task, preset, seed, test, testFile, epochs } = wanted
  if (isStdin(data))
    throw new UsageError('train: --stream reads the table several times, which standard input cannot be')
  const options = { target, task, seed, ...limitOf(preset), ...(test !== undefined && { test }) }
  const stream = await prepareStream(() => data, options)
  const tested = testFile === undefined ? stream.test : [await readTest(testFile, stream.encoder)]
  return {
    data: stream,
    rows: stream.rows + stream.validation.rows.length,
    ...(tested && { test: tested }),
    epochs: epochs ?? Math.min(MOST_PASSES, Math.max(1, Math.round(STREAMED_ROWS / stream.rows))),
    notes: stream.notes,
  }
}

async function readTest(path: string, encoder: Encoder): Promise<Examples> {
  const { name } = encoder.target
  const types = { ...encoder.types, [name]: encoder.targetType }
  const tested = await reading(path, async () => encoder.examples(await readTable(path, { types })))
  if (tested.rows.length > 0) return tested
  throw new Error(`${quoted(path)}: no row has a ${JSON.stringify(name)} to test with`)
}

/** Ctrl-C ends training like a callback: the trained model is kept. */
async function trainUntilStopped(
  { data, epochs }: Opened,
  { preset, seed, ensemble, threads, timeLimit }: Wanted,
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
    return await trainTabular(data, {
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
