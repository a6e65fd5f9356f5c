/** From a module with a memory of its own to the same module on a shared memory: one build to ship, two ways to run it. */

const TYPE = 1
const IMPORT = 2
const MEMORY = 5
const HEADER_BYTES = 8
/** Limits of a memory that is shared and has a maximum. */
const SHARED = 3
/** The 4 GiB of a 32-bit memory. */
export const MOST_PAGES = 65536

/** Reads an unsigned LEB128 number; returns it and where the next byte is. */
function readNumber(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]
    value += (byte & 127) * 2 ** shift
    if (byte < 128) return [value, at]
  }
}

function number(value: number): number[] {
  const bytes: number[] = []
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value & 127) | 128)
  return [...bytes, value]
}

/** A name of ASCII letters. */
const text = (value: string): number[] => [
  ...number(value.length),
  ...Array.from(value, (letter) => letter.charCodeAt(0)),
]

/**
 * The code with its memory section taken out and a shared memory imported as `env.memory` instead. Memory 0 it stays, so
 * nothing else changes.
 * @throws RangeError when the code has imports already, or no memory.
 */
export function importSharedMemory(code: Uint8Array): Uint8Array {
  const sections: { id: number; body: Uint8Array }[] = []
  let pages = -1
  for (let at = HEADER_BYTES; at < code.length; ) {
    const id = code[at]
    const [size, start] = readNumber(code, at + 1)
    const body = code.subarray(start, start + size)
    at = start + size
    if (id === IMPORT) throw new RangeError('fourlane: the wasm file has imports, cannot share its memory')
    // one memory: flags, then the least number of pages
    if (id === MEMORY) pages = readNumber(body, 2)[0]
    else sections.push({ id, body })
  }
  if (pages < 0) throw new RangeError('fourlane: the wasm file has no memory of its own')
  const memory = [1, ...text('env'), ...text('memory'), 2, SHARED, ...number(pages), ...number(MOST_PAGES)]
  const type = sections.findIndex(({ id }) => id === TYPE)
  sections.splice(type + 1, 0, { id: IMPORT, body: Uint8Array.from(memory) })
  const parts = sections.flatMap(({ id, body }) => [Uint8Array.from([id, ...number(body.length)]), body])
  const out = new Uint8Array(HEADER_BYTES + parts.reduce((sum, { length }) => sum + length, 0))
  out.set(code.subarray(0, HEADER_BYTES))
  let end = HEADER_BYTES
  for (const part of parts) {
    out.set(part, end)
    end += part.length
  }
  return out
}

/** A new shared memory; as large a maximum as this host reserves. @throws RangeError where there is none at all. */
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

/** Whether this host has memory that threads can share; in browsers only pages that are cross-origin isolated do. */
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

/** Whether this thread may sleep until another wakes it; the main thread of a browser may not. */
export function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0)
    return true
  } catch {
    return false
  }
}
