/** The network's output over the plane, with the training and test points. */
import type { Racer, Scene } from '../messages.ts'
import { classColour, css, Picture, palette, valueColour } from './colours.ts'
import { checkbox, el, fitCanvas, label, rarely, TEXTS_EVERY, write } from './dom.ts'
import { figure } from './figures.ts'

interface Unit {
  readonly name: string
  readonly picture: Uint8ClampedArray
}

export class OutputView {
  readonly element: HTMLElement
  /** Of a pixel a cell: whoever puts the page together makes it larger. */
  readonly #picture = new Picture()
  /** Above it: the points stay where they are while training goes on. */
  readonly #points = el('canvas')
  readonly #plane = el('div', { class: 'plane', role: 'img' }, this.#picture.canvas, this.#points)
  readonly #title = el('h2', {}, 'Output')
  readonly #scores = el('dl', { class: 'scores' })
  readonly #legend = el('div', { class: 'legend' })
  readonly #axes: readonly [HTMLElement, HTMLElement] = [el('span', { class: 'across' }), el('span', { class: 'up' })]
  #scene: Scene | undefined
  #racer: Racer | undefined
  #unit: Unit | undefined
  /** What the points were drawn of. */
  #drawn: { readonly scene: Scene; readonly looks: string } | undefined
  #tested = false
  #inSteps = false
  readonly #tell = rarely(TEXTS_EVERY, () => this.#write())

  constructor() {
    const redraw = () => this.#draw()
    const tested = checkbox('Test points', (value) => {
      this.#tested = value
      redraw()
    })
    const inSteps = checkbox('Decision only', (value) => {
      this.#inSteps = value
      this.#plane.classList.toggle('stepped', value)
      redraw()
    })
    const frame = el('div', { class: 'plane-frame' }, this.#axes[1], this.#plane, this.#axes[0])
    this.element = el(
      'div',
      { class: 'output-view' },
      this.#title,
      frame,
      el('div', { class: 'row' }, tested.element, inSteps.element),
      this.#legend,
      this.#scores,
    )
  }

  configure(scene: Scene): void {
    this.#scene = scene
    this.#racer = undefined
    this.#unit = undefined
    this.element.hidden = false
    const ends = (axis: Scene['across']) =>
      axis.categories ? axis.name : `${axis.name}: ${figure(axis.from)} … ${figure(axis.to)}`
    this.#axes[0].textContent = ends(scene.across)
    this.#axes[1].textContent = ends(scene.up)
    const colour = (i: number) => (scene.task === 'classes' ? css(classColour(i)) : css(valueColour(i === 0 ? -1 : 1)))
    const names = scene.task === 'values' ? ['low', 'high'] : scene.classNames
    this.#legend.replaceChildren(
      ...names.slice(0, 10).map((name, i) => {
        const swatch = el('i', { 'aria-hidden': 'true' })
        swatch.style.background = colour(i)
        if (scene.task === 'binary' && i === 1) swatch.className = 'diamond'
        return el('span', {}, swatch, name)
      }),
    )
  }

  /** Clears the picture: there is no data. */
  clear(): void {
    this.#scene = undefined
    this.#racer = undefined
    this.#unit = undefined
    this.#scores.replaceChildren()
    this.element.hidden = true
  }

  show(racer: Racer, unit: Unit | undefined): void {
    this.#racer = racer
    this.#unit = unit
    this.#draw()
    this.#tell()
  }

  #write(): void {
    if (!this.#racer) return
    const { trainLoss, testLoss, accuracy } = this.#racer
    const parts: [string, string][] = [
      ['training loss', figure(trainLoss)],
      ['test loss', figure(testLoss)],
    ]
    if (!Number.isNaN(accuracy)) parts.push(['test accuracy', `${(100 * accuracy).toFixed(1)} %`])
    if (this.#scores.childElementCount !== parts.length)
      this.#scores.replaceChildren(...parts.map(([name]) => el('div', {}, el('dt', {}, name), el('dd'))))
    for (const [i, [, value]] of parts.entries()) write(this.#scores.children[i].lastElementChild as HTMLElement, value)
    label(this.#plane, `The network’s output over the plane. ${parts.map((part) => part.join(' ')).join(', ')}`)
  }

  #draw(): void {
    const [scene, racer, unit] = [this.#scene, this.#racer, this.#unit]
    if (!scene || !racer) return
    this.#picture.paint(unit?.picture ?? racer.picture, !unit && this.#inSteps)
    this.#drawPoints(scene)
    write(this.#title, unit ? `Output of ${unit.name}` : 'Output')
  }

  /** Only when they would look different. */
  #drawPoints(scene: Scene): void {
    const { context, width, height, isEmpty } = fitCanvas(this.#points)
    const looks = [this.#tested, palette().isDark].join()
    if (!isEmpty && this.#drawn?.scene === scene && this.#drawn.looks === looks) return
    context.clearRect(0, 0, width, height)
    drawPoints(context, scene, width, height, this.#tested)
    this.#drawn = { scene, looks }
  }
}

/** Of two classes, class 1 is a diamond, so that colour is not the only cue; test points have a dark rim. */
function drawPoints(
  context: CanvasRenderingContext2D,
  scene: Scene,
  width: number,
  height: number,
  tested: boolean,
): void {
  const { at, targets, task } = scene
  const count = targets.length
  const radius = Math.max(1.6, Math.min(Math.max(4, width / 140), width / 26 / Math.sqrt(count / 60)))
  const end = tested ? count : scene.tested
  for (let i = 0; i < end; i++) {
    const [x, y] = [at[2 * i] * width, (1 - at[2 * i + 1]) * height]
    const target = targets[i]
    const colour = task === 'classes' ? classColour(target) : valueColour(task === 'binary' ? 2 * target - 1 : target)
    context.beginPath()
    if (task === 'binary' && target === 1) {
      const r = radius * 1.2
      context.moveTo(x, y - r)
      context.lineTo(x + r, y)
      context.lineTo(x, y + r)
      context.lineTo(x - r, y)
      context.closePath()
    } else context.arc(x, y, radius, 0, 2 * Math.PI)
    context.fillStyle = css(colour)
    context.fill()
    context.strokeStyle = i >= scene.tested ? '#111' : 'rgb(255 255 255 / .85)'
    context.lineWidth = i >= scene.tested ? 1.2 : 0.8
    context.stroke()
  }
}
