// Splits a matrix product c[rows x columns] among threads: in units of two panels of columns and as many rows as
// amortize the synchronization, but no more, since threads finish a step about one unit apart. A thread that takes many
// units takes whole panels if possible. Works for many rows with few columns as well as for few rows with many columns.
import { Share } from './share'
import { threads } from './threads'

/** Panels per unit: what the widest tile takes. */
const PANELS: i32 = 2
/** Columns per unit. */
const COLUMNS: i32 = PANELS << 3
/** Multiply-adds per unit, as a power of two: about 10 µs. */
const WORK_SHIFT: i32 = 18
/** Minimum rows of a part. */
const LEAST_ROWS: i32 = 12
/** Parts start at multiples of this. */
const GROUP: i32 = 4

let totalRows: i32 = 0
let totalPanels: i32 = 0
/** Number of parts that the rows are split into; 0 for one thread, which takes everything at once. */
let parts: i32 = 0
/** Remaining units of the current share. */
let unit: i32 = 0
let unitEnd: i32 = 0

/** `for (Grid.of(rows, panels, depth, thread); Grid.more(); ) multiply rows [row, row + rows) of panels [begin, end)` */
export class Grid {
  static row: i32 = 0
  static rows: i32 = 0
  static begin: i32 = 0
  static end: i32 = 0

  /** Starts splitting a step. `depth`: number of terms per element. */
  @inline static of(rows: i32, panels: i32, depth: i32, thread: i32): void {
    Grid.row = 0
    Grid.rows = rows
    Grid.begin = 0
    Grid.end = panels
    unit = unitEnd = parts = 0
    if (threads > 1) open(depth, thread)
  }

  /** Claims the next piece; returns false if there is none. */
  @inline static more(): bool {
    return parts ? next() : unit++ == 0
  }
}

function open(depth: i32, thread: i32): void {
  totalRows = Grid.rows
  totalPanels = Grid.end
  const work = <i32>min((<i64>totalRows * depth * COLUMNS) >> WORK_SHIFT, 1024)
  parts = max(1, min(work, totalRows / LEAST_ROWS))
  Share.of(((totalPanels + PANELS - 1) / PANELS) * parts, thread)
}

function next(): bool {
  if (unit == unitEnd) {
    if (!Share.more()) return false
    unit = Share.begin
    unitEnd = Share.end
  }
  const column = unit / parts
  const part = unit - column * parts
  const columns = part ? 0 : (unitEnd - unit) / parts
  // a column's first part, its last parts, or whole columns
  const stop = columns ? parts : min(parts, part + unitEnd - unit)
  Grid.begin = column * PANELS
  Grid.end = min(totalPanels, (column + max(1, columns)) * PANELS)
  Grid.row = rowOf(part)
  Grid.rows = rowOf(stop) - Grid.row
  unit += columns ? columns * parts : stop - part
  return true
}

/** First row of a part. */
function rowOf(part: i32): i32 {
  return part == parts ? totalRows : ((totalRows * part) / parts) & -GROUP
}
