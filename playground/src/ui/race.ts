/** Several optimizers from the same start, on the same batches. */
import type { Frame, Racer } from '../messages.ts'
import { MOST_RACERS, OPTIMIZERS, type OptimizerName } from '../settings.ts'
import { Picture } from './colours.ts'
import { el, rarely, TEXTS_EVERY, write } from './dom.ts'
import { figure } from './figures.ts'

/** Distinguished by colour and dashes. */
export const RACER_STYLES = [
  { colour: '#1f6feb' },
  { colour: '#e87722', dash: [8, 4] },
  { colour: '#1a9c6b', dash: [2, 3] },
  { colour: '#b5479d', dash: [10, 3, 2, 3] },
] as const

export class RaceView {
  readonly element: HTMLElement
  readonly #boxes: ReadonlyMap<OptimizerName, HTMLInputElement>
  readonly #lanes = el('ol', { class: 'lanes' })
  #pictures: readonly Picture[] = []
  #texts: readonly HTMLElement[] = []
  #leads: readonly HTMLElement[] = []
  #racers: readonly Racer[] = []
  readonly #tell = rarely(TEXTS_EVERY, () => this.#write())

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
    this.#racers = []
    this.#pictures = racers.map((name) => new Picture(el('canvas', { role: 'img', 'aria-label': `Output of ${name}` })))
    this.#texts = racers.map(() => el('p'))
    this.#leads = racers.map(() => el('span'))
    this.#lanes.replaceChildren(
      ...racers.map((name, i) => {
        const title = el('h2', {}, name, this.#leads[i])
        title.style.borderColor = RACER_STYLES[i].colour
        return el('li', {}, title, this.#pictures[i].canvas, this.#texts[i])
      }),
    )
  }

  draw({ racers }: Frame): void {
    this.#racers = racers
    for (const [i, { picture }] of racers.entries()) this.#pictures[i]?.paint(picture)
    this.#tell()
  }

  #write(): void {
    const best = Math.min(...this.#racers.map(({ trainLoss }) => trainLoss))
    for (const [i, { trainLoss, rate, fault }] of this.#racers.entries()) {
      const leads = trainLoss === best
      write(this.#texts[i], fault ?? `loss ${figure(trainLoss)}, rate ${figure(rate)}`)
      write(this.#leads[i], leads ? ' leads' : '')
      this.#texts[i].parentElement?.classList.toggle('leads', leads)
    }
  }
}
