// Access to the words of steps and records.
import { PANEL, SUM_CHUNK } from '../src/abi/layout'

/** Operand `index` of a step, or dynamic word `index` of a record. */
export class Word {
  @inline static int(at: usize, index: i32): i32 {
    return load<i32>(at + ((<usize>index) << 2))
  }

  @inline static address(at: usize, index: i32): usize {
    return load<usize>(at + ((<usize>index) << 2))
  }

  @inline static float(at: usize, index: i32): f32 {
    return load<f32>(at + ((<usize>index) << 2))
  }

  /** An f32 or i32 operand in all lanes. */
  @inline static splat(at: usize, index: i32): v128 {
    return v128.load32_splat(at + ((<usize>index) << 2))
  }

  /** Two words of a record as an f64. */
  @inline static double(at: usize, index: i32): f64 {
    return load<f64>(at + ((<usize>index) << 2))
  }

  @inline static setDouble(at: usize, index: i32, value: f64): void {
    store<f64>(at + ((<usize>index) << 2), value)
  }

  /** Panels of the columns counted by operand `index`. */
  @inline static panels(at: usize, index: i32): i32 {
    return (Word.int(at, index) + PANEL - 1) / PANEL
  }

  /** Chunks of the floats counted by operand `index`. */
  @inline static chunks(at: usize, index: i32): i32 {
    return (Word.int(at, index) + SUM_CHUNK - 1) / SUM_CHUNK
  }
}
