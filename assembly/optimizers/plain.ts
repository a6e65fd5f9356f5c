// Rules that do not normalize by a running magnitude of the gradient: SGD, averaged SGD, Rprop.
import {
  ASGD_LAMBDA,
  ASGD_SCALAR_AVERAGE,
  OPT_TINY,
  RPROP_GROW,
  RPROP_LARGEST,
  RPROP_SHRINK,
  RPROP_SMALLEST,
  SCALAR_RATE,
  SGD_GRADIENT,
  SGD_SCALAR_GRADIENT,
  SGD_SCALAR_MOMENTUM,
  SGD_SCALAR_VELOCITY,
} from '../../src/abi/optimizers'
import { F4 } from '../math/simd'
import { Word } from '../word'
import { Operands } from './operands'

/** b = momentum b + s g; w -= rate (G g + V b); w -= rate g without velocity. On bytes [begin, end), like all rules. */
export function sgd(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const velocities = Operands.state(step, 0)
  const rate = F4.splat(Operands.rate(step, record))
  const l2 = F4.splat(Operands.decay(step, record))
  const tiny = Word.splat(step, OPT_TINY)
  const floor = F4.floor()
  const magnitude = F4.magnitude()
  if (velocities == 0) {
    for (let i = begin; i < end; i += 32) {
      const w0 = v128.load(parameters + i)
      const w1 = v128.load(parameters + i, 16)
      const g0 = Operands.gradient(v128.load(gradients + i), w0, l2, tiny)
      const g1 = Operands.gradient(v128.load(gradients + i, 16), w1, l2, tiny)
      const next0 = F4.flushBelow(F4.nfma(rate, g0, w0), floor, magnitude)
      const next1 = F4.flushBelow(F4.nfma(rate, g1, w1), floor, magnitude)
      v128.store(parameters + i, next0)
      v128.store(parameters + i, next1, 16)
    }
    return
  }
  const momentum = F4.splat(Operands.scalar(record, SGD_SCALAR_MOMENTUM))
  const fresh = F4.splat(Operands.scalar(record, SGD_SCALAR_GRADIENT))
  const gradientRate = f32x4.mul(rate, Word.splat(step, SGD_GRADIENT))
  const velocityRate = f32x4.mul(rate, F4.splat(Operands.scalar(record, SGD_SCALAR_VELOCITY)))
  const faint = Operands.faint()
  for (let i = begin; i < end; i += 32) {
    const w0 = v128.load(parameters + i)
    const w1 = v128.load(parameters + i, 16)
    const g0 = Operands.gradient(v128.load(gradients + i), w0, l2, tiny)
    const g1 = Operands.gradient(v128.load(gradients + i, 16), w1, l2, tiny)
    const b0 = Operands.faintAverage(v128.load(velocities + i), momentum, g0, fresh, faint)
    const b1 = Operands.faintAverage(v128.load(velocities + i, 16), momentum, g1, fresh, faint)
    const next0 = F4.flushBelow(F4.nfma(velocityRate, b0, F4.nfma(gradientRate, g0, w0)), floor, magnitude)
    const next1 = F4.flushBelow(F4.nfma(velocityRate, b1, F4.nfma(gradientRate, g1, w1)), floor, magnitude)
    v128.store(velocities + i, b0)
    v128.store(velocities + i, b1, 16)
    v128.store(parameters + i, next0)
    v128.store(parameters + i, next1, 16)
  }
}

/** w -= eta (g + lambda w); average += mu (w - average). */
export function asgd(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const averages = Operands.state(step, 0)
  const eta = F4.splat(Operands.rate(step, record) * Operands.scalar(record, SCALAR_RATE))
  const shrink = F4.splat(Operands.decay(step, record) + Word.float(step, ASGD_LAMBDA))
  const mu = F4.splat(Operands.scalar(record, ASGD_SCALAR_AVERAGE))
  const tiny = Word.splat(step, OPT_TINY)
  for (let i = begin; i < end; i += 16) {
    const old = v128.load(parameters + i)
    const w = F4.flush(F4.nfma(eta, Operands.gradient(v128.load(gradients + i), old, shrink, tiny), old))
    const average = v128.load(averages + i)
    v128.store(parameters + i, w)
    v128.store(averages + i, F4.flush(F4.fma(mu, f32x4.sub(w, average), average)))
  }
}

/**
 * size *= grow if g keeps its sign, *= shrink if it flips, within bounds; w -= sign(g) size.
 * A flipped g counts as 0, in this step and as the previous gradient of the next.
 */
export function rprop(step: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const previous = Operands.state(step, 0)
  const sizes = Operands.state(step, 1)
  const shrink = Word.splat(step, RPROP_SHRINK)
  const grow = Word.splat(step, RPROP_GROW)
  const smallest = Word.splat(step, RPROP_SMALLEST)
  const largest = Word.splat(step, RPROP_LARGEST)
  const tiny = Word.splat(step, OPT_TINY)
  const one = F4.one()
  const zero = f32x4.sub(one, one)
  for (let i = begin; i < end; i += 16) {
    const raw = v128.load(gradients + i)
    let g = Operands.gradient(raw, zero, zero, tiny)
    const product = f32x4.mul(g, v128.load(previous + i))
    const flips = f32x4.lt(product, zero)
    const factor = F4.select(shrink, F4.select(grow, one, f32x4.gt(product, zero)), flips)
    const size = F4.smaller(F4.larger(f32x4.mul(v128.load(sizes + i), factor), smallest), largest)
    g = v128.andnot(g, flips)
    const down = v128.and(size, f32x4.gt(g, zero))
    const up = v128.and(size, f32x4.lt(g, zero))
    v128.store(parameters + i, f32x4.add(f32x4.sub(v128.load(parameters + i), down), up))
    v128.store(previous + i, g)
    v128.store(sizes + i, size)
  }
}
