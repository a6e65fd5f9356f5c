/**
 * The host interface for Node, Deno and Bun: wasm bytes, files, the terminal. Built-in modules are loaded on demand:
 * importing node:fs also loads streams and promises, which takes longer than reading and compiling the wasm.
 */
import type { Modules, OpenFile, Pieces, Terminal, WorkerHandle } from './host.ts'

function readWasm(file: string): Uint8Array {
  const { readFileSync } = process.getBuiltinModule('node:fs')
  try {
    // spelled out, since tools that trace or bundle programs for Node look for such expressions
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
    // running unbuilt from source, or a bundler has inserted its own kind of URL
  }
  const here = String(import.meta.url)
  const folder = here.endsWith('.ts') ? '../../build/' : '../../'
  return readFileSync(new URL(here.replace(/[^/]*$/, `${folder}${file}.wasm`)))
}

/** The wasm files, beside the compiled sources or, when running unbuilt, in build/. */
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

/** V8 of Node 20 has relaxed SIMD behind a flag that affects modules compiled after it is set. */
export function enableRelaxedSimd(): void {
  if (process.versions.node?.startsWith('20.') && !process.versions.deno && !process.versions.bun) {
    process.getBuiltinModule('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd')
  }
}

/**
 * Enables wide vectors by environment variable: loads `fourlane/wide`, including training, which does the same.
 * Loaded by path: a program with fourlane in its bundle cannot load it, and stays as it is.
 */
export function enableWide(): { took: boolean; reason: string } {
  const { node, bun, deno } = process.versions
  // by version, before anything is loaded; fourlane/wide also checks the processor
  if (bun || deno || !['24', '25'].includes(node.split('.')[0]))
    return { took: false, reason: 'they need Node 24 or 25 on x86-64' }
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)
  // concatenated, so that import scanners do not mistake the package's files for sources
  const entry = (name: string) => require(`fourlane/${name}`)
  try {
    const took: boolean = entry('wide').enableWideVectors()
    return { took, reason: entry('core').describeRuntime().wideReason }
  } catch (error) {
    return { took: false, reason: (error as Error).message }
  }
}

/** An environment variable such as FOURLANE_TARGET; undefined if reading it is not permitted. */
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

/** Files up to this size are read at once without blocking the event loop; larger ones in chunks, on demand. */
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

/** Chunk size. */
const PIECE = 2 ** 18

/** A file's bytes, or those of a URL, in chunks; only the current chunk is in memory. */
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
      // a new buffer each time, since receivers may keep it
      const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE), 0, PIECE, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** The real path behind all links, even if the file does not exist; the path itself if that may not be read. */
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

/** Prefix of this host's temporary files, since process ids are only unique per host. Undefined in Deno, which would ask for permission. */
function hostMark(): string | undefined {
  if (process.versions.deno) return undefined
  let hash = 0
  for (const letter of process.getBuiltinModule('node:os').hostname()) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0
  return hash.toString(36)
}

/** Whether a process runs on this host; true if that may not be queried. */
function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/** Removes temporary files of processes that were killed while writing this file. */
async function removeLeftovers(path: string, mark: string): Promise<void> {
  const { readdir, stat, unlink } = process.getBuiltinModule('node:fs').promises
  const { basename, dirname, join } = process.getBuiltinModule('node:path')
  const started = Date.now() - process.uptime() * 1000
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.${mark}-`) || !name.endsWith('.tmp')) continue
    const temporary = join(dirname(path), name)
    const pid = Number(name.slice(basename(path).length + 1).split('-')[1])
    // in containers, successive processes have the same id
    const left = pid === process.pid ? (await stat(temporary)).mtimeMs < started : !runs(pid)
    if (left) await unlink(temporary)
  }
}

/**
 * Writes atomically: a temporary file in the same directory, flushed to disk, then renamed over the target, preserving its mode and
 * owner. Anything but a regular file, such as a pipe, is written directly.
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
  // the directory might allow replacing a file that its owner made read-only
  if (before) await access(path, constants.W_OK)

  const mark = hostMark()
  // the directory may be unreadable, which must not prevent saving
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

/** Appends to a file; creates it and its directories if necessary. */
export async function appendBytes(path: string, bytes: Uint8Array): Promise<void> {
  await makeFolderOf(path)
  await process.getBuiltinModule('node:fs').promises.appendFile(path, bytes)
}

/** Creates the parent directories of a file. */
export async function makeFolderOf(path: string): Promise<void> {
  const { dirname } = process.getBuiltinModule('node:path')
  await process.getBuiltinModule('node:fs').promises.mkdir(dirname(path), { recursive: true })
}

/** Yields to timers, I/O and signals. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The terminal for progress bars. */
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

/** Number of processors that this process may use. */
export const processors = (): number => process.getBuiltinModule('node:os').availableParallelism()

/** Why threads are unavailable, if users should know. */
export function noThreads(): string | undefined {
  const { permission } = process as { permission?: { has(scope: string): boolean } }
  return permission?.has('worker') === false
    ? 'the permission model forbids workers; start node with --allow-worker'
    : undefined
}

/**
 * Starts a worker that calls the function given as source text in `script` with every message. It does not keep the process alive.
 * `ended` is called with the reason when it is gone.
 */
export function startWorker(script: string, ended: (reason: string) => void): WorkerHandle | undefined {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  // do not inherit the process's arguments, such as preloaded modules
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
