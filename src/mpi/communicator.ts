/** The collective operations that training needs. All ranks must call them in the same order. */
import { type Call, Channel, type Pending } from './channel.ts'
import type { Dialect } from './dialects.ts'
import type { NativeLibrary } from './library.ts'

/** A growable buffer. */
export interface Room {
  floats: Float32Array
}

/** A pending sum, made of one or several MPI calls. */
export interface Summing {
  /** Lets MPI make progress, which needs this thread. */
  poll(): void
  /**
   * Waits for the current call and starts the next, in the same order on all ranks; returns whether there is one.
   */
  advance(): boolean
}

export interface Communicator {
  readonly rank: number
  readonly size: number
  /** Timeout in milliseconds; undefined: none. */
  patience: number | undefined
  /** All-reduce (sum) in place; the order of additions is up to MPI. */
  sum(values: Float32Array | Float64Array): void
  /** Likewise in rank order and float64: the same bits with every MPI. */
  sumInOrder(values: Float32Array): void
  /** Starts either sum; `room` must not be used otherwise until it completes. */
  begin(values: Float32Array, inOrder: boolean, room: Room): Summing
  /**
   * Reduce-scatter (sum) in place: rank r gets the sums of part r, from `cuts[r]` to `cuts[r + 1]`; other parts are
   * unchanged. Always in a fixed order; with `inOrder` in rank order and float64, as `sumInOrder`.
   */
  sumParts(values: Float32Array, cuts: readonly number[], inOrder: boolean): void
  /** All-gather in place: part r is copied from rank r to all others. */
  shareParts(values: Float32Array, cuts: readonly number[]): void
  /** Broadcast from one rank. */
  share(values: Float32Array, from?: number): void
  /** All-gather of equally long arrays, concatenated. */
  gather(values: Float64Array): Float64Array
  /** To and from rank 0. */
  send(bytes: Uint8Array): void
  receive(from: number, bytes: number): Uint8Array
  /** Waits until all ranks have called it. */
  barrier(): void
  /** Finalizes MPI. */
  close(): void
}

/** A single process. */
export const ALONE: Communicator = {
  rank: 0,
  size: 1,
  patience: undefined,
  sum() {},
  sumInOrder() {},
  begin: () => ({ poll() {}, advance: () => false }),
  sumParts() {},
  shareParts() {},
  share() {},
  gather: (values) => values.slice(),
  send() {},
  receive: () => new Uint8Array(0),
  barrier() {},
  close() {},
}

/** Maximum values per call: MPI counts them in an int. */
const MOST = 2 ** 30
/** Floats per chunk that is exchanged between two ranks and added up while in cache. */
const PIECE = 2 ** 15
const TAG = 4
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

export class MpiCommunicator implements Communicator {
  readonly #channel: Channel
  readonly #mpi: Dialect
  readonly #room: Room = { floats: new Float32Array(0) }

  constructor(library: NativeLibrary, dialect: Dialect) {
    this.#channel = new Channel(library, dialect)
    this.#mpi = dialect
  }

  get rank(): number {
    return this.#channel.rank
  }

  get size(): number {
    return this.#channel.size
  }

  get patience(): number | undefined {
    return this.#channel.patience
  }

  set patience(milliseconds: number | undefined) {
    this.#channel.patience = milliseconds
  }

  sum(values: Float32Array | Float64Array): void {
    for (const call of this.#sum(values)) this.#channel.together(...call)
  }

  sumInOrder(values: Float32Array): void {
    for (const call of this.#sumInOrder(values, this.#room)) this.#channel.together(...call)
  }

  begin(values: Float32Array, inOrder: boolean, room: Room): Summing {
    const calls = inOrder ? this.#sumInOrder(values, room) : this.#sum(values)
    let pending = this.#beginNext(calls)
    return {
      poll: () => {
        if (pending) this.#channel.isDone(pending)
      },
      advance: () => {
        if (pending) this.#channel.wait(pending, this.patience)
        pending = this.#beginNext(calls)
        return pending !== undefined
      },
    }
  }

  #beginNext(calls: Iterator<Call>): Pending | undefined {
    const { value, done } = calls.next()
    if (done) return undefined
    const [name, types, ...values] = value as Call
    return this.#channel.begin(`MPI_I${name.toLowerCase()}`, types, ...values)
  }

  *#sum(values: Float32Array | Float64Array): Generator<Call> {
    const { handle, inPlace, float, double, sum, world } = this.#mpi
    const type = values instanceof Float32Array ? float : double
    const types = ['intptr_t', 'void *', 'int', handle, handle, handle]
    for (let at = 0; at < values.length; at += MOST) {
      const part = values.subarray(at, at + MOST)
      yield ['Allreduce', types, inPlace, part, part.length, type, sum, world]
    }
  }

  /** Every rank adds up one part, and distributes it. */
  *#sumInOrder(values: Float32Array, room: Room): Generator<Call> {
    const { size } = this
    const { handle, float, world } = this.#mpi
    const count = Math.ceil(values.length / size)
    const even = values.length === count * size
    const floats = roomFor(room, 3 * count * size)
    const [parts, own, sums] = [0, 1, 2].map((i) => floats.subarray(i * count * size, (i + 1) * count * size))
    const sent = even ? values : sums
    if (!even) sums.fill(0).set(values)
    const types = ['void *', 'int', handle, 'void *', 'int', handle, handle]
    yield ['Alltoall', types, sent, count, float, parts, count, float, world]
    addRows(parts, own.subarray(0, count))
    yield ['Allgather', types, own, count, float, sent, count, float, world]
    if (!even) values.set(sums.subarray(0, values.length))
  }

  sumParts(values: Float32Array, cuts: readonly number[], inOrder: boolean): void {
    const { rank, size } = this
    const { handle, float, sum } = this.#mpi
    const longest = cuts.reduce((most, cut, i) => Math.max(most, cut - (cuts[i - 1] ?? 0)), 0)
    const floats = roomFor(this.#room, size * PIECE)
    for (let first = 0; first < longest; first += PIECE) {
      const piece = (part: number) => values.subarray(cuts[part], cuts[part + 1]).subarray(first, first + PIECE)
      const own = piece(rank)
      const place = (from: number) => floats.subarray(from * own.length, (from + 1) * own.length)
      this.#inPairs((to, from) => {
        const received = place(inOrder ? from : 0)
        this.#exchange(piece(to), to, received, from)
        if (inOrder || own.length === 0) return
        const types = ['void *', 'void *', 'int', handle, handle]
        this.#channel.call('MPI_Reduce_local', types, received, own, own.length, float, sum)
      })
      if (!inOrder) continue
      place(rank).set(own)
      addRows(floats.subarray(0, size * own.length), own)
    }
  }

  shareParts(values: Float32Array, cuts: readonly number[]): void {
    const part = (rank: number) => values.subarray(cuts[rank], cuts[rank + 1])
    this.#inPairs((to, from) => this.#exchange(part(this.rank), to, part(from), from))
  }

  /** Every rank with every other: whom to send to and whom to receive from in each round. */
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
      this.#channel.call('MPI_Sendrecv', both, ...there.slice(0, 5), ...here, this.#channel.status)
      return
    }
    const pending = [
      this.#channel.begin('MPI_Irecv', types, ...here),
      this.#channel.begin('MPI_Isend', types, ...there),
    ]
    for (const call of pending) this.#channel.wait(call, this.patience)
  }

  share(values: Float32Array, from = 0): void {
    const { handle, float, world } = this.#mpi
    for (let at = 0; at < values.length; at += MOST) {
      const part = values.subarray(at, at + MOST)
      this.#channel.together('Bcast', ['void *', 'int', handle, 'int', handle], part, part.length, float, from, world)
    }
  }

  gather(values: Float64Array): Float64Array {
    const { handle, byte, world } = this.#mpi
    const all = new Float64Array(values.length * this.size)
    const bytes = values.byteLength
    const types = ['void *', 'int', handle, 'void *', 'int', handle, handle]
    this.#channel.together('Allgather', types, values, bytes, byte, all, bytes, byte, world)
    return all
  }

  send(bytes: Uint8Array): void {
    const { handle, byte, world } = this.#mpi
    const types = ['void *', 'int', handle, 'int', 'int', handle]
    this.#channel.together('Send', types, bytes, bytes.length, byte, 0, TAG, world)
  }

  receive(from: number, bytes: number): Uint8Array {
    const { handle, byte, world } = this.#mpi
    const received = new Uint8Array(bytes)
    const types = ['void *', 'int', handle, 'int', 'int', handle]
    const values = [received, bytes, byte, from, TAG, world] as const
    if (this.patience === undefined)
      this.#channel.call('MPI_Recv', [...types, 'void *'], ...values, this.#channel.status)
    else this.#channel.together('Recv', types, ...values)
    return received
  }

  barrier(): void {
    const { handle, world } = this.#mpi
    this.#channel.together('Barrier', [handle], world)
  }

  close(): void {
    this.#channel.close()
  }
}

function roomFor(room: Room, floats: number): Float32Array {
  if (room.floats.length < floats) room.floats = new Float32Array(floats)
  return room.floats
}

/** Sums rows as long as `sums`, in order and in float64. */
function addRows(rows: Float32Array, sums: Float32Array): void {
  for (let i = 0; i < sums.length; i++) {
    let sum = 0
    for (let at = i; at < rows.length; at += sums.length) sum += rows[at]
    sums[i] = sum
  }
}

/** All-gather of strings. */
export function gatherTexts(world: Communicator, text: string): string[] {
  const letters = new TextEncoder().encode(text)
  const lengths = world.gather(Float64Array.of(letters.length))
  // one double per character: the strings are short
  const room = lengths.reduce((most, length) => Math.max(most, length), 0)
  const own = new Float64Array(Math.ceil(room / 8))
  bytesOf(own).set(letters)
  const all = bytesOf(world.gather(own))
  return Array.from(lengths, (length, rank) =>
    new TextDecoder().decode(all.subarray(rank * own.byteLength, rank * own.byteLength + length)),
  )
}

/** Sums over all ranks, in rank order. */
export function gatherSums(world: Communicator, values: Float64Array): Float64Array {
  const all = world.gather(values)
  return values.map((_, i) => {
    let sum = 0
    for (let at = i; at < all.length; at += values.length) sum += all[at]
    return sum
  })
}
