/** The host interface for browsers, edge workers and unknown hosts: no file system, no terminal, no environment. */
import type { Modules, OpenFile, Pieces, Terminal, WorkerHandle } from './host.ts'

/** These hosts have no files: modules come from the entry point (`#modules`) or from `init`. */
export const modules: Modules | undefined = undefined

/** Nothing to enable. */
export function enableRelaxedSimd(): void {}

/** Not available on these hosts. */
export const enableWide = (): { took: boolean; reason: string } => ({ took: false, reason: 'not in this host' })

/** There is no environment. */
export function environment(_name: string): string | undefined {
  return undefined
}

/** The bytes of a URL. */
export async function readBytes(url: string | URL): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`fourlane: cannot read ${url}: ${response.status} ${response.statusText}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** The bytes of a URL, entirely in memory. */
export async function openFile(url: string | URL): Promise<OpenFile> {
  const bytes = await readBytes(url)
  return { size: bytes.length, read: (from, to) => bytes.subarray(from, to), close() {} }
}

/** The bytes of a URL in chunks; only the current chunk is in memory. */
export async function* openPieces(url: string | URL): AsyncGenerator<Uint8Array, void, undefined> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`fourlane: cannot read ${url}: ${response.status} ${response.statusText}`)
  const reader = response.body?.getReader()
  if (!reader) return
  try {
    // ReadableStream is not async iterable in every browser
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    reader.cancel().catch(() => {})
  }
}

export async function writePieces(path: string | URL, _pieces: Pieces): Promise<void> {
  throw new Error(
    `fourlane: this host has no files to write "${path}" to; take model.toBytes() and store them yourself`,
  )
}

export async function appendBytes(path: string, _bytes: Uint8Array): Promise<void> {
  throw new Error(`fourlane: this host has no files to append "${path}" to; use a callback of your own`)
}

/** Does nothing: writing the file itself reports that there is no file system. */
export async function makeFolderOf(_path: string): Promise<void> {}

/** Yields to timers, I/O and rendering; by a message, since browsers clamp nested timeouts to 4 ms. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof MessageChannel === 'undefined') {
      setTimeout(resolve, 0)
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}

/** Progress bars are logged to the console. */
export const terminal: Terminal = {
  interactive: false,
  columns: 80,
  write(text: string): void {
    const lines = text.replace(/\n$/, '')
    if (lines !== '') console.log(lines)
  },
}

/** Number of processors that this page may use. */
export const processors = (): number => globalThis.navigator?.hardwareConcurrency ?? 1

/** Why threads are unavailable, if users should know: on pages that could enable them. */
export function noThreads(): string | undefined {
  if (typeof Worker === 'undefined' || globalThis.crossOriginIsolated !== false) return undefined
  return 'this page is not cross-origin isolated: it needs the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'
}

/**
 * Starts a worker that calls the function given as source text in `script` with every message: from a blob, so that bundlers have
 * no file to miss. `ended` is called with the reason when it is gone. Undefined on hosts without workers, such as workerd.
 */
export function startWorker(script: string, ended: (reason: string) => void): WorkerHandle | undefined {
  if (typeof Worker === 'undefined' || typeof Blob === 'undefined') return undefined
  const url = URL.createObjectURL(
    new Blob([`const work = ${script}\nonmessage = ({ data }) => work(data)`], { type: 'text/javascript' }),
  )
  const worker = new Worker(url, { name: 'fourlane' })
  const end = (reason: string) => {
    worker.terminate()
    URL.revokeObjectURL(url)
    ended(reason)
  }
  worker.onerror = ({ message }) => end(message || 'its script could not be run')
  return {
    send: (message) => worker.postMessage(message),
    end: () => end('it was ended'),
  }
}
