/** A user's table as a problem: any input columns, one target, and a picture over two of the columns. */
import { type Encoder, prepare, readTable, type Table, type TableColumn } from 'fourlane/table'
import { type Axis, OUTPUT_CELLS, type OwnTable } from '../messages.ts'
import type { Settings } from '../settings.ts'
import type { Problem, Rows } from './problem.ts'

/** Most one-hot columns that a small network can still learn from. */
const WIDEST = 2000
const MOST_POINTS = 2000
/** Range of the target that colours distinguish, in standard deviations. */
const REACH = 2

const middle = (values: Float64Array): number => {
  const known = values.filter((value) => !Number.isNaN(value)).sort()
  return known[known.length >> 1] ?? 0
}

/** The value of a column that is not an axis, in all cells of the picture. */
function usual(column: TableColumn): string | number | Date | null {
  if (column.type === 'number') return middle(column.values)
  if (column.type === 'date') return new Date(middle(column.values))
  if (column.type === 'text') return null
  const counts = new Int32Array(column.categories.length)
  for (const code of column.codes) if (code >= 0) counts[code]++
  return column.categories[counts.indexOf(Math.max(...counts))] ?? null
}

function axisOf(column: TableColumn): Axis {
  if (column.type === 'category')
    return { name: column.name, from: -0.5, to: column.categories.length - 0.5, categories: column.categories }
  const values = column.type === 'text' ? [] : column.values.filter((value) => !Number.isNaN(value))
  let [from, to] = [Infinity, -Infinity]
  for (const value of values) {
    from = Math.min(from, value)
    to = Math.max(to, value)
  }
  if (from > to) return { name: column.name, from: 0, to: 1 }
  const margin = (to - from) * 0.05 || 1
  return { name: column.name, from: from - margin, to: to + margin }
}

/** A position on an axis in the units of its column. */
function cellAt(column: TableColumn, { from, to }: Axis, share: number): string | number | Date {
  const value = from + share * (to - from)
  if (column.type === 'category')
    return column.categories[Math.max(0, Math.min(column.categories.length - 1, Math.round(value)))]
  return column.type === 'date' ? new Date(value) : value
}

const placeOf = (column: TableColumn, { from, to }: Axis, row: number): number => {
  const value =
    column.type === 'category' ? column.codes[row] : column.type === 'text' ? Number.NaN : column.values[row]
  return Number.isNaN(value) ? 0 : (value - from) / (to - from)
}

/** Features at the cells of the picture; all other columns have typical values. */
function cellsOf(encoder: Encoder, columns: ReadonlyMap<string, TableColumn>, across: Axis, up: Axis): Float32Array {
  const usualRow = Object.fromEntries([...columns].map(([name, column]) => [name, usual(column)]))
  const rows: object[] = []
  for (let row = 0; row < OUTPUT_CELLS; row++) {
    for (let cell = 0; cell < OUTPUT_CELLS; cell++) {
      const own = { ...usualRow }
      for (const [axis, share] of [
        [across, (cell + 0.5) / OUTPUT_CELLS],
        [up, 1 - (row + 0.5) / OUTPUT_CELLS],
      ] as const) {
        const column = columns.get(axis.name)
        if (column) own[axis.name] = cellAt(column, axis, share)
      }
      rows.push(own)
    }
  }
  return encoder.transform(rows)
}

function columnNamed(table: Table, name: string, fallback: TableColumn | undefined): TableColumn {
  const found = table.columns.find((column) => column.name === name) ?? fallback
  if (!found) throw new RangeError('The table needs at least two columns beside the one to predict.')
  return found
}

export async function tableProblem(own: OwnTable, settings: Settings): Promise<Problem> {
  const table = await readTable(own.text.includes('\n') ? own.text : `${own.text}\n`)
  const target = columnNamed(table, own.target, table.columns[table.columns.length - 1])
  const { encoder, x, y, rows, test, notes } = prepare(table, {
    target: target.name,
    test: settings.test / 100,
    seed: settings.seed,
    oneHotLimit: 256,
  })
  if (encoder.width > WIDEST)
    throw new RangeError(`The table becomes ${encoder.width} columns of numbers; at most ${WIDEST} fit here.`)
  const wide = encoder.outputs.find(({ kind }) => kind === 'index')
  if (wide) throw new RangeError(`Column "${wide.column}" has more than 256 categories; leave it out.`)

  const used = new Map(
    table.columns.filter(({ name }) => encoder.columns.includes(name)).map((column) => [column.name, column]),
  )
  const candidates = [...used.values()].sort((a, b) => Number(a.type === 'category') - Number(b.type === 'category'))
  const left = columnNamed(table, used.has(own.across) ? own.across : '', candidates[0])
  const right = columnNamed(
    table,
    used.has(own.up) ? own.up : '',
    candidates.find((column) => column !== left),
  )
  const [across, up] = [axisOf(left), axisOf(right)]

  const { target: goal } = encoder
  const classNames = goal.task === 'classification' ? goal.classes : []
  const rowsOf = (part: { readonly x: Float32Array; readonly y: ArrayLike<number> }): Rows => ({
    x: part.x,
    y: Float32Array.from(part.y),
    count: part.y.length,
  })
  const [train, tested] = [rowsOf({ x, y }), rowsOf(test ?? { x, y })]
  const shown = [...rows.subarray(0, MOST_POINTS), ...(test?.rows.subarray(0, MOST_POINTS) ?? [])]
  const values = [...train.y.subarray(0, MOST_POINTS), ...tested.y.subarray(0, MOST_POINTS)]
  return {
    inputs: encoder.width,
    outputs: classNames.length > 2 ? classNames.length : 1,
    train,
    test: tested,
    cells: cellsOf(encoder, used, across, up),
    reach: REACH,
    metadata: { encoder },
    scene: {
      task: classNames.length > 2 ? 'classes' : classNames.length === 2 ? 'binary' : 'values',
      classNames,
      across,
      up,
      at: Float32Array.from(shown.flatMap((row) => [placeOf(left, across, row), placeOf(right, up, row)])),
      targets: Float32Array.from(values, (value) =>
        classNames.length > 0 ? value : Math.max(-1, Math.min(1, value / REACH)),
      ),
      tested: Math.min(rows.length, MOST_POINTS),
      inputs: encoder.outputs.map(({ name }) => name),
      inputPictures: new Uint8ClampedArray(0),
      columns: table.columns.filter(({ type }) => type !== 'text').map(({ name }) => name),
      targetColumn: target.name,
      notes: [...table.notes, ...notes],
    },
  }
}
