/** Heat maps: weights, correlations, scores over two hyperparameters. */
import { checkBoolean, checkInteger, checkOneOf } from '../lib/check.ts'
import type { Axis } from './axes.ts'
import { drawCells, drawTable, outline, type Table, tableHeight } from './cells.ts'
import { barWidth, continuous, drawColourBar } from './colourBar.ts'
import { COLOUR_MAPS, type Colour, type ColourMapName, colourMap, onColour, toShade } from './colours.ts'
import { type ChartOptions, Figure, TEXT } from './figure.ts'
import { alike, readable } from './format.ts'
import { type Matrix, type Numbers, rangeOf, readLabels, readLimits, readMatrix, readScale, readText } from './input.ts'
import { createScale, type Scale, type ScaleKind } from './scale.ts'
import { textWidth } from './text.ts'

export interface HeatmapOptions extends ChartOptions {
  /** [rows, cols], nested or flat, row-major; the first row is on top. NaN and infinities are grey. */
  values: Numbers | readonly Numbers[]
  /** Number of columns of flat `values`. */
  columns?: number
  /** Names of rows and columns. Default: their indices from 0. */
  rowLabels?: readonly string[]
  columnLabels?: readonly string[]
  /** Titles of rows, columns and values. Default: none. */
  rowTitle?: string
  columnTitle?: string
  valueTitle?: string
  /** Default 'diverging' if there are values on both sides of zero, else 'viridis'. */
  colourMap?: ColourMapName
  /** Values at the ends of the colour map; values outside are clamped. Default: those of the data; symmetric for 'diverging'. */
  limits?: readonly [number, number]
  /** Default 'linear'. On a log scale values must be positive. */
  scale?: ScaleKind
  /** Whether to print values in the cells. Default: if there is room. */
  print?: boolean
}

const OPTIONS = [
  'values',
  'columns',
  'rowLabels',
  'columnLabels',
  'rowTitle',
  'columnTitle',
  'valueTitle',
  'colourMap',
  'limits',
  'scale',
  'print',
]
/** Maximum rows and columns to draw; larger matrices are averaged in blocks. */
const MOST_CELLS = 128
const PRINTED = 11

/**
 * A heat map as an SVG document, with a colour bar. Matrices with more than 128 rows or columns are drawn as means of blocks.
 * @example heatmap({ values: weights, columns: 10, rowTitle: 'input', columnTitle: 'unit', valueTitle: 'weight' })
 * @throws TypeError or RangeError naming the option at fault, and if there is no finite value to draw.
 */
export function heatmap(options: HeatmapOptions): string {
  const where = 'heatmap'
  const columns = options?.columns === undefined ? undefined : checkInteger(where, 'columns', options.columns, 1)
  const matrix = readMatrix(where, 'values', options?.values, columns, { missing: true })
  const { rows, cols } = matrix
  const shown = blockMeans(matrix)
  const height = tableHeight(typeof options.width === 'number' ? options.width : 640, shown.rows, shown.cols)
  const figure = new Figure(where, options, OPTIONS, height)
  const kind = readScale(where, 'scale', options.scale)
  const [low, high] = rangeOf(matrix.values)
  if (low > high) throw new RangeError(`${where}: "values" has no finite values`)
  if (kind === 'log' && low <= 0) throw new RangeError(`${where}: "values" must be above 0 on a log scale, got ${low}`)
  const mapName = checkOneOf(
    where,
    'colourMap',
    options.colourMap ?? (low < 0 && high > 0 ? 'diverging' : 'viridis'),
    COLOUR_MAPS,
  )
  const scale = createScale(
    kind,
    ...(readLimits(where, 'limits', options.limits, kind) ?? defaultLimits(low, high, kind, mapName)),
  )
  const labels = (name: 'rowLabels' | 'columnLabels', count: number) =>
    options[name] === undefined
      ? Array.from({ length: count }, (_, i) => `${i}`)
      : readLabels(where, name, options[name], count)
  const rowLabels = labels('rowLabels', rows)
  const colLabels = labels('columnLabels', cols)
  const title = (name: 'rowTitle' | 'columnTitle' | 'valueTitle') => readText(where, name, options[name] ?? '')
  const print = options.print === undefined ? undefined : checkBoolean(where, 'print', options.print)

  const colours = colourMap(mapName)
  const axis: Axis = { scale, label: title('valueTitle') }
  const bar = continuous(axis, colours)
  const table = drawTable(figure, {
    top: figure.header(),
    rows: rowLabels,
    cols: colLabels,
    rowTitle: title('rowTitle'),
    colTitle: title('columnTitle'),
    right: barWidth(figure, bar),
    headed: axis.label !== '',
  })
  drawMatrix(figure, table, shown, scale, colours, print)
  drawColourBar(figure, bar, table.area)
  return figure.toSvg('Heat map', describe(matrix, rowLabels, colLabels, axis))
}

function defaultLimits(low: number, high: number, kind: ScaleKind, map: ColourMapName): [number, number] {
  if (map === 'diverging' && kind === 'linear') {
    const size = Math.max(Math.abs(low), Math.abs(high)) || 1
    return [-size, size]
  }
  if (low < high) return [low, high]
  return kind === 'log' ? [low / 2, high * 2] : [low - (Math.abs(low) / 2 || 1), high + (Math.abs(high) / 2 || 1)]
}

/** Reduces to at most `MOST_CELLS` rows and columns, each the mean of a block's finite values. */
function blockMeans({ values, rows, cols }: Matrix): Matrix {
  const high = Math.min(rows, MOST_CELLS)
  const wide = Math.min(cols, MOST_CELLS)
  if (high === rows && wide === cols) return { values, rows, cols }
  const sums = new Float64Array(high * wide)
  const counts = new Uint32Array(high * wide)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const value = values[r * cols + c]
      if (!Number.isFinite(value)) continue
      const block = Math.floor((r * high) / rows) * wide + Math.floor((c * wide) / cols)
      sums[block] += value
      counts[block]++
    }
  }
  return { values: sums.map((sum, i) => sum / counts[i]), rows: high, cols: wide }
}

function drawMatrix(
  figure: Figure,
  table: Table,
  { values, rows, cols }: Matrix,
  scale: Scale,
  colours: readonly Colour[],
  print: boolean | undefined,
): void {
  const shade = (r: number, c: number) => {
    const value = values[r * cols + c]
    return Number.isFinite(value) ? toShade(scale.at(value)) : -1
  }
  // drawn at the size of the table, regardless of the number of rows that are labelled
  const { area } = table
  const cells = { area, cellWidth: (area.right - area.left) / cols, cellHeight: (area.bottom - area.top) / rows }
  drawCells(figure, cells, rows, cols, colours, shade)
  outline(figure, area)
  const write = alike(values)
  const texts = Array.from(values, (value) => (Number.isFinite(value) ? write(value) : ''))
  if (!(print ?? hasRoom(texts, cells))) return
  texts.forEach((text, i) => {
    const [r, c] = [Math.floor(i / cols), i % cols]
    const x = area.left + (c + 0.5) * cells.cellWidth
    const y = area.top + (r + 0.5) * cells.cellHeight
    if (text) figure.text(x, y, text, { anchor: 'middle', size: PRINTED, colour: onColour(colours[shade(r, c)]) })
  })
}

function hasRoom(texts: readonly string[], { cellWidth, cellHeight }: Table): boolean {
  return (
    texts.length <= 400 && cellHeight >= TEXT + 4 && texts.every((text) => textWidth(text, PRINTED) <= cellWidth - 6)
  )
}

function describe(
  { values, rows, cols }: Matrix,
  rowLabels: readonly string[],
  colLabels: readonly string[],
  { label }: Axis,
) {
  let lowest = -1
  let highest = -1
  let missing = 0
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) missing++
    else {
      if (lowest < 0 || value < values[lowest]) lowest = i
      if (highest < 0 || value > values[highest]) highest = i
    }
  })
  const at = (i: number) =>
    `${readable(values[i])} in row ${rowLabels[Math.floor(i / cols)]}, column ${colLabels[i % cols]}`
  return [
    `${rows} rows and ${cols} columns${label ? ` of ${label}` : ''}.`,
    `Lowest ${at(lowest)}; highest ${at(highest)}.`,
    ...(missing > 0 ? [`${missing} ${missing === 1 ? 'value is' : 'values are'} missing.`] : []),
  ].join(' ')
}
