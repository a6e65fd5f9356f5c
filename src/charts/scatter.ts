/** Scatter plots: predictions against truth, embeddings, classes in two dimensions. */
import { checkBoolean, checkNumber, checkOptions, show } from '../lib/check.ts'
import { type Axis, drawAxes, type Plot } from './axes.ts'
import { AXIS, seriesColour } from './colours.ts'
import { type ChartOptions, Figure, strokeMarkup } from './figure.ts'
import { px, readable } from './format.ts'
import { type Numbers, rangeOf, readLimits, readNumbers, readScale, readText } from './input.ts'
import { markersMarkup, seriesMarker } from './markers.ts'
import { createScale, type ScaleKind, widen } from './scale.ts'
import { entriesOf, listOf } from './series.ts'

/** A group of points; both arrays have the same length. Non-finite points are omitted. */
export interface ScatterSeries {
  x: Numbers
  y: Numbers
}

export interface ScatterOptions extends ChartOptions {
  /** Groups of points by name, in legend order, each with a colour and a marker. At most 100. */
  series: Readonly<Record<string, ScatterSeries>>
  /** Labels of the axes, with units. Default: none. */
  xLabel?: string
  yLabel?: string
  /** On a log scale non-positive values are errors. Default 'linear'. */
  xScale?: ScaleKind
  yScale?: ScaleKind
  /** Limits of the axes. Default: those of the data with a margin. Points outside are not drawn. */
  xLimits?: readonly [number, number]
  yLimits?: readonly [number, number]
  /** Radius of a point in pixels, 0.5 to 20. Default 3.5, smaller for thousands of points. */
  radius?: number
  /** Whether to draw the line y = x, on which predictions equal the truth. Default false. */
  diagonal?: boolean
}

const OPTIONS = ['series', 'xLabel', 'yLabel', 'xScale', 'yScale', 'xLimits', 'yLimits', 'radius', 'diagonal']
/** Maximum points drawn per group; with more, coinciding points on an ever coarser grid are drawn once. */
const MOST_POINTS = 5000
const OPACITY = 0.75

interface Group extends ScatterSeries {
  readonly name: string
}

/**
 * A scatter plot as an SVG document. Points on the same pixel are drawn once, so a million points still give a small file.
 * @example scatter({ series: { test: { x: yTest, y: model.predict(xTest) } }, xLabel: 'true', yLabel: 'predicted', diagonal: true })
 * @throws TypeError or RangeError naming the option or series at fault, and if there is no finite point to draw.
 */
export function scatter(options: ScatterOptions): string {
  const where = 'scatter'
  const figure = new Figure(where, options, OPTIONS)
  const xKind = readScale(where, 'xScale', options.xScale)
  const yKind = readScale(where, 'yScale', options.yScale)
  const groups = entriesOf(where, 'series', options.series).map(({ name, key, value }): Group => {
    checkOptions(`${where}: series ${show(name)}`, value, ['x', 'y'])
    const x = readCoordinates(key('x'), value.x, xKind)
    const y = readCoordinates(key('y'), value.y, yKind)
    if (x.length !== y.length) {
      throw new RangeError(`${where}: "${key('x')}" has ${x.length} values, "${key('y')}" has ${y.length}`)
    }
    return { name, x, y }
  })
  const radius = checkNumber(where, 'radius', options.radius ?? defaultRadius(groups), { minimum: 0.5, maximum: 20 })
  const diagonal = checkBoolean(where, 'diagonal', options.diagonal ?? false)
  const x: Axis = {
    scale: createScale(xKind, ...(readLimits(where, 'xLimits', options.xLimits, xKind) ?? limits(groups, 'x', xKind))),
    label: readText(where, 'xLabel', options.xLabel ?? ''),
  }
  const y: Axis = {
    scale: createScale(yKind, ...(readLimits(where, 'yLimits', options.yLimits, yKind) ?? limits(groups, 'y', yKind))),
    label: readText(where, 'yLabel', options.yLabel ?? ''),
  }

  const legend = groups.map(({ name }, i) => ({ label: name, colour: seriesColour(i), marker: seriesMarker(i) }))
  const plot = drawAxes(figure, x, y, { top: figure.header(groups.length > 1 ? legend : []), grid: 'both' })
  const marks = groups.map((group, i) => {
    const points = distinctPoints(group, plot, radius)
    return `<g opacity="${OPACITY}">${markersMarkup(figure, seriesMarker(i), seriesColour(i), points, radius)}</g>`
  })
  figure.clip(plot.area, `${diagonal ? diagonalMarkup(figure, plot, x, y) : ''}${marks.join('')}`)
  return figure.toSvg(`Scatter plot of ${listOf(groups.map(({ name }) => name))}`, describe(groups, x, y, diagonal))
}

function readCoordinates(name: string, value: unknown, kind: ScaleKind): Numbers {
  const values = readNumbers('scatter', name, value, { missing: true })
  if (kind === 'log') {
    for (let i = 0; i < values.length; i++) {
      if (values[i] <= 0) {
        throw new RangeError(`scatter: "${name}" must be above 0 on a log scale, got ${values[i]} at index ${i}`)
      }
    }
  }
  return values
}

function defaultRadius(groups: readonly Group[]): number {
  const count = groups.reduce((sum, { x }) => sum + x.length, 0)
  return count <= 300 ? 3.5 : count <= 3000 ? 2.5 : 1.5
}

function limits(groups: readonly Group[], member: 'x' | 'y', kind: ScaleKind): [number, number] {
  const ranges = groups.map((group) => rangeOf(group[member]))
  const low = Math.min(...ranges.map((range) => range[0]))
  const high = Math.max(...ranges.map((range) => range[1]))
  if (low > high) throw new RangeError(`scatter: "series" has no finite values of ${member}`)
  return widen(kind, low, high, 0.05)
}

/** x and y of the points to draw, in pixels, interleaved. */
function distinctPoints({ x, y }: Group, plot: Plot, radius: number): number[] {
  const { left, right, top, bottom } = plot.area
  for (let grid = x.length > MOST_POINTS ? 1 : 0.25; ; grid *= 1.5) {
    const seen = new Set<number>()
    const points: number[] = []
    for (let i = 0; i < x.length && points.length <= 2 * MOST_POINTS; i++) {
      const across = plot.x(x[i])
      const down = plot.y(y[i])
      const near =
        across >= left - radius && across <= right + radius && down >= top - radius && down <= bottom + radius
      if (!near) continue
      const cell = Math.round(across / grid) * 65536 + Math.round(down / grid)
      if (seen.has(cell)) continue
      seen.add(cell)
      points.push(across, down)
    }
    if (points.length <= 2 * MOST_POINTS) return points
  }
}

function diagonalMarkup(figure: Figure, plot: Plot, { scale: x }: Axis, { scale: y }: Axis): string {
  const low = Math.max(x.low, y.low)
  const high = Math.min(x.high, y.high)
  if (low >= high) return ''
  // if the scales differ, y = x is a curve
  const steps = x.kind === y.kind ? 1 : 64
  const path = Array.from({ length: steps + 1 }, (_, i) => {
    const value = low + ((high - low) * i) / steps
    return `${px(plot.x(value))} ${px(plot.y(value))}`
  })
  return strokeMarkup(figure.stroke(AXIS), `M${path.join(' ')}`, '5 4', 1.5)
}

function describe(groups: readonly Group[], x: Axis, y: Axis, diagonal: boolean): string {
  const range = (values: Numbers) => {
    const [low, high] = rangeOf(values)
    return low <= high ? `from ${readable(low)} to ${readable(high)}` : 'none of them finite'
  }
  const [xName, yName] = [x.label || 'x', y.label || 'y']
  const series = groups.slice(0, 20).map((group) => {
    const count = `${group.x.length} ${group.x.length === 1 ? 'point' : 'points'}`
    return `${group.name}: ${count}, ${xName} ${range(group.x)}, ${yName} ${range(group.y)}.`
  })
  return [...series, ...(diagonal ? ['A dashed line marks y = x.'] : [])].join(' ')
}
