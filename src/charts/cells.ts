/** Tables of coloured cells: where they lie, their row and column names, and their colours in few bytes. */

import { ROW } from './axes.ts'
import { AXIS, type Colour, MISSING } from './colours.ts'
import { type Area, type Figure, MARGIN, TEXT } from './figure.ts'
import { px } from './format.ts'
import { fitText, textWidth } from './text.ts'

export interface TableLayout {
  /** Where the header ends. */
  top: number
  /** Names from top to bottom and from left to right. */
  rows: readonly string[]
  cols: readonly string[]
  rowTitle: string
  colTitle: string
  /** Pixels to keep free at the right edge. */
  right: number
  /** Whether something beside the title of the rows stands above the table. */
  headed?: boolean
}

export interface Table {
  readonly area: Area
  readonly cellWidth: number
  readonly cellHeight: number
}

const GAP = 8
const LONGEST = 140
/** The sine of 45°. */
const SLOPE = Math.SQRT1_2

/** A height at which the cells of a table are about square, neither tiny nor huge. */
export function tableHeight(width: number, rows: number, cols: number): number {
  const cell = Math.min(72, Math.max(6, (width - 140) / cols))
  return Math.round(Math.min(720, Math.max(240, rows * cell + 120)))
}

/** Lays a table out in what is left of a figure, and draws its names and titles. */
export function drawTable(figure: Figure, layout: TableLayout): Table {
  const { rows, cols, rowTitle, colTitle } = layout
  const top = layout.top + (rowTitle || layout.headed ? ROW + 10 : 6)
  const widest = (names: readonly string[], most: number) =>
    Math.min(LONGEST, most, Math.max(...names.map((name) => textWidth(name, TEXT))))
  const left = MARGIN + widest(rows, figure.width / 4) + GAP
  // turned, they take a third of the height at most
  const colWidth = widest(cols, (figure.height - top) / 3 / SLOPE)
  const right = figure.width - MARGIN - layout.right
  const cellWidth = (right - left) / cols.length
  // numbers are thinned out where they have no room, names turned
  const numbered = cols.every((name) => /^\d+$/.test(name))
  const slanted = !numbered && colWidth > cellWidth - 6
  const footer = slanted ? colWidth * SLOPE + 12 : ROW
  const bottom = figure.height - MARGIN - footer - (colTitle ? ROW : 0)
  const cellHeight = (bottom - top) / rows.length
  const area: Area = { left, top, right, bottom }

  for (let r = 0, every = thinning(cellHeight, TEXT + 2); r < rows.length; r += every) {
    figure.text(left - GAP, top + (r + 0.5) * cellHeight, fitText(rows[r], left - GAP - MARGIN, TEXT), {
      anchor: 'end',
    })
  }
  const room = slanted ? TEXT + 4 : colWidth + 6
  for (let c = 0, every = thinning(cellWidth, room); c < cols.length; c += every) {
    const x = left + (c + 0.5) * cellWidth
    const name = fitText(cols[c], colWidth, TEXT)
    if (slanted) figure.text(x + 3, bottom + 10, name, { anchor: 'end', turn: -45 })
    else figure.text(x, bottom + ROW - 4, name, { anchor: 'middle' })
  }
  if (rowTitle) figure.text(MARGIN, top - ROW / 2 - 10, fitText(rowTitle, figure.width * 0.5, TEXT))
  if (colTitle) {
    const title = fitText(colTitle, figure.width - 2 * MARGIN, TEXT)
    figure.text((left + right) / 2, figure.height - MARGIN + 2, title, { anchor: 'middle' })
  }
  return { area, cellWidth, cellHeight }
}

/** Of names so far apart every how-manieth has the room it needs: 1, 2 or 5 times a power of ten. */
function thinning(distance: number, room: number): number {
  for (let power = 1; ; power *= 10)
    for (const factor of [1, 2, 5]) if (factor * power * distance >= room) return factor * power
}

/** Rows of cells overlap by so many pixels: edges that only just meet leave hairlines when they are rounded. */
const OVERLAP = 0.3

/**
 * Colours the cells: a row of cells of one shade is one stroke as thick as the row, and all of a shade are one path.
 * @param shade of the cell in a row and column, or -1 where its value is missing
 */
export function drawCells(
  figure: Figure,
  { area, cellWidth, cellHeight }: Table,
  rows: number,
  cols: number,
  shades: readonly Colour[],
  shade: (row: number, col: number) => number,
): void {
  // runs of one shade follow each other by steps between rounded ends, which are shorter than places and add up exactly
  const paths = new Map<number, { path: string; row: number; end: number }>()
  const edge = (col: number) => Number(px(area.left + col * cellWidth))
  for (let r = 0; r < rows; r++) {
    const y = px(area.top + (r + 0.5) * cellHeight)
    for (let from = 0, to = 1; from < cols; from = to++) {
      const own = shade(r, from)
      while (to < cols && shade(r, to) === own) to++
      const [left, right] = [edge(from), edge(to)]
      const last = paths.get(own) ?? { path: '', row: -1, end: 0 }
      const move = last.row === r ? `m${px(left - last.end)} 0` : `M${px(left)} ${y}`
      paths.set(own, { path: `${last.path}${move}h${px(right - left)}`, row: r, end: right })
    }
  }
  const order = [...paths].sort(([a], [b]) => a - b)
  const markup = order.map(
    ([own, { path }]) => `<path class="${figure.stroke(own < 0 ? MISSING : shades[own])}" d="${path}"/>`,
  )
  figure.draw(`<g stroke-width="${px(cellHeight + OVERLAP)}" shape-rendering="crispEdges">${markup.join('')}</g>`)
}

/** A thin line around a table. */
export function outline(figure: Figure, { left, top, right, bottom }: Area): void {
  const path = `M${px(left)} ${px(top)}H${px(right)}V${px(bottom)}H${px(left)}Z`
  figure.draw(`<path class="${figure.stroke(AXIS)}" d="${path}"/>`)
}
