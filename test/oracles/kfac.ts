/** K-FAC with exact expectations over the model's own targets, in float64 (Martens and Grosse 2015, block-diagonal). */
import { combine, identity, inner, inverse, type Matrix, map, matrix, multiply, trace, transpose } from './matrix.ts'
import {
  flatten,
  forward,
  gaussNewtonProduct,
  lossAndGradient,
  type Network,
  outputHessian,
  slopes,
  type Task,
} from './network.ts'

export interface KfacOptions {
  readonly learningRate: number | 'adaptive'
  /** A number, or where 'adaptive' begins. */
  readonly damping: number
  readonly adaptsDamping?: boolean
  readonly decay: number
  readonly momentum: number | 'adaptive'
  readonly klClip: number | null
}

/** A = mean of a aᵀ, a with a 1 appended where there is a bias; G = mean of Jᵀ H J, J the Jacobian of the outputs by z. */
export interface Factors {
  readonly a: Matrix
  readonly g: Matrix
}

const mean = (terms: readonly Matrix[]): number[][] =>
  map(
    terms.reduce((sum, term) => combine(sum, term, (x, y) => x + y)),
    (value) => value / terms.length,
  )

export function factorsOf(network: Network, task: Task): Factors[] {
  const { inputs, outputs } = forward(network, task)
  const last = network.length - 1
  const a = network.map(({ b }, l) => mean(inputs[l].map((row) => outer(b ? [...row, 1] : row))))
  const g: number[][][] = []
  // J per row: outputs x units, by the chain rule from the top
  let jacobians: Matrix[] = outputs[last].map((row) => identity(row.length))
  for (let l = last; l >= 0; l--) {
    g.unshift(
      mean(jacobians.map((j, r) => multiply(transpose(j), multiply(outputHessian(task.loss, outputs[last][r]), j)))),
    )
    if (l === 0) break
    const slope = slopes(task.activation, outputs[l - 1])
    jacobians = jacobians.map((j, r) => multiply(j, network[l].w).map((row) => row.map((v, i) => v * slope[r][i])))
  }
  return network.map((_, l) => ({ a: a[l], g: g[l] }))
}

const outer = (v: readonly number[]): number[][] => matrix(v.length, v.length, (i, j) => v[i] * v[j])

/** A' = A + pi sqrt(damping) I, G' = G + sqrt(damping) / pi I, pi = sqrt((tr A / dim A) / (tr G / dim G)). */
export function damped({ a, g }: Factors, damping: number): Factors & { readonly pi: number } {
  const pi = Math.sqrt(trace(a) / a.length / (trace(g) / g.length))
  const raise = (m: Matrix, by: number) => m.map((row, i) => row.map((value, j) => value + (i === j ? by : 0)))
  return { a: raise(a, pi * Math.sqrt(damping)), g: raise(g, Math.sqrt(damping) / pi), pi }
}

/** [dW | db] of a layer. */
const joined = ({ w, b }: Network[number]): number[][] => w.map((row, i) => (b ? [...row, b[i]] : [...row]))

export class Kfac {
  #factors: Factors[] = []
  #buffer: Matrix[] = []
  #t = 0
  #damping: number
  readonly #options: KfacOptions
  network: Network

  constructor(network: Network, options: KfacOptions) {
    this.network = network
    this.#options = options
    this.#damping = options.damping
  }

  get damping(): number {
    return this.#damping
  }

  /**
   * One update on these rows:
   *   A, G = k A + (1 - k) A_batch, ...,  k = min(1 - 1/t, decay)
   *   d = G'⁻¹ D A'⁻¹,  all times min(1, sqrt(klClip / (learningRate² Σ d · D)))
   *   b = d at first, then momentum b + d;  [W | bias] -= learningRate b
   */
  step(task: Task) {
    const { learningRate, decay, momentum, klClip, adaptsDamping = false } = this.#options
    const damping = this.#damping
    this.#t++
    const { loss, gradient } = lossAndGradient(this.network, task)
    const batch = factorsOf(this.network, task)
    const keep = Math.min(1 - 1 / this.#t, decay)
    const blend = (old: Matrix, now: Matrix) => combine(old, now, (x, y) => keep * x + (1 - keep) * y)
    this.#factors =
      this.#t === 1 ? batch : this.#factors.map(({ a, g }, l) => ({ a: blend(a, batch[l].a), g: blend(g, batch[l].g) }))
    const raised = this.#factors.map((factors) => damped(factors, damping))
    const slopesOf = gradient.map(joined)
    let direction = raised.map(({ a, g }, l) => multiply(multiply(inverse(g), slopesOf[l]), inverse(a)))
    if (learningRate === 'adaptive' || momentum === 'adaptive') {
      const given = {
        ...(learningRate !== 'adaptive' && { rate: learningRate }),
        ...(momentum !== 'adaptive' && { momentum }),
      }
      const factors = this.#factors
      const found = this.#least(task, loss, direction, gradient, given, adaptsDamping)
      return { loss, factors, pi: raised.map(({ pi }) => pi), direction, scale: found.rate, found }
    }
    let scale = 1
    if (klClip !== null) {
      const change = learningRate ** 2 * direction.reduce((sum, d, l) => sum + inner(d, slopesOf[l]), 0)
      scale = Math.min(1, Math.sqrt(klClip / change))
    }
    direction = direction.map((d) => map(d, (value) => value * scale))
    this.#buffer =
      this.#t === 1 ? direction : this.#buffer.map((b, l) => combine(b, direction[l], (x, y) => momentum * x + y))
    this.network = this.network.map(({ w, b }, l) => ({
      w: w.map((row, i) => row.map((value, j) => value - learningRate * this.#buffer[l][i][j])),
      b: b?.map((value, i) => value - learningRate * this.#buffer[l][i][w[0].length]),
    }))
    return { loss, factors: this.#factors, pi: raised.map(({ pi }) => pi), direction, scale, found: undefined }
  }

  /**
   * b = rate d + momentum b with the coefficients that are not given such that -g · b + b · (GN + damping I) b / 2 is least;
   * [W | bias] -= b. Every fifth step damping takes after the change of the loss over that of the model.
   */
  #least(
    task: Task,
    loss: number,
    direction: readonly Matrix[],
    gradient: Network,
    given: { rate?: number; momentum?: number },
    adaptsDamping: boolean,
  ) {
    const damping = this.#damping
    const split = (matrices: readonly Matrix[]): Network =>
      matrices.map((m, l) => {
        const { w, b } = this.network[l]
        return { w: m.map((row) => row.slice(0, w[0].length)), b: b && m.map((row) => row[w[0].length]) }
      })
    const dot = (x: Network, y: Network) => {
      const other = flatten(y)
      return flatten(x).reduce((sum, value, i) => sum + value * other[i], 0)
    }
    const d = split(direction)
    const bend = (x: Network, y: Network) => dot(x, gaussNewtonProduct(this.network, task, y)) + damping * dot(x, y)
    const before = this.#t === 1 ? undefined : split(this.#buffer)
    const [gd, gv] = [dot(gradient, d), before ? dot(gradient, before) : 0]
    const [dd, dv, vv] = before ? [bend(d, d), bend(d, before), bend(before, before)] : [bend(d, d), 0, 0]
    let { rate, momentum } = given
    if (rate === undefined && momentum === undefined && before) {
      const determinant = dd * vv - dv * dv
      rate = (vv * gd - dv * gv) / determinant
      momentum = (dd * gv - dv * gd) / determinant
    }
    rate ??= (gd - (momentum ?? 0) * dv) / dd
    momentum ??= before ? (gv - rate * dv) / vv : 0
    const model = -(rate * gd + momentum * gv) + (rate * rate * dd + 2 * rate * momentum * dv + momentum ** 2 * vv) / 2
    const [a, m] = [rate, momentum]
    this.#buffer = direction.map((matrix, l) =>
      before ? combine(matrix, this.#buffer[l], (x, y) => a * x + m * y) : map(matrix, (x) => a * x),
    )
    const step = split(this.#buffer)
    this.network = this.network.map(({ w, b }, l) => ({
      w: combine(w, step[l].w, (x, y) => x - y),
      b: b?.map((value, i) => value - (step[l].b?.[i] ?? 0)),
    }))
    if (adaptsDamping && this.#t % 5 === 0) {
      const ratio = (lossAndGradient(this.network, task).loss - loss) / model
      if (ratio > 0.75) this.#damping = damping * 0.9 ** 5
      else if (!(ratio >= 0.25)) this.#damping = damping / 0.9 ** 5
    }
    return { rate, momentum }
  }
}
