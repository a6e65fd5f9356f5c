// Weight panels turned over in registers.
import { PANEL } from '../src/abi'

/** Bytes of a panel's row. */
const ROW: usize = PANEL << 2

/**
 * One panel of wᵀ: to[k][i] = w[i][k] for 8 inputs i and units k of [0, units); w's panels of 8 units start fromPanel bytes
 * apart. Of the 8 inputs only the first `inputs` exist, the others become 0.
 */
export function transposePanel(from: usize, fromPanel: usize, inputs: i32, to: usize, units: i32): void {
  for (; units > 0; units -= PANEL, from += fromPanel, to += PANEL * PANEL * 4) {
    if (inputs >= PANEL && units >= PANEL) {
      Square.transpose(from, 4, to, 4)
      Square.transpose(from + 16, 4, to + 4 * ROW, 4)
      Square.transpose(from + 4 * ROW, 4, to + 16, 4)
      Square.transpose(from + 4 * ROW + 16, 4, to + 4 * ROW + 16, 4)
    } else {
      transposeEdge(from, inputs, to, units)
      transposeEdge(from + 16, inputs, to + 4 * ROW, units - 4)
      transposeEdge(from + 4 * ROW, inputs - 4, to + 16, units)
      transposeEdge(from + 4 * ROW + 16, inputs - 4, to + 4 * ROW + 16, units - 4)
    }
  }
}

function transposeEdge(from: usize, fromRows: i32, to: usize, toRows: i32): void {
  Square.transpose(from, fromRows, to, toRows)
}

class Square {
  /** 4 x 4: reads the first fromRows rows (0 for the others), writes the first toRows. */
  @inline static transpose(from: usize, fromRows: i32, to: usize, toRows: i32): void {
    const zero = f32x4.splat(0)
    const a = fromRows > 0 ? v128.load(from) : zero
    const b = fromRows > 1 ? v128.load(from, ROW) : zero
    const c = fromRows > 2 ? v128.load(from, 2 * ROW) : zero
    const d = fromRows > 3 ? v128.load(from, 3 * ROW) : zero
    const ab01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
    const cd01 = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
    const ab23 = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
    const cd23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
    if (toRows > 0) v128.store(to, v128.shuffle<f32>(ab01, cd01, 0, 1, 4, 5))
    if (toRows > 1) v128.store(to, v128.shuffle<f32>(ab01, cd01, 2, 3, 6, 7), ROW)
    if (toRows > 2) v128.store(to, v128.shuffle<f32>(ab23, cd23, 0, 1, 4, 5), 2 * ROW)
    if (toRows > 3) v128.store(to, v128.shuffle<f32>(ab23, cd23, 2, 3, 6, 7), 3 * ROW)
  }
}
