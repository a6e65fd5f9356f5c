// Rules with two moments of the gradient, m = avg(g) and v = avg(g²) or a variant: Adam's family and Lion.
// The record's scalars contain the bias corrections, and beta1 of Adam and NAdam.
import {
  ADAM_SCALAR_BETA1,
  ADAM_SCALAR_REST1,
  MOMENT_BETA1,
  MOMENT_BETA2,
  MOMENT_DECOUPLED,
  MOMENT_EPSILON,
  MOMENT_EPSILON_ROOT,
  MOMENT_REST1,
  MOMENT_REST2,
  MOMENT_SCALAR_FIRST,
  MOMENT_SCALAR_SECOND,
  NADAM_SCALAR_GRADIENT,
  OPT_TINY,
  OPT_TINY_SQUARE,
  RADAM_SCALAR_PLAIN,
} from '../../src/abi/optimizers'
import { F4 } from '../math/simd'
import { Word } from '../word'
import { Operands } from './operands'

class Decay {
  /** The part of the decay that is added to the gradient (L2). */
  @inline static coupled(step: usize, record: usize): v128 {
    return F4.splat(Operands.decay(step, record) * (1 - Word.float(step, MOMENT_DECOUPLED)))
  }

  /** Decoupled decay: the factor rate * decay on the parameters to subtract. */
  @inline static decoupled(step: usize, record: usize): v128 {
    const decay = Operands.decay(step, record) * Word.float(step, MOMENT_DECOUPLED)
    return F4.splat(Operands.rate(step, record) * decay)
  }

  /** w - loss * w - size * direction */
  @inline static step(w: v128, loss: v128, size: v128, direction: v128): v128 {
    return F4.flush(Decay.unflushed(w, loss, size, direction))
  }

  @inline static unflushed(w: v128, loss: v128, size: v128, direction: v128): v128 {
    return F4.nfma(size, direction, F4.nfma(loss, w, w))
  }
}

/** w -= rate c1 m / (sqrt(v) c2 + epsilon); AMSGrad uses the largest v so far. */
export function adam(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const firsts = Operands.state(step, 0)
  const seconds = Operands.state(step, 1)
  const largest = Operands.state(step, 2)
  const size = F4.splat(Operands.rate(step, record) * Operands.scalar(record, MOMENT_SCALAR_FIRST))
  const correction = F4.splat(Operands.scalar(record, MOMENT_SCALAR_SECOND))
  const l2 = Decay.coupled(step, record)
  const loss = Decay.decoupled(step, record)
  const beta1 = F4.splat(Operands.scalar(record, ADAM_SCALAR_BETA1))
  const rest1 = F4.splat(Operands.scalar(record, ADAM_SCALAR_REST1))
  const beta2 = Word.splat(step, MOMENT_BETA2)
  const rest2 = Word.splat(step, MOMENT_REST2)
  const epsilon = Word.splat(step, MOMENT_EPSILON)
  const tiny = Word.splat(step, OPT_TINY)
  const tinySquare = Word.splat(step, OPT_TINY_SQUARE)
  if (largest == 0) {
    const faint = Operands.faint()
    const floor = F4.floor()
    const magnitude = F4.magnitude()
    for (let i = begin; i < end; i += 32) {
      const w0 = v128.load(parameters + i)
      const w1 = v128.load(parameters + i, 16)
      const g0 = Operands.gradient(v128.load(gradients + i), w0, l2, tiny)
      const g1 = Operands.gradient(v128.load(gradients + i, 16), w1, l2, tiny)
      const m0 = Operands.faintAverage(v128.load(firsts + i), beta1, g0, rest1, faint)
      const m1 = Operands.faintAverage(v128.load(firsts + i, 16), beta1, g1, rest1, faint)
      const v0 = Operands.squares(v128.load(seconds + i), beta2, g0, rest2, tinySquare)
      const v1 = Operands.squares(v128.load(seconds + i, 16), beta2, g1, rest2, tinySquare)
      const d0 = f32x4.div(m0, F4.fma(f32x4.sqrt(v0), correction, epsilon))
      const d1 = f32x4.div(m1, F4.fma(f32x4.sqrt(v1), correction, epsilon))
      const next0 = F4.flushBelow(Decay.unflushed(w0, loss, size, d0), floor, magnitude)
      const next1 = F4.flushBelow(Decay.unflushed(w1, loss, size, d1), floor, magnitude)
      v128.store(firsts + i, m0)
      v128.store(firsts + i, m1, 16)
      v128.store(seconds + i, v0)
      v128.store(seconds + i, v1, 16)
      v128.store(parameters + i, next0)
      v128.store(parameters + i, next1, 16)
    }
    return
  }
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const g = Operands.gradient(v128.load(gradients + i), w, l2, tiny)
    const m = Operands.average(v128.load(firsts + i), beta1, g, rest1)
    const v = Operands.squares(v128.load(seconds + i), beta2, g, rest2, tinySquare)
    const top = F4.larger(v, v128.load(largest + i))
    v128.store(firsts + i, m)
    v128.store(seconds + i, v)
    v128.store(largest + i, top)
    const d = f32x4.div(m, F4.fma(f32x4.sqrt(top), correction, epsilon))
    v128.store(parameters + i, Decay.step(w, loss, size, d))
  }
}

/** u = max(beta2 u, |g| + epsilon); w -= rate c1 m / u */
export function adamax(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const firsts = Operands.state(step, 0)
  const norms = Operands.state(step, 1)
  const size = F4.splat(Operands.rate(step, record) * Operands.scalar(record, MOMENT_SCALAR_FIRST))
  const l2 = Decay.coupled(step, record)
  const loss = Decay.decoupled(step, record)
  const beta1 = Word.splat(step, MOMENT_BETA1)
  const rest1 = Word.splat(step, MOMENT_REST1)
  const beta2 = Word.splat(step, MOMENT_BETA2)
  const epsilon = Word.splat(step, MOMENT_EPSILON)
  const tiny = Word.splat(step, OPT_TINY)
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const g = Operands.gradient(v128.load(gradients + i), w, l2, tiny)
    const m = Operands.average(v128.load(firsts + i), beta1, g, rest1)
    const u = F4.larger(f32x4.add(F4.abs(g), epsilon), f32x4.mul(beta2, v128.load(norms + i)))
    v128.store(firsts + i, m)
    v128.store(norms + i, u)
    v128.store(parameters + i, Decay.step(w, loss, size, f32x4.div(m, u)))
  }
}

/** w -= rate (cg g + c1 m) / (sqrt(v) c2 + epsilon) */
export function nadam(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const firsts = Operands.state(step, 0)
  const seconds = Operands.state(step, 1)
  const size = F4.splat(Operands.rate(step, record))
  const momentWeight = F4.splat(Operands.scalar(record, MOMENT_SCALAR_FIRST))
  const gradientWeight = F4.splat(Operands.scalar(record, NADAM_SCALAR_GRADIENT))
  const correction = F4.splat(Operands.scalar(record, MOMENT_SCALAR_SECOND))
  const l2 = Decay.coupled(step, record)
  const loss = Decay.decoupled(step, record)
  const beta1 = F4.splat(Operands.scalar(record, ADAM_SCALAR_BETA1))
  const rest1 = F4.splat(Operands.scalar(record, ADAM_SCALAR_REST1))
  const beta2 = Word.splat(step, MOMENT_BETA2)
  const rest2 = Word.splat(step, MOMENT_REST2)
  const epsilon = Word.splat(step, MOMENT_EPSILON)
  const tiny = Word.splat(step, OPT_TINY)
  const tinySquare = Word.splat(step, OPT_TINY_SQUARE)
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const g = Operands.gradient(v128.load(gradients + i), w, l2, tiny)
    const m = Operands.average(v128.load(firsts + i), beta1, g, rest1)
    const v = Operands.squares(v128.load(seconds + i), beta2, g, rest2, tinySquare)
    v128.store(firsts + i, m)
    v128.store(seconds + i, v)
    const ahead = F4.fma(gradientWeight, g, f32x4.mul(momentWeight, m))
    const d = f32x4.div(ahead, F4.fma(f32x4.sqrt(v), correction, epsilon))
    v128.store(parameters + i, Decay.step(w, loss, size, d))
  }
}

/** w -= rate c1 m (r / (sqrt(v) + epsilon)), or w -= rate c1 m while the variance is intractable (r = 0, plain = 1). */
export function radam(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const firsts = Operands.state(step, 0)
  const seconds = Operands.state(step, 1)
  const size = F4.splat(Operands.rate(step, record) * Operands.scalar(record, MOMENT_SCALAR_FIRST))
  const rectified = F4.splat(Operands.scalar(record, MOMENT_SCALAR_SECOND))
  const plain = F4.splat(Operands.scalar(record, RADAM_SCALAR_PLAIN))
  const l2 = Decay.coupled(step, record)
  const loss = Decay.decoupled(step, record)
  const beta1 = Word.splat(step, MOMENT_BETA1)
  const rest1 = Word.splat(step, MOMENT_REST1)
  const beta2 = Word.splat(step, MOMENT_BETA2)
  const rest2 = Word.splat(step, MOMENT_REST2)
  const epsilon = Word.splat(step, MOMENT_EPSILON)
  const tiny = Word.splat(step, OPT_TINY)
  const tinySquare = Word.splat(step, OPT_TINY_SQUARE)
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const g = Operands.gradient(v128.load(gradients + i), w, l2, tiny)
    const m = Operands.average(v128.load(firsts + i), beta1, g, rest1)
    const v = Operands.squares(v128.load(seconds + i), beta2, g, rest2, tinySquare)
    v128.store(firsts + i, m)
    v128.store(seconds + i, v)
    const factor = f32x4.add(f32x4.div(rectified, f32x4.add(f32x4.sqrt(v), epsilon)), plain)
    v128.store(parameters + i, Decay.step(w, loss, size, f32x4.mul(m, factor)))
  }
}

/** v -= (1 - beta2) sign(v - g²) g²; w -= rate c1 m / (sqrt(v) c2 + epsilon) */
export function yogi(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const firsts = Operands.state(step, 0)
  const seconds = Operands.state(step, 1)
  const size = F4.splat(Operands.rate(step, record) * Operands.scalar(record, MOMENT_SCALAR_FIRST))
  const correction = F4.splat(Operands.scalar(record, MOMENT_SCALAR_SECOND))
  const l2 = F4.splat(Operands.decay(step, record))
  const beta1 = Word.splat(step, MOMENT_BETA1)
  const rest1 = Word.splat(step, MOMENT_REST1)
  const rest2 = Word.splat(step, MOMENT_REST2)
  const epsilon = Word.splat(step, MOMENT_EPSILON)
  const tiny = Word.splat(step, OPT_TINY)
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const g = Operands.gradient(v128.load(gradients + i), w, l2, tiny)
    const m = Operands.average(v128.load(firsts + i), beta1, g, rest1)
    const old = v128.load(seconds + i)
    const square = f32x4.mul(g, g)
    const change = f32x4.mul(rest2, square)
    const down = v128.and(change, f32x4.gt(old, square))
    const up = v128.and(change, f32x4.lt(old, square))
    const v = f32x4.add(f32x4.sub(old, down), up)
    v128.store(firsts + i, m)
    v128.store(seconds + i, v)
    const d = f32x4.div(m, F4.fma(f32x4.sqrt(v), correction, epsilon))
    v128.store(parameters + i, F4.flush(F4.nfma(size, d, w)))
  }
}

/** v = avg((g - m)²) + epsilonRoot; w -= rate c1 m / (sqrt(v) c2 + epsilon) */
export function adabelief(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const firsts = Operands.state(step, 0)
  const seconds = Operands.state(step, 1)
  const size = F4.splat(Operands.rate(step, record) * Operands.scalar(record, MOMENT_SCALAR_FIRST))
  const correction = F4.splat(Operands.scalar(record, MOMENT_SCALAR_SECOND))
  const l2 = F4.splat(Operands.decay(step, record))
  const beta1 = Word.splat(step, MOMENT_BETA1)
  const rest1 = Word.splat(step, MOMENT_REST1)
  const beta2 = Word.splat(step, MOMENT_BETA2)
  const rest2 = Word.splat(step, MOMENT_REST2)
  const epsilon = Word.splat(step, MOMENT_EPSILON)
  const epsilonRoot = Word.splat(step, MOMENT_EPSILON_ROOT)
  const tiny = Word.splat(step, OPT_TINY)
  const tinySquare = Word.splat(step, OPT_TINY_SQUARE)
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const g = Operands.gradient(v128.load(gradients + i), w, l2, tiny)
    const m = Operands.average(v128.load(firsts + i), beta1, g, rest1)
    const surprise = f32x4.sub(f32x4.add(f32x4.sub(g, m), tiny), tiny)
    const v = f32x4.add(Operands.squares(v128.load(seconds + i), beta2, surprise, rest2, tinySquare), epsilonRoot)
    v128.store(firsts + i, m)
    v128.store(seconds + i, v)
    const d = f32x4.div(m, F4.fma(f32x4.sqrt(v), correction, epsilon))
    v128.store(parameters + i, F4.flush(F4.nfma(size, d, w)))
  }
}

/** w -= rate (sign(beta1 m + (1 - beta1) g) + decay w); m = beta2 m + (1 - beta2) g */
export function lion(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const firsts = Operands.state(step, 0)
  const rate = F4.splat(Operands.rate(step, record))
  const decay = F4.splat(Operands.decay(step, record))
  const beta1 = Word.splat(step, MOMENT_BETA1)
  const rest1 = Word.splat(step, MOMENT_REST1)
  const beta2 = Word.splat(step, MOMENT_BETA2)
  const rest2 = Word.splat(step, MOMENT_REST2)
  const tiny = Word.splat(step, OPT_TINY)
  const one = F4.one()
  const zero = f32x4.sub(one, one)
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const g = Operands.gradient(v128.load(gradients + i), zero, zero, tiny)
    const m = v128.load(firsts + i)
    const c = F4.fma(beta1, m, f32x4.mul(rest1, g))
    const sign = f32x4.sub(v128.and(one, f32x4.gt(c, zero)), v128.and(one, f32x4.lt(c, zero)))
    v128.store(firsts + i, Operands.average(m, beta2, g, rest2))
    v128.store(parameters + i, F4.flush(F4.nfma(rate, F4.fma(decay, w, sign), w)))
  }
}
