/** Surface plots in parallel projection: a mesh coloured by height, painted back to front. */
import { checkOneOf } from '../lib/check.ts'
import { type Axis, ROW } from './axes.ts'
import { AXIS, COLOUR_MAPS, type Colour, type ColourMapName, colourMap, GRID, mix, toShade } from './colours.ts'
import { coarsen } from './contours.ts'
import { type ChartOptions, Figure, MARGIN, TEXT } from './figure.ts'
import { px } from './format.ts'
import { describeGrid, type GridInput, type Heights, readGrid } from './grid.ts'
import { readLimits, readScale, readText } from './input.ts'
import { createScale, type Scale, type ScaleKind } from './scale.ts'
import { fitText, textWidth } from './text.ts'
import { createTicks } from './ticks.ts'

export interface SurfaceOptions extends ChartOptions, GridInput {
  /** Scale of the heights; 'log' requires positive ones. Default 'linear'. */
  scale?: ScaleKind
  /** Limits of the vertical axis; heights outside are clamped. Default: lowest and highest. */
  limits?: readonly [number, number]
  /** Of heights. Default 'viridis'. */
  colourMap?: ColourMapName
  /** Labels of the axes. Default: none. */
  xLabel?: string
  yLabel?: string
  zLabel?: string
}

const OPTIONS = ['x', 'y', 'z', 'scale', 'limits', 'colourMap', 'xLabel', 'yLabel', 'zLabel']
/** Maximum rows and columns of the mesh; of finer grids every k-th is drawn. */
const FINEST = 64
/** Height of the box relative to the side of its floor. */
const HEIGHT = 0.72
/** Elevation of the viewpoint, as sine and cosine of 50°: looking into the bowl of a loss over its front corner. */
const [RAISED, LYING] = [0.766044443118978, 0.6427876096865394]
/** Screen offsets of a floor edge (sideways, down) and of a wall edge (up), relative to the side of the floor. */
const ACROSS = Math.SQRT1_2
const DOWN = ACROSS * RAISED
const UP = HEIGHT * LYING
/** Unit step on the screen perpendicular to a floor edge, and the rotation of text along it in degrees. */
const [OUT_X, OUT_Y] = [DOWN / Math.hypot(ACROSS, DOWN), ACROSS / Math.hypot(ACROSS, DOWN)]
const TURN = Math.round((Math.atan2(DOWN, ACROSS) * 180) / Math.PI)
/** Levels of shading by slope, darkest first, as opacities of black. */
const SHADOWS = [0.3, 0.22, 0.15, 0.08, 0]
const TICK = 5

type Point = readonly [number, number]

/** The box: maps positions between 0 and 1 on its three axes to pixels. x runs to the front, y from there to the right. */
interface Box {
  readonly at: (x: number, y: number, z: number) => Point
}

/**
 * A surface as an SVG document: a mesh coloured by height, in a box with three axes.
 * @example surface({ x, y, z: losses, scale: 'log', xLabel: 'first direction', yLabel: 'second direction', zLabel: 'loss' })
 * @throws TypeError or RangeError naming the option at fault.
 */
export function surface(options: SurfaceOptions): string {
  const where = 'surface'
  const figure = new Figure(where, options, OPTIONS, 480)
  const kind = readScale(where, 'scale', options.scale)
  const heights = readGrid(where, options, kind)
  const [low, high] = readLimits(where, 'limits', options.limits, kind) ?? [heights.low, heights.high]
  const map = checkOneOf(where, 'colourMap', options.colourMap ?? 'viridis', COLOUR_MAPS)
  const [xLabel, yLabel, zLabel] = (['xLabel', 'yLabel', 'zLabel'] as const).map((name) =>
    readText(where, name, options[name] ?? ''),
  )
  const scale = low < high ? createScale(kind, low, high) : createScale('linear', low - 1, high + 1)
  const ends = (places: readonly number[]) => [places[0], places[places.length - 1]] as const
  const x: Axis = { scale: createScale('linear', ...ends(heights.x)), label: xLabel }
  const y: Axis = { scale: createScale('linear', ...ends(heights.y)), label: yLabel }
  const colours = colourMap(map)
  const z: Axis = { scale, label: zLabel }

  const top = figure.header() + ROW
  const box = fitBox({ left: MARGIN, right: figure.width - MARGIN, top, bottom: figure.height - MARGIN })
  drawWalls(figure, box, z)
  drawFloor(figure, box, x, y)
  drawMesh(figure, box, heights, scale, x.scale, y.scale, colours)
  const names = { x: xLabel || 'x', y: yLabel || 'y', z: zLabel || 'height' }
  return figure.toSvg('Surface', describeGrid(heights, names))
}

/** The largest box that fits in the area with its tick labels. */
function fitBox({ left, right, top, bottom }: { left: number; right: number; top: number; bottom: number }): Box {
  const labels = 44
  const size = Math.min((right - left - 2 * labels) / (2 * ACROSS), (bottom - top - labels) / (2 * DOWN + UP))
  const middle = (left + right) / 2
  // the back corner of the floor
  const back = top + (bottom - top - labels - size * (2 * DOWN + UP)) / 2 + size * UP
  return {
    at: (x, y, z) => [middle + (x - 1 + y) * ACROSS * size, back + (x + 1 - y) * DOWN * size - z * UP * size],
  }
}

const pair = ([x, y]: Point) => `${px(x)} ${px(y)}`

/** The two walls behind the surface, with the ticks of the heights. */
function drawWalls(figure: Figure, { at }: Box, { scale, label }: Axis): void {
  const wall = (z: number) => `M${[at(0, 0, z), at(0, 1, z), at(1, 1, z)].map(pair).join(' ')}`
  const [floor, ceiling] = [at(0, 0, 0), at(0, 0, 1)]
  const ticks = createTicks(scale, 5).major
  const lines = ticks.map((tick) => wall(scale.at(tick.value)))
  const corner = `M${pair(at(0, 1, 0))}L${pair(at(0, 1, 1))}`
  figure.draw(`<path class="${figure.stroke(GRID)}" d="${lines.join('')}${corner}"/>`)
  figure.line(...floor, ...ceiling, AXIS)
  for (const tick of ticks) {
    const [x, y] = at(0, 0, scale.at(tick.value))
    figure.line(x - TICK, y, x, y, AXIS)
    // the label at the floor would overlap that of the x axis
    if (floor[1] - y > TEXT) figure.text(x - TICK - 4, y, tick.label, { anchor: 'end' })
  }
  if (label)
    figure.text(ceiling[0], ceiling[1] - ROW + 2, fitText(label, figure.width * 0.4, TEXT), { anchor: 'middle' })
}

function drawFloor(figure: Figure, { at }: Box, x: Axis, y: Axis): void {
  const line = (from: Point, to: Point, colour: Colour) => figure.line(...from, ...to, colour)
  const xTicks = createTicks(x.scale, 4).major.map(({ value, label }) => ({ at: x.scale.at(value), label }))
  const yTicks = createTicks(y.scale, 4).major.map(({ value, label }) => ({ at: y.scale.at(value), label }))
  for (const tick of xTicks) line(at(tick.at, 0, 0), at(tick.at, 1, 0), GRID)
  for (const tick of yTicks) line(at(0, tick.at, 0), at(1, tick.at, 0), GRID)
  const outline = [at(0, 0, 0), at(1, 0, 0), at(1, 1, 0), at(0, 1, 0)]
  figure.draw(`<path class="${figure.stroke(AXIS)}" d="M${outline.map(pair).join(' ')}Z"/>`)

  const label = (point: Point, side: -1 | 1, text: string, distance: number) => {
    const [px0, py0] = [point[0] + side * distance * OUT_X, point[1] + distance * OUT_Y]
    figure.text(px0, py0, text, { anchor: side < 0 ? 'end' : 'start' })
  }
  for (const tick of xTicks) {
    const [px0, py0] = at(tick.at, 0, 0)
    line([px0, py0], [px0 - TICK * OUT_X, py0 + TICK * OUT_Y], AXIS)
    label([px0, py0], -1, tick.label, 12)
  }
  for (const tick of yTicks) {
    const [px0, py0] = at(1, tick.at, 0)
    line([px0, py0], [px0 + TICK * OUT_X, py0 + TICK * OUT_Y], AXIS)
    label([px0, py0], 1, tick.label, 12)
  }
  const widest = (ticks: readonly { label: string }[]) =>
    Math.max(0, ...ticks.map((tick) => textWidth(tick.label, TEXT)))
  title(figure, at(0.5, 0, 0), -1, x.label, widest(xTicks))
  title(figure, at(1, 0.5, 0), 1, y.label, widest(yTicks))
}

/** Drawn along its edge, beyond the tick labels. */
function title(figure: Figure, [x, y]: Point, side: -1 | 1, text: string, beyond: number): void {
  const distance = 14 + beyond * 0.8 + TEXT
  const turn = -side * TURN
  const fitted = fitText(text, figure.width * 0.35, TEXT)
  figure.text(x + side * distance * OUT_X, y + distance * OUT_Y, fitted, { anchor: 'middle', turn })
}

function drawMesh(
  figure: Figure,
  { at }: Box,
  heights: Heights,
  scale: Scale,
  xScale: Scale,
  yScale: Scale,
  colours: readonly Colour[],
): void {
  const { x, y, grid } = coarsen(heights.x, heights.y, heights.grid, FINEST)
  const { z, rows, cols } = grid
  const across = x.map(xScale.at)
  const along = y.map(yScale.at)
  const tops = Array.from(z, (height) => Math.min(1, Math.max(0, scale.at(height))))
  const fine = Math.max(rows, cols) > 40
  const shaded = new Map<number, Colour>()
  const quads: string[] = []
  // from the back: largest y and smallest x first
  for (let r = rows - 2; r >= 0; r--) {
    for (let c = 0; c + 1 < cols; c++) {
      const nodes = [r * cols + c, r * cols + c + 1, (r + 1) * cols + c + 1, (r + 1) * cols + c]
      if (!nodes.every((node) => Number.isFinite(z[node]))) continue
      const corners = nodes.map((node) => at(across[node % cols], along[Math.floor(node / cols)], tops[node]))
      const shade = toShade(nodes.reduce((sum, node) => sum + tops[node] / 4, 0))
      const slope = (tops[nodes[1]] - tops[nodes[0]]) / (across[c + 1] - across[c])
      const rise = (tops[nodes[3]] - tops[nodes[0]]) / (along[r + 1] - along[r])
      const shadow = shadowOf(slope, rise)
      const key = shade * SHADOWS.length + shadow
      const colour = shaded.get(key) ?? darken(colours[shade], SHADOWS[shadow])
      shaded.set(key, colour)
      quads.push(`<path class="${figure.fill(colour)}" d="${quadPath(corners)}"/>`)
    }
  }
  const mesh = `class="${figure.stroke(MESH)}" stroke-width="${fine ? 0.4 : 0.6}" stroke-opacity="${fine ? 0.35 : 0.7}" stroke-linejoin="round"`
  figure.draw(`<g ${mesh}>${quads.join('')}</g>`)
}

/** Light comes from the upper left: faces turned away from it are darker. */
function shadowOf(slope: number, rise: number): number {
  // the normal is (-slope, -rise, 1) in units of the box
  const [nx, ny] = [-slope * HEIGHT, -rise * HEIGHT]
  const facing = (-0.25 * nx + 0.35 * ny + 0.9) / Math.sqrt(nx * nx + ny * ny + 1)
  return Math.min(SHADOWS.length - 1, Math.max(0, Math.floor(facing * SHADOWS.length)))
}

const darken = ({ light, dark }: Colour, share: number): Colour => ({
  light: mix(light, '#000000', share),
  dark: mix(dark, '#000000', share),
})

const MESH: Colour = { light: '#1f2328', dark: '#0f1318' }

/** Relative moves between rounded corners are shorter than absolute ones. */
function quadPath(corners: readonly Point[]): string {
  const rounded = corners.map(([x, y]) => [Math.round(x * 10), Math.round(y * 10)])
  const steps = rounded.slice(1).map(([x, y], i) => {
    const [dx, dy] = [x - rounded[i][0], y - rounded[i][1]].map((step) => px(step / 10))
    return `${dx}${dy.startsWith('-') ? '' : ' '}${dy}`
  })
  return `M${px(rounded[0][0] / 10)} ${px(rounded[0][1] / 10)}l${steps.join(' ')}z`
}
