/** The loss over a plane through the parameters, as a rotatable surface, with the training trajectory. */
import type { Surface } from '../messages.ts'
import { button, el, freshId } from './dom.ts'
import { figure } from './figures.ts'
import { SurfacePainter } from './surfacePainter.ts'

export class SurfaceView {
  readonly element: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #text = el('p', { class: 'hint', 'aria-live': 'off' })
  readonly #painter: SurfacePainter | undefined
  #directions: 'path' | 'random' = 'path'
  #turn = 0.7
  #tilt = 0.55
  #away = 3
  #held: { x: number; y: number } | undefined

  /** @param ask for a surface; the seed is that of random directions */
  constructor(ask: (directions: 'path' | 'random', seed: number) => void) {
    let seed = 0
    const id = freshId()
    const select = el(
      'select',
      {
        id,
        onchange: () => {
          this.#directions = select.value as 'path' | 'random'
          ask(this.#directions, seed)
        },
      },
      el('option', { value: 'path' }, 'way of training (PCA)'),
      el('option', { value: 'random' }, 'random'),
    )
    this.#canvas = el('canvas', {
      class: 'surface',
      role: 'img',
      tabindex: 0,
      onpointerdown: ((event: PointerEvent) => {
        this.#held = { x: event.clientX, y: event.clientY }
        this.#canvas.setPointerCapture(event.pointerId)
      }) as EventListener,
      onpointermove: ((event: PointerEvent) => this.#drag(event)) as EventListener,
      onpointerup: () => {
        this.#held = undefined
      },
      onwheel: ((event: WheelEvent) => {
        event.preventDefault()
        this.#move(0, 0, event.deltaY > 0 ? 1.08 : 1 / 1.08)
      }) as EventListener,
      onkeydown: ((event: KeyboardEvent) => this.#key(event)) as EventListener,
    })
    this.#painter = SurfacePainter.on(this.#canvas)
    new ResizeObserver(() => this.#paint()).observe(this.#canvas)
    this.element = el(
      'div',
      { class: 'surface-view' },
      el(
        'div',
        { class: 'row' },
        el('div', { class: 'field' }, el('label', { for: id }, 'Directions'), select),
        button('Look again', () => ask(this.#directions, seed)),
        button('Others at random', () => {
          this.#directions = select.value = 'random'
          ask('random', ++seed)
        }),
      ),
      this.#canvas,
      this.#text,
    )
    if (!this.#painter) this.#text.textContent = 'This browser has no WebGL2, which the surface is drawn with.'
  }

  get directions(): 'path' | 'random' {
    return this.#directions
  }

  draw(surface: Surface): void {
    this.#painter?.load(surface)
    this.#paint()
    let [least, most] = [Infinity, -Infinity]
    for (const loss of surface.loss) {
      if (!Number.isFinite(loss)) continue
      least = Math.min(least, loss)
      most = Math.max(most, loss)
    }
    const covered = surface.explained
      ? ` The plane holds ${(100 * (surface.explained[0] + surface.explained[1])).toFixed(0)} % of the way that training went.`
      : ''
    const told = `${surface.u.length} × ${surface.v.length} losses from ${figure(least)} to ${figure(most)}, computed in ${Math.round(surface.milliseconds)} ms.${covered}`
    this.#text.textContent = `${told} Height is logarithmic. Drag or use the arrow keys to turn, + and − to come nearer.`
    this.#canvas.setAttribute('aria-label', `Surface of the loss. ${told}`)
  }

  #drag({ clientX: x, clientY: y }: PointerEvent): void {
    if (!this.#held) return
    this.#move((x - this.#held.x) * 0.01, (y - this.#held.y) * 0.008, 1)
    this.#held = { x, y }
  }

  #key(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number, number]>> = {
      ArrowLeft: [-0.12, 0, 1],
      ArrowRight: [0.12, 0, 1],
      ArrowUp: [0, -0.08, 1],
      ArrowDown: [0, 0.08, 1],
      '+': [0, 0, 1 / 1.1],
      '=': [0, 0, 1 / 1.1],
      '-': [0, 0, 1.1],
    }
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    this.#move(...move)
  }

  #move(turn: number, tilt: number, away: number): void {
    this.#turn += turn
    this.#tilt = Math.max(0.05, Math.min(1.5, this.#tilt + tilt))
    this.#away = Math.max(1.5, Math.min(8, this.#away * away))
    this.#paint()
  }

  #paint(): void {
    this.#painter?.paint(this.#turn, this.#tilt, this.#away)
  }
}
