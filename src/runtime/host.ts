/** What the package expects of a host. `#runtime` is the module of its kind that the import conditions choose. */

import type { ByteSource } from '../lib/bytes.ts'

/** Where a host keeps wasm files. They go by their names without the extension. */
export interface Modules {
  /** Those that models may choose; of a host that has all of them, none need be named. */
  readonly files: readonly string[]
  /** A file's code: compiled where hosts forbid compiling, else its bytes. */
  read(file: string): WebAssembly.Module | Uint8Array
}

/** A worker: it ends when it is told to, whatever it is doing. */
export interface WorkerHandle {
  send(message: unknown): void
  end(): void
}

export interface Terminal {
  /** Whether lines may be drawn over. */
  readonly interactive: boolean
  readonly columns: number
  write(text: string): void
}

/** A file opened for reading, or bytes that were fetched. */
export interface OpenFile extends ByteSource {
  close(): void
}

/** A file's content, in order. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>
