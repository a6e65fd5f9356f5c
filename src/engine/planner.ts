/** The plan in force: made when it is first needed, and anew for larger batches, another goal, or parts that it lacks. */
import type { ComputeLoss } from '../catalogue/customLoss.ts'
import type { Objective } from '../compiler/objective.ts'
import { compilePlan, type Part, type Plan } from '../compiler/plan.ts'
import { passRows, type Site } from '../compiler/programBuilder.ts'
import type { TrainingPlan } from '../compiler/trainingPlan.ts'
import type { Layer } from '../layers/layers.ts'
import type { Arena } from '../machine/arena.ts'
import type { ModelStorage } from './storage.ts'

/** What a model is compiled for; the blocks' addresses are the engine's own business. */
export interface Goal extends Omit<Objective, 'states' | 'kept' | 'room' | 'isTrainable'> {
  /** The loss, where it is the host's. */
  readonly compute?: ComputeLoss
}

export interface PlannerSite {
  readonly arena: Arena
  readonly storage: ModelStorage
  readonly layers: readonly Layer[]
  /** Output width of every layer. */
  readonly widths: readonly number[]
  /** Before memory changes hands. */
  leave(): void
  /** Takes what must lie behind a plan's regions. */
  reserve(plan: Plan): void
}

export class Planner {
  /** Set while a feed is in use: regions must stay where they are. */
  pinned = false
  /** First free byte behind the plan. */
  end = 0
  /** Another number after what lies behind the plan has been taken by something else. */
  lease = 0
  /** How the layers of plans to come are lowered. */
  instead: Site['instead']
  /** What plans to come update of the parameters where processes share a batch; undefined: all. */
  share: Site['share']
  #free = 0
  readonly #site: PlannerSite
  #goal: Goal | undefined
  #plan: Plan | undefined
  #parts = new Set<Part>()
  #frozenStatistics = false

  constructor(site: PlannerSite) {
    this.#site = site
  }

  get goal(): Goal | undefined {
    return this.#goal
  }

  set goal(goal: Goal | undefined) {
    this.#goal = goal
    this.#parts = new Set(goal && !goal.loss ? ['open'] : [])
    this.drop()
  }

  get frozenStatistics(): boolean {
    return this.#frozenStatistics
  }

  set frozenStatistics(frozen: boolean) {
    this.#frozenStatistics = frozen
    this.drop()
  }

  /** The next use compiles a new plan. */
  drop(): void {
    this.#plan = undefined
    this.lease++
  }

  /** First free byte behind the plan and a running fit: from there on memory is lent to passes of other kinds, for one lease. */
  get free(): number {
    return Math.max(this.#free, this.#site.storage.end)
  }

  /** Everything below the arena's top is in use. */
  occupy(): void {
    this.#free = this.#site.arena.top
    this.lease++
  }

  /**
   * The plan, made anew when there is none yet, a batch of `rows` does not fit the one there is, or that cannot train:
   * a model that only predicts, once loaded, is not kept waiting for what training needs.
   * @param part that it must have; those that have been asked for once stay.
   */
  plan(rows = 1, training = false, part?: Part): Plan {
    const goal = training ? this.#goal : undefined
    const plan = this.#plan
    const trains = !goal || (goal.loss ? plan?.training : plan?.open) !== undefined
    if (plan && plan.rows >= rows && trains && (!part || plan[part])) return plan
    if (this.pinned) throw new Error(`a batch of ${rows} rows needs more room than the running fit has; await it first`)
    if (part) this.#parts.add(part)
    const { arena, storage, layers, widths } = this.#site
    const { places, parameters, gradients = 0, states, kept, scratch: room, frozen, isTrainable } = storage
    const site = {
      arena,
      places,
      parameters,
      gradients,
      rows: Math.max(rows, passRows(widths)),
      frozen,
      frozenStatistics: this.#frozenStatistics,
      instead: this.instead,
      share: this.share,
    }
    this.#site.leave()
    this.drop()
    arena.top = storage.end
    const made = compilePlan(
      site,
      layers,
      widths,
      goal && { ...goal, states, kept: kept.address, room, isTrainable },
      this.#parts,
    )
    this.#site.reserve(made)
    arena.commit()
    this.end = arena.top
    this.occupy()
    this.#plan = made
    return made
  }

  /** The plan of a compiled model. */
  training(rows = 1): TrainingPlan & Pick<Plan, 'rows'> {
    const plan = this.plan(rows, true)
    if (!plan.training)
      throw new Error('the model is not compiled with a loss; call compile({ optimizer, loss }) first')
    return { ...plan.training, rows: plan.rows }
  }

  /** The same with a part that not every use needs. */
  with<P extends Part>(part: P, rows = 1): Plan & { readonly [K in P]: NonNullable<Plan[K]> } {
    const plan = this.plan(rows, true, part)
    if (!plan[part]) throw new Error('the model is not compiled; call compile({ optimizer, loss }) first')
    return plan as Plan & { readonly [K in P]: NonNullable<Plan[K]> }
  }
}
