/** A machine on memory shared between threads. */
import { JOB_MODULES, THREADS_JOB } from '../../abi/threads.ts'
import { fileOf, variantOf } from '../../runtime/modules.ts'
import { type Base, type BaseExports, type Machine, openMachine, type Target } from '../wasm.ts'
import { canSleep, importSharedMemory, sharedMemory } from './sharedMemory.ts'

/** A module that workers instantiate, too. */
export interface Part {
  readonly module: WebAssembly.Module
  /** Bit mask: bit m for module m, several bits if it contains others. */
  readonly modules: number
}

/** A machine whose memory is shared with workers. */
export interface SharedMachine extends Machine {
  /** Its modules, starting with the base. Programs may add more. */
  readonly parts: readonly Part[]
  /** `run` on several threads; returns false if this thread waits for another one: check on it, then `resume`. */
  start(threads: number, program: number, from: number, to: number, record: number, records: number): boolean
  resume(): boolean
  /** Maximum sleep before `start` and `resume` return; 0: spin for about 50 ms. */
  setNap(microseconds: number): void
}

interface SharedExports extends BaseExports {
  start(...job: Parameters<SharedMachine['start']>): number
  resume(): number
  setNap: SharedMachine['setNap']
}

/** How long the main thread sleeps before it checks whether the others are alive. */
const NAP_MICROSECONDS = 50_000

/** A file's module for shared memory; undefined if the host only provides compiled modules. */
export const sharedModule = (target: Target, base: Base = 'train'): WebAssembly.Module | undefined =>
  variantOf(fileOf(base, target), importSharedMemory)

/** A machine on a new shared memory. @throws Error if there is no module for one. */
export function instantiateShared(target: Target, base: Base = 'train'): SharedMachine {
  const memory = sharedMemory(1)
  const parts: Part[] = []
  let held = 0
  const joined = (module: WebAssembly.Module, modules: number) => {
    parts.push({ module, modules })
    held |= modules
    // workers that lack the module wait for it before they take the next job
    new Int32Array(memory.buffer)[THREADS_JOB / 4 + JOB_MODULES] = held
  }
  const find = (file: string) => {
    const module = variantOf(file, importSharedMemory)
    if (!module)
      throw new Error(`fourlane: threads need the bytes of ${file}.wasm; it is here as a compiled module only`)
    return module
  }
  const { machine, exports } = openMachine<SharedExports>(target, base, memory, find, joined)
  exports.setNap(canSleep() ? NAP_MICROSECONDS : 0)
  const { setNap, start, resume } = exports
  return { ...machine, parts, setNap, start: (...job) => start(...job) !== 0, resume: () => resume() !== 0 }
}
