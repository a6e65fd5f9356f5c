/** The frame of every chart: an SVG document with its text alternative, colour scheme, title and legend. */
import { checkInteger, checkOneOf, checkOptions, show } from '../lib/check.ts'
import { type Colour, GROUND, INK, MUTED, type Painter } from './colours.ts'
import { px } from './format.ts'
import { readText } from './input.ts'
import { type Marker, markersMarkup } from './markers.ts'
import { escapeXml, fitText, textWidth } from './text.ts'

/** Options of all charts. */
export interface ChartOptions {
  /** Heading and accessible name of the chart; truncated to 200 characters. Default: none. */
  title?: string
  /** Precedes the generated text alternative, which lists series, ranges and last values; truncated to 1,000 characters. */
  description?: string
  /** Width in pixels, 240 to 4,096; text keeps its size. Default 640. */
  width?: number
  /** Height in pixels, 200 to 4,096. Default 400, or as the rows of a table require. */
  height?: number
  /** `auto` follows the reader's `prefers-color-scheme`. Default 'auto'. */
  scheme?: 'auto' | 'light' | 'dark'
  /** The element's id, unique in its page. Default: `chart-` and a hash of the chart. */
  id?: string
}

const COMMON = ['title', 'description', 'width', 'height', 'scheme', 'id'] as const

/** With a title, one row of legend, labels and ticks this leaves a plot of about 50 pixels. */
const LOWEST = 200
/** Space around the content. */
export const MARGIN = 16
/** Font size except for titles. */
export const TEXT = 12
const TITLE = 16
const LINE = 18
const FONTS = 'system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif'

/** Corners of a rectangle in pixels. */
export interface Area {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export type Anchor = 'start' | 'middle' | 'end'

export interface TextStyle {
  anchor?: Anchor
  colour?: Colour
  size?: number
  bold?: boolean
  /** Degrees clockwise around the anchor. */
  turn?: number
  /** With an outline in the background colour, to be readable on top of lines. */
  halo?: boolean
}

/** An entry of a legend: a symbol and the series' name. */
export interface LegendItem {
  readonly label: string
  readonly colour: Colour
  /** Drawn as a line with these dashes; absent: as a marker only. */
  readonly dashes?: string
  readonly marker?: Marker
}

/** FNV-1a, 32 bits. */
function hash(text: string): string {
  let state = 0x811c9dc5
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193)
  return (state >>> 0).toString(36)
}

export class Figure implements Painter {
  readonly where: string
  readonly width: number
  readonly height: number
  readonly #title: string
  readonly #description: string
  readonly #scheme: 'auto' | 'light' | 'dark'
  readonly #id: string | undefined
  readonly #colours = new Map<string, { name: number; colour: Colour; uses: Set<'fill' | 'stroke'> }>()
  readonly #body: string[] = []
  readonly #clips: Area[] = []

  /**
   * @param known the chart's own options, in addition to those of all charts
   * @throws TypeError or RangeError naming the option at fault.
   */
  constructor(where: string, options: ChartOptions, known: readonly string[], defaultHeight = 400) {
    checkOptions(where, options, [...known, ...COMMON])
    const { title = '', description = '', width = 640, height = defaultHeight, scheme = 'auto', id } = options
    this.where = where
    this.#title = readText(where, 'title', title)
    this.#description = readText(where, 'description', description, 1000)
    this.width = checkInteger(where, 'width', width, 240, 4096)
    this.height = checkInteger(where, 'height', height, LOWEST, 4096)
    this.#scheme = checkOneOf(where, 'scheme', scheme, ['auto', 'light', 'dark'])
    if (id !== undefined && typeof id !== 'string') {
      throw new TypeError(`${where}: "id" must be a string, got ${show(id)}`)
    }
    if (id !== undefined && !/^[A-Za-z][\w-]{0,63}$/.test(id)) {
      throw new RangeError(`${where}: "id" must be a letter and up to 63 letters, digits, - and _, got ${show(id)}`)
    }
    this.#id = id
  }

  /** The class for painting in a colour. */
  #paint(use: 'fill' | 'stroke', colour: Colour): string {
    const key = `${colour.light}${colour.dark}`
    const found = this.#colours.get(key) ?? { name: this.#colours.size, colour, uses: new Set() }
    found.uses.add(use)
    this.#colours.set(key, found)
    return `${use[0]}${found.name}`
  }

  fill(colour: Colour): string {
    return this.#paint('fill', colour)
  }

  stroke(colour: Colour): string {
    return this.#paint('stroke', colour)
  }

  draw(markup: string): void {
    this.#body.push(markup)
  }

  /** A filled rectangle with sharp edges. */
  rectangle({ left, top, right, bottom }: Area, colour: Colour): void {
    const size = `width="${px(right - left)}" height="${px(bottom - top)}"`
    this.draw(
      `<rect class="${this.fill(colour)}" x="${px(left)}" y="${px(top)}" ${size} shape-rendering="crispEdges"/>`,
    )
  }

  line(x1: number, y1: number, x2: number, y2: number, colour: Colour): void {
    this.draw(`<path class="${this.stroke(colour)}" d="M${px(x1)} ${px(y1)}L${px(x2)} ${px(y2)}"/>`)
  }

  /** Clips markup to an area. */
  clip(area: Area, markup: string): void {
    // placeholder for the id, which is known at the end; text cannot contain this character
    this.draw(`<g clip-path="url(#\u0000-clip${this.#clips.push(area)})">${markup}</g>`)
  }

  /** One line of text, vertically centred on `y`. */
  text(x: number, y: number, content: string, style: TextStyle = {}): void {
    const { anchor = 'start', colour = MUTED, size = TEXT, bold = false, turn = 0, halo = false } = style
    const attributes = [
      `class="${[this.fill(colour), ...(halo ? [this.stroke(GROUND), 'halo'] : [])].join(' ')}"`,
      turn === 0
        ? `x="${px(x)}" y="${px(y + size * 0.36)}"`
        : `transform="translate(${px(x)} ${px(y)})rotate(${turn})" y="${px(size * 0.36)}"`,
      ...(anchor === 'start' ? [] : [`text-anchor="${anchor}"`]),
      ...(size === TEXT ? [] : [`font-size="${size}"`]),
      ...(bold ? ['font-weight="600"'] : []),
    ]
    this.draw(`<text ${attributes.join(' ')}>${escapeXml(content)}</text>`)
  }

  /** Draws title and legend; returns the top of the remaining space. */
  header(legend: readonly LegendItem[] = []): number {
    let top = MARGIN
    if (this.#title) {
      const title = fitText(this.#title, (this.width - 2 * MARGIN) / 1.1, TITLE)
      this.text(MARGIN, top + TITLE / 2, title, { size: TITLE, bold: true, colour: INK })
      top += TITLE + 12
    }
    if (legend.length === 0) return top
    const rows = this.#legendRows(legend)
    for (const row of rows) {
      for (const { x, item, text } of row) this.#legendItem(x, top + LINE / 2, item, text)
      top += LINE
    }
    return top + 8
  }

  /** Left-aligned, in as many rows as needed, up to a third of the space at minimum height. */
  #legendRows(legend: readonly LegendItem[]): { x: number; item: LegendItem; text: string }[][] {
    const most = 1 + Math.floor((this.height - LOWEST) / 3 / LINE)
    const rows: { x: number; item: LegendItem; text: string }[][] = [[]]
    let x = MARGIN
    for (const item of legend) {
      const text = fitText(item.label, this.width - 2 * MARGIN - SWATCH, TEXT)
      const width = SWATCH + textWidth(text, TEXT)
      if (x > MARGIN && x + width > this.width - MARGIN) {
        if (rows.length === most) break
        rows.push([])
        x = MARGIN
      }
      rows[rows.length - 1].push({ x, item, text })
      x += width + 18
    }
    return rows
  }

  #legendItem(x: number, y: number, { colour, dashes, marker }: LegendItem, text: string): void {
    const sign = SWATCH - 8
    if (dashes !== undefined) this.draw(strokeMarkup(this.stroke(colour), `M${px(x)} ${px(y)}h${sign}`, dashes))
    if (marker) this.draw(markersMarkup(this, marker, colour, [x + sign / 2, y], 4))
    this.text(x + SWATCH, y, text, { colour: INK })
  }

  /** The finished document; `name` and `summary` form its text alternative. */
  toSvg(name: string, summary: string): string {
    const { width, height } = this
    const ground = this.fill(GROUND)
    const clips = this.#clips.map(
      ({ left, top, right, bottom }, i) =>
        `<clipPath id="\u0000-clip${i + 1}"><rect x="${px(left)}" y="${px(top)}" width="${px(right - left)}" height="${px(bottom - top)}"/></clipPath>`,
    )
    const lines = [
      `<title id="\u0000-title">${escapeXml(this.#title || name)}</title>`,
      `<desc id="\u0000-desc">${escapeXml([this.#description, summary].filter(Boolean).join(' '))}</desc>`,
      `<style>${this.#styles()}</style>`,
      ...(clips.length > 0 ? [`<defs>${clips.join('')}</defs>`] : []),
      `<rect class="${ground}" width="${width}" height="${height}"/>`,
      ...this.#body,
    ]
    const root = `<svg xmlns="http://www.w3.org/2000/svg" id="\u0000" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="\u0000-title \u0000-desc">`
    const svg = `${root}\n${lines.join('\n')}\n</svg>\n`
    return svg.replaceAll('\u0000', this.#id ?? `chart-${hash(svg)}`)
  }

  /** All rules are scoped by id, so that they affect neither the page nor other charts. */
  #styles(): string {
    const colours = [...this.#colours.values()]
    const scheme = this.#scheme
    const changing = colours.filter(({ colour }) => scheme === 'auto' && colour.light !== colour.dark)
    const variables = (side: 'light' | 'dark') =>
      `#\u0000{${changing.map(({ name, colour }) => `--c${name}:${colour[side]}`).join(';')}}`
    const rules = colours.flatMap(({ name, colour, uses }) => {
      const plain = colour[scheme === 'dark' ? 'dark' : 'light']
      const varies = scheme === 'auto' && colour.light !== colour.dark
      // fallback for renderers without custom properties
      return [...uses].map(
        (use) => `#\u0000 .${use[0]}${name}{${use}:${plain}${varies ? `;${use}:var(--c${name})` : ''}}`,
      )
    })
    return [
      `#\u0000{max-width:100%;height:auto;font:${TEXT}px ${FONTS};font-variant-numeric:tabular-nums}`,
      ...(changing.length > 0 ? [variables('light')] : []),
      `#\u0000 path{fill:none}`,
      `#\u0000 .halo{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}`,
      ...rules,
      ...(changing.length > 0 ? [`@media(prefers-color-scheme:dark){${variables('dark')}}`] : []),
    ].join('')
  }
}

/** Distance from the start of a legend symbol to its text. */
const SWATCH = 30

/** A line: two pixels wide, with round caps unless they would fill the gaps between dashes. */
export const strokeMarkup = (className: string, path: string, dashes = '', width = 2): string =>
  `<path class="${className}" d="${path}" stroke-width="${width}"${dashes ? ` stroke-dasharray="${dashes}"` : ''} stroke-linejoin="round" stroke-linecap="${dashes ? 'butt' : 'round'}"/>`
