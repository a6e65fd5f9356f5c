/** Losses against updates, as they come. */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { checkbox, el, rarely, TEXTS_EVERY } from './dom.ts'
import { figure } from './figures.ts'

export interface Curve {
  readonly label: string
  readonly colour: string
  readonly dash?: readonly number[]
}

/** Number of points kept; beyond it, every second one is dropped. */
const MOST = 1200

export class CurvesView {
  readonly element: HTMLElement
  readonly #place = el('div', { class: 'curves' })
  readonly #legend = el('div', { class: 'legend' })
  #plot: uPlot | undefined
  #curves: readonly Curve[] = []
  #data: number[][] = [[]]
  #isLog = true
  readonly #redraw = rarely(TEXTS_EVERY, () => this.#plot?.setData(this.#data as unknown as uPlot.AlignedData))

  constructor() {
    const log = checkbox('Logarithmic', (value) => {
      this.#isLog = value
      this.#make()
    })
    log.set(true)
    this.element = el('div', { class: 'curves-view' }, el('h2', {}, 'Loss'), this.#place, this.#legend, log.element)
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#place)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#make())
  }

  start(curves: readonly Curve[]): void {
    this.#curves = curves
    this.#legend.replaceChildren(
      ...curves.map(({ label, colour, dash }) => {
        const sample = el('span')
        sample.innerHTML = `<svg width="28" height="4" aria-hidden="true"><path d="M0 2H28" stroke="${colour}" stroke-width="3" stroke-dasharray="${dash ?? 'none'}"/></svg>`
        sample.append(label)
        return sample
      }),
    )
    this.#data = [[], ...curves.map((): number[] => [])]
    this.#make()
  }

  add(step: number, values: readonly number[]): void {
    const [steps, ...rest] = this.#data
    if (steps.length > 0 && step <= steps[steps.length - 1]) return
    steps.push(step)
    for (const [i, line] of rest.entries()) line.push(Number.isFinite(values[i]) ? values[i] : Number.NaN)
    if (steps.length > MOST) this.#data = this.#data.map((line) => line.filter((_, i) => i % 2 === 0))
    this.#redraw()
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(160, this.#place.clientWidth), height: Math.max(120, this.#place.clientHeight) }
  }

  #make(): void {
    this.#plot?.destroy()
    this.#plot = undefined
    this.element.hidden = this.#curves.length === 0
    if (this.#curves.length === 0) return
    const style = getComputedStyle(document.documentElement)
    // everything is larger on large screens
    const rem = Number.parseFloat(style.fontSize)
    const [ink, line] = ['--ink', '--line'].map((name) => resolved(style.getPropertyValue(name).trim()))
    const axis = {
      stroke: ink,
      grid: { stroke: line, width: 1, ...(this.#isLog && { filter: decades }) },
      ticks: { show: false },
      font: `${0.73 * rem}px system-ui`,
    }
    this.#plot = new uPlot(
      {
        ...this.#size(),
        scales: { x: { time: false }, y: this.#isLog ? { distr: 3 } : {} },
        series: [
          { label: 'step' },
          ...this.#curves.map(({ label, colour, dash }) => ({
            label,
            stroke: colour,
            width: 1.8,
            ...(dash && { dash: [...dash] }),
            points: { show: false },
            value: (_: uPlot, value: number | null) => (value === null ? '' : value.toPrecision(3)),
          })),
        ],
        axes: [
          { ...axis, size: 1.75 * rem },
          {
            ...axis,
            size: 3.6 * rem,
            values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : figure(tick))),
          },
        ],
        legend: { show: false },
        cursor: { y: false },
      },
      this.#data as unknown as uPlot.AlignedData,
      this.#place,
    )
  }

  /** Switches to another theme's colours. */
  restyle(): void {
    this.#make()
  }
}

/** Of the lines of a logarithmic grid, those at powers of ten when the others would fill it. */
const decades = (_: uPlot, lines: number[]): (number | null)[] =>
  lines[lines.length - 1] < 1000 * lines[0]
    ? lines
    : lines.map((line) => (Math.abs(Math.log10(line) % 1) < 1e-9 ? line : null))

/** A colour that canvases know, of one that may be `light-dark()`. */
function resolved(colour: string): string {
  const probe = document.createElement('span')
  probe.style.color = colour
  document.body.append(probe)
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}
