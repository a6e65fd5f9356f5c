// Operands and helpers shared by the optimizers' kernels.
//
// Shares are whole cache lines. The most common rules process two vectors at a time, stage by stage: each load directly follows
// its neighbour's, constants are loaded before the loop, stores come last. V8 can then fuse each pair into one 256-bit operation.
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
import { Word } from '../word'

export class Operands {
  @inline static parameters(step: usize): usize {
    return Word.address(step, OPT_PARAMETERS)
  }

  @inline static gradients(step: usize): usize {
    return Word.address(step, OPT_GRADIENTS)
  }

  /** Address of a state's block, 0 if the rule does not need it. */
  @inline static state(step: usize, state: i32): usize {
    return Word.address(step, OPT_STATE + state)
  }

  /** A scalar that the compiler side computed in float64 for this step. */
  @inline static scalar(record: usize, index: i32): f32 {
    return Word.float(record, RECORD_SCALAR + index)
  }

  @inline static rate(step: usize, record: usize): f32 {
    return Word.float(record, RECORD_LEARNING_RATE) * Word.float(step, OPT_RATE_SCALE)
  }

  @inline static decay(step: usize, record: usize): f32 {
    return Word.float(record, RECORD_WEIGHT_DECAY) * Word.float(step, OPT_DECAY_SCALE) + Word.float(step, OPT_DECAY)
  }

  /** g + l2 * w. Gradients may be denormal once a network is dead or converged; adding denormals is cheap, multiplying is not. */
  @inline static gradient(g: v128, w: v128, l2: v128, tiny: v128): v128 {
    return f32x4.sub(F4.fma(l2, w, f32x4.add(g, tiny)), tiny)
  }

  /** old * kept + x² * rest: a running average of squares. Decays to 0 or to a few ulps of the bias, all normal. */
  @inline static squares(old: v128, kept: v128, x: v128, rest: v128, tiny: v128): v128 {
    return f32x4.sub(F4.fma(f32x4.mul(x, rest), x, F4.fma(old, kept, tiny)), tiny)
  }

  /** old * kept + x * rest: a running average. */
  @inline static average(old: v128, kept: v128, x: v128, rest: v128): v128 {
    return Operands.faintAverage(old, kept, x, rest, Operands.faint())
  }

  /** The same with its constant loaded already. */
  @inline static faintAverage(old: v128, kept: v128, x: v128, rest: v128, faint: v128): v128 {
    return f32x4.sub(F4.fma(old, kept, F4.fma(x, rest, faint)), faint)
  }

  @inline static faint(): v128 {
    return v128.load(0, TINY)
  }
}
