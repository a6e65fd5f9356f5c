/** Batches of a source, in groups that make one update each. */
import type { Batches, DataSet } from '../data/dataset.ts'
import type { Training } from './parallel.ts'

/** How a source is read. */
interface GroupOptions {
  /** Batches of a group. */
  readonly size: number
  /** Whether an epoch goes on where the last one stopped, so that an endless source serves many. */
  readonly goesOn: boolean
  readonly signal: AbortSignal | undefined
}

export class Groups {
  readonly #data: Batches
  readonly #options: GroupOptions
  #batches: AsyncIterator<DataSet> | undefined

  constructor(data: Batches, options: GroupOptions) {
    this.#data = data
    this.#options = options
  }

  /** The next group; at the end of the source what is left, which may be nothing. */
  async next(): Promise<DataSet[]> {
    const { size, signal } = this.#options
    this.#batches ??= this.#data.open()
    const group: DataSet[] = []
    while (group.length < size) {
      const next = await unlessAborted(this.#batches.next(), signal)
      if (next.done) {
        this.#batches = undefined
        break
      }
      group.push(next.value)
    }
    return group
  }

  /** Whether the source has ended with the last group, or there was none yet. */
  get ended(): boolean {
    return this.#batches === undefined
  }

  /** An epoch is over; `failed`: so is training. Closes a source that will not be read on. */
  leave(failed: boolean): void {
    if (this.#options.goesOn && !failed) return
    const batches = this.#batches
    this.#batches = undefined
    // not awaited: a source that is still at work on its next batch closes only after it
    if (batches) Promise.resolve(batches.return?.()).catch(() => {})
  }
}

/** The groups that a training makes its updates by. */
export const groupsOf = (data: Batches, { accumulate, stepsPerEpoch, signal }: Training): Groups =>
  new Groups(data, { size: accumulate, goesOn: stepsPerEpoch < Number.POSITIVE_INFINITY, signal })

/** The promise's value, or a rejection with the signal's reason as soon as it is aborted. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
