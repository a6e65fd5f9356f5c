/** What the network says over the plane, with the points that it learned from and is tested by. */
import type { Racer, Scene } from '../messages.ts'
import { classColour, css, palette, pictureOf, valueColour } from './colours.ts'
import { checkbox, el, fitCanvas, label, write } from './dom.ts'

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

export class OutputView {
  readonly element: HTMLElement
  readonly #canvas = el('canvas', { class: 'plane', role: 'img' })
  readonly #title = el('h2', {}, 'Output')
  readonly #scores = el('dl', { class: 'scores' })
  readonly #legend = el('div', { class: 'legend' })
  readonly #axes: readonly [HTMLElement, HTMLElement] = [el('span', { class: 'across' }), el('span', { class: 'up' })]
  #scene: Scene | undefined
  #racer: Racer | undefined
  #unit: { readonly name: string; readonly picture: Float32Array } | undefined
  #points: { readonly scene: Scene; readonly looks: string; readonly canvas: HTMLCanvasElement } | undefined
  #tested = false
  #inSteps = false

  constructor() {
    const redraw = () => this.#draw()
    const tested = checkbox('Test points', (value) => {
      this.#tested = value
      redraw()
    })
    const inSteps = checkbox('Decision only', (value) => {
      this.#inSteps = value
      redraw()
    })
    const frame = el('div', { class: 'plane-frame' }, this.#axes[1], this.#canvas, this.#axes[0])
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
    const ends = (axis: Scene['across']) =>
      axis.categories ? axis.name : `${axis.name}: ${number.format(axis.from)} … ${number.format(axis.to)}`
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

  /** Nothing to see: there is no data. */
  clear(): void {
    this.#scene = undefined
    this.#racer = undefined
    this.#unit = undefined
    const { context, width, height } = fitCanvas(this.#canvas)
    context.clearRect(0, 0, width, height)
    label(this.#canvas, 'No output yet')
    this.#scores.replaceChildren()
    this.#legend.replaceChildren()
    for (const axis of this.#axes) axis.textContent = ''
  }

  show(racer: Racer, unit: { readonly name: string; readonly picture: Float32Array } | undefined): void {
    this.#racer = racer
    this.#unit = unit
    this.#draw()
    const parts: [string, string][] = [
      ['training loss', number.format(racer.trainLoss)],
      ['test loss', number.format(racer.testLoss)],
    ]
    if (!Number.isNaN(racer.accuracy)) parts.push(['test accuracy', `${(100 * racer.accuracy).toFixed(1)} %`])
    if (this.#scores.childElementCount !== parts.length)
      this.#scores.replaceChildren(...parts.map(([name]) => el('div', {}, el('dt', {}, name), el('dd'))))
    for (const [i, [, value]] of parts.entries()) write(this.#scores.children[i].lastElementChild as HTMLElement, value)
    label(this.#canvas, `The network’s output over the plane. ${parts.map((part) => part.join(' ')).join(', ')}`)
  }

  #draw(): void {
    const [scene, racer] = [this.#scene, this.#racer]
    if (!scene || !racer) return
    write(this.#title, this.#unit ? `Output of ${this.#unit.name}` : 'Output')
    const { context, width, height } = fitCanvas(this.#canvas)
    const picture = this.#unit
      ? pictureOf(this.#unit.picture)
      : pictureOf(racer.picture, scene.task === 'classes', this.#inSteps)
    context.imageSmoothingEnabled = !this.#inSteps
    context.drawImage(picture, 0, 0, width, height)
    context.drawImage(this.#pointsOf(scene, width, height), 0, 0, width, height)
  }

  /** The points as a layer, which is made anew only when it would look different: they stay where they are while training goes on. */
  #pointsOf(scene: Scene, width: number, height: number): HTMLCanvasElement {
    const { width: across, height: down } = this.#canvas
    const looks = [across, down, this.#tested, palette().isDark].join()
    if (this.#points?.scene === scene && this.#points.looks === looks) return this.#points.canvas
    const canvas = this.#points?.canvas ?? document.createElement('canvas')
    ;[canvas.width, canvas.height] = [across, down]
    const context = canvas.getContext('2d')
    context?.scale(across / width, down / height)
    if (context) drawPoints(context, scene, width, height, this.#tested)
    this.#points = { scene, looks, canvas }
    return canvas
  }
}

/** Class 1 of two is a diamond, not a matter of colour alone; what is for testing has a dark rim. */
function drawPoints(
  context: CanvasRenderingContext2D,
  scene: Scene,
  width: number,
  height: number,
  tested: boolean,
): void {
  const { at, targets, task } = scene
  const count = targets.length
  const radius = Math.max(1.6, Math.min(4, width / 26 / Math.sqrt(count / 60)))
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
