/** Elements and form controls, labelled and with their values shown. */

type Child = Node | string
type Props = Readonly<Record<string, string | number | boolean | EventListener | undefined>>

/** An element; properties that begin with `on` are listeners, the others attributes. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value)
    else if (typeof value === 'boolean') made.toggleAttribute(name, value)
    else if (value !== undefined) made.setAttribute(name, String(value))
  }
  made.append(...children)
  return made
}

/** The page's element of that id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no #${id}`)
  return found
}

let ids = 0
export const freshId = (): string => `c${ids++}`

export interface Control<Value> {
  readonly element: HTMLElement
  set(value: Value): void
}

export function choice<Name extends string>(
  label: string,
  names: readonly Name[],
  change: (value: Name) => void,
  titles: Readonly<Record<string, string>> = {},
): Control<Name> & { fill(names: readonly Name[]): void } {
  const id = freshId()
  const select = el('select', { id, onchange: () => change(select.value as Name) })
  const fill = (shown: readonly Name[]) =>
    select.replaceChildren(...shown.map((name) => el('option', { value: name }, titles[name] ?? name)))
  fill(names)
  return {
    element: el('div', { class: 'field' }, el('label', { for: id }, label), select),
    set: (value) => {
      select.value = value
    },
    fill,
  }
}

interface SliderOptions {
  /** The values it steps through, or the ends of a range of integers. */
  readonly stops?: readonly number[]
  readonly range?: readonly [number, number, step: number]
  readonly show?: (value: number) => string
}

export function slider(label: string, change: (value: number) => void, options: SliderOptions): Control<number> {
  const id = freshId()
  const { stops, range = [0, (stops?.length ?? 1) - 1, 1], show = String } = options
  const chosen = () => (stops ? stops[Number(control.value)] : Number(control.value))
  const output = el('output', { for: id })
  const tell = (value: number) => {
    output.textContent = show(value)
    control.setAttribute('aria-valuetext', show(value))
  }
  const control = el('input', {
    id,
    type: 'range',
    min: range[0],
    max: range[1],
    step: range[2],
    oninput: () => tell(chosen()),
    onchange: () => change(chosen()),
  })
  return {
    element: el('div', { class: 'field' }, el('label', { for: id }, label), control, output),
    set(value) {
      const near = (stop: number) => Math.abs(Math.log((stop + 1e-12) / (value + 1e-12)))
      const nearest = stops?.reduce((best, stop, i) => (near(stop) < near(stops[best]) ? i : best), 0)
      control.value = String(nearest ?? value)
      tell(value)
    },
  }
}

export function checkbox(label: string, change: (value: boolean) => void): Control<boolean> {
  const box = el('input', { type: 'checkbox', onchange: () => change(box.checked) })
  return {
    element: el('label', { class: 'check' }, box, label),
    set: (value) => {
      box.checked = value
    },
  }
}

/** A row of radio buttons. */
export function radios<Name extends string>(
  legend: string,
  names: readonly Name[],
  change: (value: Name) => void,
  face: (name: Name) => Child = (name) => name,
): Control<Name> {
  const group = freshId()
  const boxes = names.map((name) =>
    el('input', { type: 'radio', name: group, value: name, onchange: () => change(name) }),
  )
  const labels = names.map((name, i) => el('label', {}, boxes[i], face(name)))
  return {
    element: el('fieldset', { class: 'radios' }, el('legend', {}, legend), ...labels),
    set(value) {
      for (const [i, name] of names.entries()) boxes[i].checked = name === value
    },
  }
}

/** Sets the text if it differs; writing the same text would trigger layout. */
export function write(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text
}

/** The same for what screen readers call it. */
export function label(place: HTMLElement, text: string): void {
  if (place.getAttribute('aria-label') !== text) place.setAttribute('aria-label', text)
}

export const button = (label: string, press: () => void, props: Props = {}): HTMLButtonElement =>
  el('button', { type: 'button', onclick: press, ...props }, label)

/** Milliseconds between updates of numbers: faster ones cannot be read, and each triggers layout. */
export const TEXTS_EVERY = 100

/** Throttles: runs at once, then at most once per interval, with a trailing call for requests in between. */
export function rarely(milliseconds: number, work: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY
  let later: ReturnType<typeof setTimeout> | undefined
  const now = () => {
    later = undefined
    last = performance.now()
    work()
  }
  return () => {
    const left = last + milliseconds - performance.now()
    if (left <= 0 && later === undefined) now()
    else later ??= setTimeout(now, left)
  }
}

/** Sizes a canvas to its box, in device pixels; the context uses CSS pixels. */
export function fitCanvas(
  canvas: HTMLCanvasElement,
  settings?: CanvasRenderingContext2DSettings,
): {
  context: CanvasRenderingContext2D
  width: number
  height: number
  /** Device pixels per CSS pixel. */
  scale: number
  /** Whether it is blank because its size changed. */
  isEmpty: boolean
} {
  const scale = Math.min(3, globalThis.devicePixelRatio || 1)
  const { clientWidth: width, clientHeight: height } = canvas
  const [across, down] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
  const isEmpty = canvas.width !== across || canvas.height !== down
  if (isEmpty) [canvas.width, canvas.height] = [across, down]
  const context = canvas.getContext('2d', settings)
  if (!context) throw new Error('this browser has no 2d canvas')
  context.setTransform(scale, 0, 0, scale, 0, 0)
  return { context, width, height, scale, isEmpty }
}
