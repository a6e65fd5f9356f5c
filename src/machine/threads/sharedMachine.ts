/** The machine on memory that threads share. */
import { JOB_TILE, THREADS_JOB } from '../../abi/threads.ts'
import { variantOf } from '../../runtime/modules.ts'
import { type Exports, exportsOf, type Machine, type Target, tileCode } from '../wasm.ts'
import { canSleep, importSharedMemory, sharedMemory } from './sharedMemory.ts'

/** An instance on a memory that workers share: `module` on the same memory is what they run. */
export interface SharedMachine extends Machine {
  readonly module: WebAssembly.Module
  /** `run` on several threads; false when another thread keeps this one waiting: look after it, and `resume`. */
  start(threads: number, program: number, from: number, to: number, record: number, records: number): boolean
  resume(): boolean
  /** How long this thread may sleep before `start` and `resume` give up; 0: it spins for some 50 ms. */
  setNap(microseconds: number): void
}

interface SharedExports extends Exports {
  start(...job: Parameters<SharedMachine['start']>): number
  resume(): number
  setNap: SharedMachine['setNap']
}

/** How long the main thread sleeps before it looks whether the others are alive. */
const NAP_MICROSECONDS = 50_000

/** The module of a build on shared memory; undefined where the host gives compiled modules only. */
export const sharedModule = (target: Target): WebAssembly.Module | undefined => variantOf(target, importSharedMemory)

/** An instance of a target's shared module on a new memory. */
export function instantiateShared(target: Target, module: WebAssembly.Module): SharedMachine {
  const memory = sharedMemory(1)
  const exports = exportsOf<SharedExports>(module, { env: { memory } })
  exports.initialize()
  exports.setNap(canSleep() ? NAP_MICROSECONDS : 0)
  const setTile = (code: number) => {
    exports.setTile(code)
    new Int32Array(memory.buffer)[THREADS_JOB / 4 + JOB_TILE] = code
  }
  setTile(tileCode(target))
  const { run, mend, setNap, start, resume } = exports
  return {
    target,
    memory,
    module,
    run,
    mend,
    setNap,
    setTile,
    start: (...job) => start(...job) !== 0,
    resume: () => resume() !== 0,
  }
}
