/** Patches a module that imports a memory to import a shared one, so that one file serves both. */

const HEADER_BYTES = 8
const IMPORT = 2
/** The import as written by the build: env.memory, a memory with a maximum; its flags come last. */
const MEMORY = [3, ...letters('env'), 6, ...letters('memory'), 2]
const LIMITED = 1
/** Flags of a shared memory with a maximum. */
const SHARED = 3
/** The 4 GiB of a 32-bit memory. */
export const MOST_PAGES = 65536

function letters(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0))
}

/**
 * The code with its memory import marked as shared.
 * @throws RangeError unless it imports a memory as written by the build.
 */
export function importSharedMemory(code: Uint8Array): Uint8Array {
  for (let at = HEADER_BYTES; at < code.length; ) {
    const id = code[at++]
    let size = 0
    for (let shift = 0, byte = 128; byte > 127; shift += 7) {
      byte = code[at++]
      size += (byte & 127) * 2 ** shift
    }
    if (id === IMPORT) {
      // the number of imports comes first, then the memory
      const flags = at + 1 + MEMORY.length
      if (MEMORY.some((byte, i) => code[at + 1 + i] !== byte) || code[flags] !== LIMITED) break
      const shared = code.slice()
      shared[flags] = SHARED
      return shared
    }
    at += size
  }
  throw new RangeError('fourlane: the wasm file does not import a memory that could be shared')
}

/** A new shared memory, with the largest maximum that this host can reserve. @throws RangeError if there is none. */
export function sharedMemory(pages: number): WebAssembly.Memory {
  for (let maximum = MOST_PAGES; ; maximum /= 4) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum, shared: true })
    } catch (error) {
      if (maximum / 4 < Math.max(pages, 1024)) throw error
    }
  }
}

let shares: boolean | undefined

/** Whether this host supports shared memory; browsers only do on cross-origin isolated pages. */
export function canShare(): boolean {
  if (shares === undefined) {
    try {
      const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
      shares = typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer
    } catch {
      shares = false
    }
  }
  return shares
}

/** Whether this thread may block; the main thread of a browser may not. */
export function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0)
    return true
  } catch {
    return false
  }
}
