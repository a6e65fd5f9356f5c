/** The machine on memory that threads share. */
import { JOB_MODULES, THREADS_JOB } from '../../abi/threads.ts'
import { fileOf, variantOf } from '../../runtime/modules.ts'
import { type Base, type BaseExports, type Machine, openMachine, type Target } from '../wasm.ts'
import { canSleep, importSharedMemory, sharedMemory } from './sharedMemory.ts'

/** A module that a worker instantiates, too. */
export interface Part {
  readonly module: WebAssembly.Module
  /** Bit m for module m, more of them where it contains others. */
  readonly modules: number
}

/** A machine on a memory that workers share. */
export interface SharedMachine extends Machine {
  /** Its modules, the one that runs programs first. More come as programs need them. */
  readonly parts: readonly Part[]
  /** `run` on several threads; false when another thread keeps this one waiting: look after it, and `resume`. */
  start(threads: number, program: number, from: number, to: number, record: number, records: number): boolean
  resume(): boolean
  /** How long this thread may sleep before `start` and `resume` give up; 0: it spins for some 50 ms. */
  setNap(microseconds: number): void
}

interface SharedExports extends BaseExports {
  start(...job: Parameters<SharedMachine['start']>): number
  resume(): number
  setNap: SharedMachine['setNap']
}

/** How long the main thread sleeps before it looks whether the others are alive. */
const NAP_MICROSECONDS = 50_000

/** The module in a file, on shared memory; undefined where the host gives compiled modules only. */
export const sharedModule = (target: Target, base: Base = 'train'): WebAssembly.Module | undefined =>
  variantOf(fileOf(base, target), importSharedMemory)

/** A machine on a new memory that threads share. @throws Error where there is no module for one. */
export function instantiateShared(target: Target, base: Base = 'train'): SharedMachine {
  const memory = sharedMemory(1)
  const parts: Part[] = []
  let held = 0
  const joined = (module: WebAssembly.Module, modules: number) => {
    parts.push({ module, modules })
    held |= modules
    // workers that lack it leave their line for it before they take the next job
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
