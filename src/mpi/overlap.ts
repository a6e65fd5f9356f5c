/**
 * Overlaps communication with the backward pass: gradients of the last layers are complete first, and are summed while those of the
 * first layers are computed. Every number is summed individually, so bundling does not change the bits of an ordered sum.
 */
import type { TrainingPlan } from '../compiler/trainingPlan.ts'
import type { Engine, Seam } from '../engine/engine.ts'
import { TAIL } from '../engine/storage.ts'
import type { Communicator, Room, Summing } from './communicator.ts'

/** Minimum floats per bundle, since every message has a cost. */
const LEAST = 2 ** 14

/** Floats [from, to) of the gradient block and its tail; complete before `step`, or at the end of the passes if undefined. */
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
  /** Pending sums, and the bundles not yet started. */
  #begun: Summing[] = []
  #left: Bundle[] = []

  constructor(world: Communicator, engine: Engine, inOrder: boolean) {
    this.#world = world
    this.#engine = engine
    this.#inOrder = inOrder
  }

  /** Starts a batch; returns where its passes return to the host. All ranks start the same bundles in the same order. */
  seams(plan: TrainingPlan): Seam[] {
    const { gradientSteps } = plan
    if (this.#known?.gradientSteps !== gradientSteps)
      this.#known = { gradientSteps, bundles: this.#bundle(gradientSteps) }
    this.#begun = []
    this.#left = [...this.#known.bundles]
    return this.#left.flatMap(({ step }) => (step === undefined ? [] : [{ step, run: () => this.#beginNext() }]))
  }

  /** Last layers first. */
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

  /** Waits for all sums after the passes. */
  finish(): void {
    while (this.#left.length > 0) this.#beginNext()
    while (this.#begun.length > 0) this.#begun = this.#begun.filter((summing) => summing.advance())
  }
}
