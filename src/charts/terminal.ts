/** Text graphics: line charts, confusion tables, small images. Pure functions from numbers to strings. */
import { checkInteger, checkNumber, checkOptions, orDefault, show } from '../lib/check.ts'

/** A braille cell is 2 dots wide and 4 high; the bit of dot (x, y) is BRAILLE[y][x]. */
const BRAILLE = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const
const BLANK = 0x2800
const COLOURS = [36, 33, 35, 32, 34, 31]

const paint = (text: string, colour: number) => `\x1b[${colour}m${text}\x1b[39m`

/** Four significant digits without trailing zeros. */
function axisLabel(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2)
  return `${Number(value.toPrecision(4))}`
}

export interface PlotOptions {
  /** Width in characters, axis labels included. Default 72. */
  width?: number
  /** Height of the chart in lines. Default 12. */
  height?: number
  /** Whether to colour the series; otherwise only the legend's last values tell them apart. Default false. */
  colour?: boolean
}

/**
 * A line chart of one or more series over their index (from 1), in braille dots, with axis labels and a legend of names
 * and last values. Non-finite values leave gaps.
 * @throws TypeError or RangeError if there is nothing to draw or no room to draw it.
 */
export function plot(series: Readonly<Record<string, ArrayLike<number>>>, options: PlotOptions = {}): string {
  checkOptions('plot', options, ['width', 'height', 'colour'])
  const { width = 72, height = 12, colour = false } = options
  checkInteger('plot', 'width', width, 24)
  checkInteger('plot', 'height', height, 2)
  if (typeof series !== 'object' || series === null)
    throw new TypeError(`plot: "series" must be an object of arrays, got ${show(series)}`)
  const lines = Object.entries(series)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  let longest = 0
  for (const [, values] of lines) {
    longest = Math.max(longest, values.length)
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) continue
      low = Math.min(low, values[i])
      high = Math.max(high, values[i])
    }
  }
  if (low > high) throw new RangeError('plot: "series" has no finite values')
  if (low === high) {
    const margin = Math.abs(low) / 2 || 1
    low -= margin
    high += margin
  }

  const labels = [high, (low + high) / 2, low].map(axisLabel)
  const gutter = Math.max(...labels.map((label) => label.length))
  const cells = width - gutter - 2
  const dots = new Canvas(cells, height)
  const across = Math.max(longest - 1, 1)
  lines.forEach(([, values], s) => {
    let previous: readonly [number, number] | undefined
    for (let i = 0; i < values.length; i++) {
      const y = ((high - values[i]) / (high - low)) * (4 * height - 1)
      const point = Number.isFinite(y)
        ? ([Math.round((i / across) * (2 * cells - 1)), Math.round(y)] as const)
        : undefined
      if (point) dots.line(previous ?? point, point, s)
      previous = point
    }
  })

  const middle = Math.floor((height - 1) / 2)
  const rows = Array.from({ length: height }, (_, row) => {
    const label = row === 0 ? labels[0] : row === height - 1 ? labels[2] : row === middle ? labels[1] : ''
    return `${label.padStart(gutter)} ${label ? '┤' : '│'}${dots.row(row, colour)}`.trimEnd()
  })
  const last = `${longest}`
  const legend = lines.map(([name, values], s) => {
    const text = values.length ? `${name} ${axisLabel(values[values.length - 1])}` : name
    return colour ? `${paint('━━', COLOURS[s % COLOURS.length])} ${text}` : text
  })
  return [
    ...rows,
    `${' '.repeat(gutter)} └${'─'.repeat(cells)}`,
    `${' '.repeat(gutter + 2)}1${longest > 1 ? last.padStart(cells - 1) : ''}`,
    `${' '.repeat(gutter + 2)}${legend.join('   ')}`,
  ].join('\n')
}

/** Dots in braille cells; a cell has the colour of the last series drawn there. */
class Canvas {
  readonly #cells: number
  readonly #bits: Uint8Array
  readonly #owner: Uint8Array

  constructor(cells: number, height: number) {
    this.#cells = cells
    this.#bits = new Uint8Array(cells * height)
    this.#owner = new Uint8Array(cells * height)
  }

  /** Draws all dots from one point to another, inclusive. */
  line([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number], owner: number): void {
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1)
    for (let i = 0; i <= steps; i++) {
      const x = Math.round(x0 + ((x1 - x0) * i) / steps)
      const y = Math.round(y0 + ((y1 - y0) * i) / steps)
      const cell = (y >> 2) * this.#cells + (x >> 1)
      this.#bits[cell] |= BRAILLE[y & 3][x & 1]
      this.#owner[cell] = owner
    }
  }

  row(row: number, colour: boolean): string {
    const cells = Array.from({ length: this.#cells }, (_, x) => row * this.#cells + x)
    return cells
      .map((cell) => {
        if (this.#bits[cell] === 0) return ' '
        const text = String.fromCharCode(BLANK + this.#bits[cell])
        return colour ? paint(text, COLOURS[this.#owner[cell] % COLOURS.length]) : text
      })
      .join('')
  }
}

/**
 * A confusion matrix as a table: rows are true classes, columns predicted ones, the last column is the recall.
 * @param matrix counts, [classes, classes], flat or nested
 * @throws TypeError or RangeError unless it is square and the labels match.
 */
export function confusionTable(
  matrix: ArrayLike<number> | ArrayLike<ArrayLike<number>>,
  labels?: readonly string[],
): string {
  const nested = Array.from<number | ArrayLike<number>>(matrix)
  const flat = nested.flatMap((row) => (typeof row === 'number' ? [row] : Array.from(row)))
  const classes = Math.sqrt(flat.length)
  if (!Number.isInteger(classes) || classes === 0) {
    throw new RangeError(`confusionTable: "matrix" must be square, got ${flat.length} counts`)
  }
  for (const count of flat) checkNumber('confusionTable', 'matrix', count, { minimum: 0 })
  const names = labels ?? Array.from({ length: classes }, (_, i) => `${i}`)
  if (names.length !== classes) {
    throw new RangeError(`confusionTable: ${names.length} labels for ${classes} classes`)
  }
  const head = ['true \\ predicted', ...names, 'recall']
  const body = names.map((name, r) => {
    const counts = flat.slice(r * classes, (r + 1) * classes)
    const total = counts.reduce((sum, count) => sum + count, 0)
    const recall = total > 0 ? `${((100 * counts[r]) / total).toFixed(1)}%` : '-'
    return [name, ...counts.map((count) => (count === 0 ? '·' : `${count}`)), recall]
  })
  const widths = head.map((cell, c) => Math.max(cell.length, ...body.map((row) => row[c].length)))
  const line = (row: readonly string[]) =>
    row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join('  ')
  return [line(head), widths.map((width) => '─'.repeat(width)).join('──'), ...body.map(line)].join('\n')
}

const SHADES = [' ', '░', '▒', '▓', '█']

/**
 * A grey-scale image as text, two characters per pixel so that pixels look square: blank for 0, full block for `maximum`.
 * @param pixels [height, width], row-major
 * @throws RangeError unless there are width x height pixels.
 */
export function drawImage(
  pixels: ArrayLike<number>,
  width: number,
  height: number,
  options: { maximum?: number } = {},
): string {
  checkInteger('drawImage', 'width', width, 1)
  checkInteger('drawImage', 'height', height, 1)
  checkOptions('drawImage', options, ['maximum'])
  const maximum = checkNumber('drawImage', 'maximum', orDefault(options.maximum, 1), { above: 0 })
  if (pixels.length !== width * height) {
    throw new RangeError(
      `drawImage: "pixels" has ${pixels.length} values, expected ${width * height} (${width} x ${height})`,
    )
  }
  const shade = (value: number) => {
    const level = Math.round((value / maximum) * (SHADES.length - 1)) || 0
    return SHADES[Math.min(SHADES.length - 1, Math.max(0, level))].repeat(2)
  }
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => shade(pixels[y * width + x])).join(''),
  ).join('\n')
}
