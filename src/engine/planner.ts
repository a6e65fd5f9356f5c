/** The current plan: compiled on demand, and recompiled for larger batches, another goal, or missing parts. */
import type { ComputeLoss } from '../catalogue/customLoss.ts'
import type { Objective } from '../compiler/objective.ts'
import { compilePlan, type Part, type Plan } from '../compiler/plan.ts'
import { passRows, type Site } from '../compiler/programBuilder.ts'
import type { TrainingPlan } from '../compiler/trainingPlan.ts'
import type { Layer } from '../layers/layers.ts'
import type { Arena } from '../machine/arena.ts'
import type { ModelStorage } from './storage.ts'

/** What a model is compiled for; addresses of blocks are internal to the engine. */
export interface Goal extends Omit<Objective, 'states' | 'kept' | 'room' | 'isTrainable'> {
  /** The loss, if computed on the host. */
  readonly compute?: ComputeLoss
}

export interface PlannerSite {
  readonly arena: Arena
  readonly storage: ModelStorage
  readonly layers: readonly Layer[]
  /** Output width of every layer. */
  readonly widths: readonly number[]
  /** Called before memory is reused. */
  leave(): void
  /** Reserves what must follow a plan's regions. */
  reserve(plan: Plan): void
}

export class Planner {
  /** Set while a feed is in use: regions must not move. */
  pinned = false
  /** First free byte after the plan. */
  end = 0
  /** Changes when something else has used the memory after the plan. */
  lease = 0
  /** Overrides how layers are lowered in later plans. */
  instead: Site['instead']
  /** This rank's shard of the parameters for later plans; undefined: all. */
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

  /** Drops the plan; the next use compiles a new one. */
  drop(): void {
    this.#plan = undefined
    this.lease++
  }

  /** First free byte after the plan and a running fit; memory from there on is lent to auxiliary programs, one lease at a time. */
  get free(): number {
    return Math.max(this.#free, this.#site.storage.end)
  }

  /** Marks everything below the arena's top as used. */
  occupy(): void {
    this.#free = this.#site.arena.top
    this.lease++
  }

  /**
   * The plan; recompiled if there is none, if it is too small for `rows`, or if it cannot train:
   * a model that only predicts does not pay for what training needs.
   * @param part a required part; parts requested once are kept.
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

  /** Likewise with an optional part. */
  with<P extends Part>(part: P, rows = 1): Plan & { readonly [K in P]: NonNullable<Plan[K]> } {
    const plan = this.plan(rows, true, part)
    if (!plan[part]) throw new Error('the model is not compiled; call compile({ optimizer, loss }) first')
    return plan as Plan & { readonly [K in P]: NonNullable<Plan[K]> }
  }
}
