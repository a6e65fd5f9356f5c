/** What differs by host, for Node, Deno and Bun: the module's bytes, files, the terminal. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { appendFile, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setFlagsFromString } from 'node:v8'

/** The wasm build of the given name, found beside the compiled sources or, when they run unbuilt, in build/. */
export function readModule(name: string): Uint8Array {
  const beside = new URL(`../../${name}.wasm`, import.meta.url)
  const unbuilt = new URL(`../../build/${name}.wasm`, import.meta.url)
  try {
    return readFileSync(import.meta.url.endsWith('.ts') ? unbuilt : beside)
  } catch (cause) {
    throw new Error(`fourlane: ${name}.wasm is missing from the installation`, { cause })
  }
}

/** V8 of Node 20 has relaxed SIMD behind a flag that takes effect for modules compiled after it is set. */
export function enableRelaxedSimd(): void {
  if (process.versions.node?.startsWith('20.') && !process.versions.deno && !process.versions.bun) {
    setFlagsFromString('--experimental-wasm-relaxed-simd')
  }
}

/** An environment variable, for overrides such as FOURLANE_TARGET. */
export function environment(name: string): string | undefined {
  return process.env[name]
}

export async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path)
}

/** All or nothing: a temporary file in the same folder, flushed to disk, then renamed over the target. */
export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
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
  await mkdir(dirname(path), { recursive: true })
  await appendFile(path, bytes)
}

/** Lets timers, I/O and signals run. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The terminal a progress bar draws on. */
export const terminal = {
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
