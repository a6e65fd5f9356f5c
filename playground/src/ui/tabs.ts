/** The tabs of views; arrow keys move between them. */
import { VIEWS, type View } from '../settings.ts'
import { button, byId } from './dom.ts'

const TITLES: Readonly<Record<View, string>> = {
  network: 'Network',
  race: 'Race',
  surface: 'Loss surface',
  layers: 'Layers',
}

export class Tabs {
  readonly #tabs: ReadonlyMap<View, HTMLButtonElement>

  constructor(change: (view: View) => void) {
    this.#tabs = new Map(
      VIEWS.map((view) => [
        view,
        button(TITLES[view], () => change(view), { role: 'tab', id: `tab-${view}`, 'aria-controls': 'view' }),
      ]),
    )
    const list = byId('tabs')
    list.append(...this.#tabs.values())
    list.addEventListener('keydown', ({ key }) => {
      const by = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? VIEWS.length - 1 : 0
      const at = VIEWS.findIndex((view) => this.#tabs.get(view)?.tabIndex === 0)
      const next = VIEWS[(at + by) % VIEWS.length]
      if (by === 0) return
      change(next)
      this.#tabs.get(next)?.focus()
    })
  }

  show(view: View, element: HTMLElement): void {
    for (const [name, tab] of this.#tabs) {
      tab.setAttribute('aria-selected', String(name === view))
      tab.tabIndex = name === view ? 0 : -1
    }
    const panel = byId('view')
    panel.setAttribute('aria-labelledby', `tab-${view}`)
    if (panel.firstChild !== element) panel.replaceChildren(element)
  }
}
