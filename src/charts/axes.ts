/** Axes: the area of a plot, its ticks, grid lines and labels. */
import { AXIS, GRID, MUTED } from './colours.ts'
import { type Area, type Figure, MARGIN, TEXT } from './figure.ts'
import type { Scale } from './scale.ts'
import { fitText, textWidth } from './text.ts'
import { createTicks, type Tick, type Ticks } from './ticks.ts'

export interface Axis {
  readonly scale: Scale
  /** What is measured, with its unit. */
  readonly label: string
  /** Ticks at whole numbers only. */
  readonly whole?: boolean
  /** Named ticks at given places instead of ticks at round values. */
  readonly names?: readonly Tick[]
}

/** Where an axis draws grid lines across the plot. */
export type GridLines = 'none' | 'horizontal' | 'vertical' | 'both'

export interface Plot {
  readonly area: Area
  /** From values to pixels. */
  readonly x: (value: number) => number
  readonly y: (value: number) => number
}

const TICK = 4
const LABEL_GAP = 8
/** Maximum tick count to try, so that the steps get small enough for an axis to contain a multiple of one. */
const MOST_TRIED = 20
/** The height of a row of text. */
export const ROW = 18

/** Whether labels centred on their places are at least `gap` pixels apart. */
function haveRoom(places: readonly number[], extents: readonly number[], gap: number): boolean {
  return places.every(
    (place, i) => i === 0 || Math.abs(place - places[i - 1]) >= (extents[i] + extents[i - 1]) / 2 + gap,
  )
}

/**
 * As many ticks as there is room for their labels.
 * @param length of the axis in pixels
 * @param spacing desired distance between ticks in pixels
 * @param extent of a label along the axis in pixels
 */
function fitTicks(axis: Axis, length: number, spacing: number, extent: (label: string) => number, gap: number): Ticks {
  const { scale } = axis
  const fits = (ticks: readonly Tick[]) =>
    haveRoom(
      ticks.map(({ value }) => scale.at(value) * length),
      ticks.map(({ label }) => extent(label)),
      gap,
    )
  if (axis.names) {
    for (let every = 1; ; every++) {
      const major = axis.names.filter((_, i) => i % every === 0)
      if (fits(major)) return { major, minor: [] }
    }
  }
  let some: readonly Tick[] = []
  for (let count = Math.max(2, Math.floor(length / spacing)); count >= 2; count--) {
    const ticks = createTicks(scale, count, axis.whole)
    // an axis that narrowly misses a round value may contain no multiple of a large step
    if (ticks.major.length === 0) continue
    if (fits(ticks.major)) return ticks
    some = ticks.major
  }
  for (let count = 3; some.length === 0 && count <= MOST_TRIED; count++) {
    some = createTicks(scale, count, axis.whole).major
  }
  return { major: some.slice(0, 1), minor: [] }
}

/** Ticks of a vertical axis of this length. */
export const verticalTicks = (axis: Axis, length: number): Ticks => fitTicks(axis, length, 42, () => TEXT, 4)

/** The widest label, in pixels. */
export const widestLabel = ({ major }: Ticks): number =>
  Math.max(0, ...major.map(({ label }) => textWidth(label, TEXT)))

export interface PlotLayout {
  /** Bottom of the header. */
  top: number
  /** Pixels to reserve at the right edge. */
  right?: number
  grid?: GridLines
  /** Whether there is something else beside the label of the vertical axis, above the plot. */
  headed?: boolean
}

/** Lays out a plot in the rest of a figure, and draws everything behind the data. */
export function drawAxes(
  figure: Figure,
  x: Axis,
  y: Axis,
  { top, right = 0, grid = 'horizontal', headed = false }: PlotLayout,
): Plot {
  const plotTop = top + (y.label || headed ? ROW + 10 : 6)
  const bottom = figure.height - MARGIN - ROW - (x.label ? ROW + 2 : 0)
  const yTicks = verticalTicks(y, bottom - plotTop)
  const gutter = Math.min(widestLabel(yTicks), figure.width * 0.4)
  const left = MARGIN + gutter + LABEL_GAP
  let end = figure.width - MARGIN - right
  let xTicks = fitXTicks(x, end - left)
  // a label at the end extends beyond the axis by half its width
  const beyond = reachBeyond(x, xTicks, left, end) - (figure.width - 4 - right)
  if (beyond > 0) {
    end -= beyond
    xTicks = fitXTicks(x, end - left)
  }
  const area: Area = { left, top: plotTop, right: end, bottom }
  const plot: Plot = {
    area,
    x: (value) => left + x.scale.at(value) * (end - left),
    y: (value) => bottom - y.scale.at(value) * (bottom - plotTop),
  }
  drawHorizontal(figure, x, xTicks, plot, grid === 'both' || grid === 'vertical')
  drawVertical(figure, y, yTicks, plot, grid === 'both' || grid === 'horizontal', gutter)
  return plot
}

const fitXTicks = (axis: Axis, length: number) => fitTicks(axis, length, 72, (label) => textWidth(label, TEXT), 10)

function reachBeyond({ scale }: Axis, { major }: Ticks, left: number, end: number): number {
  return Math.max(
    end,
    ...major.map(({ value, label }) => left + scale.at(value) * (end - left) + textWidth(label, TEXT) / 2),
  )
}

function drawHorizontal(figure: Figure, axis: Axis, { major, minor }: Ticks, { area, x }: Plot, grid: boolean): void {
  const { bottom, top } = area
  if (grid) for (const { value } of major) figure.line(x(value), top, x(value), bottom, GRID)
  figure.line(area.left, bottom, area.right, bottom, AXIS)
  for (const value of minor) figure.line(x(value), bottom, x(value), bottom + TICK / 2, AXIS)
  for (const { value, label } of major) {
    if (!axis.names) figure.line(x(value), bottom, x(value), bottom + TICK, AXIS)
    figure.text(x(value), bottom + ROW - 4, label, { anchor: 'middle' })
  }
  if (!axis.label) return
  const label = fitText(axis.label, area.right - area.left, TEXT)
  figure.text((area.left + area.right) / 2, bottom + 2 * ROW - 1, label, { anchor: 'middle', colour: MUTED })
}

function drawVertical(
  figure: Figure,
  axis: Axis,
  ticks: Ticks,
  { area, y }: Plot,
  grid: boolean,
  gutter: number,
): void {
  const { left, right } = area
  for (const { value, label } of ticks.major) {
    if (grid) figure.line(left, y(value), right, y(value), GRID)
    figure.text(left - LABEL_GAP, y(value), fitText(label, gutter, TEXT), { anchor: 'end' })
  }
  if (axis.scale.kind === 'log') figure.line(left, area.top, left, area.bottom, AXIS)
  for (const value of ticks.minor) figure.line(left - TICK / 2, y(value), left, y(value), AXIS)
  if (!axis.label) return
  const label = fitText(axis.label, figure.width * 0.55, TEXT)
  figure.text(MARGIN, area.top - ROW / 2 - 10, label)
}
