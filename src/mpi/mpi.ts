/** The door: who this process is among those that train together, and what they do as one. */
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
  /** Path or name of the MPI library. Default: FOURLANE_MPI, else that of the launcher's kind which the system's loader finds. */
  library?: string
  /** The module `koffi`, for bundles. Default: it is imported. */
  koffi?: Koffi
  /**
   * Whether sums are made in the order of ranks, in float64, so that the same number of ranks gives the same bits with every MPI.
   * Default false: in an order that is MPI's, and the faster one.
   */
  deterministic?: boolean
  /**
   * Whether gradients are added up layer by layer while the backward pass goes on, which pays where data move without the processor: no bit
   * changes. Default false: when the passes are over, where up to eight ranks share out the update too. Nothing changes with a loss
   * of your own, `accumulate`, solvers and `syncEvery`.
   */
  overlap?: boolean
  /**
   * Updates that every rank makes by itself before parameters and optimizer state are averaged (local SGD, Stich 2019,
   * arXiv:1805.09767), for networks that are slow. Default 1: gradients are averaged at every update.
   */
  syncEvery?: number
  /**
   * Seconds that a rank may let the others wait. After twice as many at the latest, they fail with an error that names it. All ranks give
   * the same. It counts from then on for all that this process says; it takes calls of MPI that do not block, of which Open MPI's
   * all-reduce is slower. Default: they wait as long as it takes.
   */
  timeout?: number
}

/** The processes of a job, as one of them sees them: what `fit` takes as `parallel`. */
export class Mpi implements Parallel {
  /** This process's number, from 0. */
  readonly rank: number
  /** Number of processes. */
  readonly size: number
  /** The MPI library, by the name it was found under; undefined where the process is alone. */
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
   * This rank's share of `rows` rows, as even as can be: from `first` up to `end`, which is not in it.
   * @throws RangeError when there are fewer rows than ranks.
   */
  share(rows: number): { first: number; end: number } {
    checkInteger('share', 'rows', rows, this.size)
    const at = (rank: number) => Math.floor((rows * rank) / this.size)
    return { first: at(this.rank), end: at(this.rank + 1) }
  }

  /**
   * Loss and metrics of the rows of all ranks, as `model.evaluate` would give them of all together: `x` and `y` are this rank's. All
   * ranks call it, and all get the same.
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

  /** Outputs for the rows of all ranks, in the order of ranks, on every rank: `x` is this rank's. All ranks call it. */
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

  /** Adds up values of all ranks, as many on each, in place: an all-reduce. All ranks call it. */
  add(values: Float32Array): void {
    if (!(values instanceof Float32Array)) {
      throw new TypeError(`add: "values" must be a Float32Array, got ${show(values)}`)
    }
    if (this.#options.deterministic) this.#world.sumInOrder(values)
    else this.#world.sum(values)
  }

  /** Waits until all ranks are here. */
  barrier(): void {
    this.#world.barrier()
  }

  /** Ends the use of MPI; a process that ends without it does so too. Afterwards the processes are on their own. */
  close(): void {
    this.#world.close()
  }
}

/** A process connects once: MPI cannot be started a second time. */
let connected: Promise<{ readonly world: Communicator; readonly library: string | undefined }> | undefined

/**
 * Connects this process to the others of its job, which `mpirun`, `mpiexec` or `srun` has started. Without a launcher it is a rank
 * of one, which needs neither MPI nor koffi.
 * @throws TypeError or RangeError for options; Error that says what is missing: koffi, an MPI library, or one that knows the launcher.
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

/** @throws Error when the library does not know the launcher: then every process would be alone. */
function checkSize(where: string, { name, size }: Launcher, found: number, library: string): void {
  if (size === undefined || size === found) return
  throw new Error(
    `${where}: ${name} has started ${size} processes, but ${library} sees ${found}: it is another MPI than the launcher's; name the launcher's library in FOURLANE_MPI`,
  )
}
