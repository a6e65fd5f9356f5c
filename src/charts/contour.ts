/** Contour plots: losses over two directions, with the trajectories of optimizers. */
import { checkBoolean, checkInteger, checkOneOf, checkOptions, show } from '../lib/check.ts'
import { type Axis, drawAxes, type Plot } from './axes.ts'
import { outline } from './cells.ts'
import { barWidth, type ColourBar, drawColourBar } from './colourBar.ts'
import {
  COLOUR_MAPS,
  type Colour,
  type ColourMapName,
  colourMap,
  GROUND,
  INK,
  SHADES,
  seriesColour,
} from './colours.ts'
import { LABEL, labelSpot, linesInPixels, toPath } from './contourPaths.ts'
import { linePath } from './decimate.ts'
import { type Area, type ChartOptions, Figure, strokeMarkup } from './figure.ts'
import { readable } from './format.ts'
import { describeGrid, type GridInput, type Heights, readGrid } from './grid.ts'
import { type Numbers, readNumbers, readScale, readText } from './input.ts'
import { markersMarkup } from './markers.ts'
import { createScale, type ScaleKind } from './scale.ts'
import { entriesOf, listOf } from './series.ts'
import { createTicks, type Tick } from './ticks.ts'

/** A line in the plane, such as the steps of an optimizer; both arrays have the same length. */
export interface ContourPath {
  x: Numbers
  y: Numbers
}

export interface ContourOptions extends ChartOptions, GridInput {
  /** Levels of the lines, ascending, or the maximum number of round levels to choose. Default 10. */
  levels?: number | readonly number[]
  /** How levels are chosen and heights interpolated between grid points; 'log' requires positive heights. Default 'linear'. */
  scale?: ScaleKind
  /** Whether to colour the bands between lines, with a colour bar; otherwise the lines are labelled. Default true. */
  filled?: boolean
  /** Of the bands. Default 'viridis'. */
  colourMap?: ColourMapName
  /** Lines on top, by name; they start at a ring and end at a dot. */
  paths?: Readonly<Record<string, ContourPath>>
  /** Labels of the axes and of the heights. Default: none. */
  xLabel?: string
  yLabel?: string
  zLabel?: string
}

const OPTIONS = ['x', 'y', 'z', 'levels', 'scale', 'filled', 'colourMap', 'paths', 'xLabel', 'yLabel', 'zLabel']
const MOST_LEVELS = 50
/**
 * Contour lines as an SVG document, by marching squares with linear interpolation between grid points.
 * @example contour({ x, y, z: losses, scale: 'log', paths: { Adam: { x: trajectory.x, y: trajectory.y } } })
 * @throws TypeError or RangeError naming the option at fault.
 */
export function contour(options: ContourOptions): string {
  const where = 'contour'
  const figure = new Figure(where, options, OPTIONS, 480)
  const kind = readScale(where, 'scale', options.scale)
  const heights = readGrid(where, options, kind)
  const filled = checkBoolean(where, 'filled', options.filled ?? true)
  const map = checkOneOf(where, 'colourMap', options.colourMap ?? 'viridis', COLOUR_MAPS)
  const paths = options.paths === undefined ? [] : readPaths(options.paths)
  const [xLabel, yLabel, zLabel] = (['xLabel', 'yLabel', 'zLabel'] as const).map((name) =>
    readText(where, name, options[name] ?? ''),
  )
  const levels = readLevels(options.levels ?? 10, heights, kind)

  const legend = paths.map(({ name }, i) => ({ label: name, colour: seriesColour(i), dashes: '' }))
  const ends = (places: readonly number[]) => [places[0], places[places.length - 1]] as const
  const x: Axis = { scale: createScale('linear', ...ends(heights.x)), label: xLabel }
  const y: Axis = { scale: createScale('linear', ...ends(heights.y)), label: yLabel }
  const bar = filled ? bandBar(heights, levels, kind, map, zLabel) : undefined
  const plot = drawAxes(figure, x, y, {
    top: figure.header(legend),
    right: bar ? barWidth(figure, bar) : 0,
    grid: 'none',
    headed: zLabel !== '' && filled,
  })
  const marks = bar
    ? drawBands(figure, plot, heights, levels, kind, bar)
    : drawLines(figure, plot, heights, levels, kind)
  figure.clip(plot.area, marks + paths.map((path, i) => pathMarkup(figure, plot, path, seriesColour(i))).join(''))
  outline(figure, plot.area)
  if (bar) drawColourBar(figure, bar, plot.area)
  const names = { x: xLabel || 'x', y: yLabel || 'y', z: zLabel || 'height' }
  return figure.toSvg('Contour plot', describe(heights, levels, paths, names))
}

interface NamedPath extends ContourPath {
  readonly name: string
}

function readPaths(paths: Readonly<Record<string, ContourPath>>): NamedPath[] {
  const where = 'contour'
  return entriesOf(where, 'paths', paths).map(({ name, key, value }) => {
    checkOptions(`${where}: path ${show(name)}`, value, ['x', 'y'])
    const x = readNumbers(where, key('x'), value.x, { missing: true })
    const y = readNumbers(where, key('y'), value.y, { missing: true })
    if (x.length !== y.length) {
      throw new RangeError(`${where}: "${key('x')}" has ${x.length} values, "${key('y')}" has ${y.length}`)
    }
    return { name, x, y }
  })
}

function readLevels(levels: number | readonly number[], { low, high }: Heights, kind: ScaleKind): Tick[] {
  const where = 'contour'
  if (typeof levels === 'number') {
    const count = checkInteger(where, 'levels', levels, 1, MOST_LEVELS)
    if (low === high) return [{ value: low, label: readable(low, 3) }]
    return [...createTicks(createScale(kind, low, high), count).major].filter(({ value }) => value > low)
  }
  const given = Array.from(readNumbers(where, 'levels', levels))
  if (given.length > MOST_LEVELS) {
    throw new RangeError(`${where}: "levels" has ${given.length} heights, at most ${MOST_LEVELS} can be told apart`)
  }
  given.forEach((value, i) => {
    if (i > 0 && value <= given[i - 1]) {
      throw new RangeError(`${where}: "levels" must ascend, got ${value} after ${given[i - 1]} at index ${i}`)
    }
    if (kind === 'log' && value <= 0)
      throw new RangeError(`${where}: "levels" must be above 0 on a log scale, got ${value}`)
  })
  return given.map((value) => ({ value, label: readable(value, 3) }))
}

/** A segment of the bar for each band: below the first level, between levels, and above the last. */
function bandBar(
  { low, high }: Heights,
  levels: readonly Tick[],
  kind: ScaleKind,
  map: ColourMapName,
  label: string,
): ColourBar {
  const values = levels.map(({ value }) => value)
  const first = Math.min(low, values[0] ?? low)
  const last = Math.max(high, values[values.length - 1] ?? high)
  const scale = first < last ? createScale(kind, first, last) : createScale('linear', first - 1, last + 1)
  const colours = colourMap(map)
  const cuts = [0, ...values.map(scale.at), 1]
  const stretches = cuts.slice(1).map((to, i) => ({
    colour: colours[levels.length === 0 ? 0 : Math.round((i * (SHADES - 1)) / levels.length)],
    from: cuts[i],
    to,
  }))
  return { axis: { scale, label, names: levels }, stretches }
}

/** Each band covers everything above its level; the next is drawn over it. */
function drawBands(
  figure: Figure,
  plot: Plot,
  heights: Heights,
  levels: readonly Tick[],
  kind: ScaleKind,
  bar: ColourBar,
): string {
  const floors = [-Number.MAX_VALUE, ...levels.map(({ value }) => value)]
  const bands = linesInPixels(plot, heights, floors, kind, true).map((lines, i) => {
    const path = toPath(lines)
    return path && `<path class="${figure.fill(bar.stretches[i].colour)}" d="${path}" fill-rule="evenodd"/>`
  })
  const values = levels.map(({ value }) => value)
  const path = toPath(linesInPixels(plot, heights, values, kind, false).flat())
  return `${bands.join('')}<g stroke-opacity="0.35">${path && strokeMarkup(figure.stroke(LINE), path, '', 0.75)}</g>`
}

/** Thin lines between bands. */
const LINE: Colour = { light: '#ffffff', dark: '#ffffff' }

function drawLines(figure: Figure, plot: Plot, heights: Heights, levels: readonly Tick[], kind: ScaleKind): string {
  // the pale end of the map is invisible on the background
  const palest = Math.round(SHADES * 0.35)
  const colours = colourMap('tint')
  const taken: Area[] = []
  const texts: { x: number; y: number; label: string }[] = []
  const values = levels.map(({ value }) => value)
  const paths = linesInPixels(plot, heights, values, kind, false).map((lines, i) => {
    const shade = palest + Math.round(((SHADES - 1 - palest) * (i + 1)) / levels.length)
    const spot = labelSpot(lines, levels[i].label, plot.area, taken)
    if (spot) texts.push({ ...spot, label: levels[i].label })
    const path = toPath(lines)
    return path && strokeMarkup(figure.stroke(colours[shade]), path, '', 1.5)
  })
  figure.draw(paths.join(''))
  for (const { x, y, label } of texts)
    figure.text(x, y, label, { anchor: 'middle', size: LABEL, colour: INK, halo: true })
  return ''
}

/** A line with an outline in the background colour, visible on any band. */
function pathMarkup(figure: Figure, plot: Plot, { x, y }: ContourPath, colour: Colour): string {
  const has = (i: number) => Number.isFinite(x[i]) && Number.isFinite(y[i])
  const at = (i: number) => [plot.x(x[i]), plot.y(y[i])]
  const { path } = linePath(
    x.length,
    (i) => plot.x(x[i]),
    (i) => plot.y(y[i]),
    has,
  )
  const indices = Array.from({ length: x.length }, (_, i) => i).filter(has)
  if (indices.length === 0) return ''
  const [first, last] = [at(indices[0]), at(indices[indices.length - 1])]
  return [
    ...(path ? [strokeMarkup(figure.stroke(GROUND), path, '', 4.5), strokeMarkup(figure.stroke(colour), path)] : []),
    markersMarkup(figure, 'circle', GROUND, [...first, ...last], 5.5),
    markersMarkup(figure, 'circle', colour, [...first, ...last], 4),
    markersMarkup(figure, 'circle', GROUND, first, 2),
  ].join('')
}

function describe(
  heights: Heights,
  levels: readonly Tick[],
  paths: readonly NamedPath[],
  names: { x: string; y: string; z: string },
) {
  const lines = levels.length > 0 ? [`Lines at ${listOf(levels.map(({ label }) => label))}.`] : []
  const ends = paths.map(({ name, x, y }) => {
    const last = x.length - 1
    return `${name}: ${x.length} points, from (${readable(x[0])}, ${readable(y[0])}) to (${readable(x[last])}, ${readable(y[last])}).`
  })
  return [describeGrid(heights, names), ...lines, ...ends.slice(0, 20)].join(' ')
}
