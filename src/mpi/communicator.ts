/** What processes say to each other, in the few words that training needs. Every call is made by all of them, in the same order. */
import type { Dialect } from './dialects.ts'
import type { NativeFunction, NativeLibrary } from './library.ts'

export interface Communicator {
  readonly rank: number
  readonly size: number
  /** Adds up the values of all processes, in place; in an order that is MPI's. */
  sum(values: Float32Array | Float64Array): void
  /** The same in the order of ranks, in float64: the same bits whatever the MPI. */
  sumInOrder(values: Float32Array): void
  /** Gives all processes the values of one. */
  share(values: Float32Array, from?: number): void
  /** The values of all processes, one after the other; each has as many. */
  gather(values: Float64Array): Float64Array
  /** To and from the first process. */
  send(bytes: Uint8Array): void
  receive(from: number, bytes: number): Uint8Array
  /** Waits until all are here. */
  barrier(): void
  /** Ends the use of MPI. */
  close(): void
}

/** One process without any other. */
export const ALONE: Communicator = {
  rank: 0,
  size: 1,
  sum() {},
  sumInOrder() {},
  share() {},
  gather: (values) => values.slice(),
  send() {},
  receive: () => new Uint8Array(0),
  barrier() {},
  close() {},
}

/** MPI_MAX_ERROR_STRING is at most this, and so is an MPI_Status. */
const TEXT_BYTES = 8192
/** Values that one call passes on at most: MPI counts them in an int. */
const MOST = 2 ** 30
const TAG = 4

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

export class MpiCommunicator implements Communicator {
  readonly rank: number
  readonly size: number
  readonly #mpi: Dialect
  readonly #library: NativeLibrary
  readonly #functions = new Map<string, NativeFunction>()
  readonly #begun: boolean
  #scratch = new Float32Array(0)
  #open = true

  constructor(library: NativeLibrary, dialect: Dialect) {
    this.#library = library
    this.#mpi = dialect
    const { handle, world, errorsReturn } = dialect
    const out = new Int32Array(1)
    this.#call('MPI_Initialized', ['void *'], out)
    this.#begun = out[0] === 0
    if (this.#begun) this.#call('MPI_Init_thread', ['void *', 'void *', 'int', 'void *'], null, null, 0, out)
    this.#call('MPI_Comm_set_errhandler', [handle, handle], world, errorsReturn)
    this.#call('MPI_Comm_rank', [handle, 'void *'], world, out)
    this.rank = out[0]
    this.#call('MPI_Comm_size', [handle, 'void *'], world, out)
    this.size = out[0]
    if (!this.#begun) return
    process.on('exit', (code) => this.#leave(code))
    // Node prints errors after that, when the job is gone
    process.on('uncaughtExceptionMonitor', (error) => {
      if (this.#open) process.getBuiltinModule('node:fs').writeSync(2, `rank ${this.rank}: ${error.stack ?? error}\n`)
    })
  }

  sum(values: Float32Array | Float64Array): void {
    const { handle, inPlace, float, double, sum, world } = this.#mpi
    const type = values instanceof Float32Array ? float : double
    const types = ['intptr_t', 'void *', 'int', handle, handle, handle]
    for (let at = 0; at < values.length; at += MOST) {
      const part = values.subarray(at, at + MOST)
      this.#call('MPI_Allreduce', types, inPlace, part, part.length, type, sum, world)
    }
  }

  /** Every process adds up a part of all, and passes it on. */
  sumInOrder(values: Float32Array): void {
    const { size } = this
    const { handle, float, world } = this.#mpi
    const count = Math.ceil(values.length / size)
    const even = values.length === count * size
    if (this.#scratch.length < 3 * count * size) this.#scratch = new Float32Array(3 * count * size)
    const [parts, own, sums] = [0, 1, 2].map((i) => this.#scratch.subarray(i * count * size, (i + 1) * count * size))
    const sent = even ? values : sums
    if (!even) sums.fill(0).set(values)
    const types = ['void *', 'int', handle, 'void *', 'int', handle, handle]
    this.#call('MPI_Alltoall', types, sent, count, float, parts, count, float, world)
    for (let i = 0; i < count; i++) {
      let sum = 0
      for (let at = i; at < count * size; at += count) sum += parts[at]
      own[i] = sum
    }
    this.#call('MPI_Allgather', types, own, count, float, sent, count, float, world)
    if (!even) values.set(sums.subarray(0, values.length))
  }

  share(values: Float32Array, from = 0): void {
    const { handle, float, world } = this.#mpi
    for (let at = 0; at < values.length; at += MOST) {
      const part = values.subarray(at, at + MOST)
      this.#call('MPI_Bcast', ['void *', 'int', handle, 'int', handle], part, part.length, float, from, world)
    }
  }

  gather(values: Float64Array): Float64Array {
    const { handle, byte, world } = this.#mpi
    const all = new Float64Array(values.length * this.size)
    const bytes = values.byteLength
    const types = ['void *', 'int', handle, 'void *', 'int', handle, handle]
    this.#call('MPI_Allgather', types, values, bytes, byte, all, bytes, byte, world)
    return all
  }

  send(bytes: Uint8Array): void {
    const { handle, byte, world } = this.#mpi
    const types = ['void *', 'int', handle, 'int', 'int', handle]
    this.#call('MPI_Send', types, bytes, bytes.length, byte, 0, TAG, world)
  }

  receive(from: number, bytes: number): Uint8Array {
    const { handle, byte, world } = this.#mpi
    const received = new Uint8Array(bytes)
    const types = ['void *', 'int', handle, 'int', 'int', handle, 'void *']
    this.#call('MPI_Recv', types, received, bytes, byte, from, TAG, world, new Uint8Array(TEXT_BYTES))
    return received
  }

  barrier(): void {
    const { handle, world } = this.#mpi
    this.#call('MPI_Barrier', [handle], world)
  }

  close(): void {
    if (this.#open && this.#begun) this.#call('MPI_Finalize', [])
    this.#open = false
  }

  /** The process ends: by an error, which the others would wait for in vain, or because it is done. */
  #leave(code: number): void {
    if (!this.#open) return
    this.#open = false
    const { handle, world } = this.#mpi
    if (code === 0) this.#function('MPI_Finalize', [])()
    else this.#function('MPI_Abort', [handle, 'int'])(world, code)
  }

  #function(name: string, types: readonly string[]): NativeFunction {
    const known = this.#functions.get(name) ?? this.#library.func(name, 'int', types)
    this.#functions.set(name, known)
    return known
  }

  /** @throws Error with MPI's own words when it reports one, or after `close`. */
  #call(name: string, types: readonly string[], ...values: Parameters<NativeFunction>): void {
    if (!this.#open) throw new Error(`fourlane: ${name} after the connection was closed`)
    const code = this.#function(name, types)(...values)
    if (code === 0) return
    const text = new Uint8Array(TEXT_BYTES)
    const length = new Int32Array(1)
    this.#function('MPI_Error_string', ['int', 'void *', 'void *'])(code, text, length)
    throw new Error(`fourlane: ${name}: ${new TextDecoder().decode(text.subarray(0, length[0]))}`)
  }
}

/** The texts of all processes. */
export function gatherTexts(world: Communicator, text: string): string[] {
  const letters = new TextEncoder().encode(text)
  const lengths = world.gather(Float64Array.of(letters.length))
  // a double for every letter: texts are short
  const room = lengths.reduce((most, length) => Math.max(most, length), 0)
  const own = new Float64Array(Math.ceil(room / 8))
  bytesOf(own).set(letters)
  const all = bytesOf(world.gather(own))
  return Array.from(lengths, (length, rank) =>
    new TextDecoder().decode(all.subarray(rank * own.byteLength, rank * own.byteLength + length)),
  )
}

/** Sums over all processes, in the order of ranks. */
export function gatherSums(world: Communicator, values: Float64Array): Float64Array {
  const all = world.gather(values)
  return values.map((_, i) => {
    let sum = 0
    for (let at = i; at < all.length; at += values.length) sum += all[at]
    return sum
  })
}
