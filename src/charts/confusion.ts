/** Confusion matrices. */

import { isArrayLike } from '../data/arrays.ts'
import { show } from '../lib/check.ts'
import { drawCells, drawTable, outline, type Table, tableHeight } from './cells.ts'
import { type Colour, colourMap, MUTED, onColour, toShade } from './colours.ts'
import { type ChartOptions, Figure, TEXT } from './figure.ts'
import { decimal, readable } from './format.ts'
import { type Numbers, readLabels, readMatrix, readText } from './input.ts'
import { textWidth } from './text.ts'

export interface ConfusionOptions extends ChartOptions {
  /** Counts, [classes, classes], nested or flat: rows are true classes, columns predicted ones. At most 100 classes. */
  matrix: Numbers | readonly Numbers[]
  /** Names of the classes; default: 0, 1, 2, ... */
  labels?: readonly string[]
  /** Default 'true class' and 'predicted class'. */
  rowTitle?: string
  columnTitle?: string
}

const OPTIONS = ['matrix', 'labels', 'rowTitle', 'columnTitle']
const MOST_CLASSES = 100
const PERCENT = 10

/**
 * A confusion matrix as an SVG document: counts, and their share of the row in percent, which is also the colour. The shares on
 * the diagonal are the recalls.
 * @example confusion({ matrix: confusionMatrix(yTest, predicted), title: 'Digits' })
 * @throws TypeError or RangeError unless the matrix is square and holds counts, and the labels match.
 */
export function confusion(options: ConfusionOptions): string {
  const where = 'confusion'
  const { values, rows: classes, cols } = readSquare(options?.matrix)
  if (classes !== cols) throw new RangeError(`${where}: "matrix" must be square, got ${classes} rows of ${cols}`)
  if (classes > MOST_CLASSES) {
    throw new RangeError(`${where}: "matrix" has ${classes} classes, at most ${MOST_CLASSES} can be read; use heatmap`)
  }
  values.forEach((count, i) => {
    if (!Number.isInteger(count) || count < 0) {
      throw new RangeError(
        `${where}: "matrix" must hold counts, got ${count} in row ${Math.floor(i / cols)}, column ${i % cols}`,
      )
    }
  })
  const width = typeof options.width === 'number' ? options.width : 640
  const figure = new Figure(where, options, OPTIONS, tableHeight(width, classes, classes))
  const labels = options.labels
    ? readLabels(where, 'labels', options.labels, classes)
    : Array.from({ length: classes }, (_, i) => `${i}`)
  const title = (name: 'rowTitle' | 'columnTitle', otherwise: string) =>
    readText(where, name, options[name] ?? otherwise)

  const totals = Array.from({ length: classes }, (_, r) =>
    values.subarray(r * classes, (r + 1) * classes).reduce((sum, count) => sum + count, 0),
  )
  const share = (r: number, c: number) => (totals[r] > 0 ? values[r * classes + c] / totals[r] : 0)
  const table = drawTable(figure, {
    top: figure.header(),
    rows: labels,
    cols: labels,
    rowTitle: title('rowTitle', 'true class'),
    colTitle: title('columnTitle', 'predicted class'),
    right: 0,
  })
  const colours = colourMap('tint')
  const shade = (r: number, c: number) => toShade(share(r, c))
  drawCells(figure, table, classes, classes, colours, shade)
  drawCounts(figure, table, values, share, (r, c) => onColour(colours[shade(r, c)]))
  outline(figure, table.area)
  return figure.toSvg('Confusion matrix', describe(values, totals, labels))
}

/** Flat counts must form a square, too. */
function readSquare(matrix: unknown) {
  if (!isArrayLike(matrix))
    throw new TypeError(`confusion: "matrix" must be an array of rows or counts, got ${show(matrix)}`)
  const classes = Math.sqrt(matrix.length)
  const flat = typeof matrix[0] === 'number'
  if (flat && !Number.isInteger(classes)) {
    throw new RangeError(`confusion: "matrix" must be square, got ${matrix.length} counts`)
  }
  return readMatrix('confusion', 'matrix', matrix, flat ? classes : undefined)
}

function drawCounts(
  figure: Figure,
  { area, cellWidth, cellHeight }: Table,
  counts: Float64Array,
  share: (r: number, c: number) => number,
  ink: (r: number, c: number) => Colour,
): void {
  const classes = Math.sqrt(counts.length)
  const widest = Math.max(...Array.from(counts, (count) => textWidth(decimal(count, 0), TEXT)))
  if (cellWidth < widest + 4 || cellHeight < TEXT + 2) return
  const withPercent = cellWidth >= textWidth('99.9 %', PERCENT) + 4 && cellHeight >= TEXT + PERCENT + 10
  for (let r = 0; r < classes; r++) {
    for (let c = 0; c < classes; c++) {
      const count = counts[r * classes + c]
      const x = area.left + (c + 0.5) * cellWidth
      const y = area.top + (r + 0.5) * cellHeight
      // zeros are faint, so that errors stand out
      if (count === 0) {
        figure.text(x, y, '0', { anchor: 'middle', colour: MUTED, size: PERCENT })
        continue
      }
      const colour = ink(r, c)
      figure.text(x, withPercent ? y - 7 : y, decimal(count, 0), { anchor: 'middle', colour, bold: r === c })
      if (withPercent) figure.text(x, y + 8, percent(share(r, c)), { anchor: 'middle', colour, size: PERCENT })
    }
  }
}

const percent = (share: number) => `${share === 1 ? 100 : decimal(share * 100, 1)} %`

function describe(counts: Float64Array, totals: readonly number[], labels: readonly string[]): string {
  const classes = labels.length
  const total = totals.reduce((sum, count) => sum + count, 0)
  const right = labels.reduce((sum, _, i) => sum + counts[i * classes + i], 0)
  const errors = Array.from(counts, (count, i) => ({ count, r: Math.floor(i / classes), c: i % classes }))
    .filter(({ count, r, c }) => count > 0 && r !== c)
    .sort((a, b) => b.count - a.count)
    .slice(0, 5)
    .map(({ count, r, c }) => `${labels[r]} taken for ${labels[c]} ${readable(count, 15)} times`)
  const recalls = labels
    .slice(0, 20)
    .map((label, i) => `${label} ${totals[i] > 0 ? percent(counts[i * classes + i] / totals[i]) : 'without examples'}`)
  return [
    `${classes} classes, rows true, columns predicted. ${readable(right, 15)} of ${readable(total, 15)} are right${total > 0 ? ` (${percent(right / total)})` : ''}.`,
    `Recall: ${recalls.join(', ')}${labels.length > 20 ? ', ...' : ''}.`,
    ...(errors.length > 0 ? [`Most frequent errors: ${errors.join('; ')}.`] : []),
  ].join(' ')
}
