/**
 * Gradients that travel while the backward pass goes on: those of the last layers are there first, and are on their way while those of the
 * first are made. Numbers are added up one by one, so that how they are bundled changes no bit of a sum in order.
 */
import type { TrainingPlan } from '../compiler/trainingPlan.ts'
import type { Engine, Seam } from '../engine/engine.ts'
import { TAIL } from '../engine/storage.ts'
import type { Communicator, Room, Summing } from './communicator.ts'

/** Floats that travel together at least: a message has its price. */
const LEAST = 2 ** 14

/** Floats [from, to) of the gradient block and its tail; before `step` they are there, undefined: when the passes are over. */
interface Bundle {
  readonly step: number | undefined
  readonly from: number
  readonly to: number
  readonly room: Room
}

export class Overlap {
  readonly #world: Communicator
  readonly #engine: Engine
  readonly #inOrder: boolean
  #known: { readonly gradientSteps: TrainingPlan['gradientSteps']; readonly bundles: readonly Bundle[] } | undefined
  /** Sums under way, and the bundles that are still to be begun. */
  #begun: Summing[] = []
  #left: Bundle[] = []

  constructor(world: Communicator, engine: Engine, inOrder: boolean) {
    this.#world = world
    this.#engine = engine
    this.#inOrder = inOrder
  }

  /** A batch begins: where its passes come back to the host. All processes have the same bundles, and begin them in the same order. */
  seams(plan: TrainingPlan): Seam[] {
    const { gradientSteps } = plan
    if (this.#known?.gradientSteps !== gradientSteps)
      this.#known = { gradientSteps, bundles: this.#bundle(gradientSteps) }
    this.#begun = []
    this.#left = [...this.#known.bundles]
    return this.#left.flatMap(({ step }) => (step === undefined ? [] : [{ step, run: () => this.#beginNext() }]))
  }

  /** The last layers first. */
  #bundle(gradientSteps: TrainingPlan['gradientSteps']): Bundle[] {
    const { places, storage } = this.#engine
    const bundles: Bundle[] = []
    let to = storage.bytes / 4 + TAIL
    for (let layer = gradientSteps.length - 1; layer >= 0; layer--) {
      const from = places.find((place) => place.layer === layer)?.offset
      const step = gradientSteps[layer]
      if (from === undefined || from === 0 || step === undefined || to - from < LEAST) continue
      bundles.push({ step, from, to, room: { floats: new Float32Array(0) } })
      to = from
    }
    return [...bundles, { step: undefined, from: 0, to, room: { floats: new Float32Array(0) } }]
  }

  #beginNext(): void {
    for (const summing of this.#begun) summing.poll()
    const { arena, storage } = this.#engine
    const bundle = this.#left.shift()
    if (!bundle || storage.gradients === undefined) return
    const { from, to, room } = bundle
    const values = arena.floats(storage.gradients, storage.bytes / 4 + TAIL).subarray(from, to)
    this.#begun.push(this.#world.begin(values, this.#inOrder, room))
  }

  /** The passes are over: waits for all sums. */
  finish(): void {
    while (this.#left.length > 0) this.#beginNext()
    while (this.#begun.length > 0) this.#begun = this.#begun.filter((summing) => summing.advance())
  }
}
