/** Rules that see matrices, in float64: Muon, Shampoo, SOAP and path-SGD. */
import { combine, eigen, identity, inner, type Matrix, map, matrix, multiply, transpose } from './matrix.ts'
import { lossAndGradient, type Network, type Task } from './network.ts'

export interface MuonOptions {
  readonly learningRate: number
  readonly weightDecay: number
  readonly momentum: number
  readonly nesterov: boolean
  readonly coefficients: readonly [number, number, number]
  readonly epsilon: number
  readonly newtonSchulzSteps: number
  readonly adjustLearningRate: 'original' | 'matchRmsAdamw'
}

/** About the nearest matrix with orthonormal rows or columns: X = a X + (b S + c S²) X with S = X Xᵀ, from X / |X| (Jordan et al. 2024). */
export function newtonSchulz(
  u: Matrix,
  [a, b, c]: MuonOptions['coefficients'],
  epsilon: number,
  steps: number,
): Matrix {
  const isTall = u.length > u[0].length
  const norm = Math.max(Math.sqrt(inner(u, u)), epsilon)
  let x: Matrix = map(isTall ? transpose(u) : u, (value) => value / norm)
  for (let i = 0; i < steps; i++) {
    const s = multiply(x, transpose(x))
    const polynomial = combine(s, multiply(s, s), (first, second) => b * first + c * second)
    x = combine(x, multiply(polynomial, x), (value, change) => a * value + change)
  }
  return isTall ? transpose(x) : x
}

/**
 * Muon on one matrix w, [outputs, inputs]:
 *   b = momentum b + (1 - momentum) g;  u = nesterov ? momentum b + (1 - momentum) g : b
 *   rate = learningRate sqrt(max(1, out / in)), or 0.2 learningRate sqrt(max(out, in))
 *   w -= learningRate weightDecay w + rate newtonSchulz(u)
 */
export class Muon {
  w: Matrix
  #buffer: Matrix
  readonly #options: MuonOptions

  constructor(w: Matrix, options: MuonOptions) {
    this.w = w
    this.#buffer = map(w, () => 0)
    this.#options = options
  }

  step(g: Matrix): void {
    const { learningRate, weightDecay, momentum, nesterov, coefficients, epsilon, newtonSchulzSteps } = this.#options
    const blend = (b: Matrix) => combine(b, g, (old, now) => momentum * old + (1 - momentum) * now)
    this.#buffer = blend(this.#buffer)
    const u = nesterov ? blend(this.#buffer) : this.#buffer
    const direction = newtonSchulz(u, coefficients, epsilon, newtonSchulzSteps)
    const [out, inputs] = [this.w.length, this.w[0].length]
    const rate =
      this.#options.adjustLearningRate === 'original'
        ? learningRate * Math.sqrt(Math.max(1, out / inputs))
        : 0.2 * learningRate * Math.sqrt(Math.max(out, inputs))
    this.w = combine(this.w, direction, (w, d) => w * (1 - learningRate * weightDecay) - rate * d)
  }
}

export interface PathScales {
  /** Σ over all paths of the product of squared weights. */
  readonly normSquared: number
  /** Per layer, for w and b. */
  readonly kappa: Network
}

const squared = (w: Matrix) => map(w, (value) => value * value)
const column = (values: readonly number[]): number[][] => values.map((value) => [value])

/**
 * How strongly every weight takes part in the path norm (Neyshabur, Salakhutdinov and Srebro 2015), for layers of ReLU:
 *   s_0 = 1,  s_l = (W_l ∘ W_l) s_(l-1) + b ∘ b;   r_L = 1,  r_(l-1) = (W_l ∘ W_l)ᵀ r_l
 *   norm² = Σ s_L,  kappa(W_l) = r_l s_(l-1)ᵀ,  kappa(b_l) = r_l
 */
export function pathScales(network: Network): PathScales {
  const s: number[][] = [network[0].w[0].map(() => 1)]
  for (const { w, b } of network) {
    const below = multiply(squared(w), column(s[s.length - 1]))
    s.push(below.map(([value], i) => value + (b ? b[i] * b[i] : 0)))
  }
  const r: number[][] = [network[network.length - 1].w.map(() => 1)]
  for (const { w } of [...network].reverse()) {
    r.unshift(multiply(transpose(squared(w)), column(r[0])).map(([value]) => value))
  }
  return {
    normSquared: s[network.length].reduce((sum, value) => sum + value, 0),
    kappa: network.map(({ w, b }, l) => ({
      w: w.map((row, i) => row.map((_, j) => r[l + 1][i] * s[l][j])),
      b: b && [...r[l + 1]],
    })),
  }
}

/** W -= learningRate dW / kappa(W); no step where kappa is 0. */
export function pathSgdStep(network: Network, task: Task, learningRate: number): { loss: number; network: Network } {
  const { loss, gradient } = lossAndGradient(network, task)
  const { kappa } = pathScales(network)
  const move = (value: number, g: number, k: number) => (k === 0 ? value : value - (learningRate * g) / k)
  return {
    loss,
    network: network.map(({ w, b }, l) => ({
      w: w.map((row, i) => row.map((value, j) => move(value, gradient[l].w[i][j], kappa[l].w[i][j]))),
      b: b?.map((value, i) => move(value, gradient[l].b?.[i] ?? 0, kappa[l].b?.[i] ?? 0)),
    })),
  }
}

/** (a + epsilon I)^power of a symmetric matrix without negative eigenvalues. */
function powerOf(a: Matrix, epsilon: number, power: number): number[][] {
  const { values, vectors } = eigen(a)
  const scaled = vectors.map((vector, k) => vector.map((value) => value * (Math.max(values[k], 0) + epsilon) ** power))
  return multiply(transpose(vectors), scaled)
}

export interface ShampooOptions {
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
  readonly epsilon: number
  readonly preconditionerEvery: number
  readonly maxPreconditionerSize: number
}

/**
 * Shampoo on one matrix w, [inputs, units] (Gupta, Koren and Singer 2018):
 *   L += g gᵀ;  R += gᵀ g;  w -= learningRate weightDecay w + learningRate (L + epsilon I)^(-1/4) g (R + epsilon I)^(-1/4)
 * With one side alone, to the power of -1/2; m = momentum m + (1 - momentum) g between the roots. Roots are made at updates 1, 1 + every, ...
 */
export class Shampoo {
  w: Matrix
  readonly #options: ShampooOptions
  #factors: Matrix[]
  #roots: Matrix[]
  #m: Matrix
  #step = 0

  constructor(w: Matrix, options: ShampooOptions) {
    this.w = w
    this.#options = options
    this.#factors = [w.length, w[0].length].map((size) => matrix(size, size, () => 0))
    this.#roots = [w.length, w[0].length].map(identity)
    this.#m = map(w, () => 0)
  }

  step(g: Matrix): void {
    const { learningRate, weightDecay, momentum, epsilon, preconditionerEvery, maxPreconditionerSize } = this.#options
    const add = (a: Matrix, b: Matrix) => combine(a, b, (x, y) => x + y)
    const [left, right] = this.#factors
    this.#factors = [add(left, multiply(g, transpose(g))), add(right, multiply(transpose(g), g))]
    const isShort = ({ length }: Matrix) => length <= maxPreconditionerSize
    const power = this.#factors.every(isShort) ? -1 / 4 : -1 / 2
    if (this.#step % preconditionerEvery === 0) {
      this.#roots = this.#factors.map((factor) =>
        isShort(factor) ? powerOf(factor, epsilon, power) : identity(factor.length),
      )
    }
    this.#step++
    this.#m = combine(this.#m, g, (m, x) => momentum * m + (1 - momentum) * x)
    const direction = multiply(multiply(this.#roots[0], this.#m), this.#roots[1])
    this.w = combine(this.w, direction, (w, d) => w * (1 - learningRate * weightDecay) - learningRate * d)
  }
}

export interface SoapOptions {
  readonly learningRate: number
  readonly weightDecay: number
  readonly beta1: number
  readonly beta2: number
  readonly factorBeta: number
  readonly epsilon: number
  readonly preconditionerEvery: number
  readonly maxPreconditionerSize: number
}

/** Eigenvectors in rows, or undefined for the identity. */
type Basis = Matrix | undefined

/**
 * SOAP on one matrix w, [inputs, units] (Vyas et al. 2024): Adam's m and v of E g Fᵀ, and w -= learningRate (weightDecay w + Eᵀ n F).
 *   L = factorBeta L + (1 - factorBeta) g gᵀ and R likewise of gᵀ g, after the update; E and F are new at updates 1, 1 + every, ...
 *   m turns with the basis, v stays; update 1 moves nothing, and Adam counts from 2.
 * A factor without full rank has many bases, so that of the rule under test is taken, after a look at it.
 */
export class Soap {
  w: Matrix
  readonly #options: SoapOptions
  readonly #isShort: readonly boolean[]
  #factors: Matrix[]
  #bases: Basis[] = [undefined, undefined]
  #m: Matrix
  #v: Matrix
  #step = 0

  constructor(w: Matrix, options: SoapOptions) {
    this.w = w
    this.#options = options
    this.#isShort = [w.length, w[0].length].map((size) => size <= options.maxPreconditionerSize)
    this.#factors = [w.length, w[0].length].map((size) => matrix(size, size, () => 0))
    this.#m = map(w, () => 0)
    this.#v = map(w, () => 0)
  }

  /** @param basesOf gives, by its factor, a side's eigenvectors. */
  step(g: Matrix, basesOf: (side: 0 | 1, factor: Matrix) => Matrix): void {
    const { learningRate, weightDecay, beta1, beta2, factorBeta, epsilon, preconditionerEvery } = this.#options
    const t = this.#step
    if (t > 0) {
      const turned = this.#into(g)
      this.#m = combine(this.#m, turned, (m, x) => beta1 * m + (1 - beta1) * x)
      this.#v = combine(this.#v, turned, (v, x) => beta2 * v + (1 - beta2) * x * x)
      const n = combine(this.#m, this.#v, (m, v) => m / (1 - beta1 ** t) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon))
      this.w = combine(this.w, this.#outOf(n), (w, d) => w - learningRate * (weightDecay * w + d))
    }
    const mean = (a: Matrix, b: Matrix) => combine(a, b, (x, y) => factorBeta * x + (1 - factorBeta) * y)
    const [left, right] = this.#factors
    this.#factors = [mean(left, multiply(g, transpose(g))), mean(right, multiply(transpose(g), g))]
    if (t % preconditionerEvery === 0) {
      const m = this.#outOf(this.#m)
      this.#bases = ([0, 1] as const).map((side) =>
        this.#isShort[side] ? basesOf(side, this.#factors[side]) : undefined,
      )
      this.#m = this.#into(m)
    }
    this.#step++
  }

  #into(x: Matrix): Matrix {
    const [e, f] = this.#bases
    const left = e ? multiply(e, x) : x
    return f ? multiply(left, transpose(f)) : left
  }

  #outOf(x: Matrix): Matrix {
    const [e, f] = this.#bases
    const left = e ? multiply(transpose(e), x) : x
    return f ? multiply(left, f) : left
  }
}
