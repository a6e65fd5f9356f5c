// What the optimizers' kernels read of their step and record, and the few things they all do.
import {
  OPT_DECAY,
  OPT_DECAY_SCALE,
  OPT_GRADIENTS,
  OPT_PARAMETERS,
  OPT_RATE_SCALE,
  OPT_STATE,
} from '../../src/abi/optimizers'
import { RECORD_LEARNING_RATE, RECORD_SCALAR, RECORD_WEIGHT_DECAY } from '../../src/abi/records'
import { TINY } from '../math/constants'
import { F4 } from '../math/simd'

export class Operands {
  @inline static parameters(step: usize): usize {
    return load<usize>(step, OPT_PARAMETERS << 2)
  }

  @inline static gradients(step: usize): usize {
    return load<usize>(step, OPT_GRADIENTS << 2)
  }

  /** Block of state slot `slot`, 0 where the rule does without it. */
  @inline static state(step: usize, slot: i32): usize {
    return load<usize>(step + ((<usize>(OPT_STATE + slot)) << 2))
  }

  @inline static float(step: usize, word: i32): f32 {
    return load<f32>(step + ((<usize>word) << 2))
  }

  @inline static splat(step: usize, word: i32): v128 {
    return v128.load32_splat(step + ((<usize>word) << 2))
  }

  /** What the compiler side computed in float64 for this step. */
  @inline static scalar(record: usize, index: i32): f32 {
    return load<f32>(record + ((<usize>(RECORD_SCALAR + index)) << 2))
  }

  @inline static rate(step: usize, record: usize): f32 {
    return load<f32>(record, RECORD_LEARNING_RATE << 2) * load<f32>(step, OPT_RATE_SCALE << 2)
  }

  @inline static decay(step: usize, record: usize): f32 {
    return (
      load<f32>(record, RECORD_WEIGHT_DECAY << 2) * load<f32>(step, OPT_DECAY_SCALE << 2) +
      load<f32>(step, OPT_DECAY << 2)
    )
  }

  /** g + l2 * w. Gradients are denormal once a network is dead or done; adding denormals is cheap, multiplying is not. */
  @inline static gradient(g: v128, w: v128, l2: v128, tiny: v128): v128 {
    return f32x4.sub(F4.fma(l2, w, f32x4.add(g, tiny)), tiny)
  }

  /** old * kept + x² * rest: an average of squares. It fades to 0 or to a few units of the bias's last place, all normal. */
  @inline static squares(old: v128, kept: v128, x: v128, rest: v128, tiny: v128): v128 {
    return f32x4.sub(F4.fma(f32x4.mul(x, rest), x, F4.fma(old, kept, tiny)), tiny)
  }

  /** old * kept + x * rest: an average. */
  @inline static average(old: v128, kept: v128, x: v128, rest: v128): v128 {
    const faint = v128.load(0, TINY)
    return f32x4.sub(F4.fma(old, kept, F4.fma(x, rest, faint)), faint)
  }
}
