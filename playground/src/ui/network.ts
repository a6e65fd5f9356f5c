/** The network as a drawing: a picture of what each unit says over the plane, and lines for the weights between them. */
import { type Frame, type Scene, UNIT_CELLS } from '../messages.ts'
import { MOST_LAYERS, MOST_UNITS, type Settings } from '../settings.ts'
import { HIGH_COLOUR, LOW_COLOUR, paint, palette, pictureOf } from './colours.ts'
import { button, el, fitCanvas, label } from './dom.ts'

/** A hidden unit, or an input in layer -1. */
export interface UnitPlace {
  readonly layer: number
  readonly unit: number
}

interface Tile extends UnitPlace {
  readonly x: number
  readonly y: number
  readonly size: number
}

/** Milliseconds between drawings of the lines: thousands of curves take longer than a frame has. */
const LINKS_EVERY = 150
/** Lines of one colour and width are drawn at once: so many widths there are. */
const WIDTHS = 4
/** Of inputs of a table, so many are drawn. */
const MOST_INPUTS = 32

const CELLS = UNIT_CELLS ** 2
const NONE = new Float32Array(0)

/** All units' pictures one below the other on one canvas: browsers copy a canvas that is drawn from and then written again. */
class Atlas {
  readonly #canvas = document.createElement('canvas')
  #image = new ImageData(UNIT_CELLS, UNIT_CELLS)

  of(pictures: readonly Float32Array[]): HTMLCanvasElement {
    const height = Math.max(1, pictures.length) * UNIT_CELLS
    if (this.#image.height !== height) this.#image = new ImageData(UNIT_CELLS, height)
    if (this.#canvas.height !== height || this.#canvas.width !== UNIT_CELLS)
      [this.#canvas.width, this.#canvas.height] = [UNIT_CELLS, height]
    const pixels = new Uint32Array(this.#image.data.buffer)
    for (const [i, picture] of pictures.entries()) paint(pixels.subarray(i * CELLS), picture, false, false)
    this.#canvas.getContext('2d')?.putImageData(this.#image, 0, 0)
    return this.#canvas
  }
}

export class NetworkView {
  readonly element: HTMLElement
  readonly #canvas: HTMLCanvasElement
  /** Below it, as lines are drawn more rarely. */
  readonly #links = el('canvas', { class: 'links', 'aria-hidden': 'true' })
  readonly #heads: HTMLElement
  readonly #hint: HTMLElement
  readonly #change: (layers: readonly number[]) => void
  readonly #look: (place: UnitPlace | undefined) => void
  readonly #atlas = new Atlas()
  #settings: Settings | undefined
  #scene: Scene | undefined
  #frame: Frame | undefined
  #tiles: readonly Tile[] = []
  #linked = Number.NEGATIVE_INFINITY
  #linkedWidth = 0
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
    this.element = el(
      'div',
      { class: 'network-view' },
      this.#heads,
      el('div', { class: 'layered' }, this.#links, this.#canvas),
      this.#hint,
    )
  }

  configure(settings: Settings, scene: Scene): void {
    this.#settings = settings
    this.#scene = scene
    this.#frame = undefined
    this.#chosen = undefined
    this.#linked = Number.NEGATIVE_INFINITY
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
    const { context, width, height } = fitCanvas(this.#canvas)
    if (!this.#settings || !this.#scene || width === 0) return
    context.clearRect(0, 0, width, height)
    const counts = [Math.min(this.#scene.inputs.length, MOST_INPUTS), ...this.#settings.layers, outputsOf(this.#scene)]
    this.#tiles = layOut(counts, width, height)
    const now = performance.now()
    if (now - this.#linked > LINKS_EVERY || this.#links.clientWidth !== this.#linkedWidth) {
      this.#drawLinks(counts, frame.kernels)
      this.#linked = now
      this.#linkedWidth = this.#links.clientWidth
    }
    this.#drawTiles(context, frame)
    const { parameters } = this
    label(
      this.#canvas,
      `Network of ${counts.join(', ')} units, ${parameters} weights${this.#chosen ? `; ${nameOf(this.#chosen, this.#scene)} is chosen` : ''}`,
    )
  }

  /** Nothing to see: there is no model, and why. */
  clear(reason: string): void {
    this.#frame = undefined
    this.#chosen = undefined
    this.#tiles = []
    for (const canvas of [this.#canvas, this.#links]) {
      const { context, width, height } = fitCanvas(canvas)
      context.clearRect(0, 0, width, height)
    }
    label(this.#canvas, 'No network yet')
    this.#hint.textContent = reason
  }

  get parameters(): number {
    return this.#frame?.kernels.reduce((sum, { length }) => sum + length, 0) ?? 0
  }

  #drawLinks(counts: readonly number[], kernels: readonly Float32Array[]): void {
    const { context, width: across, height } = fitCanvas(this.#links)
    context.clearRect(0, 0, across, height)
    context.lineCap = 'round'
    for (const [layer, kernel] of kernels.entries()) {
      const from = this.#tiles.filter((tile) => tile.layer === layer - 1)
      const to = this.#tiles.filter((tile) => tile.layer === layer)
      const units = counts[layer + 1]
      let most = 1e-6
      for (const weight of kernel) most = Math.max(most, Math.abs(weight))
      const paths = Array.from({ length: 2 * WIDTHS }, () => new Path2D())
      for (const [i, a] of from.entries()) {
        for (const [u, b] of to.entries()) {
          const weight = kernel[i * units + u]
          const width = Math.ceil((Math.abs(weight) / most) * WIDTHS)
          if (width === 0) continue
          const path = paths[(weight > 0 ? WIDTHS : 0) + width - 1]
          const [x0, y0, x1, y1] = [a.x + a.size, a.y + a.size / 2, b.x, b.y + b.size / 2]
          const bend = (x1 - x0) * 0.45
          path.moveTo(x0, y0)
          path.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1)
        }
      }
      // many lines are thin lines
      const scale = Math.min(1, 12 / Math.sqrt(from.length * to.length))
      for (const [i, path] of paths.entries()) {
        const strength = ((i % WIDTHS) + 1) / WIDTHS
        context.strokeStyle = i < WIDTHS ? LOW_COLOUR : HIGH_COLOUR
        context.globalAlpha = 0.12 + 0.6 * strength * strength
        context.lineWidth = Math.max(0.4, 4 * strength * scale)
        context.stroke(path)
      }
    }
    context.globalAlpha = 1
  }

  #drawTiles(context: CanvasRenderingContext2D, { units, racers }: Frame): void {
    const scene = this.#scene
    if (!scene) return
    const sources = this.#tiles.map(({ layer, unit }) => {
      const source = layer < 0 ? scene.inputPictures : units[layer]
      return source?.subarray(unit * CELLS, (unit + 1) * CELLS) ?? NONE
    })
    const atlas = this.#atlas.of(sources)
    const { isDark } = palette()
    for (const [i, { layer, unit, x, y, size }] of this.#tiles.entries()) {
      const isChosen = this.#chosen?.layer === layer && this.#chosen.unit === unit
      context.fillStyle = isDark ? '#2a2f37' : '#e6e6e1'
      context.fillRect(x, y, size, size)
      if (sources[i].length > 0) {
        context.drawImage(atlas, 0, i * UNIT_CELLS, UNIT_CELLS, UNIT_CELLS, x, y, size, size)
      }
      if (layer === this.#settings?.layers.length && scene.task !== 'classes' && scene.inputPictures.length > 0)
        context.drawImage(pictureOf(racers[0].picture), x, y, size, size)
      context.strokeStyle = isChosen ? (isDark ? '#ffffff' : '#111111') : isDark ? '#545b66' : '#9a9a94'
      context.lineWidth = isChosen ? 2.5 : 1
      context.strokeRect(x, y, size, size)
    }
    context.font = '11px system-ui, sans-serif'
    context.fillStyle = isDark ? '#c9d1d9' : '#333333'
    context.textAlign = 'right'
    context.textBaseline = 'middle'
    for (const { layer, unit, x, y, size } of this.#tiles) {
      if (layer === -1 && size >= 11) context.fillText(scene.inputs[unit].slice(0, 14), x - 5, y + size / 2)
    }
  }

  #at(x: number, y: number): UnitPlace | undefined {
    return this.#tiles.find((tile) => x >= tile.x && x <= tile.x + tile.size && y >= tile.y && y <= tile.y + tile.size)
  }

  #choose(place: UnitPlace | undefined): void {
    const last = this.#settings?.layers.length
    const shown = place && place.layer < (last ?? 0) ? { layer: place.layer, unit: place.unit } : undefined
    if (shown?.layer === this.#chosen?.layer && shown?.unit === this.#chosen?.unit) return
    this.#chosen = shown
    this.#look(shown)
    if (this.#frame) this.draw(this.#frame)
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
    const column = this.#tiles.filter((tile) => tile.layer === aimed[0])
    if (column.length === 0 || aimed[0] >= (this.#settings?.layers.length ?? 0)) return
    this.#choose(column[Math.max(0, Math.min(column.length - 1, aimed[1]))])
  }

  /** The chosen unit's picture, of the latest frame. */
  get chosen(): { readonly name: string; readonly picture: Float32Array } | undefined {
    if (!this.#chosen || !this.#frame || !this.#scene) return undefined
    const { layer, unit } = this.#chosen
    const source = layer < 0 ? this.#scene.inputPictures : this.#frame.units[layer]
    if (!source || source.length === 0) return undefined
    const cells = UNIT_CELLS ** 2
    return { name: nameOf(this.#chosen, this.#scene), picture: source.subarray(unit * cells, (unit + 1) * cells) }
  }
}

const outputsOf = ({ task, classNames }: Scene): number => (task === 'classes' ? classNames.length : 1)

const nameOf = ({ layer, unit }: UnitPlace, scene: Scene): string =>
  layer < 0 ? `input ${scene.inputs[unit]}` : `unit ${unit + 1} of layer ${layer + 1}`

/** Tiles in columns, as large as all have room for. */
function layOut(counts: readonly number[], width: number, height: number): Tile[] {
  const most = Math.max(...counts)
  // on large screens larger, while lines keep half of the width
  const pitch = Math.min(Math.max(44, height / 14), (height - 8) / most)
  const size = Math.max(5, Math.min(pitch * 0.84, (width / counts.length) * 0.5))
  return counts.flatMap((count, column) => {
    const x = ((column + 0.5) * width) / counts.length - size / 2
    const top = (height - count * pitch) / 2 + (pitch - size) / 2
    return Array.from({ length: count }, (_, unit) => ({ layer: column - 1, unit, x, y: top + unit * pitch, size }))
  })
}
