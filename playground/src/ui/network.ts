/** The network diagram: a picture of each unit's output over the plane, and lines for the weights between units. */
import { type Frame, type Scene, UNIT_CELLS } from '../messages.ts'
import { MOST_LAYERS, MOST_UNITS, type Settings } from '../settings.ts'
import { type Palette, Picture, palette } from './colours.ts'
import { button, el, fitCanvas, label } from './dom.ts'
import { drawLinks } from './links.ts'
import { layOut, type Tile, type UnitPlace } from './tiles.ts'

/** Milliseconds between drawings of lines, of those between two layers at a time: curves take longer than pictures. */
const LINKS_EVERY = 40
/** Milliseconds without a new frame, after which all lines are drawn. */
const SETTLED = 250
/** Largest number of table inputs that are drawn. */
const MOST_INPUTS = 32

const CELLS = UNIT_CELLS ** 2
const NONE = new Uint8ClampedArray(0)

export class NetworkView {
  readonly element: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #heads: HTMLElement
  readonly #hint: HTMLElement
  readonly #change: (layers: readonly number[]) => void
  readonly #look: (place: UnitPlace | undefined) => void
  /** All units' pictures one below the other on one canvas: browsers copy a canvas that is drawn from and then written again. */
  readonly #atlas = new Picture()
  readonly #output = new Picture()
  #settings: Settings | undefined
  #scene: Scene | undefined
  #frame: Frame | undefined
  /** By layer, inputs first. */
  #columns: readonly (readonly Tile[])[] = []
  /** The colours of what lies around the pictures; undefined when it is to be drawn. */
  #ground: Palette | undefined
  /** The layer whose lines were drawn last, and when. */
  #linked = 0
  #linkedAt = Number.NEGATIVE_INFINITY
  #settling: ReturnType<typeof setTimeout> | undefined
  #chosen: UnitPlace | undefined

  /**
   * @param change layers that are wanted
   * @param look which unit's picture is to be shown large
   */
  constructor(change: (layers: readonly number[]) => void, look: (place: UnitPlace | undefined) => void) {
    this.#change = change
    this.#look = look
    this.#canvas = el('canvas', {
      class: 'network',
      role: 'img',
      tabindex: 0,
      onpointermove: ((event: PointerEvent) => this.#choose(this.#at(event.offsetX, event.offsetY))) as EventListener,
      onpointerleave: () => this.#choose(undefined),
      onblur: () => this.#choose(undefined),
      onkeydown: ((event: KeyboardEvent) => this.#step(event)) as EventListener,
    })
    this.#heads = el('div', { class: 'heads' })
    this.#hint = el('p', { class: 'hint' })
    this.element = el('div', { class: 'network-view' }, this.#heads, this.#canvas, this.#hint)
  }

  configure(settings: Settings, scene: Scene): void {
    this.#settings = settings
    this.#scene = scene
    this.#frame = undefined
    this.#chosen = undefined
    this.#ground = undefined
    this.#drawHeads(settings)
    this.#hint.textContent =
      scene.inputPictures.length > 0
        ? 'Each square is a unit’s output over the plane. Point at one, or use the arrow keys, to see it large.'
        : `${scene.inputs.length} inputs made from the table’s columns${scene.inputs.length > MOST_INPUTS ? `, of which ${MOST_INPUTS} are drawn` : ''}.`
  }

  #drawHeads({ layers }: Settings): void {
    const without = (index: number) => layers.filter((_, i) => i !== index)
    const resized = (index: number, by: number) => layers.map((units, i) => (i === index ? units + by : units))
    const columns = layers.map((units, i) =>
      el(
        'div',
        { class: 'head', role: 'group', 'aria-label': `Hidden layer ${i + 1}` },
        button('−', () => this.#change(resized(i, -1)), {
          class: 'small',
          'aria-label': `One unit less in layer ${i + 1}`,
          disabled: units <= 1,
        }),
        el('span', { title: 'units' }, String(units)),
        button('+', () => this.#change(resized(i, 1)), {
          class: 'small',
          'aria-label': `One unit more in layer ${i + 1}`,
          disabled: units >= MOST_UNITS,
        }),
        button('×', () => this.#change(without(i)), { 'aria-label': `Remove layer ${i + 1}`, class: 'small quiet' }),
      ),
    )
    const add = button('+ layer', () => this.#change([...layers, layers[layers.length - 1] ?? 8]), {
      class: 'small',
      disabled: layers.length >= MOST_LAYERS,
    })
    this.#heads.style.gridTemplateColumns = `repeat(${layers.length + 2}, 1fr)`
    this.#heads.replaceChildren(
      el('div', { class: 'head' }, el('span', {}, 'inputs')),
      ...columns,
      el('div', { class: 'head' }, add),
    )
  }

  draw(frame: Frame): void {
    if (frame.kernels.length === 0) return
    this.#frame = frame
    const { context, width, height, scale, isEmpty } = fitCanvas(this.#canvas, { alpha: false })
    const [settings, scene] = [this.#settings, this.#scene]
    if (!settings || !scene || width === 0) return
    clearTimeout(this.#settling)
    if (isEmpty || this.#ground !== palette()) {
      const counts = [Math.min(scene.inputs.length, MOST_INPUTS), ...settings.layers, outputsOf(scene)]
      this.#columns = layOut(counts, width, height, scale)
      this.#drawGround(context, width, height, scene)
      for (const layer of frame.kernels.keys()) this.#drawLinks(context, layer, height)
      label(
        this.#canvas,
        `Network of ${counts.join(', ')} units, ${this.parameters} weights${this.#chosen ? `; ${nameOf(this.#chosen, scene)} is chosen` : ''}`,
      )
    } else {
      const now = performance.now()
      if (now - this.#linkedAt > LINKS_EVERY) {
        this.#linked = (this.#linked + 1) % frame.kernels.length
        this.#drawLinks(context, this.#linked, height)
        this.#linkedAt = now
      }
      this.#settling = setTimeout(() => this.#redraw(), SETTLED)
    }
    this.#drawPictures(context, frame, settings, scene)
  }

  get parameters(): number {
    return this.#frame?.kernels.reduce((sum, { length }) => sum + length, 0) ?? 0
  }

  /** Draws all of it. */
  #redraw(): void {
    this.#ground = undefined
    if (this.#frame) this.draw(this.#frame)
  }

  #wipe(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
    context.fillStyle = getComputedStyle(this.#canvas).backgroundColor
    context.fillRect(x, y, width, height)
  }

  /** What stays while training goes on: rims of the pictures, and names of inputs. */
  #drawGround(context: CanvasRenderingContext2D, width: number, height: number, scene: Scene): void {
    this.#ground = palette()
    const { isDark } = this.#ground
    this.#wipe(context, 0, 0, width, height)
    for (const { x, y, size } of this.#columns.flat()) {
      context.fillStyle = isDark ? '#545b66' : '#9a9a94'
      context.fillRect(x - 1, y - 1, size + 2, size + 2)
      context.fillStyle = isDark ? '#2a2f37' : '#e6e6e1'
      context.fillRect(x, y, size, size)
    }
    const { fontSize } = getComputedStyle(this.#canvas)
    context.font = `${fontSize} system-ui, sans-serif`
    context.fillStyle = isDark ? '#c9d1d9' : '#333333'
    context.textAlign = 'right'
    context.textBaseline = 'middle'
    for (const { unit, x, y, size } of this.#columns[0]) {
      if (size >= 11) context.fillText(shortened(scene.inputs[unit]), x - 5, y + size / 2)
    }
  }

  /** Those to the units of one layer. */
  #drawLinks(context: CanvasRenderingContext2D, layer: number, height: number): void {
    const [from, to] = [this.#columns[layer], this.#columns[layer + 1]]
    const [left, right] = [from[0].x + from[0].size + 1, to[0].x - 1]
    this.#wipe(context, left, 0, right - left, height)
    if (this.#frame) drawLinks(context, this.#frame.kernels[layer], from, to)
  }

  #drawPictures(context: CanvasRenderingContext2D, { units, racers }: Frame, { layers }: Settings, scene: Scene): void {
    const hasPictures = scene.inputPictures.length > 0
    const tiles = this.#columns.flat()
    const sources = tiles.map(({ layer, unit }) => {
      const source = layer < 0 ? scene.inputPictures : units[layer]
      return source?.subarray(unit * CELLS, (unit + 1) * CELLS) ?? NONE
    })
    this.#atlas.paintAll(sources, UNIT_CELLS)
    for (const [i, { layer, x, y, size }] of tiles.entries()) {
      if (sources[i].length > 0)
        context.drawImage(this.#atlas.canvas, 0, i * UNIT_CELLS, UNIT_CELLS, UNIT_CELLS, x, y, size, size)
      else if (layer === layers.length && scene.task !== 'classes' && hasPictures) {
        this.#output.paint(racers[0].picture)
        context.drawImage(this.#output.canvas, x, y, size, size)
      }
    }
    const chosen = tiles.find(({ layer, unit }) => this.#chosen?.layer === layer && this.#chosen.unit === unit)
    if (!chosen) return
    const { x, y, size } = chosen
    context.strokeStyle = this.#ground?.isDark ? '#ffffff' : '#111111'
    context.lineWidth = 2.5
    context.strokeRect(x - 1, y - 1, size + 2, size + 2)
  }

  #at(x: number, y: number): UnitPlace | undefined {
    return this.#columns
      .flat()
      .find((tile) => x >= tile.x && x <= tile.x + tile.size && y >= tile.y && y <= tile.y + tile.size)
  }

  #choose(place: UnitPlace | undefined): void {
    const last = this.#settings?.layers.length
    const shown = place && place.layer < (last ?? 0) ? { layer: place.layer, unit: place.unit } : undefined
    if (shown?.layer === this.#chosen?.layer && shown?.unit === this.#chosen?.unit) return
    this.#chosen = shown
    this.#look(shown)
    this.#redraw()
  }

  #step(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [layer: number, unit: number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    }
    if (event.key === 'Escape') this.#choose(undefined)
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    const { layer, unit } = this.#chosen ?? { layer: 0, unit: -1 }
    const aimed = this.#chosen ? [layer + move[0], unit + move[1]] : [this.#settings?.layers.length ? 0 : -1, 0]
    const column = this.#columns[aimed[0] + 1] ?? []
    if (column.length === 0 || aimed[0] >= (this.#settings?.layers.length ?? 0)) return
    this.#choose(column[Math.max(0, Math.min(column.length - 1, aimed[1]))])
  }

  /** The chosen unit's picture, of the latest frame. */
  get chosen(): { readonly name: string; readonly picture: Uint8ClampedArray } | undefined {
    if (!this.#chosen || !this.#frame || !this.#scene) return undefined
    const { layer, unit } = this.#chosen
    const source = layer < 0 ? this.#scene.inputPictures : this.#frame.units[layer]
    if (!source || source.length === 0) return undefined
    return { name: nameOf(this.#chosen, this.#scene), picture: source.subarray(unit * CELLS, (unit + 1) * CELLS) }
  }
}

const shortened = (name: string): string => (name.length > 14 ? `${name.slice(0, 13)}…` : name)

const outputsOf = ({ task, classNames }: Scene): number => (task === 'classes' ? classNames.length : 1)

const nameOf = ({ layer, unit }: UnitPlace, scene: Scene): string =>
  layer < 0 ? `input ${scene.inputs[unit]}` : `unit ${unit + 1} of layer ${layer + 1}`
