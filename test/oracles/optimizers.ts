/** The update rules as plain float64 loops, written from their papers' equations and not from the kernels. */
import type { Optimizer } from '../../src/optimizers/optimizers.ts'
import { learningRateAt, optionsAt, weightDecayAt } from '../../src/optimizers/rates.ts'

/** One tensor's values under a rule; state by slot name. */
export interface OracleTensor {
  readonly w: Float64Array
  readonly state: Record<string, Float64Array>
}

type Tensor = OracleTensor

/** The rule's options as numbers; true is 1. */
type Options = Readonly<Record<string, number>>

interface Setting {
  readonly o: Options
  readonly lists: Readonly<Record<string, readonly number[]>>
  readonly t: number
  readonly rate: number
  readonly decay: number
  /** beta1 in update t. */
  readonly beta1At: (t: number) => number
}

const slot = ({ w, state }: Tensor, name: string, start = 0): Float64Array => {
  state[name] ??= new Float64Array(w.length).fill(start)
  return state[name]
}
const blend = (old: Float64Array, i: number, keep: number, x: number) => {
  old[i] = keep * old[i] + (1 - keep) * x
  return old[i]
}
const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0))

type Update = (tensor: Tensor, g: Float64Array, setting: Setting) => void

/** Rules that first add decay * w to the gradient, or take it off the weights. */
const withDecay =
  (update: Update): Update =>
  (tensor, g, setting) => {
    const { w } = tensor
    const { o, rate, decay } = setting
    const total = g.map((value, i) => (o.decoupledWeightDecay ? value : value + decay * w[i]))
    if (o.decoupledWeightDecay)
      w.forEach((value, i) => {
        w[i] = value - rate * decay * value
      })
    update(tensor, total, setting)
  }

const adamLike =
  (
    direction: (v: Float64Array, i: number, g: number, m: number, o: Options) => void,
    start = (_: Options) => 0,
  ): Update =>
  (tensor, g, { o, t, rate }) => {
    const m = slot(tensor, 'firstMoment', start(o))
    const v = slot(tensor, 'secondMoment', start(o))
    const top = o.amsgrad ? slot(tensor, 'maxSecondMoment') : undefined
    g.forEach((gi, i) => {
      blend(m, i, o.beta1, gi)
      direction(v, i, gi, m[i], o)
      let second = v[i]
      if (top) {
        top[i] = Math.max(top[i], v[i])
        second = top[i]
      }
      tensor.w[i] -= ((rate / (1 - o.beta1 ** t)) * m[i]) / (Math.sqrt(second / (1 - o.beta2 ** t)) + o.epsilon)
    })
  }
const adam = adamLike((v, i, g, _m, o) => blend(v, i, o.beta2, g * g))

const updates: Readonly<Record<Optimizer['kind'], Update>> = {
  sgd: withDecay((tensor, g, { o, t, rate }) => {
    if (!o.momentum) {
      g.forEach((gi, i) => {
        tensor.w[i] -= rate * gi
      })
      return
    }
    const b = slot(tensor, 'velocity')
    g.forEach((gi, i) => {
      b[i] = t === 1 ? gi : o.momentum * b[i] + (1 - o.dampening) * gi
      tensor.w[i] -= rate * (o.nesterov ? gi + o.momentum * b[i] : b[i])
    })
  }),
  adagrad: withDecay((tensor, g, { o, t, rate }) => {
    const s = slot(tensor, 'sumOfSquares', o.initialAccumulatorValue)
    g.forEach((gi, i) => {
      s[i] += gi * gi
      tensor.w[i] -= ((rate / (1 + (t - 1) * o.learningRateDecay)) * gi) / (Math.sqrt(s[i]) + o.epsilon)
    })
  }),
  adadelta: withDecay((tensor, g, { o, rate }) => {
    const v = slot(tensor, 'secondMoment')
    const u = slot(tensor, 'secondDelta')
    g.forEach((gi, i) => {
      blend(v, i, o.rho, gi * gi)
      const d = (Math.sqrt(u[i] + o.epsilon) / Math.sqrt(v[i] + o.epsilon)) * gi
      blend(u, i, o.rho, d * d)
      tensor.w[i] -= rate * d
    })
  }),
  rmsprop: withDecay((tensor, g, { o, rate }) => {
    const v = slot(tensor, 'secondMoment')
    const m = slot(tensor, 'firstMoment')
    const b = slot(tensor, 'velocity')
    g.forEach((gi, i) => {
      blend(v, i, o.rho, gi * gi)
      blend(m, i, o.rho, gi)
      const d = gi / (Math.sqrt(o.centered ? v[i] - m[i] * m[i] : v[i]) + o.epsilon)
      b[i] = o.momentum * b[i] + d
      tensor.w[i] -= rate * b[i]
    })
  }),
  adam: withDecay(adam),
  adamw: (tensor, g, setting) =>
    withDecay(adam)(tensor, g, { ...setting, o: { ...setting.o, decoupledWeightDecay: 1 } }),
  adamax: withDecay((tensor, g, { o, t, rate }) => {
    const m = slot(tensor, 'firstMoment')
    const u = slot(tensor, 'infinityNorm')
    g.forEach((gi, i) => {
      blend(m, i, o.beta1, gi)
      u[i] = Math.max(o.beta2 * u[i], Math.abs(gi) + o.epsilon)
      tensor.w[i] -= ((rate / (1 - o.beta1 ** t)) * m[i]) / u[i]
    })
  }),
  nadam: withDecay((tensor, g, { o, t, rate, beta1At }) => {
    const m = slot(tensor, 'firstMoment')
    const v = slot(tensor, 'secondMoment')
    const mu = (k: number, beta1: number) => beta1 * (1 - 0.5 * 0.96 ** (k * o.momentumDecay))
    let product = 1
    for (let k = 1; k <= t; k++) product *= mu(k, beta1At(k))
    const [now, next] = [mu(t, o.beta1), mu(t + 1, o.beta1)]
    g.forEach((gi, i) => {
      blend(m, i, o.beta1, gi)
      blend(v, i, o.beta2, gi * gi)
      const ahead = ((1 - now) / (1 - product)) * gi + (next / (1 - product * next)) * m[i]
      tensor.w[i] -= (rate * ahead) / (Math.sqrt(v[i] / (1 - o.beta2 ** t)) + o.epsilon)
    })
  }),
  radam: withDecay((tensor, g, { o, t, rate }) => {
    const m = slot(tensor, 'firstMoment')
    const v = slot(tensor, 'secondMoment')
    const limit = 2 / (1 - o.beta2) - 1
    const length = limit - (2 * t * o.beta2 ** t) / (1 - o.beta2 ** t)
    const squared = ((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length)
    g.forEach((gi, i) => {
      blend(m, i, o.beta1, gi)
      blend(v, i, o.beta2, gi * gi)
      const adapted = (Math.sqrt(squared) * Math.sqrt(1 - o.beta2 ** t)) / (Math.sqrt(v[i]) + o.epsilon)
      tensor.w[i] -= (rate / (1 - o.beta1 ** t)) * m[i] * (length > 5 ? adapted : 1)
    })
  }),
  rprop: (tensor, g, { lists, rate }) => {
    const previous = slot(tensor, 'previousGradient')
    const size = slot(tensor, 'stepSize', rate)
    const [shrink, grow] = lists.etas
    const [smallest, largest] = lists.stepSizes
    g.forEach((gi, i) => {
      const agreement = Math.sign(gi) * Math.sign(previous[i])
      const factor = agreement > 0 ? grow : agreement < 0 ? shrink : 1
      size[i] = Math.min(Math.max(size[i] * factor, smallest), largest)
      previous[i] = agreement < 0 ? 0 : gi
      tensor.w[i] -= Math.sign(previous[i]) * size[i]
    })
  },
  asgd: withDecay((tensor, g, { o, t, rate }) => {
    const average = slot(tensor, 'average')
    const eta = rate / (1 + o.lambda * rate * (t - 1)) ** o.alpha
    const mu = 1 / Math.max(1, t - 1 - o.t0)
    g.forEach((gi, i) => {
      tensor.w[i] = tensor.w[i] * (1 - o.lambda * eta) - eta * gi
      average[i] += (tensor.w[i] - average[i]) * mu
    })
  }),
  lion: (tensor, g, { o, rate, decay }) => {
    const m = slot(tensor, 'firstMoment')
    g.forEach((gi, i) => {
      tensor.w[i] -= rate * (Math.sign(o.beta1 * m[i] + (1 - o.beta1) * gi) + decay * tensor.w[i])
      blend(m, i, o.beta2, gi)
    })
  },
  yogi: withDecay(
    adamLike(
      (v, i, g, _m, o) => {
        v[i] -= (1 - o.beta2) * Math.sign(v[i] - g * g) * g * g
      },
      (o) => o.initialAccumulatorValue,
    ),
  ),
  adabelief: withDecay(
    adamLike((v, i, g, m, o) => {
      v[i] = o.beta2 * v[i] + (1 - o.beta2) * (g - m) ** 2 + o.epsilonRoot
    }),
  ),
  lamb: (tensor, g, { o, t, rate, decay }) => {
    const { w } = tensor
    const m = slot(tensor, 'firstMoment')
    const v = slot(tensor, 'secondMoment')
    const u = g.map((gi, i) => {
      blend(m, i, o.beta1, gi)
      blend(v, i, o.beta2, gi * gi)
      return (
        m[i] / (1 - o.beta1 ** t) / (Math.sqrt(v[i] / (1 - o.beta2 ** t) + o.epsilonRoot) + o.epsilon) + decay * w[i]
      )
    })
    const ratio = norm(w) && norm(u) ? norm(w) / norm(u) : 1
    u.forEach((ui, i) => {
      w[i] -= rate * ratio * ui
    })
  },
  novograd: (tensor, g, { o, t, rate, decay }) => {
    const { w } = tensor
    const m = slot(tensor, 'firstMoment')
    const n = slot(tensor, 'secondMoment')
    n[0] = t === 1 ? norm(g) ** 2 : o.beta2 * n[0] + (1 - o.beta2) * norm(g) ** 2
    g.forEach((gi, i) => {
      m[i] = o.beta1 * m[i] + gi / (Math.sqrt(n[0] + o.epsilonRoot) + o.epsilon) + decay * w[i]
      w[i] -= rate * m[i]
    })
  },
}

/** Update number t = 1, 2, ... of one tensor, in place. */
export function oracleStep(
  optimizer: Optimizer,
  tensor: OracleTensor,
  gradient: ArrayLike<number>,
  t: number,
  rateScale = 1,
): void {
  const entries = Object.entries(optionsAt(optimizer, t - 1))
  const o = Object.fromEntries(entries.map(([name, value]) => [name, Number(value)]))
  const lists = Object.fromEntries(
    entries.flatMap(([name, value]) => (Array.isArray(value) ? [[name, value as readonly number[]]] : [])),
  )
  const rate = learningRateAt(optimizer, t - 1) * rateScale
  updates[optimizer.kind](tensor, Float64Array.from(gradient), {
    o,
    lists,
    t,
    rate,
    decay: weightDecayAt(optimizer, t - 1),
    beta1At: (update) => Number(optionsAt(optimizer, update - 1).beta1),
  })
}
