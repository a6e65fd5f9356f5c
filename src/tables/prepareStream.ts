/** Prepares a table that does not fit in memory: one pass to learn from a sample of its rows, then one pass per epoch. */
import { MISSING, type Table } from '../data/table/table.ts'
import { checkInteger, checkNumber, checkOptions, show } from '../lib/check.ts'
import { Random } from '../lib/random.ts'
import type { Encoder, Examples } from './encoder.ts'
import { type Prepared, type PrepareOptions, prepare } from './prepare.ts'
import { Scan } from './scan.ts'
import type { TableSource } from './source.ts'
import { rowsOf, streamTable } from './streamTable.ts'

export interface PrepareStreamOptions extends Pick<PrepareOptions, 'target' | 'task' | 'seed' | 'oneHotLimit'> {
  /** Fraction of the rows to hold out for testing (default none). */
  readonly test?: number
  /** Rows that the encoder learns from (default 131072; above 32 columns, as many rows as make 4194304 cells). Up to half of them, or a fifth if they are all rows, are used for validation. */
  readonly sample?: number
}

export interface PreparedStream {
  readonly encoder: Encoder
  /** Batches of 256 rows, shuffled within a window of some ten thousand; every iteration is a pass over the table. */
  readonly batches: AsyncIterable<{ readonly x: Float32Array; readonly y: Int32Array | Float32Array }>
  /** Rows per pass, including those that do not fill a batch. */
  readonly rows: number
  readonly validation: Examples
  /** The test rows, block by block, if requested. */
  readonly test?: AsyncIterable<Examples>
  /** Rows without a target. */
  readonly dropped: number
  readonly notes: readonly string[]
}

const WHERE = 'prepareStream'
const SAMPLE = 2 ** 17
const SAMPLE_CELLS = 2 ** 22
const BATCH = 256
const VALIDATION = 0.2
/** Size of the shuffle buffer, in rows and in values. */
const SHUFFLED_ROWS = 2 ** 16
const SHUFFLED_VALUES = 2 ** 23

/** A row's pseudorandom number in [0, 1): Knuth's multiplicative hash, so that the split needs no list of rows. */
const shareOf = (row: number, seed: number): number => (Math.imul(row + seed, 2654435761) >>> 0) / 2 ** 32

/**
 * Learns an encoder from a random sample of a table's rows, and reads the rows in batches. Column types are inferred from all rows;
 * every class occurs in the sample; medians, quartiles, categories and the range of a regression are those of the sample.
 * @param open opens the table again: returns a path, or a stream that starts anew
 * @throws as `readTable` and `prepare` do.
 */
export async function prepareStream(open: () => TableSource, options: PrepareStreamOptions): Promise<PreparedStream> {
  if (typeof open !== 'function') throw new TypeError(`${WHERE}: "open" must be a function, got ${show(open)}`)
  checkOptions(WHERE, options, ['target', 'task', 'seed', 'oneHotLimit', 'test', 'sample'])
  const { target, seed = 0, test = 0, sample, ...rest } = options
  checkNumber(WHERE, 'test', test, { minimum: 0, below: 1 })
  if (sample !== undefined) checkInteger(WHERE, 'sample', sample, 2)
  const most = (columns: number) => sample ?? Math.min(SAMPLE, Math.max(2, Math.floor(SAMPLE_CELLS / columns)))
  const random = new Random(seed)
  const isTest = (row: number) => test > 0 && shareOf(row, seed) < test
  const scan = new Scan({ where: WHERE, target, missing: MISSING, random, most, isOpen: (row) => !isTest(row) })
  for await (const _ of rowsOf(WHERE, open(), scan, undefined, Number.MAX_SAFE_INTEGER)) {
    // nothing to keep: rows are inspected as they pass
  }
  const { table, rows: numbers } = scan.sample()
  const prepared = prepare(table, { target, ...rest })
  const { validation, held } = holdOut(prepared, scan.usable, numbers, random)
  const { encoder } = prepared
  const types = { ...encoder.types, [encoder.target.name]: encoder.targetType }
  const tables = () => streamTable(open(), { types })
  return {
    encoder,
    batches: {
      [Symbol.asyncIterator]: () =>
        batchesOf(
          encoder,
          examplesOf(encoder, tables(), (row) => !isTest(row) && !held.has(row)),
          random,
        ),
    },
    rows: scan.usable - held.size,
    validation,
    ...(test > 0 && { test: { [Symbol.asyncIterator]: () => examplesOf(encoder, tables(), isTest) } }),
    dropped: scan.dropped,
    notes: [...table.notes, ...prepared.notes],
  }
}

/** Splits the sample's rows into those to train on and those to hold out. */
function holdOut({ x, y, rows, encoder }: Prepared, usable: number, numbers: Int32Array, random: Random) {
  const count = Math.max(1, Math.floor(Math.min(VALIDATION * usable, rows.length / 2)))
  const order = Int32Array.from(rows.keys())
  random.shuffle(order)
  const chosen = order.slice(0, count).sort()
  const { width } = encoder
  const taken = new Float32Array(count * width)
  for (const [i, row] of chosen.entries()) taken.set(x.subarray(row * width, (row + 1) * width), i * width)
  const targets = y instanceof Int32Array ? new Int32Array(count) : new Float32Array(count)
  for (const [i, row] of chosen.entries()) targets[i] = y[row]
  const held = new Set(Array.from(chosen, (row) => numbers[rows[row]]))
  return { validation: { x: taken, y: targets, rows: Int32Array.from(held) }, held }
}

/** The chosen rows of every block that have a target. */
async function* examplesOf(
  encoder: Encoder,
  tables: AsyncIterable<Table>,
  isChosen: (row: number) => boolean,
): AsyncGenerator<Examples, void, undefined> {
  let first = 0
  for await (const table of tables) {
    const chosen = Int32Array.from({ length: table.rows }, (_, row) => row).filter((row) => isChosen(first + row))
    first += table.rows
    if (chosen.length > 0) yield encoder.examples(table, { rows: chosen })
  }
}

async function* batchesOf(encoder: Encoder, blocks: AsyncIterable<Examples>, random: Random) {
  const { width, target } = encoder
  const most = Math.max(BATCH, Math.min(SHUFFLED_ROWS, Math.floor(SHUFFLED_VALUES / width)))
  const x = new Float32Array(most * width)
  const y = target.task === 'classification' ? new Int32Array(most) : new Float32Array(most)
  let count = 0
  function* drain(isLast: boolean) {
    const order = Int32Array.from({ length: count }, (_, row) => row)
    random.shuffle(order)
    const batches = Math.floor(count / BATCH)
    // too few rows for a batch: one smaller batch
    const size = isLast && batches === 0 ? count : BATCH
    for (let first = 0; first + size <= count && size > 0; first += size) {
      const bx = new Float32Array(size * width)
      const by = target.task === 'classification' ? new Int32Array(size) : new Float32Array(size)
      for (let i = 0; i < size; i++) {
        const row = order[first + i]
        bx.set(x.subarray(row * width, (row + 1) * width), i * width)
        by[i] = y[row]
      }
      yield { x: bx, y: by }
    }
    count = 0
  }
  let isFirst = true
  for await (const block of blocks) {
    for (let from = 0; from < block.rows.length; ) {
      const taken = Math.min(most - count, block.rows.length - from)
      x.set(block.x.subarray(from * width, (from + taken) * width), count * width)
      y.set(block.y.subarray(from, from + taken), count)
      count += taken
      from += taken
      if (count < most) continue
      yield* drain(false)
      isFirst = false
    }
  }
  yield* drain(isFirst)
}
