/** What the network says over the plane, with the points that it learned from and is tested by. */
import type { Racer, Scene } from '../messages.ts'
import { classColour, css, pictureOf, valueColour } from './colours.ts'
import { checkbox, el, fitCanvas } from './dom.ts'

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

  show(racer: Racer, unit: { readonly name: string; readonly picture: Float32Array } | undefined): void {
    this.#racer = racer
    this.#unit = unit
    this.#draw()
    const parts: [string, string][] = [
      ['training loss', number.format(racer.trainLoss)],
      ['test loss', number.format(racer.testLoss)],
    ]
    if (!Number.isNaN(racer.accuracy)) parts.push(['test accuracy', `${(100 * racer.accuracy).toFixed(1)} %`])
    this.#scores.replaceChildren(
      ...parts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
    )
    this.#canvas.setAttribute(
      'aria-label',
      `The network’s output over the plane. ${parts.map((part) => part.join(' ')).join(', ')}`,
    )
  }

  #draw(): void {
    const [scene, racer] = [this.#scene, this.#racer]
    if (!scene || !racer) return
    this.#title.textContent = this.#unit ? `Output of ${this.#unit.name}` : 'Output'
    const { context, width, height } = fitCanvas(this.#canvas)
    const picture = this.#unit
      ? pictureOf(this.#unit.picture)
      : pictureOf(racer.picture, scene.task === 'classes', this.#inSteps)
    context.imageSmoothingEnabled = !this.#inSteps
    context.drawImage(picture, 0, 0, width, height)
    drawPoints(context, scene, width, height, this.#tested)
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
