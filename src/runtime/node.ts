/**
 * What differs by host, for Node, Deno and Bun: the module's bytes, files, the terminal. Built-in modules come when needed:
 * importing node:fs loads its streams and promises too, which takes longer than reading and compiling the wasm.
 */
import type { Modules, Terminal, WorkerHandle } from './host.ts'

function readWasm(name: string): Uint8Array {
  const { readFileSync } = process.getBuiltinModule('node:fs')
  try {
    // written out: tools that trace or bundle a program for Node look for expressions like these
    if (name === 'simd') return readFileSync(new URL('../../simd.wasm', import.meta.url))
    if (name === 'relaxed') return readFileSync(new URL('../../relaxed.wasm', import.meta.url))
  } catch {
    // the sources run unbuilt, or a bundler has put a URL of its own kind there
  }
  const here = String(import.meta.url)
  const folder = here.endsWith('.ts') ? '../../build/' : '../../'
  return readFileSync(new URL(here.replace(/[^/]*$/, `${folder}${name}.wasm`)))
}

/** The wasm builds, found beside the compiled sources or, when they run unbuilt, in build/. */
export const modules: Modules | undefined = {
  builds: ['simd', 'relaxed'],
  read(name) {
    try {
      return readWasm(name)
    } catch (cause) {
      throw new Error(
        `fourlane: cannot read its ${name}.wasm (${(cause as Error).message}); when fourlane is bundled for Node, keep it external, or take fourlane/core with init({ bytes })`,
        { cause },
      )
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
export async function writeBytes(pathOrUrl: string | URL, bytes: Uint8Array): Promise<void> {
  const [{ open, rename, rm }, { fileURLToPath }] = await Promise.all([import('node:fs/promises'), import('node:url')])
  const path = typeof pathOrUrl === 'string' ? pathOrUrl : fileURLToPath(pathOrUrl)
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
export function noThreads(): string | undefined {
  const { permission } = process as { permission?: { has(scope: string): boolean } }
  return permission?.has('worker') === false
    ? 'the permission model forbids workers; start node with --allow-worker'
    : undefined
}

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
