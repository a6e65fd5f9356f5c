/** What the package expects of a host. `#runtime` is the module of its kind that the import conditions choose. */

/** Where a host keeps the wasm builds. */
export interface Modules {
  /** Those that models may choose. */
  readonly builds: readonly string[]
  /** A build's code: compiled where hosts forbid compiling, else its bytes. */
  read(name: string): WebAssembly.Module | Uint8Array
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
