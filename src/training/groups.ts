/** Groups the batches of a stream into updates. */
import type { Batches, DataSet } from '../data/dataset.ts'
import type { Training } from './parallel.ts'

/** How to read a stream. */
interface GroupOptions {
  /** Batches per group. */
  readonly size: number
  /** Whether an epoch continues where the previous one stopped, so that an endless stream serves many epochs. */
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

  /** The next group; at the end of the stream the rest, which may be empty. */
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

  /** Whether the stream ended with the last group, or has not started. */
  get ended(): boolean {
    return this.#batches === undefined
  }

  /** Ends an epoch; `failed`: and training. Closes a stream that will not be continued. */
  leave(failed: boolean): void {
    if (this.#options.goesOn && !failed) return
    const batches = this.#batches
    this.#batches = undefined
    // not awaited: a generator that is producing a batch only closes afterwards
    if (batches) Promise.resolve(batches.return?.()).catch(() => {})
  }
}

/** The groups for a training's updates. */
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
