/** How far training is, and how fast. */
import type { Frame } from '../messages.ts'
import { el, write } from './dom.ts'

const whole = new Intl.NumberFormat('en')
const NAMES = ['epoch', 'step', 'steps/s', 'frames/s', 'parameters'] as const
type Name = (typeof NAMES)[number]

export class Readout {
  readonly elements: readonly HTMLElement[]
  readonly #figures = Object.fromEntries(NAMES.map((name) => [name, el('dd', {}, '–')])) as Record<Name, HTMLElement>
  /** Frames of the last second. */
  #recent: { readonly at: number; readonly steps: number }[] = []

  constructor() {
    this.elements = NAMES.map((name) => el('div', {}, el('dt', {}, name), this.#figures[name]))
  }

  start(parameters: number): void {
    this.#recent = []
    this.#set('parameters', parameters)
  }

  add({ racers: [{ epoch, step }], steps }: Frame, isRunning: boolean): void {
    const now = performance.now()
    this.#recent = this.#recent.filter(({ at }) => now - at < 1000)
    // the first frame's steps were made before the time that is measured
    const seconds = this.#recent.length > 0 ? (now - this.#recent[0].at) / 1000 : 0
    const made = this.#recent.slice(1).reduce((sum, each) => sum + each.steps, steps)
    this.#recent.push({ at: now, steps })
    this.#set('epoch', epoch)
    this.#set('step', step)
    const isTold = isRunning && seconds > 0.2
    this.#set('steps/s', isTold ? Math.round(made / seconds) : undefined)
    this.#set('frames/s', isTold ? Math.round((this.#recent.length - 1) / seconds) : undefined)
  }

  #set(name: Name, value: number | undefined): void {
    write(this.#figures[name], value === undefined ? '–' : whole.format(value))
  }
}
