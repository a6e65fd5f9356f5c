/** Tours, export, the link to these settings. */
import { TOURS, type Tour } from '../tours.ts'
import { button, byId, choice, el } from './dom.ts'
import { themeButton } from './theme.ts'

interface Deeds {
  begin(tour: Tour): void
  export(format: 'safetensors' | 'onnx'): void
  share(): void
  restyle(): void
}

export function tools(deeds: Deeds): HTMLElement[] {
  // each is a list whose first entry names it, and is chosen again when something was
  const tours = choice<string>(
    'Tours',
    ['', ...TOURS.map(({ title }) => title)],
    (title) => {
      const tour = TOURS.find((each) => each.title === title)
      tours.set('')
      if (!tour) return
      tell(tour)
      deeds.begin(tour)
    },
    { '': 'Take a tour …' },
  )
  const exports = choice<string>(
    'Export',
    ['', 'safetensors', 'onnx'],
    (format) => {
      exports.set('')
      if (format === 'safetensors' || format === 'onnx') deeds.export(format)
    },
    { '': 'Export …' },
  )
  for (const { element } of [tours, exports]) element.classList.add('labelless')
  return [tours.element, exports.element, button('Share', () => deeds.share()), themeButton(() => deeds.restyle())]
}

function tell({ title, text }: Tour): void {
  const card = byId('tour')
  card.hidden = false
  card.replaceChildren(
    el('h2', { id: 'tour-title' }, title),
    el('p', {}, text),
    button('Close', () => {
      card.hidden = true
    }),
  )
}

/** Downloads a file. */
export function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const link = el('a', { href: URL.createObjectURL(new Blob([bytes])), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
