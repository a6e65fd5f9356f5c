/**
 * What differs by host, for Node, Deno and Bun: the module's bytes, files, the terminal. Built-in modules come when needed:
 * importing node:fs loads its streams and promises too, which takes longer than reading and compiling the wasm.
 */
import type { Modules, Terminal, WorkerHandle } from './host.ts'

/** The wasm builds, found beside the compiled sources or, when they run unbuilt, in build/. */
export const modules: Modules | undefined = {
  builds: ['simd', 'relaxed'],
  read(name) {
    const folder = import.meta.url.endsWith('.ts') ? '../../build/' : '../../'
    try {
      return process.getBuiltinModule('node:fs').readFileSync(new URL(`${folder}${name}.wasm`, import.meta.url))
    } catch (cause) {
      throw new Error(`fourlane: ${name}.wasm is missing from the installation`, { cause })
    }
  },
}

/** Files cost nothing before they are read. */
export const plainModules = modules

/** V8 of Node 20 has relaxed SIMD behind a flag that takes effect for modules compiled after it is set. */
export function enableRelaxedSimd(): void {
  if (process.versions.node?.startsWith('20.') && !process.versions.deno && !process.versions.bun) {
    process.getBuiltinModule('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd')
  }
}

/** An environment variable, for overrides such as FOURLANE_TARGET; none where reading it is not permitted. */
export function environment(name: string): string | undefined {
  try {
    return process.env[name]
  } catch {
    return undefined
  }
}

export async function readBytes(path: string | URL): Promise<Uint8Array> {
  if (/^https?:/.test(`${path}`)) {
    const response = await fetch(path)
    if (!response.ok) throw new Error(`fourlane: cannot read ${path}: ${response.status} ${response.statusText}`)
    return new Uint8Array(await response.arrayBuffer())
  }
  const { readFile } = process.getBuiltinModule('node:fs')
  return new Promise((resolve, reject) => {
    readFile(path, (error, bytes) => (error ? reject(error) : resolve(bytes)))
  })
}

/** All or nothing: a temporary file in the same folder, flushed to disk, then renamed over the target. */
export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  const { open, rename, rm } = await import('node:fs/promises')
  const temporary = `${path}.${crypto.randomUUID()}.tmp`
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Adds to the end of a file, creating it and its folders where they are missing. */
export async function appendBytes(path: string, bytes: Uint8Array): Promise<void> {
  const [{ appendFile, mkdir }, { dirname }] = await Promise.all([import('node:fs/promises'), import('node:path')])
  await mkdir(dirname(path), { recursive: true })
  await appendFile(path, bytes)
}

/** Lets timers, I/O and signals run. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The terminal a progress bar draws on. */
export const terminal: Terminal = {
  get interactive(): boolean {
    return process.stdout.isTTY === true && !process.env.CI
  },
  get columns(): number {
    return process.stdout.columns ?? 80
  },
  write(text: string): void {
    process.stdout.write(text)
  },
}

/** Processors this process may use. */
export const processors = (): number => process.getBuiltinModule('node:os').availableParallelism()

/** Why there can be no threads, where users should know. */
export const noThreads = (): string | undefined => undefined

/**
 * Starts a worker that calls `script`, the source of a function, with every message. It never keeps the process alive.
 * `ended` hears when it is gone, and why.
 */
export function startWorker(script: string, ended: (reason: string) => void): WorkerHandle | undefined {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  // the process's own arguments, such as modules to preload, are none of its business
  const options = { eval: true, execArgv: [], name: 'fourlane' }
  const worker = new Worker(`require('node:worker_threads').parentPort.on('message', ${script})`, options)
  worker.unref()
  let reason: string | undefined
  worker.on('error', (error) => {
    reason = String(error)
  })
  worker.on('exit', (code) => ended(reason ?? `exit code ${code}`))
  return {
    send: (message) => worker.postMessage(message),
    end: () => void worker.terminate(),
  }
}
