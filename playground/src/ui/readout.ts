/** Training progress and speed. */
import type { Frame } from '../messages.ts'
import { el, rarely, TEXTS_EVERY, write } from './dom.ts'

const whole = new Intl.NumberFormat('en')
const NAMES = ['epoch', 'step', 'steps/s', 'frames/s', 'parameters'] as const
type Name = (typeof NAMES)[number]

export class Readout {
  readonly elements: readonly HTMLElement[]
  readonly #figures = Object.fromEntries(NAMES.map((name) => [name, el('dd', {}, '–')])) as Record<Name, HTMLElement>
  /** Frames of the last second. */
  #recent: { readonly at: number; readonly steps: number }[] = []
  /** Figures of the latest frame. */
  #told: { readonly [N in Name]?: number | undefined } = {}
  readonly #tell = rarely(TEXTS_EVERY, () => {
    for (const name of NAMES) write(this.#figures[name], shown(this.#told[name]))
  })

  constructor() {
    this.elements = NAMES.map((name) => el('div', {}, el('dt', {}, name), this.#figures[name]))
  }

  /** @param parameters of the model that begins; undefined where there is none */
  start(parameters?: number): void {
    this.#recent = []
    this.#told = parameters === undefined ? {} : { ...this.#told, parameters }
    this.#tell()
  }

  add({ racers: [{ epoch, step }], steps }: Frame, isRunning: boolean): void {
    const now = performance.now()
    this.#recent = this.#recent.filter(({ at }) => now - at < 1000)
    // the first frame's steps were made before the time that is measured
    const seconds = this.#recent.length > 0 ? (now - this.#recent[0].at) / 1000 : 0
    const made = this.#recent.slice(1).reduce((sum, each) => sum + each.steps, steps)
    this.#recent.push({ at: now, steps })
    const { parameters } = this.#told
    this.#told = { parameters, epoch, step }
    if (isRunning && seconds > 0.2) {
      const frames = this.#recent.length - 1
      this.#told = { ...this.#told, 'steps/s': Math.round(made / seconds), 'frames/s': Math.round(frames / seconds) }
    }
    this.#tell()
  }
}

const shown = (value: number | undefined): string => (value === undefined ? '–' : whole.format(value))
