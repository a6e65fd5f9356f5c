/** The page: settings in, frames out. The settings are in the URL, the training is in a worker. */
import type { Frame, OwnTable, Scene, Surface } from './messages.ts'
import { Session } from './session.ts'
import { formatSettings, isAnotherRun, parseSettings, type Settings, SPEEDS } from './settings.ts'
import type { Tour } from './tours.ts'
import { Controls, type TableChoice } from './ui/controls.ts'
import { CurvesView } from './ui/curves.ts'
import { button, byId, choice, el } from './ui/dom.ts'
import { LayersView } from './ui/layers.ts'
import { NetworkView } from './ui/network.ts'
import { OutputView } from './ui/output.ts'
import { RACER_STYLES, RaceView } from './ui/race.ts'
import { Readout } from './ui/readout.ts'
import { SurfaceView } from './ui/surface.ts'
import { Tabs } from './ui/tabs.ts'
import { download, tools } from './ui/tools.ts'

/** Size limit of a table's file, in bytes. */
const MOST_TEXT = 64 * 2 ** 20
/** Milliseconds between surfaces, and between diagnoses, while training runs. */
const SURFACE_EVERY = 1500
const DIAGNOSE_EVERY = 200

const NEVER = { surface: Number.NEGATIVE_INFINITY, diagnosis: Number.NEGATIVE_INFINITY }
const NO_TABLE = 'Choose a CSV file to train on, or drop one here.'
const SPEED_TITLES = { 1: '1 / frame', 10: '10 / frame', 60: '60 / frame', max: 'max' }
const CURVES = [
  { label: 'training', colour: '#1f6feb' },
  { label: 'test', colour: '#e87722', dash: [6, 4] },
]

class Page {
  #settings = parseSettings(location.hash)
  #table: OwnTable | undefined
  #isRunning = false
  /** Whether a view still has to be drawn once although nothing is running. */
  #isStale = true
  #scene: Scene | undefined
  #frame: Frame | undefined
  /** A frame that has not been drawn yet. */
  #arrived: Frame | undefined
  /** When they were last asked for. */
  #asked = NEVER
  readonly #session = new Session({
    started: (scene, parameters) => this.#started(scene, parameters),
    frame: (frame) => {
      this.#arrived = frame
    },
    surface: (surface: Surface) => this.#views.surface.draw(surface),
    file: download,
    failed: (message) => {
      this.#setRunning(false)
      this.#say(message, true)
    },
  })
  readonly #controls = new Controls(
    (change) => this.change(change),
    (file) => void this.#read(file),
    (wanted) => this.#choose(wanted),
  )
  readonly #views = {
    network: new NetworkView(
      (layers) => this.change({ layers }),
      () => this.#showOutput(),
    ),
    race: new RaceView((racers) => this.change({ racers })),
    surface: new SurfaceView((directions, seed) => this.#session.surface(directions, seed)),
    layers: new LayersView(),
  }
  /** In place of a view. */
  readonly #noTable = el('p', { class: 'empty' }, NO_TABLE)
  readonly #tabs = new Tabs((view) => this.change({ view }))
  readonly #output = new OutputView()
  readonly #curves = new CurvesView()
  readonly #readout = new Readout()
  readonly #play = button('Train', () => this.#toggle(), { class: 'primary', 'aria-pressed': 'false' })
  readonly #speed = choice('Steps a frame', SPEEDS, (speed) => this.change({ speed }), SPEED_TITLES)

  constructor() {
    byId('settings').append(this.#controls.element)
    byId('output').append(this.#output.element, this.#curves.element)
    byId('readout').append(...this.#readout.elements)
    byId('transport').append(
      this.#play,
      button('Step', () => this.#step()),
      button('Restart', () => this.#start()),
      this.#speed.element,
    )
    this.#speed.element.classList.add('labelless')
    this.#speed.element.title = 'Steps a frame'
    byId('tools').append(
      ...tools({
        begin: (tour) => this.#begin(tour),
        export: (format) => this.#session.export(format),
        share: () => void this.#share(),
        restyle: () => {
          this.#curves.restyle()
          this.#draw()
        },
      }),
    )
    addEventListener('hashchange', () => this.change(parseSettings(location.hash)))
    addEventListener('resize', () => this.#draw())
    addEventListener('dragover', (event) => event.preventDefault())
    addEventListener('drop', (event) => {
      event.preventDefault()
      const [file] = event.dataTransfer?.files ?? []
      if (file) void this.#read(file)
    })
    this.#show()
    this.#start()
    this.#tick()
  }

  change(change: Partial<Settings>): void {
    const before = this.#settings
    this.#settings = { ...before, ...change }
    this.#show()
    const { view, racers } = this.#settings
    if (isAnotherRun(before, this.#settings)) this.#start()
    else if (before.view !== view || (view === 'race' && String(before.racers) !== String(racers))) this.#enter()
  }

  #begin({ settings }: Tour): void {
    this.#settings = settings
    this.#show()
    this.#start()
    this.#setRunning(!this.#needsTable)
  }

  get #needsTable(): boolean {
    return this.#settings.data === 'csv' && !this.#table
  }

  /** Writes the settings to the controls and to the URL. */
  #show(): void {
    const { view, speed } = this.#settings
    this.#controls.show(this.#settings)
    this.#speed.set(speed)
    this.#tabs.show(view, this.#needsTable ? this.#noTable : this.#views[view].element)
    const hash = formatSettings(this.#settings)
    if (location.hash.replace(/^#/, '') !== hash)
      history.replaceState(null, '', `${location.pathname}${location.search}${hash && `#${hash}`}`)
  }

  /** Restarts with these settings. */
  #start(): void {
    this.#frame = undefined
    this.#arrived = undefined
    this.#scene = undefined
    document.body.classList.toggle('no-table', this.#needsTable)
    if (this.#needsTable) {
      this.#setRunning(false)
      this.#output.clear()
      this.#curves.start([])
      this.#readout.start()
      this.#say(NO_TABLE)
    } else this.#session.start(this.#settings, this.#settings.data === 'csv' ? this.#table : undefined)
  }

  #started(scene: Scene, parameters: number): void {
    this.#scene = scene
    this.#views.network.configure(this.#settings, scene)
    this.#output.configure(scene)
    this.#readout.start(parameters)
    if (scene.columns.length > 0) this.#controls.showTable(scene)
    this.#say('')
    this.#enter()
  }

  /** Requests what a view needs when it becomes visible. */
  #enter(): void {
    const { view, racers } = this.#settings
    if (view === 'race') this.#views.race.configure(racers)
    this.#curves.start(view === 'race' ? racers.map((label, i) => ({ label, ...RACER_STYLES[i] })) : CURVES)
    this.#isStale = true
    this.#asked = NEVER
  }

  #setRunning(isRunning: boolean): void {
    this.#isRunning = isRunning
    this.#play.textContent = isRunning ? 'Pause' : 'Train'
    this.#play.setAttribute('aria-pressed', String(isRunning))
    document.body.classList.toggle('running', isRunning)
  }

  #toggle(): void {
    if (this.#needsTable) this.#say(NO_TABLE)
    else this.#setRunning(!this.#isRunning)
  }

  #step(): void {
    this.#setRunning(false)
    if (this.#session.isReady) this.#advance(1)
  }

  #advance(steps: number | 'max'): void {
    const { view, racers } = this.#settings
    const now = performance.now()
    const diagnose = view === 'layers' && now - this.#asked.diagnosis > DIAGNOSE_EVERY
    if (diagnose) this.#asked = { ...this.#asked, diagnosis: now }
    this.#session.advance({ steps, diagnose, ...(view === 'race' && { racers }) })
  }

  /** Called once per animation frame. */
  #tick(): void {
    requestAnimationFrame(() => this.#tick())
    const arrived = this.#arrived
    this.#arrived = undefined
    this.#askForFrame()
    // the worker makes the next one meanwhile
    if (arrived) this.#framed(arrived)
  }

  #askForFrame(): void {
    if (!this.#session.isReady || !(this.#isRunning || this.#isStale)) return
    const { speed, view } = this.#settings
    const isDue = performance.now() - this.#asked.surface > SURFACE_EVERY
    this.#advance(this.#isRunning ? (speed === 'max' ? 'max' : Number(speed)) : 0)
    if (view === 'surface' && isDue && (this.#isStale || this.#views.surface.directions === 'path')) {
      this.#asked = { ...this.#asked, surface: performance.now() }
      this.#session.surface(this.#views.surface.directions, 0)
    }
    this.#isStale = false
  }

  #framed(frame: Frame): void {
    const { view } = this.#settings
    const [first] = frame.racers
    this.#frame = frame
    this.#draw()
    document.body.classList.remove('loading')
    if (frame.diagnosis) this.#views.layers.draw(frame.diagnosis)
    this.#readout.add(frame, this.#isRunning)
    const losses = view === 'race' ? frame.racers.map(({ trainLoss }) => trainLoss) : [first.trainLoss, first.testLoss]
    this.#curves.add(first.step, losses)
    if (view !== 'race' && first.fault && this.#isRunning) {
      this.#setRunning(false)
      this.#say(first.fault, true)
    }
  }

  #draw(): void {
    if (!this.#frame || !this.#scene) return
    const { view } = this.#settings
    if (view === 'network') this.#views.network.draw(this.#frame)
    else if (view === 'race') this.#views.race.draw(this.#frame)
    this.#showOutput()
  }

  /** Of the leading racer, or of the hovered unit. */
  #showOutput(): void {
    if (!this.#frame) return
    const { racers } = this.#frame
    const leader = racers.reduce((best, racer) => (racer.trainLoss < best.trainLoss ? racer : best))
    this.#output.show(leader, this.#settings.view === 'network' ? this.#views.network.chosen : undefined)
  }

  async #read(file: File): Promise<void> {
    if (file.size > MOST_TEXT) {
      this.#say(`${file.name} has more than 64 MiB; take a part of it.`, true)
      return
    }
    this.#table = { name: file.name, text: await file.text(), target: '', across: '', up: '' }
    this.#settings = { ...this.#settings, data: 'csv' }
    this.#show()
    this.#start()
  }

  #choose(wanted: Partial<TableChoice>): void {
    if (!this.#table) return
    this.#table = { ...this.#table, ...wanted }
    this.#start()
  }

  async #share(): Promise<void> {
    try {
      await navigator.clipboard.writeText(location.href)
      this.#say('The link to these settings is on the clipboard.')
    } catch {
      this.#say(`The link to these settings: ${location.href}`)
    }
  }

  #say(text: string, isFault = false): void {
    if (text) document.body.classList.remove('loading')
    const status = byId('status')
    status.textContent = text
    status.classList.toggle('fault', isFault)
  }
}

new Page()
if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('./sw.js')
