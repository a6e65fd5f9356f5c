// Tangents of activation gradients.
import {
  ACTIVATION_COS,
  ACTIVATION_ELU,
  ACTIVATION_EXPONENTIAL,
  ACTIVATION_GELU,
  ACTIVATION_GELU_TANH,
  ACTIVATION_HARD_SWISH,
  ACTIVATION_LOG_SOFTMAX,
  ACTIVATION_MISH,
  ACTIVATION_SELU,
  ACTIVATION_SIGMOID,
  ACTIVATION_SILU,
  ACTIVATION_SIN,
  ACTIVATION_SOFTMAX,
  ACTIVATION_SOFTPLUS,
  ACTIVATION_SOFTSIGN,
  ACTIVATION_TANH,
} from '../../../src/abi/activations'
import {
  CURVE_ALPHA,
  CURVE_COLS,
  CURVE_DY,
  CURVE_DY_TANGENT,
  CURVE_KIND,
  CURVE_SAVED,
  CURVE_STRIDE,
  CURVE_TANGENT,
  CURVE_TO,
  LOG_SOFTMAX_COLS,
  LOG_SOFTMAX_STRIDE,
  LOG_SOFTMAX_TANGENT,
  LOG_SOFTMAX_TO,
  LOG_SOFTMAX_Y,
} from '../../../src/abi/curvature'
import { Lanes, Row } from '../../math/lanes'
import { F4 } from '../../math/simd'
import { Word } from '../../word'
import {
  CurvedCos,
  CurvedElu,
  CurvedExponential,
  CurvedGelu,
  CurvedGeluTanh,
  CurvedHardSwish,
  CurvedMish,
  CurvedSelu,
  CurvedSigmoid,
  CurvedSilu,
  CurvedSin,
  CurvedSoftplus,
  CurvedSoftsign,
  CurvedTanh,
} from './bends'

/** to = dyTangent * f'(saved) + dy * f''(saved) * tangent on rows [begin, end). */
export function activateCurve(step: usize, begin: i32, end: i32): void {
  switch (Word.int(step, CURVE_KIND)) {
    case ACTIVATION_ELU:
      return elements<CurvedElu>(step, begin, end)
    case ACTIVATION_SELU:
      return elements<CurvedSelu>(step, begin, end)
    case ACTIVATION_GELU:
      return elements<CurvedGelu>(step, begin, end)
    case ACTIVATION_GELU_TANH:
      return elements<CurvedGeluTanh>(step, begin, end)
    case ACTIVATION_SIGMOID:
      return elements<CurvedSigmoid>(step, begin, end)
    case ACTIVATION_TANH:
      return elements<CurvedTanh>(step, begin, end)
    case ACTIVATION_SILU:
      return elements<CurvedSilu>(step, begin, end)
    case ACTIVATION_HARD_SWISH:
      return elements<CurvedHardSwish>(step, begin, end)
    case ACTIVATION_SOFTPLUS:
      return elements<CurvedSoftplus>(step, begin, end)
    case ACTIVATION_SOFTSIGN:
      return elements<CurvedSoftsign>(step, begin, end)
    case ACTIVATION_MISH:
      return elements<CurvedMish>(step, begin, end)
    case ACTIVATION_EXPONENTIAL:
      return elements<CurvedExponential>(step, begin, end)
    case ACTIVATION_COS:
      return elements<CurvedCos>(step, begin, end)
    case ACTIVATION_SIN:
      return elements<CurvedSin>(step, begin, end)
    case ACTIVATION_SOFTMAX:
    case ACTIVATION_LOG_SOFTMAX:
      return rowwise(step, begin, end)
    default:
      unreachable()
  }
}

function elements<K>(step: usize, begin: i32, end: i32): void {
  const kind = changetype<K>(<usize>0)
  const alpha = Word.splat(step, CURVE_ALPHA)
  const stride = Word.address(step, CURVE_STRIDE)
  const bytes = (<usize>Word.panels(step, CURVE_COLS)) << 5
  const dy = Word.address(step, CURVE_DY)
  const toDyTangent = Word.address(step, CURVE_DY_TANGENT) - dy
  const toSaved = Word.address(step, CURVE_SAVED) - dy
  const toTangent = Word.address(step, CURVE_TANGENT) - dy
  const toTo = Word.address(step, CURVE_TO) - dy
  for (let row = dy + <usize>begin * stride; row < dy + <usize>end * stride; row += stride) {
    for (let x = row; x < row + bytes; x += 16) {
      const saved = v128.load(x + toSaved)
      const bent = F4.mulFlush(kind.bend(saved, alpha), v128.load(x + toTangent))
      const straight = f32x4.mul(v128.load(x + toDyTangent), kind.slope(saved, alpha))
      v128.store(x + toTo, F4.flush(F4.fma(v128.load(x), bent, straight)))
    }
  }
}

/**
 * The tangent of dx = y (dy - sum dy y), softmax, or of dx = dy - p sum dy with p = e^y, logSoftmax, whose p has tangent p t:
 * t (dy - sum dy y) + y (dyTangent - sum (dyTangent y + dy t)), or dyTangent - p sum dyTangent - p t sum dy.
 */
function rowwise(step: usize, begin: i32, end: i32): void {
  const isLog = Word.int(step, CURVE_KIND) == ACTIVATION_LOG_SOFTMAX
  const cols = Word.int(step, CURVE_COLS)
  const stride = Word.address(step, CURVE_STRIDE)
  const index = i32x4(0, 1, 2, 3)
  for (let r = <usize>begin; r < <usize>end; r++) {
    const skip = r * stride
    const dy = Word.address(step, CURVE_DY) + skip
    const dyTangent = Word.address(step, CURVE_DY_TANGENT) + skip
    const ys = Word.address(step, CURVE_SAVED) + skip
    const tangent = Word.address(step, CURVE_TANGENT) + skip
    const to = Word.address(step, CURVE_TO) + skip
    let sum = f32x4.splat(0)
    let sumTangent = sum
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const mask = Lanes.mask(index, cols - c)
      const g = v128.and(v128.load(dy + at), mask)
      const h = v128.and(v128.load(dyTangent + at), mask)
      if (isLog) {
        sum = f32x4.add(sum, g)
        sumTangent = f32x4.add(sumTangent, h)
      } else {
        const y = v128.load(ys + at)
        sum = F4.fma(g, y, sum)
        sumTangent = F4.fma(h, y, F4.fma(g, v128.load(tangent + at), sumTangent))
      }
    }
    const total = F4.flush(F4.splat(F4.sum(sum)))
    const totalTangent = F4.flush(F4.splat(F4.sum(sumTangent)))
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const y = v128.load(ys + at)
      const h = v128.load(dyTangent + at)
      const t = v128.load(tangent + at)
      let value: v128
      if (isLog) {
        value = F4.nfma(F4.exp(y), F4.fma(t, total, totalTangent), h)
      } else {
        value = F4.fma(t, F4.subFlush(v128.load(dy + at), total), f32x4.mul(y, F4.subFlush(h, totalTangent)))
      }
      v128.store(to + at, v128.and(F4.flush(value), Lanes.mask(index, cols - c)))
    }
    Row.endPanel(to, cols)
  }
}

/** to = t - sum e^y t on rows [begin, end). */
export function logSoftmaxTangent(step: usize, begin: i32, end: i32): void {
  const cols = Word.int(step, LOG_SOFTMAX_COLS)
  const stride = Word.address(step, LOG_SOFTMAX_STRIDE)
  const index = i32x4(0, 1, 2, 3)
  for (let r = <usize>begin; r < <usize>end; r++) {
    const y = Word.address(step, LOG_SOFTMAX_Y) + r * stride
    const t = Word.address(step, LOG_SOFTMAX_TANGENT) + r * stride
    const to = Word.address(step, LOG_SOFTMAX_TO) + r * stride
    let sum = f32x4.splat(0)
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const p = v128.and(F4.exp(v128.load(y + at)), Lanes.mask(index, cols - c))
      sum = F4.fma(p, v128.load(t + at), sum)
    }
    const total = F4.splat(F4.sum(sum))
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      v128.store(to + at, v128.and(F4.subFlush(v128.load(t + at), total), Lanes.mask(index, cols - c)))
    }
    Row.endPanel(to, cols)
  }
}
