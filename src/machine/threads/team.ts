/** A team of threads: a machine on shared memory, and its permanent workers. */
import { startWorker } from '#runtime'
import { MODULES } from '../../abi/modules.ts'
import {
  LINE_ARRIVED,
  LINE_BYTES,
  LINE_GO,
  LINE_PROGRESS,
  LINE_READY,
  LINE_SENT,
  LINE_SLEEPERS,
  LINE_THERE,
  MAX_THREADS,
  THREADS_LINES,
} from '../../abi/threads.ts'
import type { WorkerHandle } from '../../runtime/host.ts'
import type { Arena } from '../arena.ts'
import { instantiate, resetTile } from '../wasm.ts'
import type { SharedMachine } from './sharedMachine.ts'

/**
 * The worker's message handler. Each message contains a module; the base module comes with a memory and a thread number,
 * and then the worker runs jobs there until told to leave. If a job needs a module that it lacks, it returns to receive the message
 * with that module, and then takes the job.
 */
const SCRIPT = `(() => {
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: ${MODULES} })
  let memory, work, line, held = 0
  return message => {
    memory ??= message.memory
    const { exports } = new WebAssembly.Instance(message.module, { env: { memory, table } })
    held |= message.modules
    if (message.thread) ({ work } = exports, line = message.thread)
    else table.set(Math.log2(message.modules), exports.execute)
    if (line && !work(line, held)) line = 0
  }
})()`
/** Consecutive workers that may fail to start before giving up. */
const MOST_FAILURES = 2
/** Greater than the number of barriers of any job. */
const ALWAYS_ARRIVED = 0x3fffffff

export class Team {
  readonly machine: SharedMachine
  /** The arena of the model that uses the team, set by the pool. There must be no reference to the model itself. */
  tenant: Arena | undefined
  /** Threads requested by the tenant, including the caller. */
  size = 1
  /** Threads of the current run, 0 between runs. */
  running = 0
  /** Start of the last run. */
  used: number = performance.now()
  /** Why a running worker was lost. */
  lost: string | undefined
  readonly #workers: (WorkerHandle | undefined)[] = []
  /** Number of the machine's parts sent to each worker. */
  readonly #sent: number[] = []
  /** The words of all threads; a shared memory grows in place, so the view stays valid. */
  readonly #lines: Int32Array
  /** Threads that have been seen running, including the caller. */
  #ready = 1
  #failures = 0
  /** Whether a model has used this memory. */
  #soiled = false

  constructor(machine: SharedMachine) {
    this.machine = machine
    this.#lines = new Int32Array(machine.memory.buffer, THREADS_LINES, (MAX_THREADS * LINE_BYTES) / 4)
  }

  get bytes(): number {
    return this.machine.memory.buffer.byteLength
  }

  /** Number of workers, existing or to be started. */
  get workers(): number {
    return Math.max(this.size - 1, this.#workers.filter(Boolean).length)
  }

  /** Whether it cannot be reused by another model. */
  get isBroken(): boolean {
    return this.lost !== undefined || this.#failures >= MOST_FAILURES
  }

  /** Moves the tenant into the shared memory. @throws RangeError if the host refuses to grow it; nothing has changed then. */
  enter(): void {
    const { tenant, machine } = this
    if (!tenant || tenant.machine === machine) return
    tenant.adopt(machine)
    if (this.#soiled) new Uint8Array(machine.memory.buffer).fill(0, tenant.top)
    this.#soiled = true
    resetTile(machine)
  }

  /** Moves the tenant back to a memory of its own; no job may be running. */
  leave(): void {
    const { tenant, machine } = this
    if (tenant?.machine === machine) tenant.adopt(instantiate(machine.target, machine.base))
  }

  /** Whether the tenant's workers are waiting for jobs; starts missing ones. Never blocks. */
  ready(): boolean {
    if (this.#ready >= this.size) return true
    let ready = true
    for (let thread = 1; thread < this.size; thread++) {
      if (this.#state(thread) === 0) this.#call(thread)
      ready &&= this.#isThere(thread)
    }
    if (ready) this.#ready = this.size
    return ready
  }

  /** Likewise, blocking until they are or the time is up. */
  waitUntilReady(milliseconds: number): boolean {
    const end = performance.now() + milliseconds
    while (!this.ready() && performance.now() < end) {
      for (let thread = 1; thread < this.size; thread++) {
        if (!this.#isThere(thread)) Atomics.wait(this.#lines, this.#word(thread, LINE_READY), this.#state(thread), 20)
      }
    }
    return this.ready()
  }

  /** Sends a worker to wait for jobs: a new one, or one whose job was withdrawn. */
  #call(thread: number): void {
    if (this.#failures >= MOST_FAILURES) return
    const present = this.#workers[thread]
    const worker = present ?? startWorker(SCRIPT, (reason) => this.#lose(thread, reason))
    if (!worker) return
    this.#workers[thread] = worker
    if (!present) this.#sent[thread] = 1
    for (const word of [LINE_ARRIVED, LINE_SLEEPERS, LINE_GO, LINE_PROGRESS, LINE_PROGRESS + 1]) {
      this.#lines[this.#word(thread, word)] = 0
    }
    this.#lines[this.#word(thread, LINE_READY)] = LINE_SENT
    const { parts, memory } = this.machine
    worker.send({ ...parts[0], memory, thread })
    this.supply()
  }

  /** Sends workers the modules added since; they receive them when a job needs them. */
  supply(): void {
    const { parts } = this.machine
    if (parts.length === 1) return
    for (const [thread, worker] of this.#workers.entries()) {
      if (!worker) continue
      for (const part of parts.slice(this.#sent[thread])) worker.send(part)
      this.#sent[thread] = parts.length
    }
  }

  /** Records the loss of a worker. */
  #lose(thread: number, reason: string): void {
    if (this.#state(thread) === LINE_SENT) this.#failures++
    else if (this.#workers[thread]) this.lost ??= reason
    this.#workers[thread] = undefined
    this.#ready = 1
    Atomics.store(this.#lines, this.#word(thread, LINE_READY), 0)
  }

  #state(thread: number): number {
    return Atomics.load(this.#lines, this.#word(thread, LINE_READY))
  }

  #isThere(thread: number): boolean {
    return this.#state(thread) === LINE_THERE && Atomics.load(this.#lines, this.#word(thread, LINE_GO)) >= 0
  }

  #word(thread: number, word: number): number {
    return (thread * LINE_BYTES) / 4 + word
  }

  /** A snapshot of all threads' progress, which changes while any is working. */
  progress(): string {
    const words = [LINE_ARRIVED, LINE_PROGRESS, LINE_PROGRESS + 1]
    const lines = Array.from({ length: this.size }, (_, thread) =>
      words.map((word) => Atomics.load(this.#lines, this.#word(thread, word))),
    )
    return lines.join(';')
  }

  /**
   * Withdraws the current job from workers that have not started it, whether dead or slow to wake: they have claimed no work, so the
   * others have done their part; marks them as arrived at every barrier. A slow one stops waiting when it wakes.
   */
  withdraw(): void {
    const lines = this.#lines
    const arrived = Atomics.load(lines, this.#word(0, LINE_ARRIVED)) + ALWAYS_ARRIVED
    for (let thread = 1; thread < this.running; thread++) {
      const go = this.#word(thread, LINE_GO)
      const job = Atomics.load(lines, go)
      // odd: the worker has taken it
      if (job < 0 || job % 2 !== 0 || Atomics.compareExchange(lines, go, job, -1) !== job) continue
      const line = this.#word(thread, LINE_ARRIVED)
      Atomics.store(lines, line, arrived)
      Atomics.notify(lines, line)
      this.#ready = 1
    }
  }

  /** Terminates the workers, whatever they are doing. */
  dissolve(): void {
    const workers = this.#workers.splice(0)
    this.#failures = MOST_FAILURES
    this.#ready = 1
    for (const worker of workers) worker?.end()
  }

  /** Terminates worker `thread` as a crash would. For tests. */
  kill(thread: number): void {
    this.#workers[thread]?.end()
  }
}
