/** MPI calls; those that wait for other ranks time out and then name the ranks that do not respond. */
import type { Dialect } from './dialects.ts'
import type { NativeFunction, NativeLibrary } from './library.ts'
import { named } from './names.ts'

/** At least MPI_MAX_ERROR_STRING and the size of an MPI_Status. */
const TEXT_BYTES = 8192
/** Message tag of the roll call. */
const ROLL_TAG = 5

/** A blocking call: its name without `MPI_`, argument types, arguments. */
export type Call = readonly [name: string, types: readonly string[], ...values: Parameters<NativeFunction>]

/** A pending nonblocking call; keeps its buffers alive. */
export interface Pending {
  readonly name: string
  readonly request: BigInt64Array
  readonly held: Parameters<NativeFunction>
}

export class Channel {
  readonly rank: number
  readonly size: number
  /** Timeout in milliseconds; undefined: none. */
  patience: number | undefined
  readonly #mpi: Dialect
  readonly #library: NativeLibrary
  readonly #functions = new Map<string, NativeFunction>()
  readonly #begun: boolean
  #open = true
  /** Whether a rank has failed to respond, so that MPI cannot be finalized. */
  #broken = false
  /** Calls that will never complete; kept so that their buffers stay alive. */
  #given: Pending[] = []
  /** Receives MPI's statuses, which are not used. */
  readonly status = new Uint8Array(TEXT_BYTES)

  constructor(library: NativeLibrary, dialect: Dialect) {
    this.#library = library
    this.#mpi = dialect
    const { handle, world, errorsReturn } = dialect
    const out = new Int32Array(1)
    this.call('MPI_Initialized', ['void *'], out)
    this.#begun = out[0] === 0
    if (this.#begun) this.call('MPI_Init_thread', ['void *', 'void *', 'int', 'void *'], null, null, 0, out)
    this.call('MPI_Comm_set_errhandler', [handle, handle], world, errorsReturn)
    this.call('MPI_Comm_rank', [handle, 'void *'], world, out)
    this.rank = out[0]
    this.call('MPI_Comm_size', [handle, 'void *'], world, out)
    this.size = out[0]
    if (!this.#begun) return
    process.on('exit', (code) => this.#leave(code))
    // by default Node prints the error only after this handler, when the job is already gone
    process.on('uncaughtExceptionMonitor', (error) => {
      if (this.#open) process.getBuiltinModule('node:fs').writeSync(2, `rank ${this.rank}: ${error.stack ?? error}\n`)
    })
  }

  /** Finalizes MPI. */
  close(): void {
    // MPI_Finalize waits for all ranks; if one is unresponsive, let the exit of this process end the job
    if (this.#broken) return
    if (this.#open && this.#begun) this.call('MPI_Finalize', [])
    this.#open = false
  }

  /** A call that waits for other ranks, up to the timeout. */
  together(name: string, types: readonly string[], ...values: Parameters<NativeFunction>): void {
    if (this.patience === undefined) this.call(`MPI_${name}`, types, ...values)
    else this.wait(this.begin(`MPI_I${name.toLowerCase()}`, types, ...values), this.patience)
  }

  /** Starts a nonblocking call; `name` is MPI's. */
  begin(name: string, types: readonly string[], ...held: Parameters<NativeFunction>): Pending {
    const request = new BigInt64Array(1)
    this.call(name, [...types, 'void *'], ...held, request)
    return { name, request, held }
  }

  /** Tests for completion, which also lets MPI make progress. */
  isDone({ request }: Pending): boolean {
    const flag = new Int32Array(1)
    this.call('MPI_Test', ['void *', 'void *', 'void *'], request, flag, this.status)
    return flag[0] !== 0
  }

  /** Waits for completion, for `patience` milliseconds. @throws Error naming the ranks that do not respond. */
  wait(pending: Pending, patience: number | undefined): void {
    if (patience === undefined) {
      this.call('MPI_Wait', ['void *', 'void *'], pending.request, this.status)
      return
    }
    const deadline = performance.now() + patience
    while (!this.isDone(pending)) if (performance.now() > deadline) this.#callRoll(pending, patience)
  }

  /** Roll call: every rank that has timed out pings all others; they have the same time to respond. */
  #callRoll(pending: Pending, patience: number): never {
    this.#broken = true
    const { handle, byte, world } = this.#mpi
    const types = ['void *', 'int', handle, 'int', 'int', handle]
    const others = Array.from({ length: this.size }, (_, rank) => rank).filter((rank) => rank !== this.rank)
    const signs = others.map((rank) => {
      const [sent, heard] = (['MPI_Isend', 'MPI_Irecv'] as const).map((name) =>
        this.begin(name, types, new Uint8Array(1), 1, byte, rank, ROLL_TAG, world),
      )
      return { rank, sent, heard }
    })
    this.#given.push(pending, ...signs.flatMap(({ sent, heard }) => [sent, heard]))
    const deadline = performance.now() + patience
    let missing = signs
    while (missing.length > 0 && performance.now() < deadline)
      missing = missing.filter(({ heard }) => !this.isDone(heard))
    const seconds = patience / 1000
    throw new Error(
      missing.length > 0
        ? `fourlane: ${pending.name}: no answer from ${named(missing.map(({ rank }) => rank))} within ${seconds} s: stopped, out of reach, or busy with something else`
        : `fourlane: ${pending.name}: all ranks are there, but wait for each other for ${seconds} s: they must make the same calls in the same order`,
    )
  }

  /** Called at process exit: after an error MPI_Abort, since the others would wait forever; otherwise finalizes. */
  #leave(code: number): void {
    if (!this.#open) return
    this.#open = false
    const { handle, world } = this.#mpi
    if (code === 0 && !this.#broken) this.#function('MPI_Finalize', [])()
    else this.#function('MPI_Abort', [handle, 'int'])(world, code || 1)
  }

  #function(name: string, types: readonly string[]): NativeFunction {
    const known = this.#functions.get(name) ?? this.#library.func(name, 'int', types)
    this.#functions.set(name, known)
    return known
  }

  /** @throws Error with MPI's message if it reports an error, or after `close`. */
  call(name: string, types: readonly string[], ...values: Parameters<NativeFunction>): void {
    if (!this.#open) throw new Error(`fourlane: ${name} after the connection was closed`)
    const code = this.#function(name, types)(...values)
    if (code === 0) return
    const text = new Uint8Array(TEXT_BYTES)
    const length = new Int32Array(1)
    this.#function('MPI_Error_string', ['int', 'void *', 'void *'])(code, text, length)
    throw new Error(`fourlane: ${name}: ${new TextDecoder().decode(text.subarray(0, length[0]))}`)
  }
}
