// Rules with a norm per tensor: LAMB, NovoGrad. One op computes sums of squares chunk by chunk, a later one adds
// these partial sums in order: the order of summation depends on the chunks only, not on the threads. Every op's inputs were
// written before the preceding barrier, so that updates do not race with norms.
import { SUM_CHUNK } from '../../src/abi/layout'
import {
  MOMENT_BETA1,
  MOMENT_BETA2,
  MOMENT_EPSILON,
  MOMENT_EPSILON_ROOT,
  MOMENT_REST1,
  MOMENT_REST2,
  MOMENT_SCALAR_FIRST,
  MOMENT_SCALAR_SECOND,
  NOVOGRAD_SCALAR_KEPT,
  NOVOGRAD_SCALAR_NORM,
  OPT_COUNT,
  OPT_PARTIALS,
  OPT_TINY,
  OPT_TINY_SQUARE,
} from '../../src/abi/optimizers'
import { F4 } from '../math/simd'
import { Word } from '../word'
import { Operands } from './operands'

class Norm {
  /** Adds the squares of lanes 0 and 1. */
  @inline static low(sum: v128, x: v128): v128 {
    const wide = f64x2.promote_low_f32x4(x)
    return f64x2.add(sum, f64x2.mul(wide, wide))
  }

  /** Adds the squares of lanes 2 and 3. */
  @inline static high(sum: v128, x: v128): v128 {
    return Norm.low(sum, v128.shuffle<f32>(x, x, 2, 3, 2, 3))
  }

  @inline static total(low: v128, high: v128): f64 {
    const sum = f64x2.add(low, high)
    return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)
  }

  @inline static bytes(step: usize): usize {
    return (<usize>Word.int(step, OPT_COUNT)) << 2
  }

  /** Bytes of a chunk. */
  @inline static chunk(): usize {
    return SUM_CHUNK << 2
  }

  /** Sum over all chunks of one of the two partial sums. */
  static gather(step: usize, which: usize): f64 {
    const bytes = Norm.bytes(step)
    let partial = Word.address(step, OPT_PARTIALS) + (which << 3)
    let sum: f64 = 0
    for (let at: usize = 0; at < bytes; at += Norm.chunk()) {
      sum += load<f64>(partial)
      partial += 16
    }
    return sum
  }
}

class Lamb {
  /** c1 m / (sqrt(v c2² + epsilonRoot) + epsilon) + decay w: Adam's direction with decoupled decay. */
  @inline static direction(
    w: v128,
    m: v128,
    v: v128,
    c1: v128,
    c2: v128,
    epsilon: v128,
    epsilonRoot: v128,
    decay: v128,
  ): v128 {
    const root = f32x4.sqrt(F4.fma(v, c2, epsilonRoot))
    return F4.fma(decay, w, f32x4.div(f32x4.mul(c1, m), f32x4.add(root, epsilon)))
  }

  /** The second moment's bias correction, squared, to be applied inside the root. */
  @inline static correction(record: usize): v128 {
    const correction = Operands.scalar(record, MOMENT_SCALAR_SECOND)
    return F4.splat(correction * correction)
  }
}

/** Updates the moments of chunks [first, last) and sums w² and u² over them. */
export function lambNorms(step: usize, record: usize, first: i32, last: i32): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const firsts = Operands.state(step, 0)
  const seconds = Operands.state(step, 1)
  const partials = Word.address(step, OPT_PARTIALS)
  const c1 = F4.splat(Operands.scalar(record, MOMENT_SCALAR_FIRST))
  const c2 = Lamb.correction(record)
  const decay = F4.splat(Operands.decay(step, record))
  const beta1 = Word.splat(step, MOMENT_BETA1)
  const rest1 = Word.splat(step, MOMENT_REST1)
  const beta2 = Word.splat(step, MOMENT_BETA2)
  const rest2 = Word.splat(step, MOMENT_REST2)
  const epsilon = Word.splat(step, MOMENT_EPSILON)
  const epsilonRoot = Word.splat(step, MOMENT_EPSILON_ROOT)
  const tiny = Word.splat(step, OPT_TINY)
  const tinySquare = Word.splat(step, OPT_TINY_SQUARE)
  const zero = f32x4.sub(tiny, tiny)
  for (let chunk = <usize>first; chunk < <usize>last; chunk++) {
    const end = min((chunk + 1) * Norm.chunk(), Norm.bytes(step))
    let wLow = zero
    let wHigh = zero
    let uLow = zero
    let uHigh = zero
    for (let i = chunk * Norm.chunk(); i < end; i += 16) {
      const w = v128.load(parameters + i)
      const g = Operands.gradient(v128.load(gradients + i), zero, zero, tiny)
      const m = Operands.average(v128.load(firsts + i), beta1, g, rest1)
      const v = Operands.squares(v128.load(seconds + i), beta2, g, rest2, tinySquare)
      v128.store(firsts + i, m)
      v128.store(seconds + i, v)
      const u = Lamb.direction(w, m, v, c1, c2, epsilon, epsilonRoot, decay)
      wLow = Norm.low(wLow, w)
      wHigh = Norm.high(wHigh, w)
      uLow = Norm.low(uLow, u)
      uHigh = Norm.high(uHigh, u)
    }
    store<f64>(partials + (chunk << 4), Norm.total(wLow, wHigh))
    store<f64>(partials + (chunk << 4), Norm.total(uLow, uHigh), 8)
  }
}

/** w -= rate |w| / |u| u, the ratio being 1 if either norm is 0. */
export function lamb(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const firsts = Operands.state(step, 0)
  const seconds = Operands.state(step, 1)
  const c1 = F4.splat(Operands.scalar(record, MOMENT_SCALAR_FIRST))
  const c2 = Lamb.correction(record)
  const decay = F4.splat(Operands.decay(step, record))
  const epsilon = Word.splat(step, MOMENT_EPSILON)
  const epsilonRoot = Word.splat(step, MOMENT_EPSILON_ROOT)
  const squaredW = Norm.gather(step, 0)
  const squaredU = Norm.gather(step, 1)
  const ratio = squaredW > 0 && squaredU > 0 ? sqrt<f64>(squaredW / squaredU) : 1
  const size = F4.splat(<f32>(<f64>Operands.rate(step, record) * ratio))
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const m = v128.load(firsts + i)
    const u = Lamb.direction(w, m, v128.load(seconds + i), c1, c2, epsilon, epsilonRoot, decay)
    v128.store(parameters + i, F4.flush(F4.nfma(size, u, w)))
  }
}

/** Sums g² over chunks [first, last). */
export function novogradNorms(step: usize, first: i32, last: i32): void {
  const gradients = Operands.gradients(step)
  const partials = Word.address(step, OPT_PARTIALS)
  for (let chunk = <usize>first; chunk < <usize>last; chunk++) {
    const end = min((chunk + 1) * Norm.chunk(), Norm.bytes(step))
    let low = f64x2.splat(0)
    let high = f64x2.splat(0)
    for (let i = chunk * Norm.chunk(); i < end; i += 16) {
      const g = v128.load(gradients + i)
      low = Norm.low(low, g)
      high = Norm.high(high, g)
    }
    store<f64>(partials + (chunk << 4), Norm.total(low, high))
  }
}

/** n = beta2 n + (1 - beta2) |g|², or |g|² in the first step. One number per tensor, so it runs on one thread. */
export function novogradMoment(step: usize, record: usize): void {
  const second = Operands.state(step, 1)
  const kept = <f64>Operands.scalar(record, NOVOGRAD_SCALAR_KEPT) * <f64>load<f32>(second)
  const n = kept + <f64>Operands.scalar(record, NOVOGRAD_SCALAR_NORM) * Norm.gather(step, 0)
  store<f32>(second, n < 1e-30 ? 0 : <f32>n)
}

/** m = beta1 m + g / (sqrt(n + epsilonRoot) + epsilon) + decay w; w -= rate m */
export function novograd(step: usize, record: usize, begin: usize, end: usize): void {
  const parameters = Operands.parameters(step)
  const gradients = Operands.gradients(step)
  const firsts = Operands.state(step, 0)
  const n = load<f32>(Operands.state(step, 1))
  const root = sqrt<f32>(n + Word.float(step, MOMENT_EPSILON_ROOT))
  const scale = F4.splat(1 / (root + Word.float(step, MOMENT_EPSILON)))
  const rate = F4.splat(Operands.rate(step, record))
  const decay = F4.splat(Operands.decay(step, record))
  const beta1 = Word.splat(step, MOMENT_BETA1)
  const tiny = Word.splat(step, OPT_TINY)
  const zero = f32x4.sub(tiny, tiny)
  for (let i = begin; i < end; i += 16) {
    const w = v128.load(parameters + i)
    const g = Operands.gradient(v128.load(gradients + i), zero, zero, tiny)
    const m = F4.flush(F4.fma(beta1, v128.load(firsts + i), F4.fma(scale, g, f32x4.mul(decay, w))))
    v128.store(firsts + i, m)
    v128.store(parameters + i, F4.flush(F4.nfma(rate, m, w)))
  }
}
