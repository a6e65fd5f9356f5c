/** How values and gradients propagate through the layers: `diagnose`, as bars. */
import type { LayerDiagnosis } from 'fourlane'
import { el } from './dom.ts'
import { figure } from './figures.ts'

const percent = (value: number | undefined): string => (value === undefined ? '–' : `${Math.round(100 * value)} %`)

/** Bars are logarithmic, from 1e-6 to 10: vanishing gradients shrink by powers of ten. */
function bar(value: number): HTMLElement {
  const share = Number.isFinite(value) && value > 0 ? Math.max(0, Math.min(1, (Math.log10(value) + 6) / 7)) : 0
  const fill = el('i')
  fill.style.width = `${(100 * share).toFixed(1)}%`
  return el('span', { class: 'bar', 'aria-hidden': 'true' }, fill)
}

export class LayersView {
  readonly element: HTMLElement
  readonly #body = el('tbody')

  constructor() {
    const heads = ['Layer', 'Spread of outputs', 'Spread of gradients', 'Dead units', 'Saturated']
    this.element = el(
      'div',
      // it scrolls on narrow screens, by keyboard too
      { class: 'layers-view', role: 'group', 'aria-label': 'Layers', tabindex: 0 },
      el(
        'table',
        {},
        el('caption', {}, 'What goes through each layer on the training points, in the training pass'),
        el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
        this.#body,
      ),
      el(
        'p',
        { class: 'hint' },
        'Gradients that shrink from the last layer to the first vanish: the first layers hardly learn. Bars are logarithmic, from 10⁻⁶ to 10.',
      ),
    )
  }

  draw(layers: readonly LayerDiagnosis[]): void {
    this.#body.replaceChildren(
      ...layers.map((layer) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, layer.name),
          el('td', {}, bar(layer.activationDeviation), figure(layer.activationDeviation, 2)),
          el('td', {}, bar(layer.gradientDeviation), figure(layer.gradientDeviation, 2)),
          el('td', {}, percent(layer.deadUnits)),
          el('td', {}, percent(layer.saturated)),
        ),
      ),
    )
  }
}
