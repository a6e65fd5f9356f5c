/** The panel of data and training. */
import type { Scene } from '../messages.ts'
import {
  ACTIVATIONS,
  DATA,
  type DataName,
  FEATURES,
  type FeatureName,
  INITIALIZERS,
  NORMS,
  OPTIMIZERS,
  PENALTIES,
  RANGES,
  SCHEDULES,
  type Settings,
} from '../settings.ts'
import { optimizers } from '../training/rates.ts'
import { type Control, choice, el, radios, slider } from './dom.ts'
import { thumbnail } from './thumbnails.ts'

type Change = (change: Partial<Settings>) => void

const DATA_TITLES: Readonly<Record<DataName, string>> = {
  spirals: 'Spirals',
  circles: 'Circles',
  xor: 'XOR',
  gaussians: 'Blobs',
  moons: 'Moons',
  plane: 'Plane',
  waves: 'Waves',
  csv: 'Your CSV',
}

/** 1, 2, 3, 5 of each power of ten. */
const tens = (from: number, to: number): number[] => {
  const stops: number[] = []
  for (let power = from; power <= to; power++) for (const step of [1, 2, 3, 5]) stops.push(Number(`${step}e${power}`))
  return stops
}
const RATES = [...tens(-5, 0), 10]
const STRENGTHS = [...tens(-6, -1), 1]
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256]
const POINTS = [50, 100, 200, 400, 800, 1200, 2000]
const percent = (value: number) => `${value} %`

/** Choices for a user's table. */
export interface TableChoice {
  readonly target: string
  readonly across: string
  readonly up: string
}

export class Controls {
  readonly element: DocumentFragment
  readonly #own: readonly [key: keyof Settings, control: Control<never>][]
  readonly #features: ReadonlyMap<FeatureName, HTMLInputElement>
  readonly #shapeOnly: readonly HTMLElement[]
  readonly #table: HTMLElement
  readonly #columns: readonly (Control<string> & { fill(names: readonly string[]): void })[]
  readonly #notes = el('ul', { class: 'notes' })

  constructor(change: Change, read: (file: File) => void, choose: (wanted: Partial<TableChoice>) => void) {
    const data = radios(
      'Data',
      DATA,
      (value) => change({ data: value }),
      (name) => el('span', { class: 'tile' }, thumbnail(name), el('span', {}, DATA_TITLES[name])),
    )
    data.element.classList.add('tiles')
    const noise = slider('Noise', (value) => change({ noise: value }), { range: [0, 50, 5], show: percent })
    const points = slider('Points', (value) => change({ points: value }), { stops: POINTS })
    const test = slider('To test with', (value) => change({ test: value }), { range: [10, 80, 10], show: percent })
    this.#features = new Map(
      FEATURES.map((name) => [
        name,
        el('input', {
          type: 'checkbox',
          value: name,
          onchange: () => {
            const names = FEATURES.filter((each) => this.#features.get(each)?.checked)
            if (names.length > 0) change({ features: names })
            else this.#check([name])
          },
        }),
      ]),
    )
    const features = el(
      'fieldset',
      { class: 'features' },
      el('legend', {}, 'Inputs'),
      ...[...this.#features].map(([name, box]) => el('label', { class: 'check' }, box, name)),
    )

    const file = el('input', {
      type: 'file',
      accept: '.csv,.tsv,.txt,text/csv',
      'aria-label': 'CSV file',
      onchange: () => {
        const [chosen] = file.files ?? []
        if (chosen) read(chosen)
      },
    })
    this.#columns = [
      choice<string>('Predict', [], (target) => choose({ target })),
      choice<string>('Picture: across', [], (across) => choose({ across })),
      choice<string>('Picture: up', [], (up) => choose({ up })),
    ]
    this.#table = el(
      'div',
      { class: 'table' },
      file,
      el(
        'p',
        { class: 'hint' },
        'It stays in this browser. The first line names the columns; words and holes are fine.',
      ),
      ...this.#columns.map(({ element }) => element),
      this.#notes,
    )

    const activation = choice('Activation', ACTIVATIONS, (value) => change({ activation: value }))
    const initializer = choice('Initializer', INITIALIZERS, (value) => change({ initializer: value }))
    const norm = choice('Normalization', NORMS, (value) => change({ norm: value }))
    const share = slider('Dropout', (value) => change({ dropout: value }), { range: [0, 80, 10], show: percent })
    const penalty = choice('Penalty', PENALTIES, (value) => change({ penalty: value }))
    const strength = slider('Strength', (value) => change({ strength: value }), { stops: STRENGTHS })
    const optimizer = choice('Optimizer', OPTIMIZERS, (value) =>
      change({ optimizer: value, rate: optimizers[value].rate }),
    )
    const rate = slider('Learning rate', (value) => change({ rate: value }), { stops: RATES })
    const schedule = choice('Schedule', SCHEDULES, (value) => change({ schedule: value }))
    const batch = slider('Batch', (value) => change({ batch: value }), { stops: BATCHES })
    const seed = slider('Seed', (value) => change({ seed: value }), { range: [...RANGES.seed, 1] })

    this.#own = Object.entries({
      data,
      noise,
      points,
      test,
      activation,
      initializer,
      norm,
      dropout: share,
      penalty,
      strength,
      optimizer,
      rate,
      schedule,
      batch,
      seed,
    }) as unknown as readonly [keyof Settings, Control<never>][]
    this.#shapeOnly = [noise.element, points.element, features]

    const group = (title: string, ...parts: readonly HTMLElement[]) =>
      el('details', { open: true }, el('summary', {}, title), el('div', { class: 'fields' }, ...parts))
    this.element = document.createDocumentFragment()
    this.element.append(
      group('Data', data.element, this.#table, noise.element, points.element, test.element, features),
      group('Training', optimizer.element, rate.element, schedule.element, batch.element, seed.element),
      group(
        'Network',
        activation.element,
        initializer.element,
        norm.element,
        share.element,
        penalty.element,
        strength.element,
      ),
    )
  }

  #check(names: readonly FeatureName[]): void {
    for (const [name, box] of this.#features) box.checked = names.includes(name)
  }

  show(settings: Settings): void {
    for (const [key, control] of this.#own) control.set(settings[key] as never)
    this.#check(settings.features)
    const isTable = settings.data === 'csv'
    this.#table.hidden = !isTable
    for (const element of this.#shapeOnly) element.hidden = isTable
  }

  showTable({ columns, targetColumn, across, up, notes }: Scene): void {
    const [target, ...axes] = this.#columns
    target.fill(columns)
    target.set(targetColumn)
    for (const [i, axis] of axes.entries()) {
      axis.fill(columns.filter((name) => name !== targetColumn))
      axis.set([across.name, up.name][i])
    }
    this.#notes.replaceChildren(...notes.slice(0, 6).map((note) => el('li', {}, note)))
  }
}
