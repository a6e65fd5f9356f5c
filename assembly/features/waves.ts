// Activations in the extension: exponential, cosine and sine.
import { ACTIVATION_COS, ACTIVATION_EXPONENTIAL, ACTIVATION_SIN } from '../../src/abi/activations'
import {
  ACTIVATE_COLS,
  ACTIVATE_FROM,
  ACTIVATE_KIND,
  ACTIVATE_SAVED,
  ACTIVATE_STRIDE,
  ACTIVATE_TO,
} from '../../src/abi/layers'
import { F4 } from '../math/simd'
import { Word } from '../word'

/** e^min(x, 88) */
class Exponential {
  @inline forward(x: v128): v128 {
    return F4.expFinite(x)
  }
  @inline slope(y: v128): v128 {
    return y
  }
}

class Cos {
  @inline forward(x: v128): v128 {
    return F4.flush(F4.sine(x, 1))
  }
  /** -sin x */
  @inline slope(x: v128): v128 {
    return F4.sine(x, 2)
  }
}

class Sin {
  @inline forward(x: v128): v128 {
    return F4.flush(F4.sine(x, 0))
  }
  /** cos x */
  @inline slope(x: v128): v128 {
    return F4.sine(x, 1)
  }
}

/** to = f(from) on rows [begin, end); padding becomes f of the padding. */
export function wave(step: usize, begin: i32, end: i32): void {
  switch (Word.int(step, ACTIVATE_KIND)) {
    case ACTIVATION_EXPONENTIAL:
      return forwardRows<Exponential>(step, begin, end)
    case ACTIVATION_COS:
      return forwardRows<Cos>(step, begin, end)
    case ACTIVATION_SIN:
      return forwardRows<Sin>(step, begin, end)
    default:
      unreachable()
  }
}

/** dx = dy * f'(saved) on rows [begin, end); zero padding of dy stays zero. */
export function waveBack(step: usize, begin: i32, end: i32): void {
  switch (Word.int(step, ACTIVATE_KIND)) {
    case ACTIVATION_EXPONENTIAL:
      return backwardRows<Exponential>(step, begin, end)
    case ACTIVATION_COS:
      return backwardRows<Cos>(step, begin, end)
    case ACTIVATION_SIN:
      return backwardRows<Sin>(step, begin, end)
    default:
      unreachable()
  }
}

function forwardRows<K>(step: usize, begin: i32, end: i32): void {
  const kind = changetype<K>(<usize>0)
  const stride = Word.address(step, ACTIVATE_STRIDE)
  const bytes = (<usize>Word.panels(step, ACTIVATE_COLS)) << 5
  let from = Word.address(step, ACTIVATE_FROM) + <usize>begin * stride
  let to = Word.address(step, ACTIVATE_TO) + <usize>begin * stride
  for (let r = begin; r < end; r++, from += stride, to += stride) {
    for (let c: usize = 0; c < bytes; c += 16) v128.store(to + c, kind.forward(v128.load(from + c)))
  }
}

function backwardRows<K>(step: usize, begin: i32, end: i32): void {
  const kind = changetype<K>(<usize>0)
  const stride = Word.address(step, ACTIVATE_STRIDE)
  const bytes = (<usize>Word.panels(step, ACTIVATE_COLS)) << 5
  let saved = Word.address(step, ACTIVATE_SAVED) + <usize>begin * stride
  let dy = Word.address(step, ACTIVATE_FROM) + <usize>begin * stride
  let dx = Word.address(step, ACTIVATE_TO) + <usize>begin * stride
  for (let r = begin; r < end; r++, saved += stride, dy += stride, dx += stride) {
    for (let c: usize = 0; c < bytes; c += 16) {
      v128.store(dx + c, F4.mulFlush(v128.load(dy + c), kind.slope(v128.load(saved + c))))
    }
  }
}
