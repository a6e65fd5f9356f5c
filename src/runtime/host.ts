/** The interface of a host. `#runtime` is its implementation, chosen by import conditions. */

import type { ByteSource } from '../lib/bytes.ts'

/** A host's wasm files, by name without extension. */
export interface Modules {
  /** The files that models may choose from; may be empty if the host has all of them. */
  readonly files: readonly string[]
  /** A file's code: compiled if the host forbids compiling, otherwise its bytes. */
  read(file: string): WebAssembly.Module | Uint8Array
}

/** A worker that can be terminated at any time. */
export interface WorkerHandle {
  send(message: unknown): void
  end(): void
}

export interface Terminal {
  /** Whether lines can be redrawn. */
  readonly interactive: boolean
  readonly columns: number
  write(text: string): void
}

/** A file opened for reading, or fetched bytes. */
export interface OpenFile extends ByteSource {
  close(): void
}

/** A file's content in chunks, in order. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>
