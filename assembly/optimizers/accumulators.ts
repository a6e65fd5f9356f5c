// Rules that divide by the root of a running sum or average of squared gradients: Adagrad, Adadelta, RMSprop.
import {
  ADADELTA_EPSILON,
  ADADELTA_REST,
  ADADELTA_RHO,
  ADAGRAD_EPSILON,
  OPT_TINY,
  OPT_TINY_SQUARE,
  RMSPROP_EPSILON,
  RMSPROP_MOMENTUM,
  RMSPROP_REST,
  RMSPROP_RHO,
  SCALAR_RATE,
} from '../../src/abi/optimizers'
import { F4 } from '../math/simd'
import { Word } from '../word'
import { Operands } from './operands'

/** s += g²; w -= rate g / (sqrt(s) + epsilon) */
export function adagrad(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const sums = Operands.state(step, 0)
  const rate = F4.splat(Operands.rate(step, record) * Operands.scalar(record, SCALAR_RATE))
  const l2 = F4.splat(Operands.decay(step, record))
  const epsilon = Word.splat(step, ADAGRAD_EPSILON)
  const tiny = Word.splat(step, OPT_TINY)
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const g = Operands.gradient(v128.load(gradients + i), w, l2, tiny)
    const s = F4.fma(g, g, v128.load(sums + i))
    v128.store(sums + i, s)
    const d = f32x4.div(g, f32x4.add(f32x4.sqrt(s), epsilon))
    v128.store(parameters + i, F4.flush(F4.nfma(rate, d, w)))
  }
}

/** v = avg(g²); d = sqrt((u + epsilon) / (v + epsilon)) g; u = avg(d²); w -= rate d */
export function adadelta(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const squares = Operands.state(step, 0)
  const deltas = Operands.state(step, 1)
  const rate = F4.splat(Operands.rate(step, record))
  const l2 = F4.splat(Operands.decay(step, record))
  const rho = Word.splat(step, ADADELTA_RHO)
  const rest = Word.splat(step, ADADELTA_REST)
  const epsilon = Word.splat(step, ADADELTA_EPSILON)
  const tiny = Word.splat(step, OPT_TINY)
  const tinySquare = Word.splat(step, OPT_TINY_SQUARE)
  const floor = F4.floor()
  const magnitude = F4.magnitude()
  for (let i = begin; i < end; i += 32) {
    const w0 = v128.load(parameters + i)
    const w1 = v128.load(parameters + i, 16)
    const g0 = Operands.gradient(v128.load(gradients + i), w0, l2, tiny)
    const g1 = Operands.gradient(v128.load(gradients + i, 16), w1, l2, tiny)
    const v0 = Operands.squares(v128.load(squares + i), rho, g0, rest, tinySquare)
    const v1 = Operands.squares(v128.load(squares + i, 16), rho, g1, rest, tinySquare)
    const u0 = v128.load(deltas + i)
    const u1 = v128.load(deltas + i, 16)
    const ratio0 = f32x4.sqrt(f32x4.div(f32x4.add(u0, epsilon), f32x4.add(v0, epsilon)))
    const ratio1 = f32x4.sqrt(f32x4.div(f32x4.add(u1, epsilon), f32x4.add(v1, epsilon)))
    // d is squared, so flush it like g
    const d0 = f32x4.sub(F4.fma(ratio0, g0, tiny), tiny)
    const d1 = f32x4.sub(F4.fma(ratio1, g1, tiny), tiny)
    const next0 = F4.flushBelow(F4.nfma(rate, d0, w0), floor, magnitude)
    const next1 = F4.flushBelow(F4.nfma(rate, d1, w1), floor, magnitude)
    v128.store(squares + i, v0)
    v128.store(squares + i, v1, 16)
    v128.store(deltas + i, Operands.squares(u0, rho, d0, rest, tinySquare))
    v128.store(deltas + i, Operands.squares(u1, rho, d1, rest, tinySquare), 16)
    v128.store(parameters + i, next0)
    v128.store(parameters + i, next1, 16)
  }
}

class Rmsprop {
  /** Specialized for each combination: both flags are constants at the call site. */
  @inline static pass(step: usize, record: usize, begin: usize, end: usize, heavy: bool, centered: bool): void {
    const parameters = Operands.parameters(step)
    const gradients = Operands.gradients(step)
    const squares = Operands.state(step, 0)
    const velocities = Operands.state(step, 1)
    const means = Operands.state(step, 2)
    const rate = F4.splat(Operands.rate(step, record))
    const l2 = F4.splat(Operands.decay(step, record))
    const rho = Word.splat(step, RMSPROP_RHO)
    const rest = Word.splat(step, RMSPROP_REST)
    const epsilon = Word.splat(step, RMSPROP_EPSILON)
    const momentum = Word.splat(step, RMSPROP_MOMENTUM)
    const tiny = Word.splat(step, OPT_TINY)
    const tinySquare = Word.splat(step, OPT_TINY_SQUARE)
    for (let i = begin; i < end; i += 16) {
      const w = v128.load(parameters + i)
      const g = Operands.gradient(v128.load(gradients + i), w, l2, tiny)
      const v = Operands.squares(v128.load(squares + i), rho, g, rest, tinySquare)
      v128.store(squares + i, v)
      let variance = v
      if (centered) {
        const m = f32x4.sub(F4.fma(rho, v128.load(means + i), F4.fma(rest, g, tiny)), tiny)
        v128.store(means + i, m)
        // for a constant gradient, rounding may make the variance slightly negative
        variance = f32x4.max(F4.nfma(m, m, v), f32x4.sub(tiny, tiny))
      }
      let d = f32x4.div(g, f32x4.add(f32x4.sqrt(variance), epsilon))
      if (heavy) {
        d = F4.flush(F4.fma(momentum, v128.load(velocities + i), d))
        v128.store(velocities + i, d)
      }
      v128.store(parameters + i, F4.flush(F4.nfma(rate, d, w)))
    }
  }
}

/** v = avg(g²), centered by m = avg(g); d = g / (sqrt(v - m²) + epsilon); w -= rate d, or b = momentum b + d; w -= rate b */
export function rmsprop(step: usize, record: usize, begin: usize, end: usize): void {
  const centered = Operands.state(step, 2) != 0
  if (Operands.state(step, 1) != 0) {
    if (centered) Rmsprop.pass(step, record, begin, end, true, true)
    else Rmsprop.pass(step, record, begin, end, true, false)
  } else if (centered) Rmsprop.pass(step, record, begin, end, false, true)
  else Rmsprop.pass(step, record, begin, end, false, false)
}
