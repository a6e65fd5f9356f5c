/**
 * The update, shared out (stage 1 of ZeRO, Rajbhandari et al. 2020, arXiv:1910.02054): every process adds up and updates a share of
 * the parameters, then all get all shares. As much travels as by adding up all gradients everywhere, and the update takes a part of
 * the time. Of gradients and optimizer state a process has its share only, until all come together at the end of an epoch.
 */
import { ALIGN } from '../abi/layout.ts'
import type { Share } from '../compiler/programBuilder.ts'
import { isElementwise } from '../compiler/updates.ts'
import type { Training } from '../training/parallel.ts'
import type { Communicator } from './communicator.ts'

/** Processes that share an update at most: every one talks to every other, which adding up everywhere takes only logarithmically often. */
const MOST = 8
const LINE_FLOATS = ALIGN / 4

export class Shares {
  /** This process's. */
  readonly share: Share
  readonly #world: Communicator
  readonly #training: Training
  /** Process r has floats from `#cuts[r]` up to `#cuts[r + 1]` of every block. */
  readonly #cuts: readonly number[]
  /** What has changed parameters from outside, up to the last time that all were found the same. */
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

  /** Whether parameters were changed from outside since all were found the same. */
  get touched(): boolean {
    return this.#training.engine.storage.version !== this.#version
  }

  /** All were found the same. */
  agreed(): void {
    this.#version = this.#training.engine.storage.version
  }

  /** Before the update: the gradients of this process's share become those of all rows. */
  add(gradients: Float32Array, inOrder: boolean): void {
    this.#training.engine.storage.whole = refuse
    this.#world.sumParts(gradients, this.#cuts, inOrder)
  }

  /** After it: all parameters, but those that are no matter of the update and every process's own. */
  gather(): void {
    const { storage, places } = this.#training.engine
    const block = storage.view(storage.parameters)
    const kept = places
      .filter(({ trainable }) => trainable === false)
      .map(({ offset, stored }) => ({ offset, values: block.slice(offset, offset + stored) }))
    this.#world.shareParts(block, this.#cuts)
    for (const { offset, values } of kept) block.set(values, offset)
  }

  /** Gradients and optimizer state become whole. */
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

/** Has the update of a training shared out, where it can be and pays; undefined where it is not. All processes call it. */
export function shareUpdates(world: Communicator, training: Training, isWanted: boolean): Shares | undefined {
  const { engine, accumulate, callbacks } = training
  const { goal } = engine.planner
  const isCut =
    goal && isElementwise(goal.optimizer) && goal.clipNorm === undefined && goal.globalClipNorm === undefined
  const isWatched = callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined)
  const isOne = accumulate === 1 && !engine.byHost && world.size <= MOST
  // callbacks may differ from process to process
  const refusals = Float64Array.of(Number(!isWanted || !isCut || isWatched || !isOne))
  world.sum(refusals)
  const shares = refusals[0] > 0 ? undefined : new Shares(world, training)
  // another training of the model may have left its own
  const { share } = engine.planner
  if (share?.from !== shares?.share.from || share?.to !== shares?.share.to) {
    engine.flush()
    engine.planner.share = shares?.share
    engine.replan()
  }
  return shares
}
