/** A linear memory: regions are reserved first, committed together, and accessed through views. */
import { ALIGN, MACHINE_BYTES, MET_NON_FINITE, MET_TINY } from '../abi/layout.ts'
import { roundUp } from './matrixLayout.ts'
import { type Base, instantiate, type Machine, type Target } from './wasm.ts'

const PAGE = 65536
const LIMIT = 65536 * PAGE
/** Floats per chunk, such that it is still in the L1 cache when checked after copying. */
const PIECE = 8192

export class Arena {
  #machine: Machine
  /** First free byte. */
  top = MACHINE_BYTES
  #f32: Float32Array
  #i32: Int32Array
  #f64: Float64Array

  /** @param base `infer` for models that only predict. */
  constructor(target?: Target, base?: Base) {
    this.#machine = instantiate(target, base)
    const { buffer } = this.#machine.memory
    this.#f32 = new Float32Array(buffer)
    this.#i32 = new Int32Array(buffer)
    this.#f64 = new Float64Array(buffer)
  }

  get machine(): Machine {
    return this.#machine
  }

  /**
   * Moves to another machine's memory, copying all bytes in use from `copied` on. Earlier views show the old memory.
   * @throws RangeError if the host refuses to grow that memory; the arena then stays.
   */
  adopt(machine: Machine, copied = MACHINE_BYTES): void {
    const old = new Uint8Array(this.#machine.memory.buffer)
    const end = Math.min(this.top, old.length)
    const missing = Math.ceil((end - machine.memory.buffer.byteLength) / PAGE)
    if (missing > 0) machine.memory.grow(missing)
    if (copied < end) new Uint8Array(machine.memory.buffer).set(old.subarray(copied, end), copied)
    this.#machine = machine
    this.#look()
  }

  /** Reserves a cache-aligned region; its memory exists after the next commit(). Returns its address. */
  reserve(bytes: number): number {
    const address = this.top
    this.top += roundUp(bytes, ALIGN)
    return address
  }

  /**
   * Grows the memory to hold all regions. May detach earlier views.
   * @throws RangeError if the host refuses; existing regions are unchanged.
   */
  commit(): void {
    const { memory } = this.machine
    const missing = Math.ceil((this.top - memory.buffer.byteLength) / PAGE)
    if (missing > 0) {
      try {
        if (this.top > LIMIT) throw new RangeError('beyond the 4 GiB of a WebAssembly memory')
        memory.grow(missing)
      } catch (cause) {
        const mebibytes = Math.ceil(this.top / 2 ** 20)
        // what did not fit is given up: smaller requests may fit
        this.top = Math.min(this.top, memory.buffer.byteLength)
        throw new RangeError(
          `fourlane: out of memory: the model and its batch need ${mebibytes} MiB; try a smaller batchSize`,
          { cause },
        )
      }
    }
    if (this.#f32.buffer !== memory.buffer) this.#look()
  }

  #look(): void {
    const { buffer } = this.#machine.memory
    this.#f32 = new Float32Array(buffer)
    this.#i32 = new Int32Array(buffer)
    this.#f64 = new Float64Array(buffer)
  }

  /** Flushes values in a region of `count` floats below FLOOR to 0; returns whether any were nonzero. */
  flush(address: number, count: number): boolean {
    return (this.machine.flush(address, count * 4) & MET_TINY) !== 0
  }

  /** Copies floats to a region, flushing tiny values to 0; returns whether there were any. */
  load(address: number, values: Float32Array): boolean {
    let met = 0
    for (let i = 0; i < values.length; i += PIECE) met |= this.#bring(address + i * 4, values.subarray(i, i + PIECE))
    return (met & MET_TINY) !== 0
  }

  /** Whether all floats are finite: copies them chunk by chunk to free memory and checks them there. False without free memory, too. */
  areFinite(values: Float32Array): boolean {
    const address = this.reserve(PIECE * 4)
    try {
      this.commit()
    } catch {
      return false
    } finally {
      this.top = address
    }
    let met = 0
    for (let i = 0; i < values.length; i += PIECE) met |= this.#bring(address, values.subarray(i, i + PIECE))
    // memory behind a model is zeros: another model may get it
    this.#f32.fill(0, address / 4, address / 4 + Math.min(values.length, PIECE))
    return (met & MET_NON_FINITE) === 0
  }

  #bring(address: number, piece: Float32Array): number {
    this.#f32.set(piece, address / 4)
    return this.machine.flush(address, piece.length * 4)
  }

  /** The whole memory as f32, indexed by address / 4. */
  get f32(): Float32Array {
    return this.#f32
  }

  /** The whole memory as i32, indexed by address / 4. */
  get i32(): Int32Array {
    return this.#i32
  }

  /** The whole memory as f64, indexed by address / 8. */
  get f64(): Float64Array {
    return this.#f64
  }

  /** A live view of `count` floats; detached by a later commit() that grows the memory. */
  floats(address: number, count: number): Float32Array {
    return this.#f32.subarray(address / 4, address / 4 + count)
  }

  /** A live view of `count` 32-bit integers; detached by a later commit() that grows the memory. */
  ints(address: number, count: number): Int32Array {
    return this.#i32.subarray(address / 4, address / 4 + count)
  }
}
