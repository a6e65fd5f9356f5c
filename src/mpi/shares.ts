/**
 * Sharded updates (stage 1 of ZeRO, Rajbhandari et al. 2020, arXiv:1910.02054): every rank sums and updates one shard of
 * the parameters, then all gather all shards. As much data is transferred as by an all-reduce, and the update takes a fraction of
 * the time. A rank has only its shard of gradients and optimizer state until they are gathered at the end of an epoch.
 */
import { ALIGN } from '../abi/layout.ts'
import type { Share } from '../compiler/programBuilder.ts'
import { isElementwise } from '../compiler/updates.ts'
import type { Training } from '../training/parallel.ts'
import type { Communicator } from './communicator.ts'

/** Maximum ranks that shard an update: each exchanges with every other, whereas an all-reduce takes a logarithmic number of rounds. */
const MOST = 8
const LINE_FLOATS = ALIGN / 4

export class Shares {
  /** This rank's. */
  readonly share: Share
  readonly #world: Communicator
  readonly #training: Training
  /** Rank r has floats from `#cuts[r]` to `#cuts[r + 1]` of every block. */
  readonly #cuts: readonly number[]
  /** The storage version when all ranks were last found equal. */
  #version: number

  constructor(world: Communicator, training: Training) {
    const { storage } = training.engine
    const { size, rank } = world
    const lines = storage.bytes / ALIGN
    this.#world = world
    this.#training = training
    this.#cuts = Array.from({ length: size + 1 }, (_, i) => Math.floor((lines * i) / size) * LINE_FLOATS)
    this.#version = storage.version
    this.share = { from: this.#cuts[rank], to: this.#cuts[rank + 1] }
  }

  /** Whether parameters were modified externally since all ranks were found equal. */
  get touched(): boolean {
    return this.#training.engine.storage.version !== this.#version
  }

  /** Called when all ranks were found equal. */
  agreed(): void {
    this.#version = this.#training.engine.storage.version
  }

  /** Before the update: sums the gradients of this rank's shard over all ranks. */
  add(gradients: Float32Array, inOrder: boolean): void {
    this.#training.engine.storage.whole = refuse
    this.#world.sumParts(gradients, this.#cuts, inOrder)
  }

  /** After the update: gathers all parameters, except those that the update does not change. */
  gather(): void {
    const { storage, places } = this.#training.engine
    const block = storage.view(storage.parameters)
    const kept = places
      .filter(({ trainable }) => trainable === false)
      .map(({ offset, stored }) => ({ offset, values: block.slice(offset, offset + stored) }))
    this.#world.shareParts(block, this.#cuts)
    for (const { offset, values } of kept) block.set(values, offset)
  }

  /** Gathers gradients and optimizer state. */
  settle(): void {
    const { storage } = this.#training.engine
    if (!storage.whole) return
    const { gradients, states } = storage
    for (const address of [...(gradients === undefined ? [] : [gradients]), ...states]) {
      this.#world.shareParts(storage.view(address), this.#cuts)
    }
    storage.whole = undefined
  }
}

function refuse(): never {
  throw new Error(
    'fourlane: on several ranks, a rank has only its share of gradients and optimizer state while an epoch is under way; ask for them in onEpochEnd, or in onBatchEnd, which has all ranks update everything',
  )
}

/** Shards the updates of a training if possible and worthwhile, otherwise undefined. Collective. */
export function shareUpdates(world: Communicator, training: Training, isWanted: boolean): Shares | undefined {
  const { engine, accumulate, callbacks } = training
  const { goal } = engine.planner
  const isCut =
    goal && isElementwise(goal.optimizer) && goal.clipNorm === undefined && goal.globalClipNorm === undefined
  const isWatched = callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined)
  const isOne = accumulate === 1 && !engine.byHost && world.size <= MOST
  // callbacks may differ between ranks
  const refusals = Float64Array.of(Number(!isWanted || !isCut || isWatched || !isOne))
  world.sum(refusals)
  const shares = refusals[0] > 0 ? undefined : new Shares(world, training)
  // a previous training of the model may have left its own
  const { share } = engine.planner
  if (share?.from !== shares?.share.from || share?.to !== shares?.share.to) {
    engine.flush()
    engine.planner.share = shares?.share
    engine.replan()
  }
  return shares
}
