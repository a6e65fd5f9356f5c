/** What processes say to each other, in the few words that training needs. Every call is made by all of them, in the same order. */
import type { Dialect } from './dialects.ts'
import type { NativeFunction, NativeLibrary } from './library.ts'
import { named } from './names.ts'

export interface Communicator {
  readonly rank: number
  readonly size: number
  /** Milliseconds that the others may let it wait; undefined: as long as they like. */
  patience: number | undefined
  /** Adds up the values of all processes, in place; in an order that is MPI's. */
  sum(values: Float32Array | Float64Array): void
  /** The same in the order of ranks, in float64: the same bits whatever the MPI. */
  sumInOrder(values: Float32Array): void
  /**
   * Adds up one part of the values of all processes on each: part r, from `cuts[r]` up to `cuts[r + 1]`, on process r. What is in the other
   * parts stays. Always in the same order; `inOrder`: that of ranks, in float64, as `sumInOrder`.
   */
  sumParts(values: Float32Array, cuts: readonly number[], inOrder: boolean): void
  /** Gives all processes part r of process r. */
  shareParts(values: Float32Array, cuts: readonly number[]): void
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
  patience: undefined,
  sum() {},
  sumInOrder() {},
  sumParts() {},
  shareParts() {},
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
/** Floats of a piece that travels between two processes, is added up at once, and so is found in the processor's cache. */
const PIECE = 2 ** 15
const TAG = 4
/** Of the question who is still there. */
const ROLL_TAG = 5

/** A call that MPI is still at. What it works on is held here, so that nothing else takes its place. */
interface Pending {
  readonly name: string
  readonly request: BigInt64Array
  readonly held: Parameters<NativeFunction>
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

export class MpiCommunicator implements Communicator {
  readonly rank: number
  readonly size: number
  patience: number | undefined
  readonly #mpi: Dialect
  readonly #library: NativeLibrary
  readonly #functions = new Map<string, NativeFunction>()
  readonly #begun: boolean
  #scratch = new Float32Array(0)
  #open = true
  /** Whether somebody has not answered: then there is no proper end. */
  #broken = false
  /** Calls that will never end. */
  #given: Pending[] = []
  readonly #status = new Uint8Array(TEXT_BYTES)

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
      this.#together('Allreduce', types, inPlace, part, part.length, type, sum, world)
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
    this.#together('Alltoall', types, sent, count, float, parts, count, float, world)
    addRows(parts, own.subarray(0, count))
    this.#together('Allgather', types, own, count, float, sent, count, float, world)
    if (!even) values.set(sums.subarray(0, values.length))
  }

  sumParts(values: Float32Array, cuts: readonly number[], inOrder: boolean): void {
    const { rank, size } = this
    const { handle, float, sum } = this.#mpi
    const longest = cuts.reduce((most, cut, i) => Math.max(most, cut - (cuts[i - 1] ?? 0)), 0)
    if (this.#scratch.length < size * PIECE) this.#scratch = new Float32Array(size * PIECE)
    for (let first = 0; first < longest; first += PIECE) {
      const piece = (part: number) => values.subarray(cuts[part], cuts[part + 1]).subarray(first, first + PIECE)
      const own = piece(rank)
      const place = (from: number) => this.#scratch.subarray(from * own.length, (from + 1) * own.length)
      this.#inPairs((to, from) => {
        const received = place(inOrder ? from : 0)
        this.#exchange(piece(to), to, received, from)
        if (inOrder || own.length === 0) return
        const types = ['void *', 'void *', 'int', handle, handle]
        this.#call('MPI_Reduce_local', types, received, own, own.length, float, sum)
      })
      if (!inOrder) continue
      place(rank).set(own)
      addRows(this.#scratch.subarray(0, size * own.length), own)
    }
  }

  shareParts(values: Float32Array, cuts: readonly number[]): void {
    const part = (rank: number) => values.subarray(cuts[rank], cuts[rank + 1])
    this.#inPairs((to, from) => this.#exchange(part(this.rank), to, part(from), from))
  }

  /** Every process with every other: whom to send to, and whom to receive from, who at that time sends to it. */
  #inPairs(visit: (to: number, from: number) => void): void {
    const { rank, size } = this
    for (let step = 1; step < size; step++) visit((rank + step) % size, (rank - step + size) % size)
  }

  #exchange(sent: Float32Array, to: number, received: Float32Array, from: number): void {
    const { handle, float, world } = this.#mpi
    const types = ['void *', 'int', handle, 'int', 'int', handle]
    const there = [sent, sent.length, float, to, TAG, world] as const
    const here = [received, received.length, float, from, TAG, world] as const
    if (this.patience === undefined) {
      const both = [...types.slice(0, 5), ...types, 'void *']
      this.#call('MPI_Sendrecv', both, ...there.slice(0, 5), ...here, this.#status)
      return
    }
    const pending = [this.#begin('MPI_Irecv', types, ...here), this.#begin('MPI_Isend', types, ...there)]
    for (const call of pending) this.#wait(call, this.patience)
  }

  share(values: Float32Array, from = 0): void {
    const { handle, float, world } = this.#mpi
    for (let at = 0; at < values.length; at += MOST) {
      const part = values.subarray(at, at + MOST)
      this.#together('Bcast', ['void *', 'int', handle, 'int', handle], part, part.length, float, from, world)
    }
  }

  gather(values: Float64Array): Float64Array {
    const { handle, byte, world } = this.#mpi
    const all = new Float64Array(values.length * this.size)
    const bytes = values.byteLength
    const types = ['void *', 'int', handle, 'void *', 'int', handle, handle]
    this.#together('Allgather', types, values, bytes, byte, all, bytes, byte, world)
    return all
  }

  send(bytes: Uint8Array): void {
    const { handle, byte, world } = this.#mpi
    const types = ['void *', 'int', handle, 'int', 'int', handle]
    this.#together('Send', types, bytes, bytes.length, byte, 0, TAG, world)
  }

  receive(from: number, bytes: number): Uint8Array {
    const { handle, byte, world } = this.#mpi
    const received = new Uint8Array(bytes)
    const types = ['void *', 'int', handle, 'int', 'int', handle]
    const values = [received, bytes, byte, from, TAG, world] as const
    if (this.patience === undefined) this.#call('MPI_Recv', [...types, 'void *'], ...values, this.#status)
    else this.#together('Recv', types, ...values)
    return received
  }

  barrier(): void {
    const { handle, world } = this.#mpi
    this.#together('Barrier', [handle], world)
  }

  close(): void {
    // it waits for all: for who has not answered, the end of the process is the end of the job
    if (this.#broken) return
    if (this.#open && this.#begun) this.#call('MPI_Finalize', [])
    this.#open = false
  }

  /** A call that waits for others, for as long as patience lasts. */
  #together(name: string, types: readonly string[], ...values: Parameters<NativeFunction>): void {
    if (this.patience === undefined) this.#call(`MPI_${name}`, types, ...values)
    else this.#wait(this.#begin(`MPI_I${name.toLowerCase()}`, types, ...values), this.patience)
  }

  #begin(name: string, types: readonly string[], ...held: Parameters<NativeFunction>): Pending {
    const request = new BigInt64Array(1)
    this.#call(name, [...types, 'void *'], ...held, request)
    return { name, request, held }
  }

  #isDone({ request }: Pending): boolean {
    const flag = new Int32Array(1)
    this.#call('MPI_Test', ['void *', 'void *', 'void *'], request, flag, this.#status)
    return flag[0] !== 0
  }

  /** @throws Error naming those that do not answer. */
  #wait(pending: Pending, patience: number): void {
    const deadline = performance.now() + patience
    while (!this.#isDone(pending)) if (performance.now() > deadline) this.#callRoll(pending, patience)
  }

  /** Everybody who waits in vain asks each of the others for a sign; all have as long for it as they had patience. */
  #callRoll(pending: Pending, patience: number): never {
    this.#broken = true
    const { handle, byte, world } = this.#mpi
    const types = ['void *', 'int', handle, 'int', 'int', handle]
    const others = Array.from({ length: this.size }, (_, rank) => rank).filter((rank) => rank !== this.rank)
    const signs = others.map((rank) => {
      const [sent, heard] = (['MPI_Isend', 'MPI_Irecv'] as const).map((name) =>
        this.#begin(name, types, new Uint8Array(1), 1, byte, rank, ROLL_TAG, world),
      )
      return { rank, sent, heard }
    })
    this.#given.push(pending, ...signs.flatMap(({ sent, heard }) => [sent, heard]))
    const deadline = performance.now() + patience
    let missing = signs
    while (missing.length > 0 && performance.now() < deadline)
      missing = missing.filter(({ heard }) => !this.#isDone(heard))
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

/** Sums of rows that are as long as `sums`, in their order and in float64. */
function addRows(rows: Float32Array, sums: Float32Array): void {
  for (let i = 0; i < sums.length; i++) {
    let sum = 0
    for (let at = i; at < rows.length; at += sums.length) sum += rows[at]
    sums[i] = sum
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
