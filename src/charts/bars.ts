/** Horizontal bars: feature importances, coefficients, scores by name. */
import { checkInteger, checkOneOf } from '../lib/check.ts'
import { type Axis, drawAxes, type Plot } from './axes.ts'
import { AXIS, INK, seriesColour } from './colours.ts'
import { type ChartOptions, Figure, MARGIN, TEXT } from './figure.ts'
import { alike, px, readable } from './format.ts'
import { type Numbers, rangeOf, readLabels, readLimits, readNumbers, readText } from './input.ts'
import { createScale } from './scale.ts'
import { textWidth } from './text.ts'

export interface BarsOptions extends ChartOptions {
  /** Lengths of the bars, negative ones to the left. At most 200. */
  values: Numbers
  /** Their names, from top to bottom. */
  labels: readonly string[]
  /** Half-lengths of error bars, such as the standard deviation over repeats. */
  errors?: Numbers
  /** 'none' keeps the given order; 'value' and 'magnitude' sort in descending order. Default 'none'. */
  sort?: 'none' | 'value' | 'magnitude'
  /** Draws only the first bars after sorting. Default: all. */
  top?: number
  /** Label of the axis, with the unit. Default: none. */
  xLabel?: string
  /** Limits of the axis. Default: from the data and zero, with room for the numbers. */
  limits?: readonly [number, number]
}

const OPTIONS = ['values', 'labels', 'errors', 'sort', 'top', 'xLabel', 'limits']
const MOST_BARS = 200
const BAR_ROW = 24
const NUMBER_GAP = 6
const LONGEST_LABEL = 100

interface Bar {
  readonly label: string
  readonly value: number
  readonly error: number
}

/**
 * Horizontal bars as an SVG document, with their values beside them; negative bars have their own colour.
 * @example bars({ labels: names, values: importances, sort: 'magnitude', top: 20, xLabel: 'loss when shuffled, minus loss' })
 * @throws TypeError or RangeError naming the option at fault.
 */
export function bars(options: BarsOptions): string {
  const where = 'bars'
  const all = readBars(options)
  const drawn = all.slice(0, checkInteger(where, 'top', options.top ?? all.length, 1))
  if (drawn.length > MOST_BARS) {
    throw new RangeError(
      `${where}: "values" has ${drawn.length} bars, at most ${MOST_BARS} can be read; choose with "top"`,
    )
  }
  const figure = new Figure(where, options, OPTIONS, Math.max(200, drawn.length * BAR_ROW + 110))
  const ends = drawn.flatMap(({ value, error }) => [value - error, value + error])
  const label = readText(where, 'xLabel', options.xLabel ?? '')
  const given = readLimits(where, 'limits', options.limits, 'linear')
  const top = figure.header()
  const gutter = Math.min(figure.width * 0.4, Math.max(...drawn.map((bar) => textWidth(bar.label, TEXT))))
  const write = alike(drawn.map(({ value }) => value))
  const room = Math.max(...drawn.map(({ value }) => textWidth(write(value), TEXT))) + NUMBER_GAP + 2
  const [low, high] = given ?? limits(ends, room / (figure.width - gutter - 2 * MARGIN - 8))
  const x: Axis = { scale: createScale('linear', low, high), label }
  const y: Axis = {
    scale: createScale('linear', 0, drawn.length),
    label: '',
    names: drawn.map((bar, i) => ({ value: drawn.length - i - 0.5, label: bar.label })),
  }
  const plot = drawAxes(figure, x, y, { top, grid: 'vertical' })
  const { area } = plot
  const zero = plot.x(Math.min(high, Math.max(low, 0)))
  const thickness = Math.min(18, ((area.bottom - area.top) / drawn.length) * 0.7)
  drawn.forEach((bar, i) => {
    drawBar(figure, plot, bar, plot.y(drawn.length - i - 0.5), zero, thickness, write(bar.value))
  })
  figure.line(zero, area.top, zero, area.bottom, AXIS)
  return figure.toSvg(`Bars${label ? ` of ${label}` : ''}`, describe(all, drawn, label))
}

function readBars(options: BarsOptions): Bar[] {
  const where = 'bars'
  const values = readNumbers(where, 'values', options?.values)
  const labels = readLabels(where, 'labels', options.labels, values.length, LONGEST_LABEL)
  const errors = options.errors === undefined ? undefined : readNumbers(where, 'errors', options.errors)
  if (errors && errors.length !== values.length) {
    throw new RangeError(`${where}: "errors" has ${errors.length} values, expected ${values.length}`)
  }
  if (errors && rangeOf(errors)[0] < 0) {
    throw new RangeError(`${where}: "errors" must not be negative, got ${rangeOf(errors)[0]}`)
  }
  const all = labels.map((label, i) => ({
    label,
    value: values[i],
    error: errors?.[i] ?? 0,
  }))
  const sort = checkOneOf(where, 'sort', options.sort ?? 'none', ['none', 'value', 'magnitude'])
  if (sort === 'value') all.sort((a, b) => b.value - a.value)
  if (sort === 'magnitude') all.sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
  return all
}

/** A range that includes zero and all ends, with part of the width reserved for numbers on each side that has bars. */
function limits(ends: readonly number[], room: number): [number, number] {
  const low = Math.min(0, ...ends)
  const high = Math.max(0, ...ends)
  if (low === high) return [0, 1]
  const sides = Number(low < 0) + Number(high > 0)
  const pad = (Math.min(high - low, Number.MAX_VALUE) * Math.min(room, 0.3)) / (1 - sides * Math.min(room, 0.3))
  return [low < 0 ? Math.max(low - pad, -Number.MAX_VALUE) : 0, high > 0 ? Math.min(high + pad, Number.MAX_VALUE) : 0]
}

function drawBar(
  figure: Figure,
  plot: Plot,
  { value, error }: Bar,
  y: number,
  zero: number,
  thickness: number,
  text: string,
) {
  const inside = (x: number) => Math.min(plot.area.right, Math.max(plot.area.left, x))
  const end = inside(plot.x(value))
  const [left, right] = [Math.min(zero, end), Math.max(zero, end)]
  figure.rectangle({ left, right, top: y - thickness / 2, bottom: y + thickness / 2 }, seriesColour(value < 0 ? 1 : 0))
  const [from, to] = [inside(plot.x(value - error)), inside(plot.x(value + error))]
  if (error > 0) {
    const path = `M${px(from)} ${px(y - 3)}v6m0-3H${px(to)}m0-3v6`
    figure.draw(`<path class="${figure.stroke(INK)}" d="${path}" stroke-width="1.5"/>`)
  }
  const x = value < 0 ? Math.min(left, from) - NUMBER_GAP : Math.max(right, to) + NUMBER_GAP
  figure.text(x, y, text, { anchor: value < 0 ? 'end' : 'start', colour: INK })
}

function describe(all: readonly Bar[], drawn: readonly Bar[], label: string): string {
  const first = drawn.slice(0, 20).map(({ label, value, error }) => {
    return `${label} ${readable(value)}${error > 0 ? ` ± ${readable(error)}` : ''}`
  })
  const [low, high] = rangeOf(drawn.map(({ value }) => value))
  return [
    `${drawn.length} ${drawn.length === 1 ? 'bar' : 'bars'}${drawn.length < all.length ? ` of ${all.length}` : ''}${label ? ` of ${label}` : ''}, from ${readable(low)} to ${readable(high)}.`,
    `From the top: ${first.join(', ')}${drawn.length > first.length ? ', ...' : ''}.`,
  ].join(' ')
}
