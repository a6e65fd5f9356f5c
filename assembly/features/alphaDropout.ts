// Dropout for selu networks, with the masks of plain dropout.
import { ALPHA_DROPOUT_FLOOR, ALPHA_DROPOUT_SHIFT } from '../../src/abi/features'
import { NOISE_FROM, NOISE_SCALE, NOISE_STRIDE, NOISE_THRESHOLD, NOISE_TO } from '../../src/abi/layers'
import { PANEL } from '../../src/abi/layout'
import { Elements } from '../layers/noise'
import { Draw } from '../math/random'
import { F4 } from '../math/simd'
import { Word } from '../word'

/** to = scale * from + shift with probability 1 - rate, else floor; rows [begin, end). Padding becomes one or the other. */
export function alphaDropout(step: usize, record: usize, begin: i32, end: i32): void {
  const stride = Word.address(step, NOISE_STRIDE)
  const padded = Elements.padded(step)
  const threshold = Word.splat(step, NOISE_THRESHOLD)
  const scale = Word.splat(step, NOISE_SCALE)
  const shift = Word.splat(step, ALPHA_DROPOUT_SHIFT)
  const floor = Word.splat(step, ALPHA_DROPOUT_FLOOR)
  const key = Elements.key(step, record, 0)
  const second = Elements.key(step, record, 1)
  const before = Elements.before(record)
  const four = i32x4.splat(PANEL >> 1)
  for (let r = begin; r < end; r++) {
    const from = Word.address(step, NOISE_FROM) + <usize>r * stride
    const to = Word.address(step, NOISE_TO) + <usize>r * stride
    let index = Elements.first(before + r, padded)
    for (let c: usize = 0; c < (<usize>padded) << 2; c += 16) {
      const kept = i32x4.ge_u(Draw.bits(index, key, second), threshold)
      const value = F4.flush(F4.fma(v128.load(from + c), scale, shift))
      v128.store(to + c, v128.bitselect(value, floor, kept))
      index = i32x4.add(index, four)
    }
  }
}
