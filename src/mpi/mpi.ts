/** The entry point: this process's rank among those that train together, and their collective operations. */
import { readDataSet, sliceRows } from '../data/dataset.ts'
import type { Features } from '../data/features.ts'
import type { Targets } from '../data/targets.ts'
import { checkBoolean, checkFloat, checkInteger, checkOptions, orDefault, show } from '../lib/check.ts'
import type { Model } from '../model/model.ts'
import type { Logs } from '../training/callbacks/callbacks.ts'
import type { Crew, Parallel, Training } from '../training/parallel.ts'
import { ALONE, type Communicator, gatherSums, MpiCommunicator } from './communicator.ts'
import { type CrewOptions, MpiCrew } from './crew.ts'
import { dialectOf } from './dialects.ts'
import { findLauncher, type Launcher } from './launcher.ts'
import { checkKoffi, importKoffi, type Koffi, loadMpi } from './library.ts'
import { SharedScorer } from './sharedScorer.ts'

export interface ConnectOptions {
  /** Path or name of the MPI library. Default: FOURLANE_MPI, otherwise the first one that the system's loader finds, preferring the launcher's kind. */
  library?: string
  /** The module `koffi`, for bundles. Default: imported by name. */
  koffi?: Koffi
  /**
   * Whether to sum in rank order and float64, so that results for a given number of ranks are the same bits with every MPI.
   * Default false: in MPI's order, which is faster.
   */
  deterministic?: boolean
  /**
   * Whether to sum gradients layer by layer during the backward pass, which pays if the network transfers data without the CPU; does
   * not change results. Default false: after the passes, where up to eight ranks also share the work of the update. No effect with
   * custom losses, `accumulate`, solvers and `syncEvery`.
   */
  overlap?: boolean
  /**
   * Local updates on every rank between averages of parameters and optimizer state (local SGD, Stich 2019,
   * arXiv:1805.09767), for slow networks. Default 1: gradients are averaged in every update.
   */
  syncEvery?: number
  /**
   * Timeout in seconds for waiting for other ranks. After at most twice that, waiting ranks fail with an error that names the unresponsive
   * ones. Must be the same on all ranks; applies to all later calls. Uses nonblocking MPI calls, which are slower for Open MPI's
   * all-reduce. Default: no timeout.
   */
  timeout?: number
}

/** The processes of a job, as seen by one of them: the `parallel` option of `fit`. */
export class Mpi implements Parallel {
  /** This process's rank, from 0. */
  readonly rank: number
  /** Number of processes. */
  readonly size: number
  /** The name under which the MPI library was found; undefined for a single process. */
  readonly library: string | undefined
  readonly #world: Communicator
  readonly #options: CrewOptions

  /** Use `connect`. */
  private constructor(world: Communicator, library: string | undefined, options: CrewOptions) {
    this.rank = world.rank
    this.size = world.size
    this.library = library
    this.#world = world
    this.#options = options
  }

  /** @internal */
  static over(world: Communicator, library: string | undefined, options: CrewOptions): Mpi {
    return new Mpi(world, library, options)
  }

  /** @internal */
  readonly sums = (values: Float64Array): Float64Array => gatherSums(this.#world, values)

  /** @internal */
  join(training: Training): Crew | undefined {
    return this.size > 1 ? new MpiCrew(this.#world, training, this.#options) : undefined
  }

  /**
   * This rank's share of `rows` rows, evenly distributed: [first, end).
   * @throws RangeError if there are fewer rows than ranks.
   */
  share(rows: number): { first: number; end: number } {
    checkInteger('share', 'rows', rows, this.size)
    const at = (rank: number) => Math.floor((rows * rank) / this.size)
    return { first: at(this.rank), end: at(this.rank + 1) }
  }

  /**
   * Loss and metrics over the rows of all ranks, as `model.evaluate` on all of them; `x` and `y` are this rank's. Collective: all
   * ranks must call it, and all get the same result.
   */
  evaluate(model: Model, x: Features, y: Targets, options: { sampleWeight?: ArrayLike<number> } = {}): Logs {
    const where = 'evaluate'
    checkOptions(where, options, ['sampleWeight'])
    if (this.size === 1) return model.evaluate(x, y, options)
    const task = model.task(where)
    const data = readDataSet(where, task.intake(where), x, y, options.sampleWeight)
    const judge = new SharedScorer(this.#world, task.scorer(where).measures, true)
    const visit = (outputs: Float32Array, first: number, rows: number) =>
      judge.update(outputs, sliceRows(data, first, rows))
    return judge.logs(model.engine.evaluate(data, judge.needsOutputs ? visit : undefined))
  }

  /** Outputs for the rows of all ranks, in rank order, on every rank; `x` is this rank's. Collective. */
  predict(model: Model, x: Features): Float32Array {
    const own = model.predict(x)
    if (this.size === 1) return own
    const lengths = this.#world.gather(Float64Array.of(own.length))
    const all = new Float32Array(lengths.reduce((sum, length) => sum + length, 0))
    let first = 0
    for (const [rank, length] of lengths.entries()) {
      const part = all.subarray(first, first + length)
      if (rank === this.rank) part.set(own)
      this.#world.share(part, rank)
      first += length
    }
    return all
  }

  /** All-reduce: replaces values, as many on each rank, by their sums over all ranks. Collective. */
  add(values: Float32Array): void {
    if (!(values instanceof Float32Array)) {
      throw new TypeError(`add: "values" must be a Float32Array, got ${show(values)}`)
    }
    if (this.#options.deterministic) this.#world.sumInOrder(values)
    else this.#world.sum(values)
  }

  /** Waits until all ranks have called it. */
  barrier(): void {
    this.#world.barrier()
  }

  /** Finalizes MPI; otherwise done at process exit. The processes are independent afterwards. */
  close(): void {
    this.#world.close()
  }
}

/** A process connects once, since MPI cannot be initialized twice. */
let connected: Promise<{ readonly world: Communicator; readonly library: string | undefined }> | undefined

/**
 * Connects this process to the others of its job, started by `mpirun`, `mpiexec` or `srun`. Without a launcher it is the only
 * rank, and needs neither MPI nor koffi.
 * @throws TypeError or RangeError for options; Error if koffi, an MPI library, or one that matches the launcher is missing.
 */
export async function connect(options: ConnectOptions = {}): Promise<Mpi> {
  const where = 'connect'
  checkOptions(where, options, ['library', 'koffi', 'deterministic', 'overlap', 'syncEvery', 'timeout'])
  const { library, koffi } = options
  if (library !== undefined && (typeof library !== 'string' || library === '')) {
    throw new TypeError(`${where}: "library" must be a path or name, got ${show(library)}`)
  }
  checkKoffi(where, koffi)
  const crew = {
    deterministic: checkBoolean(where, 'deterministic', orDefault(options.deterministic, false)),
    overlap: checkBoolean(where, 'overlap', orDefault(options.overlap, false)),
    syncEvery: checkInteger(where, 'syncEvery', orDefault(options.syncEvery, 1), 1),
  }
  const timeout = options.timeout
  if (timeout !== undefined) checkFloat(where, 'timeout', timeout, { above: 0 })
  connected ??= open(where, library, koffi)
  const { world, library: found } = await connected
  if (timeout !== undefined) world.patience = timeout * 1000
  return Mpi.over(world, found, crew)
}

async function open(where: string, path: string | undefined, given: Koffi | undefined) {
  const launcher = findLauncher()
  if (!launcher) return { world: ALONE, library: undefined }
  const koffi = given ?? (await importKoffi(where))
  const { library, path: found } = loadMpi(where, koffi, path, launcher.isOpenMpi)
  const world = new MpiCommunicator(library, dialectOf(library, found))
  checkSize(where, launcher, world.size, found)
  return { world, library: found }
}

/** @throws Error if the library does not match the launcher, in which case every process would be alone. */
function checkSize(where: string, { name, size }: Launcher, found: number, library: string): void {
  if (size === undefined || size === found) return
  throw new Error(
    `${where}: ${name} has started ${size} processes, but ${library} sees ${found}: it is another MPI than the launcher's; name the launcher's library in FOURLANE_MPI`,
  )
}
