/** The page's side of the protocol: pending requests, and which answers are still current. */
import type { Answer, Ask, Frame, OwnTable, Scene, Surface } from './messages.ts'
import type { OptimizerName, Settings } from './settings.ts'

export interface Listener {
  started(scene: Scene, parameters: number): void
  frame(frame: Frame): void
  surface(surface: Surface): void
  file(name: string, bytes: Uint8Array<ArrayBuffer>): void
  failed(message: string): void
}

export interface Advance {
  readonly steps: number | 'max'
  readonly diagnose: boolean
  readonly racers?: readonly OptimizerName[]
}

export class Session {
  readonly #worker = new Worker(new URL('./training/worker.ts', import.meta.url), { type: 'module' })
  readonly #listener: Listener
  /** Answers to earlier ones are stale. */
  #run = 0
  #hasModel = false
  #owesFrame = false

  constructor(listener: Listener) {
    this.#listener = listener
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#hear(data)
    this.#worker.onerror = ({ message }) => listener.failed(`The worker stopped: ${message}`)
  }

  /** Whether a frame may be requested. */
  get isReady(): boolean {
    return this.#hasModel && !this.#owesFrame
  }

  start(settings: Settings, table: OwnTable | undefined): void {
    this.#run++
    this.#hasModel = false
    this.#owesFrame = false
    this.#ask({ kind: 'start', run: this.#run, settings, ...(table && { table }) })
  }

  advance(wanted: Advance): void {
    this.#owesFrame = true
    this.#ask({ kind: 'advance', run: this.#run, ...wanted })
  }

  surface(directions: 'path' | 'random', seed: number): void {
    if (this.#hasModel) this.#ask({ kind: 'surface', run: this.#run, directions, seed })
  }

  export(format: 'safetensors' | 'onnx'): void {
    if (this.#hasModel) this.#ask({ kind: 'export', run: this.#run, format })
  }

  #ask(ask: Ask): void {
    this.#worker.postMessage(ask)
  }

  #hear(said: Answer): void {
    if (said.run !== this.#run) return
    const listener = this.#listener
    if (said.kind === 'started') {
      this.#hasModel = true
      listener.started(said.scene, said.parameters)
    } else if (said.kind === 'frame') {
      this.#owesFrame = false
      listener.frame(said)
    } else if (said.kind === 'surface') listener.surface(said)
    else if (said.kind === 'file') listener.file(said.name, said.bytes)
    else {
      this.#owesFrame = false
      listener.failed(said.message)
    }
  }
}
