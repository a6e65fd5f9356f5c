/** Calls of an MPI: those that wait for other processes wait as long as patience lasts, and then name who does not answer. */
import type { Dialect } from './dialects.ts'
import type { NativeFunction, NativeLibrary } from './library.ts'
import { named } from './names.ts'

/** MPI_MAX_ERROR_STRING is at most this, and so is an MPI_Status. */
const TEXT_BYTES = 8192
/** Of the question who is still there. */
const ROLL_TAG = 5

/** A call that waits for others: its name without `MPI_`, the types of what it takes, and that. */
export type Call = readonly [name: string, types: readonly string[], ...values: Parameters<NativeFunction>]

/** A call that MPI is still at. What it works on is held here, so that nothing else takes its place. */
export interface Pending {
  readonly name: string
  readonly request: BigInt64Array
  readonly held: Parameters<NativeFunction>
}

export class Channel {
  readonly rank: number
  readonly size: number
  /** Milliseconds that the others may let it wait. */
  patience: number | undefined
  readonly #mpi: Dialect
  readonly #library: NativeLibrary
  readonly #functions = new Map<string, NativeFunction>()
  readonly #begun: boolean
  #open = true
  /** Whether somebody has not answered: then there is no proper end. */
  #broken = false
  /** Calls that will never end. */
  #given: Pending[] = []
  /** Where MPI says what came of a call; nobody wants to know. */
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
    // Node prints errors after that, when the job is gone
    process.on('uncaughtExceptionMonitor', (error) => {
      if (this.#open) process.getBuiltinModule('node:fs').writeSync(2, `rank ${this.rank}: ${error.stack ?? error}\n`)
    })
  }

  /** Ends the use of MPI. */
  close(): void {
    // it waits for all: for who has not answered, the end of the process is the end of the job
    if (this.#broken) return
    if (this.#open && this.#begun) this.call('MPI_Finalize', [])
    this.#open = false
  }

  /** A call that waits for others, for as long as patience lasts. */
  together(name: string, types: readonly string[], ...values: Parameters<NativeFunction>): void {
    if (this.patience === undefined) this.call(`MPI_${name}`, types, ...values)
    else this.wait(this.begin(`MPI_I${name.toLowerCase()}`, types, ...values), this.patience)
  }

  /** Begins a call that does not block; `name` is MPI's. */
  begin(name: string, types: readonly string[], ...held: Parameters<NativeFunction>): Pending {
    const request = new BigInt64Array(1)
    this.call(name, [...types, 'void *'], ...held, request)
    return { name, request, held }
  }

  /** Lets MPI go on with it. */
  isDone({ request }: Pending): boolean {
    const flag = new Int32Array(1)
    this.call('MPI_Test', ['void *', 'void *', 'void *'], request, flag, this.status)
    return flag[0] !== 0
  }

  /** Waits for a call, for `patience` milliseconds. @throws Error naming those that do not answer. */
  wait(pending: Pending, patience: number | undefined): void {
    if (patience === undefined) {
      this.call('MPI_Wait', ['void *', 'void *'], pending.request, this.status)
      return
    }
    const deadline = performance.now() + patience
    while (!this.isDone(pending)) if (performance.now() > deadline) this.#callRoll(pending, patience)
  }

  /** Everybody who waits in vain asks each of the others for a sign; all have as long for it as they had patience. */
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

  /** The process ends: by an error, which the others would wait for in vain, or because it is done. */
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

  /** @throws Error with MPI's own words when it reports one, or after `close`. */
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
