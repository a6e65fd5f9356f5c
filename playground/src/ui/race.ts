/** Several optimizers from the same start, on the same batches. */
import type { Frame, Scene } from '../messages.ts'
import { MOST_RACERS, OPTIMIZERS, type OptimizerName } from '../settings.ts'
import { pictureOf } from './colours.ts'
import { el, fitCanvas, write } from './dom.ts'

/** Told apart by colour and by dashes. */
export const RACER_STYLES = [
  { colour: '#1f6feb' },
  { colour: '#e87722', dash: [8, 4] },
  { colour: '#1a9c6b', dash: [2, 3] },
  { colour: '#b5479d', dash: [10, 3, 2, 3] },
] as const

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

export class RaceView {
  readonly element: HTMLElement
  readonly #boxes: ReadonlyMap<OptimizerName, HTMLInputElement>
  readonly #lanes = el('ol', { class: 'lanes' })
  #canvases: readonly HTMLCanvasElement[] = []
  #texts: readonly HTMLElement[] = []

  constructor(change: (racers: readonly OptimizerName[]) => void) {
    const chosen = () => OPTIMIZERS.filter((name) => this.#boxes.get(name)?.checked)
    const pick = () => {
      const names = chosen()
      for (const box of this.#boxes.values()) box.disabled = !box.checked && names.length >= MOST_RACERS
      if (names.length > 0) change(names)
    }
    this.#boxes = new Map(
      OPTIMIZERS.map((name) => [name, el('input', { type: 'checkbox', value: name, onchange: pick })]),
    )
    this.element = el(
      'div',
      { class: 'race-view' },
      el(
        'fieldset',
        { class: 'racers' },
        el('legend', {}, `Who runs: up to ${MOST_RACERS}, from the same start, on the same batches`),
        ...[...this.#boxes].map(([name, box]) => el('label', { class: 'check' }, box, name)),
      ),
      this.#lanes,
      el(
        'p',
        { class: 'hint' },
        'Each runs at a rate that suits it, the one of the panel at its own. An update of a solver (lbfgs, conjugateGradient, newtonCg) takes all points.',
      ),
    )
  }

  configure(racers: readonly OptimizerName[]): void {
    for (const [name, box] of this.#boxes) {
      box.checked = racers.includes(name)
      box.disabled = !box.checked && racers.length >= MOST_RACERS
    }
    this.#canvases = racers.map((name) => el('canvas', { role: 'img', 'aria-label': `Output of ${name}` }))
    this.#texts = racers.map(() => el('p'))
    this.#lanes.replaceChildren(
      ...racers.map((name, i) => {
        const title = el('h2', {}, name)
        title.style.borderColor = RACER_STYLES[i].colour
        return el('li', {}, title, this.#canvases[i], this.#texts[i])
      }),
    )
  }

  draw({ racers }: Frame, scene: Scene): void {
    const best = Math.min(...racers.map(({ trainLoss }) => trainLoss))
    for (const [i, racer] of racers.entries()) {
      const canvas = this.#canvases[i]
      if (!canvas) continue
      const { context, width, height } = fitCanvas(canvas)
      context.drawImage(pictureOf(racer.picture, scene.task === 'classes'), 0, 0, width, height)
      const leads = racer.trainLoss === best ? ' · leads' : ''
      write(
        this.#texts[i],
        racer.fault ?? `loss ${number.format(racer.trainLoss)}, rate ${number.format(racer.rate)}${leads}`,
      )
      canvas.parentElement?.classList.toggle('leads', leads !== '')
    }
  }
}
