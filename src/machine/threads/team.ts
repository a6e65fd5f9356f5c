/** A team of threads: a machine on shared memory, and workers that stay there as long as they live. */
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
 * What a worker does with its messages. Each brings a module; the one that runs programs comes with a memory and a thread's number,
 * and then it works there until it is told to leave. When a job asks for a module that it lacks, it returns for the message that
 * brings it, and takes the job then.
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
/** Workers in a row that end before they have begun: then no more are started. */
const MOST_FAILURES = 2
/** Ahead of any number of barriers that a job has. */
const ALWAYS_ARRIVED = 0x3fffffff

export class Team {
  readonly machine: SharedMachine
  /** The arena of the model that has the team; the pool sets it. Nothing here refers to the model itself. */
  tenant: Arena | undefined
  /** Threads the tenant asked for, the caller's included. */
  size = 1
  /** Threads of the run in hand, 0 between runs. */
  running = 0
  /** When the last run began. */
  used: number = performance.now()
  /** Why a worker is gone that was there. */
  lost: string | undefined
  readonly #workers: (WorkerHandle | undefined)[] = []
  /** The machine's parts that each worker was sent. */
  readonly #sent: number[] = []
  /** The lines of all threads; a shared memory grows in place, so the view stays good. */
  readonly #lines: Int32Array
  /** Threads, the caller's included, that were seen to be there. */
  #ready = 1
  #failures = 0
  /** Whether some model has left its bytes here. */
  #soiled = false

  constructor(machine: SharedMachine) {
    this.machine = machine
    this.#lines = new Int32Array(machine.memory.buffer, THREADS_LINES, (MAX_THREADS * LINE_BYTES) / 4)
  }

  get bytes(): number {
    return this.machine.memory.buffer.byteLength
  }

  /** Workers there are, or will be once the tenant runs. */
  get workers(): number {
    return Math.max(this.size - 1, this.#workers.filter(Boolean).length)
  }

  /** Whether it is of no use to another model. */
  get isBroken(): boolean {
    return this.lost !== undefined || this.#failures >= MOST_FAILURES
  }

  /** Moves the tenant into the shared memory. @throws RangeError when the host refuses to grow it; nothing has changed then. */
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

  /** Whether the tenant's workers wait for jobs; starts those that are missing. Never waits. */
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

  /** The same, asleep until they are there or the time is over. */
  waitUntilReady(milliseconds: number): boolean {
    const end = performance.now() + milliseconds
    while (!this.ready() && performance.now() < end) {
      for (let thread = 1; thread < this.size; thread++) {
        if (!this.#isThere(thread)) Atomics.wait(this.#lines, this.#word(thread, LINE_READY), this.#state(thread), 20)
      }
    }
    return this.ready()
  }

  /** Sends a worker to its line: a new one, or one that a job was taken back from. */
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

  /** Sends workers the modules that have come since; they fetch them when a job asks. */
  supply(): void {
    const { parts } = this.machine
    if (parts.length === 1) return
    for (const [thread, worker] of this.#workers.entries()) {
      if (!worker) continue
      for (const part of parts.slice(this.#sent[thread])) worker.send(part)
      this.#sent[thread] = parts.length
    }
  }

  /** Takes note that a worker is gone. */
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

  /** How far every thread is: changes while any works. */
  progress(): string {
    const words = [LINE_ARRIVED, LINE_PROGRESS, LINE_PROGRESS + 1]
    const lines = Array.from({ length: this.size }, (_, thread) =>
      words.map((word) => Atomics.load(this.#lines, this.#word(thread, word))),
    )
    return lines.join(';')
  }

  /**
   * Takes the job in hand back from workers that have not begun it, dead or only slow to wake: they have claimed nothing, so the
   * others have done their share, and count them as arrived at every barrier. A slow one leaves its line when it wakes.
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

  /** Stops the workers in the middle of whatever they do, for good. */
  dissolve(): void {
    const workers = this.#workers.splice(0)
    this.#failures = MOST_FAILURES
    this.#ready = 1
    for (const worker of workers) worker?.end()
  }

  /** Ends worker `thread` as a crash would. For tests. */
  kill(thread: number): void {
    this.#workers[thread]?.end()
  }
}
