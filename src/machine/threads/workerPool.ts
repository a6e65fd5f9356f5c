/** The workers of this process: lent to the memory of one model at a time, taken back when it rests and another wants them. */
import { startWorker } from '#runtime'
import {
  LINE_ARRIVED,
  LINE_BYTES,
  LINE_GO,
  LINE_PROGRESS,
  LINE_READY,
  LINE_SENT,
  LINE_SLEEPERS,
  LINE_THERE,
  THREADS_LINES,
} from '../../abi/threads.ts'
import type { WorkerHandle } from '../../runtime/host.ts'
import type { SharedMachine } from './sharedMachine.ts'

/** What a worker does with its messages: it works on a memory until it is told to stop. */
const SCRIPT =
  '({ module, memory, thread }) => new WebAssembly.Instance(module, { env: { memory } }).exports.work(thread)'
/** Workers there are at most, unless one model asks for more. */
const MOST = 8
/** A model keeps its workers this long after its last run. */
const KEEP_MILLISECONDS = 100

/** A model's shared memory and the workers on it. Holds nothing of the model itself. */
export class Team {
  readonly machine: SharedMachine
  /** Threads, the caller's included. */
  readonly size: number
  /** Why a worker is gone that was there. */
  lost: string | undefined
  /** When the last run began. */
  used: number = performance.now()
  readonly #members: (Member | undefined)[]
  /** The lines of all threads; a shared memory grows in place, so the view stays good. */
  readonly #lines: Int32Array
  #ready = false
  /** Workers that were gone before they came. */
  #failures = 0

  constructor(machine: SharedMachine, size: number) {
    this.machine = machine
    this.size = size
    this.#members = new Array(size)
    this.#lines = new Int32Array(machine.memory.buffer, THREADS_LINES, (size * LINE_BYTES) / 4)
  }

  /** Whether all workers are here and wait for jobs; asks for those that are missing. Never waits. */
  ready(): boolean {
    if (this.#ready) return true
    let ready = true
    for (let thread = 1; thread < this.size; thread++) {
      if (!this.#members[thread]) this.#hire(thread)
      ready &&= this.#members[thread] !== undefined && this.#state(thread) === LINE_THERE
    }
    this.#ready = ready
    return ready
  }

  /** The same, asleep until they are here or the time is over. */
  waitUntilReady(milliseconds: number): boolean {
    const end = performance.now() + milliseconds
    while (!this.ready() && performance.now() < end) {
      for (let thread = 1; thread < this.size; thread++) {
        const state = this.#state(thread)
        if (state !== LINE_THERE) Atomics.wait(this.#lines, this.#word(thread, LINE_READY), state, 20)
      }
    }
    return this.#ready
  }

  #hire(thread: number): void {
    // its last worker may still be leaving
    if (this.#failures > 1 || this.#state(thread) !== 0) return
    const member = hire(this)
    if (!member) return
    for (const word of [LINE_ARRIVED, LINE_SLEEPERS, LINE_GO, LINE_PROGRESS, LINE_PROGRESS + 1]) {
      this.#lines[this.#word(thread, word)] = 0
    }
    this.#members[thread] = member
    const { module, memory } = this.machine
    this.#lines[this.#word(thread, LINE_READY)] = LINE_SENT
    member.team = this
    member.left = () => this.#left(thread)
    member.helper.send({ module, memory, thread })
  }

  /** No worker has this line any more. */
  #left(thread: number): void {
    Atomics.store(this.#lines, this.#word(thread, LINE_READY), 0)
  }

  /** What the line of a thread says of its worker. */
  #state(thread: number): number {
    return Atomics.load(this.#lines, this.#word(thread, LINE_READY))
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

  /** Takes note that a worker is gone. */
  lose(member: Member, reason: string): void {
    const thread = this.#members.indexOf(member)
    if (thread < 0) return
    if (this.#state(thread) === LINE_SENT) this.#failures++
    else this.lost ??= reason
    this.#members[thread] = undefined
    this.#ready = false
  }

  /** Sends the workers away; no job may be running. They come back when they are asked for. */
  release(): void {
    this.#members.forEach((member, thread) => {
      if (!member) return
      const go = this.#word(thread, LINE_GO)
      Atomics.store(this.#lines, go, -1)
      Atomics.notify(this.#lines, go)
      member.team = undefined
      this.#members[thread] = undefined
    })
    this.#ready = false
    if (![...members].some(({ team }) => team)) for (const member of members) member.end()
  }

  /** Stops the workers in the middle of whatever they do. */
  dissolve(): void {
    for (const member of this.#members) member?.end()
    this.#members.fill(undefined)
    this.#ready = false
  }

  /** Ends worker `thread` as a crash would. For tests. */
  kill(thread: number): void {
    this.#members[thread]?.helper.end()
  }
}

class Member {
  readonly helper: WorkerHandle
  team: Team | undefined
  /** Tells the last team that the worker is gone. */
  left = (): void => {}

  constructor(helper: WorkerHandle) {
    this.helper = helper
  }

  end(): void {
    members.delete(this)
    this.team = undefined
    this.helper.end()
  }
}

const members = new Set<Member>()

/** A worker without work: one there is, a new one, or one of a team that rests. */
function hire(team: Team): Member | undefined {
  for (const member of members) if (!member.team) return member
  if (members.size < Math.max(MOST, team.size - 1)) return start()
  const resting = [...members].flatMap(({ team }) => team ?? []).sort((a, b) => a.used - b.used)[0]
  if (!resting || resting === team || performance.now() - resting.used < KEEP_MILLISECONDS) return undefined
  resting.release()
  return [...members].find(({ team }) => !team) ?? start()
}

function start(): Member | undefined {
  let member: Member | undefined
  const helper = startWorker(SCRIPT, (reason) => {
    if (!member) return
    members.delete(member)
    member.team?.lose(member, reason)
    member.left()
  })
  if (!helper) return undefined
  member = new Member(helper)
  members.add(member)
  return member
}

/** Workers alive, for tests. */
export const workersAlive = (): number => members.size

/** Sends a model's workers away once the model is garbage. */
export const garbage = new FinalizationRegistry((team: Team) => team.release())
