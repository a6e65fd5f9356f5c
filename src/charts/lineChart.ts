/** Line charts: losses over epochs, rates over steps, with error bands, gaps and any number of points. */
import { checkBoolean, checkOneOf, checkOptions, show } from '../lib/check.ts'
import { type Axis, drawAxes, type Plot } from './axes.ts'
import { seriesColour } from './colours.ts'
import { bandPath, linePath } from './decimate.ts'
import { type ChartOptions, Figure, strokeMarkup } from './figure.ts'
import { readable } from './format.ts'
import { type Numbers, rangeOf, readLimits, readNumbers, readScale, readText } from './input.ts'
import { markersMarkup, seriesMarker } from './markers.ts'
import { createScale, type ScaleKind, widen } from './scale.ts'
import { entriesOf, LONGEST_NAME, listOf } from './series.ts'

/** One line of a chart. All of its arrays have the same length. */
export interface LineSeries {
  /** y values; NaN and infinities leave gaps. */
  y: Numbers
  /** x values. Default: the chart's. */
  x?: Numbers
  /** Lower and upper bounds of an error band around the line, such as mean ± standard deviation. Both or none. */
  low?: Numbers
  high?: Numbers
  /** Name of an earlier series whose colour and marker it shares, for related lines; its dash then defaults to 'dashed'. */
  like?: string
  /** Default 'solid'; from the ninth series on, when colours repeat, 'dashed' and then 'dotted'. */
  dash?: Dash
  /** Whether to draw markers at the points, where there is room. Default false. */
  markers?: boolean
}

export type Dash = 'solid' | 'dashed' | 'dotted'

export interface LineChartOptions extends ChartOptions {
  /** Series by name, in legend order; an array is short for `{ y: array }`. At most 100. */
  series: Readonly<Record<string, Numbers | LineSeries>>
  /** x values for all series without their own. Default 1, 2, 3, ... Need not be ascending. */
  x?: Numbers
  /** Labels of the axes, with units. Default: none. */
  xLabel?: string
  yLabel?: string
  /** On a log scale zeros of y (and non-positive ends of bands) are drawn at the lower edge; negative values are errors. Default 'linear'. */
  xScale?: ScaleKind
  yScale?: ScaleKind
  /** Limits of the axes. Default: those of the data, with a margin on y. Lines are clipped. */
  xLimits?: readonly [number, number]
  yLimits?: readonly [number, number]
}

const OPTIONS = ['series', 'x', 'xLabel', 'yLabel', 'xScale', 'yScale', 'xLimits', 'yLimits']
const SERIES_OPTIONS = ['y', 'x', 'low', 'high', 'like', 'dash', 'markers']
const DASHES: Readonly<Record<Dash, string>> = { solid: '', dashed: '7 4', dotted: '1.5 3.5' }
const STYLES = Object.keys(DASHES) as Dash[]
const COLOURS = 8
const BAND_OPACITY = 0.18
/** Minimum distance between markers in pixels. */
const MARKER_SPACING = 14

/** A series with its defaults filled in. */
interface Line {
  readonly name: string
  readonly count: number
  readonly x: (index: number) => number
  readonly y: Numbers
  readonly places: Numbers | undefined
  readonly band: { readonly low: Numbers; readonly high: Numbers } | undefined
  /** Index of its colour and marker. */
  readonly look: number
  readonly dash: Dash
  readonly markers: boolean
}

/**
 * A line chart as an SVG document. Long series are reduced to the visible points, at most four per column of pixels.
 * @example lineChart({ title: 'Training', series: { loss: history.metrics.loss }, xLabel: 'epoch', yScale: 'log' })
 * @throws TypeError or RangeError naming the option or series at fault, and if there is no finite value to draw.
 */
export function lineChart(options: LineChartOptions): string {
  const where = 'lineChart'
  const figure = new Figure(where, options, OPTIONS)
  const xKind = readScale(where, 'xScale', options.xScale)
  const yKind = readScale(where, 'yScale', options.yScale)
  const lines = readLines(options, xKind, yKind)

  const [left, right] = readLimits(where, 'xLimits', options.xLimits, xKind) ?? xRange(lines, xKind)
  const [low, high] = readLimits(where, 'yLimits', options.yLimits, yKind) ?? yRange(lines, yKind)
  const x: Axis = {
    scale: createScale(xKind, left, right),
    label: readText(where, 'xLabel', options.xLabel ?? ''),
    whole: lines.every(({ places }) => places === undefined || isWhole(places)),
  }
  const y: Axis = { scale: createScale(yKind, low, high), label: readText(where, 'yLabel', options.yLabel ?? '') }

  const legend = lines.map(({ name, look, dash, markers }) => ({
    label: name,
    colour: seriesColour(look),
    dashes: DASHES[dash],
    ...(markers ? { marker: seriesMarker(look) } : {}),
  }))
  const top = figure.header(lines.length > 1 ? legend : [])
  const plot = drawAxes(figure, x, y, { top })
  const marks = lines.map((line) => bandMarkup(figure, plot, line))
  marks.push(...lines.map((line) => lineMarkup(figure, plot, line)))
  // half of a stroke's width may extend beyond the plot
  const { area } = plot
  figure.clip({ ...area, top: area.top - 4, bottom: area.bottom + 1, right: area.right + 4 }, marks.join(''))
  return figure.toSvg(`Line chart of ${listOf(lines.map(({ name }) => name))}`, describe(lines, x, y))
}

function readLines(options: LineChartOptions, xKind: ScaleKind, yKind: ScaleKind): Line[] {
  const where = 'lineChart'
  const common = options.x === undefined ? undefined : readPlaces('x', options.x, xKind)
  const looks = new Map<string, number>()
  let colours = 0
  return entriesOf(where, 'series', options.series).map(({ name, key, value }) => {
    const series = isSeries(value) ? value : { y: value as Numbers }
    if (isSeries(value)) checkOptions(`${where}: series ${show(name)}`, series, SERIES_OPTIONS)
    const y = readNumbers(where, key('y'), series.y, { missing: true })
    const places = series.x === undefined ? common : readPlaces(key('x'), series.x, xKind)
    const sameLength = (name: string, values: Numbers | undefined) => {
      if (values !== undefined && values.length !== y.length) {
        throw new RangeError(
          `${where}: "${name}" has ${values.length} values, expected ${y.length}, as many as "${key('y')}"`,
        )
      }
    }
    sameLength(series.x === undefined ? 'x' : key('x'), places)
    if ((series.low === undefined) !== (series.high === undefined)) {
      throw new TypeError(`${where}: "${key('low')}" and "${key('high')}" must be given together`)
    }
    const band =
      series.low === undefined
        ? undefined
        : {
            low: readNumbers(where, key('low'), series.low, { missing: true }),
            high: readNumbers(where, key('high'), series.high, { missing: true }),
          }
    sameLength(key('low'), band?.low)
    sameLength(key('high'), band?.high)
    if (yKind === 'log') refuseNegative(key('y'), y)
    const look = series.like === undefined ? colours++ : lookOf(key('like'), series.like, looks)
    looks.set(name, look)
    const usual = series.like === undefined ? STYLES[Math.floor(look / COLOURS) % STYLES.length] : 'dashed'
    return {
      name,
      count: y.length,
      x: places ? (index: number) => places[index] : (index: number) => index + 1,
      y,
      places,
      band,
      look,
      dash: checkOneOf(where, key('dash'), series.dash ?? usual, STYLES),
      markers: checkBoolean(where, key('markers'), series.markers ?? false),
    }
  })
}

function lookOf(name: string, like: unknown, looks: ReadonlyMap<string, number>): number {
  const look = looks.get(readText('lineChart', name, like, LONGEST_NAME))
  if (look === undefined) throw new RangeError(`lineChart: "${name}" must name a series above it, got ${show(like)}`)
  return look
}

const isSeries = (value: unknown): value is LineSeries => typeof value === 'object' && value !== null && 'y' in value

function readPlaces(name: string, value: unknown, kind: ScaleKind): Numbers {
  const places = readNumbers('lineChart', name, value)
  if (kind === 'log') {
    for (let i = 0; i < places.length; i++) {
      if (places[i] <= 0) {
        throw new RangeError(`lineChart: "${name}" must be above 0 on a log scale, got ${places[i]} at index ${i}`)
      }
    }
  }
  return places
}

function refuseNegative(name: string, values: Numbers): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0) {
      throw new RangeError(`lineChart: "${name}" must not be negative on a log scale, got ${values[i]} at index ${i}`)
    }
  }
}

function isWhole(values: Numbers): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isInteger(values[i])) return false
  return true
}

function union(ranges: readonly (readonly [number, number])[]): [number, number] {
  return [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))]
}

function xRange(lines: readonly Line[], kind: ScaleKind): [number, number] {
  const [low, high] = union(lines.map(({ places, count }) => (places ? rangeOf(places) : [1, count])))
  return low < high ? [low, high] : widen(kind, low, high, 0)
}

function yRange(lines: readonly Line[], kind: ScaleKind): [number, number] {
  const positive = kind === 'log'
  const [low, high] = union(
    lines.flatMap(({ y, band }) =>
      [y, ...(band ? [band.low, band.high] : [])].map((values) => rangeOf(values, positive)),
    ),
  )
  if (low > high) throw new RangeError(`lineChart: "series" has no finite values${positive ? ' above 0' : ''}`)
  return widen(kind, low, high, 0.05)
}

/** Zeros on a log scale are at minus infinity, drawn at the edge of the plot. */
const floorAt = (plot: Plot) => (value: number) => {
  const place = plot.y(value)
  return place === Number.POSITIVE_INFINITY ? plot.area.bottom : place
}

function bandMarkup(figure: Figure, plot: Plot, { band, count, x, look }: Line): string {
  if (!band) return ''
  const y = floorAt(plot)
  const path = bandPath(
    count,
    (i) => plot.x(x(i)),
    (i) => y(band.low[i]),
    (i) => y(band.high[i]),
    (i) => Number.isFinite(band.low[i]) && Number.isFinite(band.high[i]),
  )
  return `<path class="${figure.fill(seriesColour(look))}" d="${path}" fill-opacity="${BAND_OPACITY}"/>`
}

function lineMarkup(figure: Figure, plot: Plot, line: Line): string {
  const { count, x, y, look, dash, markers } = line
  const colour = seriesColour(look)
  const height = floorAt(plot)
  const across = (i: number) => plot.x(x(i))
  const down = (i: number) => height(y[i])
  const { path, lone } = linePath(count, across, down, (i) => Number.isFinite(y[i]))
  const markup = path ? strokeMarkup(figure.stroke(colour), path, DASHES[dash]) : ''
  if (!markers) return markup + (lone.length > 0 ? markersMarkup(figure, 'circle', colour, lone, 2.5) : '')
  const points: number[] = []
  for (let i = 0; i < count; i++) {
    if (!Number.isFinite(y[i])) continue
    const last = points[points.length - 2]
    if (last === undefined || Math.abs(across(i) - last) >= MARKER_SPACING) points.push(across(i), down(i))
  }
  return markup + markersMarkup(figure, seriesMarker(look), colour, points, 3.5)
}

function describe(lines: readonly Line[], x: Axis, y: Axis): string {
  const axis = (which: string, { label, scale }: Axis) =>
    `${which} axis${label ? ` ${label}` : ''}, from ${readable(scale.low)} to ${readable(scale.high)}${scale.kind === 'log' ? ', logarithmic' : ''}.`
  const series = lines.slice(0, 20).map((line) => `${line.name}: ${describeLine(line)}.`)
  const more = lines.length > series.length ? [`${lines.length - series.length} more series.`] : []
  return [axis('Horizontal', x), axis('Vertical', y), ...series, ...more].join(' ')
}

function describeLine({ count, x, y, band }: Line): string {
  let first = -1
  let last = -1
  let lowest = -1
  let highest = -1
  let finite = 0
  for (let i = 0; i < count; i++) {
    if (!Number.isFinite(y[i])) continue
    finite++
    if (first < 0) first = lowest = highest = i
    last = i
    if (y[i] < y[lowest]) lowest = i
    if (y[i] > y[highest]) highest = i
  }
  if (first < 0) return `${count} points, none of them finite`
  const parts = [
    `${count} ${count === 1 ? 'point' : 'points'}${finite < count ? `, ${count - finite} of them missing` : ''}`,
    `first ${readable(y[first])}`,
    `last ${readable(y[last])}`,
    `lowest ${readable(y[lowest])} at ${readable(x(lowest))}`,
    `highest ${readable(y[highest])} at ${readable(x(highest))}`,
    ...(band ? ['with an error band'] : []),
  ]
  return parts.join(', ')
}
