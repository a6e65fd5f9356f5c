// Activations: one switch per call, then a loop specialized for each kind.
import {
  ACTIVATION_ELU,
  ACTIVATION_GELU,
  ACTIVATION_GELU_TANH,
  ACTIVATION_HARD_SIGMOID,
  ACTIVATION_HARD_SWISH,
  ACTIVATION_LEAKY_RELU,
  ACTIVATION_LINEAR,
  ACTIVATION_LOG_SOFTMAX,
  ACTIVATION_MISH,
  ACTIVATION_RELU,
  ACTIVATION_RELU6,
  ACTIVATION_SELU,
  ACTIVATION_SIGMOID,
  ACTIVATION_SILU,
  ACTIVATION_SOFTMAX,
  ACTIVATION_SOFTPLUS,
  ACTIVATION_SOFTSIGN,
  ACTIVATION_TANH,
} from '../../src/abi/activations'
import {
  ACTIVATE_ALPHA,
  ACTIVATE_COLS,
  ACTIVATE_FROM,
  ACTIVATE_KIND,
  ACTIVATE_SAVED,
  ACTIVATE_STRIDE,
  ACTIVATE_TO,
} from '../../src/abi/layers'
import { PANEL } from '../../src/abi/layout'
import { F4 } from '../math/simd'
import { Word } from '../word'
import {
  Elu,
  Gelu,
  GeluTanh,
  HardSigmoid,
  HardSwish,
  LeakyRelu,
  Linear,
  Mish,
  Relu,
  Relu6,
  Selu,
  Sigmoid,
  Silu,
  Softplus,
  Softsign,
  Tanh,
} from './elementwise'
import { logSoftmaxBackRows, logSoftmaxRows, softmaxBackRows, softmaxRows } from './softmax'
import { tanhBlock } from './tanh'

/**
 * to = f(from) on a block of `rows` x `panels` * PANEL floats; strides in bytes; `to` may be `from`.
 * Padding of `to` becomes f of the padding of `from`, which need not be 0.
 */
export function activateBlock(
  kind: i32,
  alpha: f32,
  from: usize,
  fromStride: usize,
  to: usize,
  toStride: usize,
  rows: i32,
  panels: i32,
): void {
  const bytes = <usize>panels * (PANEL << 2)
  switch (kind) {
    case ACTIVATION_LINEAR:
      if (from == to) return
      return forwardBlock<Linear>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_RELU:
      return forwardBlock<Relu>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_LEAKY_RELU:
      return forwardBlock<LeakyRelu>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_ELU:
      return forwardBlock<Elu>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_SELU:
      return forwardBlock<Selu>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_GELU:
      return forwardBlock<Gelu>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_GELU_TANH:
      return forwardBlock<GeluTanh>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_SIGMOID:
      return forwardBlock<Sigmoid>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_HARD_SIGMOID:
      return forwardBlock<HardSigmoid>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_TANH:
      return tanhBlock(from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_SILU:
      return forwardBlock<Silu>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_HARD_SWISH:
      return forwardBlock<HardSwish>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_SOFTPLUS:
      return forwardBlock<Softplus>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_SOFTSIGN:
      return forwardBlock<Softsign>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_MISH:
      return forwardBlock<Mish>(alpha, from, fromStride, to, toStride, rows, bytes)
    case ACTIVATION_RELU6:
      return forwardBlock<Relu6>(alpha, from, fromStride, to, toStride, rows, bytes)
    default:
      unreachable()
  }
}

/**
 * dx = dy * f'(saved) on a block of `rows` x `panels` * PANEL floats; `dx` may be `dy`.
 * `saved` is the output or the input, see src/catalogue/activations.ts; zero padding of `dy` stays zero in `dx`.
 */
export function activateBackBlock(
  kind: i32,
  alpha: f32,
  saved: usize,
  savedStride: usize,
  dy: usize,
  dyStride: usize,
  dx: usize,
  dxStride: usize,
  rows: i32,
  panels: i32,
): void {
  const bytes = <usize>panels * (PANEL << 2)
  switch (kind) {
    case ACTIVATION_LINEAR:
      return backwardBlock<Linear>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_RELU:
      return backwardBlock<Relu>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_LEAKY_RELU:
      return backwardBlock<LeakyRelu>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_ELU:
      return backwardBlock<Elu>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_SELU:
      return backwardBlock<Selu>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_GELU:
      return backwardBlock<Gelu>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_GELU_TANH:
      return backwardBlock<GeluTanh>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_SIGMOID:
      return backwardBlock<Sigmoid>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_HARD_SIGMOID:
      return backwardBlock<HardSigmoid>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_TANH:
      return backwardBlock<Tanh>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_SILU:
      return backwardBlock<Silu>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_HARD_SWISH:
      return backwardBlock<HardSwish>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_SOFTPLUS:
      return backwardBlock<Softplus>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_SOFTSIGN:
      return backwardBlock<Softsign>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_MISH:
      return backwardBlock<Mish>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    case ACTIVATION_RELU6:
      return backwardBlock<Relu6>(alpha, saved, savedStride, dy, dyStride, dx, dxStride, rows, bytes)
    default:
      unreachable()
  }
}

/** to = f(from) on rows [begin, end); kinds that work by row zero the padding. */
export function activate(step: usize, begin: i32, end: i32): void {
  const kind = Word.int(step, ACTIVATE_KIND)
  const stride = Word.address(step, ACTIVATE_STRIDE)
  const from = Word.address(step, ACTIVATE_FROM) + <usize>begin * stride
  const to = Word.address(step, ACTIVATE_TO) + <usize>begin * stride
  const cols = Word.int(step, ACTIVATE_COLS)
  const rows = end - begin
  switch (kind) {
    case ACTIVATION_SOFTMAX:
      return softmaxRows(from, to, stride, cols, rows)
    case ACTIVATION_LOG_SOFTMAX:
      return logSoftmaxRows(from, to, stride, cols, rows)
    default: {
      const panels = Word.panels(step, ACTIVATE_COLS)
      activateBlock(kind, Word.float(step, ACTIVATE_ALPHA), from, stride, to, stride, rows, panels)
    }
  }
}

/** dx = dy * f'(saved) on rows [begin, end); kinds that work by row zero the padding. */
export function activateBack(step: usize, begin: i32, end: i32): void {
  const kind = Word.int(step, ACTIVATE_KIND)
  const stride = Word.address(step, ACTIVATE_STRIDE)
  const saved = Word.address(step, ACTIVATE_SAVED) + <usize>begin * stride
  const dy = Word.address(step, ACTIVATE_FROM) + <usize>begin * stride
  const dx = Word.address(step, ACTIVATE_TO) + <usize>begin * stride
  const cols = Word.int(step, ACTIVATE_COLS)
  const rows = end - begin
  switch (kind) {
    case ACTIVATION_SOFTMAX:
      return softmaxBackRows(saved, dy, dx, stride, cols, rows)
    case ACTIVATION_LOG_SOFTMAX:
      return logSoftmaxBackRows(saved, dy, dx, stride, cols, rows)
    default: {
      const alpha = Word.float(step, ACTIVATE_ALPHA)
      activateBackBlock(kind, alpha, saved, stride, dy, stride, dx, stride, rows, Word.panels(step, ACTIVATE_COLS))
    }
  }
}

function forwardBlock<K>(
  alpha: f32,
  from: usize,
  fromStride: usize,
  to: usize,
  toStride: usize,
  rows: i32,
  bytes: usize,
): void {
  const kind = changetype<K>(<usize>0)
  const a = f32x4.splat(alpha)
  for (let r = 0; r < rows; r++, from += fromStride, to += toStride) {
    for (let c: usize = 0; c < bytes; c += PANEL << 2) {
      const left = kind.forward(v128.load(from + c), a)
      const right = kind.forward(v128.load(from + c, 16), a)
      v128.store(to + c, left)
      v128.store(to + c, right, 16)
    }
  }
}

function backwardBlock<K>(
  alpha: f32,
  saved: usize,
  savedStride: usize,
  dy: usize,
  dyStride: usize,
  dx: usize,
  dxStride: usize,
  rows: i32,
  bytes: usize,
): void {
  const kind = changetype<K>(<usize>0)
  const a = f32x4.splat(alpha)
  const one = F4.one()
  const floor = F4.floor()
  const magnitude = F4.magnitude()
  for (let r = 0; r < rows; r++, saved += savedStride, dy += dyStride, dx += dxStride) {
    for (let c: usize = 0; c < bytes; c += PANEL << 2) {
      const s0 = v128.load(saved + c)
      const s1 = v128.load(saved + c, 16)
      const slope0 = isDefined(kind.slopeFrom) ? kind.slopeFrom(s0, one) : kind.slope(s0, a)
      const slope1 = isDefined(kind.slopeFrom) ? kind.slopeFrom(s1, one) : kind.slope(s1, a)
      const left = F4.flushBelow(f32x4.mul(v128.load(dy + c), slope0), floor, magnitude)
      const right = F4.flushBelow(f32x4.mul(v128.load(dy + c, 16), slope1), floor, magnitude)
      v128.store(dx + c, left)
      v128.store(dx + c, right, 16)
    }
  }
}
