/** Hessian products by gradient differences: for layers and losses without second derivatives. */
import { compileSmooth, type SmoothPlan } from '../compiler/smooth.ts'
import { judgeOf } from './hostLoss.ts'
import { Lent } from './lent.ts'

/** The cube root of float32's epsilon balances the truncation error of a central difference against rounding. */
const STEP = Math.cbrt(2 ** -23)

/**
 * H v = (∇f(x + h v) - ∇f(x - h v)) / 2h, h = ∛ε (1 + |x|) / |v| (Nocedal and Wright 2006, section 8.1), at a copy of the parameters
 * and without dropout and noise.
 */
export class Differences extends Lent<SmoothPlan> {
  times(vector: ArrayLike<number>): Float32Array {
    const { storage } = this.engine
    const plan = this.prepare()
    storage.view(plan.gradients).fill(0)
    // the norm of the vector as given, since it need not fit float32
    const size = Math.sqrt(norm2(vector))
    if (size === 0) return new Float32Array(vector.length)
    this.write(plan.gradients, vector, 1 / size)
    const along = storage.view(plan.gradients).slice()
    const length = Math.sqrt(norm2(along))
    if (length === 0) return new Float32Array(vector.length)
    const step = (STEP * (1 + Math.sqrt(norm2(storage.view(storage.parameters))))) / length
    const above = this.#gradientAt(plan, along, step)
    const below = this.#gradientAt(plan, along, -step)
    const product = storage.view(plan.gradients)
    for (let i = 0; i < product.length; i++) product[i] = ((above[i] - below[i]) / (2 * step)) * size
    return this.read(plan.gradients)
  }

  /** The gradient at parameters + step * along. */
  #gradientAt(plan: SmoothPlan, along: Float32Array, step: number): Float64Array {
    const { arena, planner, storage } = this.engine
    const { compute } = planner.goal ?? {}
    const from = storage.view(storage.parameters)
    const at = storage.view(plan.parameters)
    for (let i = 0; i < at.length; i++) at[i] = from[i] + step * along[i]
    arena.flush(plan.parameters, at.length)
    const gradients = storage.view(plan.gradients)
    gradients.fill(0)
    const sum = new Float64Array(at.length)
    for (const [i, part] of this.parts.entries()) {
      if (this.shares[i] === 0) continue
      this.load(plan, part, compute === undefined)
      this.run(plan, plan.forward, part.rows)
      if (compute) this.engine.judge(plan.outputs, part.rows, judgeOf(compute, part), plan.gradient)
      this.run(plan, plan.backward, part.rows)
      for (let p = 0; p < sum.length; p++) sum[p] += this.shares[i] * gradients[p]
    }
    return sum
  }

  protected compile(rows: number): SmoothPlan {
    const { arena, layers, widths, planner, storage } = this.engine
    const { places, frozen, isTrainable } = storage
    const site = { arena, places, rows, frozen, frozenStatistics: planner.frozenStatistics }
    return compileSmooth(site, planner.goal?.trained ?? layers, widths, { loss: planner.goal?.loss, isTrainable })
  }

  protected renewed(): void {}
}

const norm2 = (vector: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i]
  return sum
}
