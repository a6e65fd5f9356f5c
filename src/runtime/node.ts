/**
 * What differs by host, for Node, Deno and Bun: the module's bytes, files, the terminal. Built-in modules come when needed:
 * importing node:fs loads its streams and promises too, which takes longer than reading and compiling the wasm.
 */
import type { Modules, OpenFile, Pieces, Terminal, WorkerHandle } from './host.ts'

function readWasm(file: string): Uint8Array {
  const { readFileSync } = process.getBuiltinModule('node:fs')
  try {
    // written out: tools that trace or bundle a program for Node look for expressions like these
    if (file === 'simd') return readFileSync(new URL('../../simd.wasm', import.meta.url))
    if (file === 'relaxed') return readFileSync(new URL('../../relaxed.wasm', import.meta.url))
    if (file === 'infer-simd') return readFileSync(new URL('../../infer-simd.wasm', import.meta.url))
    if (file === 'infer-relaxed') return readFileSync(new URL('../../infer-relaxed.wasm', import.meta.url))
    if (file === 'solve-simd') return readFileSync(new URL('../../solve-simd.wasm', import.meta.url))
    if (file === 'solve-relaxed') return readFileSync(new URL('../../solve-relaxed.wasm', import.meta.url))
    if (file === 'int8-simd') return readFileSync(new URL('../../int8-simd.wasm', import.meta.url))
    if (file === 'int8-relaxed') return readFileSync(new URL('../../int8-relaxed.wasm', import.meta.url))
    if (file === 'features-simd') return readFileSync(new URL('../../features-simd.wasm', import.meta.url))
    if (file === 'features-relaxed') return readFileSync(new URL('../../features-relaxed.wasm', import.meta.url))
  } catch {
    // the sources run unbuilt, or a bundler has put a URL of its own kind there
  }
  const here = String(import.meta.url)
  const folder = here.endsWith('.ts') ? '../../build/' : '../../'
  return readFileSync(new URL(here.replace(/[^/]*$/, `${folder}${file}.wasm`)))
}

/** The wasm files, found beside the compiled sources or, when they run unbuilt, in build/. */
export const modules: Modules | undefined = {
  files: [],
  read(file) {
    try {
      return readWasm(file)
    } catch (cause) {
      throw new Error(
        `fourlane: cannot read its ${file}.wasm (${(cause as Error).message}); when fourlane is bundled for Node, keep it external, or take fourlane/core with init({ bytes })`,
        { cause },
      )
    }
  },
}

/** V8 of Node 20 has relaxed SIMD behind a flag that takes effect for modules compiled after it is set. */
export function enableRelaxedSimd(): void {
  if (process.versions.node?.startsWith('20.') && !process.versions.deno && !process.versions.bun) {
    process.getBuiltinModule('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd')
  }
}

/**
 * Wide vectors for a process that asks for them from outside: what `fourlane/wide` does, which is loaded for it, training
 * included. By its file: a program that holds fourlane itself in a bundle has none, and stays as it is.
 */
export function enableWide(): { took: boolean; reason: string } {
  const { node, bun, deno } = process.versions
  // by the number, before anything is loaded; fourlane/wide says it for processors, too
  if (bun || deno || !['24', '25'].includes(node.split('.')[0]))
    return { took: false, reason: 'they need Node 24 or 25 on x86-64' }
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)
  // put together, lest what reads imports takes the files of the package for sources
  const entry = (name: string) => require(`fourlane/${name}`)
  try {
    const took: boolean = entry('wide').enableWideVectors()
    return { took, reason: entry('core').describeRuntime().wideReason }
  } catch (error) {
    return { took: false, reason: (error as Error).message }
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

/** Files up to this size are read at once, while the event loop runs; larger ones piece by piece, as the pieces are wanted. */
const WHOLE = 2 ** 27

export async function openFile(path: string | URL): Promise<OpenFile> {
  const { openSync, readSync, closeSync, statSync } = process.getBuiltinModule('node:fs')
  const size = /^https?:/.test(`${path}`) ? 0 : statSync(path).size
  if (size <= WHOLE) {
    const bytes = await readBytes(path)
    return { size: bytes.length, read: (from, to) => bytes.subarray(from, to), close() {} }
  }
  const file = openSync(path, 'r')
  let piece = new Uint8Array(0)
  return {
    size,
    read(from, to) {
      if (piece.length < to - from) piece = new Uint8Array(to - from)
      for (let at = from; at < to; ) {
        const count = readSync(file, piece, at - from, to - at, at)
        if (count === 0) throw new RangeError(`fourlane: ${path} ended at byte ${at} of ${size} while it was read`)
        at += count
      }
      return piece.subarray(0, to - from)
    },
    close: () => closeSync(file),
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

/** Bytes read at once. */
const PIECE = 2 ** 18

/** A file's bytes, or those behind a URL, in order, while only the piece in hand is in memory. */
export async function* openPieces(path: string | URL): AsyncGenerator<Uint8Array, void, undefined> {
  if (/^https?:/.test(`${path}`)) {
    const response = await fetch(path)
    if (!response.ok) throw new Error(`fourlane: cannot read ${path}: ${response.status} ${response.statusText}`)
    if (response.body) yield* response.body
    return
  }
  const file = await process.getBuiltinModule('node:fs').promises.open(path, 'r')
  try {
    for (;;) {
      // a new one each time: those who get it may keep it
      const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE), 0, PIECE, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** The file that a path stands for, through all links; one that does not exist yet too. Where nobody may look, the path itself. */
async function target(path: string): Promise<string> {
  const { realpath, readlink } = process.getBuiltinModule('node:fs').promises
  const { dirname, resolve } = process.getBuiltinModule('node:path')
  try {
    return await realpath(path)
  } catch (error) {
    if (codeOf(error) === 'ELOOP') throw error
    const link = await readlink(path).catch(() => undefined)
    return link === undefined ? path : target(resolve(dirname(path), link))
  }
}

/** Begins the names of this host's temporary files: other hosts' processes have the same numbers. Deno would ask for leave. */
function hostMark(): string | undefined {
  if (process.versions.deno) return undefined
  let hash = 0
  for (const letter of process.getBuiltinModule('node:os').hostname()) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0
  return hash.toString(36)
}

/** Whether a process of this host runs; where nobody may ask, it does. */
function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/** Removes what processes left that were killed while they wrote this file. */
async function removeLeftovers(path: string, mark: string): Promise<void> {
  const { readdir, stat, unlink } = process.getBuiltinModule('node:fs').promises
  const { basename, dirname, join } = process.getBuiltinModule('node:path')
  const started = Date.now() - process.uptime() * 1000
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.${mark}-`) || !name.endsWith('.tmp')) continue
    const temporary = join(dirname(path), name)
    const pid = Number(name.slice(basename(path).length + 1).split('-')[1])
    // in containers, the next process has the number of the last
    const left = pid === process.pid ? (await stat(temporary)).mtimeMs < started : !runs(pid)
    if (left) await unlink(temporary)
  }
}

/**
 * All or nothing: a temporary file in the same folder, flushed to disk, then renamed over the target, whose mode and owner it
 * takes. What is no file, such as a pipe, is written to as it is.
 */
export async function writePieces(pathOrUrl: string | URL, pieces: Pieces): Promise<void> {
  const { access, chmod, chown, constants, open, rename, stat, unlink } = process.getBuiltinModule('node:fs').promises
  const { fileURLToPath } = process.getBuiltinModule('node:url')
  const path = await target(typeof pathOrUrl === 'string' ? pathOrUrl : fileURLToPath(pathOrUrl))
  const before = await stat(path).catch(() => undefined)
  const write = async (to: string, flags: string, mode?: number) => {
    const file = await open(to, flags, mode)
    try {
      for await (const piece of pieces) {
        for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten
      }
      if (flags === 'wx') await file.sync()
    } finally {
      await file.close()
    }
  }
  if (before && !before.isFile()) return write(path, 'w')
  // the folder might allow to replace what its owner has made read-only
  if (before) await access(path, constants.W_OK)

  const mark = hostMark()
  // folders may be unreadable; that must not keep anybody from saving
  if (mark) await removeLeftovers(path, mark).catch(() => {})
  const temporary = `${path}.${mark}-${process.pid}-${crypto.randomUUID().slice(0, 8)}.tmp`
  try {
    await write(temporary, 'wx', before ? before.mode & 0o777 : 0o666)
    if (before) {
      await chown(temporary, before.uid, before.gid).catch(() => {})
      await chmod(temporary, before.mode & 0o7777)
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
}

/** Adds to the end of a file, creating it and its folders where they are missing. */
export async function appendBytes(path: string, bytes: Uint8Array): Promise<void> {
  await makeFolderOf(path)
  await process.getBuiltinModule('node:fs').promises.appendFile(path, bytes)
}

/** Creates the folders that a file is to be in. */
export async function makeFolderOf(path: string): Promise<void> {
  const { dirname } = process.getBuiltinModule('node:path')
  await process.getBuiltinModule('node:fs').promises.mkdir(dirname(path), { recursive: true })
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
 * Starts a worker that calls the function whose source is `script` with every message. It never keeps the process alive.
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
